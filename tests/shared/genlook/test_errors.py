"""The types of errors, and what their text may hold."""

import inspect
import logging
import pickle

from tryon_worker import genlook
from tryon_worker.genlook import errors


def test_every_type_lies_in_exactly_one_branch() -> None:
    branches = (errors.NotSent, errors.Refused, errors.Unknown, errors.ResultUnavailable)
    for kind in _tree():
        if kind is not errors.GenlookError:
            assert sum(issubclass(kind, branch) for branch in branches) == 1, kind


def test_the_module_docstring_and_the_package_name_every_type() -> None:
    for kind in _tree():
        assert kind.__name__ in (errors.__doc__ or "")
        assert getattr(genlook, kind.__name__) is kind


def test_text_for_logs_holds_the_code_and_never_genlooks_own_words() -> None:
    error = errors.PhotoRefused(
        "could not fetch https://photos.example/me.jpg?sig=1",
        code="CUSTOMER_IMAGE_FETCH_FAILED",
        status=400,
    )
    assert str(error) == "CUSTOMER_IMAGE_FETCH_FAILED (HTTP 400)"
    assert "photos.example" not in repr(error)
    assert "photos.example" not in logging.Formatter().formatException((type(error), error, None))
    assert error.message.startswith("could not fetch")


def test_text_for_logs_is_ours_where_genlook_gave_no_code() -> None:
    assert str(errors.NotSent("ConnectTimeout")) == "ConnectTimeout"
    assert str(errors.Unknown()) == "no reason given"
    assert str(errors.UnexpectedResponse("nothing", status=502)) == "nothing (HTTP 502)"


def test_an_error_survives_being_pickled() -> None:
    error = pickle.loads(pickle.dumps(errors.RateLimited("slow", status=429, retry_after=3)))  # noqa: S301 (our own bytes)
    assert (error.status, error.retry_after, error.message) == (429, 3, "slow")


def _tree() -> list[type[errors.GenlookError]]:
    return [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.GenlookError)
    ]
