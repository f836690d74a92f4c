"""Each removal still has its place in the code, and the tests that are to notice it exist."""

import pytest

from tests.mutants.__main__ import REPOSITORY
from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_removal_fits_the_code(mutant: Mutant) -> None:
    assert (REPOSITORY / mutant.file).read_text().count(mutant.text) == 1
    assert mutant.becomes != mutant.text
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert name.rpartition("::")[2] in (REPOSITORY / file).read_text()


def test_each_has_a_name_of_its_own() -> None:
    names = [mutant.name for mutant in MUTANTS]
    assert len(set(names)) == len(names)
