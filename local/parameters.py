"""The stack's parameters as a person gives them: `PARAMS="Name=value ..."`.

`make deploy` has them checked here too: `sam deploy` leaves out, without a word, what the template
does not have, and a cap that was mistyped would cap nothing.
"""

import shlex
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from local.failures import LocalSystemError
from local.paths import REPOSITORY

TEMPLATE = REPOSITORY / "template.yaml"


def parameters(text: str, template: Path = TEMPLATE) -> dict[str, str]:
    """Read `Name=value Name="a value"` as a shell would."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise LocalSystemError(f"PARAMS: {error}") from error
    pairs = [word.partition("=") for word in words]
    wrong = [name for name, equals, _ in pairs if not (name and equals)]
    if wrong:
        raise LocalSystemError(f'PARAMS: "{wrong[0]}" is not of the form Name=value')
    _check_names([name for name, _, _ in pairs], _names(template))
    return {name: value for name, _, value in pairs}


def _check_names(given: list[str], known: list[str]) -> None:
    for name in given:
        if name not in known:
            meant = get_close_matches(name, known, n=1)
            hint = f"; is {meant[0]} meant?" if meant else ""
            raise LocalSystemError(f"PARAMS: template.yaml has no parameter {name}{hint}")


def _names(template: Path) -> list[str]:
    """Read no more than the names: CloudFormation's own tags are unknown to YAML."""
    root: Any = yaml.compose(template.read_text())
    sections = {key.value: section for key, section in root.value}
    return [key.value for key, _ in sections["Parameters"].value]


def main(text: str) -> int:
    """Check them, and say what is wrong."""
    try:
        parameters(text)
    except LocalSystemError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
