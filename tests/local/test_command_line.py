"""What a person may give the launcher, and what it says to nonsense."""

import pytest

from local.__main__ import given_genlook
from local.failures import LocalSystemError
from local.parameters import main, parameters


def test_parameters_are_read_as_a_shell_would() -> None:
    text = 'KeepForDays=1 TrustedSources="shop.privacy,tryon.operator" AlarmEmail='
    assert parameters(text) == {
        "KeepForDays": "1",
        "TrustedSources": "shop.privacy,tryon.operator",
        "AlarmEmail": "",
    }


@pytest.mark.parametrize("text", ["KeepForDays", "=1", 'KeepForDays="1', "KeepForDays=1 B"])
def test_what_is_no_parameter_is_named(text: str) -> None:
    with pytest.raises(LocalSystemError, match="PARAMS"):
        parameters(text)


def test_one_that_the_template_has_not_is_named_with_what_may_be_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main("MaxTryOnPerDay=0") == 1
    assert capsys.readouterr().err == (
        "PARAMS: template.yaml has no parameter MaxTryOnPerDay; is MaxTryOnsPerDay meant?\n"
    )


def test_what_is_right_is_nothing_to_speak_of() -> None:
    assert main("MaxTryOnsPerDay=0") == 0
    assert main("") == 0


def test_without_a_word_the_stand_in_is_used() -> None:
    assert given_genlook({}) is None


def test_an_api_is_used_when_url_and_key_are_given() -> None:
    given = given_genlook({"GENLOOK_BASE_URL": "https://g.example/v1/", "GENLOOK_API_KEY": "k"})
    assert given is not None
    assert (given.base_url, given.api_key, given.child) == ("https://g.example/v1", "k", None)


@pytest.mark.parametrize("half", ["GENLOOK_BASE_URL", "GENLOOK_API_KEY"])
def test_half_of_an_api_is_refused(half: str) -> None:
    with pytest.raises(LocalSystemError, match="set both"):
        given_genlook({half: "x"})
