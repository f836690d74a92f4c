"""What each end of a call answers by its type alone, and what its text may hold."""

import inspect
import logging
import pickle

import pytest

from tryon_worker import genlook
from tryon_worker.genlook import errors
from tryon_worker.genlook.errors import Fault, FieldError

KINDS = [
    # type, branch, retryable, may have cost, who acts
    (errors.NotSent, errors.NotSent, True, False, Fault.NETWORK),
    (errors.RateLimited, errors.Refused, True, False, Fault.ACCOUNT),
    (errors.InvalidApiKey, errors.AccountRefused, False, False, Fault.ACCOUNT),
    (errors.InsufficientCredits, errors.AccountRefused, False, False, Fault.ACCOUNT),
    (errors.Forbidden, errors.Refused, False, False, Fault.ACCOUNT),
    (errors.ProductNotFound, errors.Refused, False, False, Fault.PRODUCT),
    (errors.GenerationNotFound, errors.Refused, False, False, Fault.REQUEST),
    (errors.PhotoRefused, errors.Refused, False, False, Fault.PHOTO),
    (errors.ProductRefused, errors.Refused, False, False, Fault.PRODUCT),
    (errors.InvalidRequest, errors.Refused, False, False, Fault.REQUEST),
    (errors.UnknownRefusal, errors.Refused, False, False, Fault.REQUEST),
    (errors.ResponseLost, errors.Unknown, False, True, Fault.NETWORK),
    (errors.UnexpectedResponse, errors.Unknown, False, True, Fault.GENLOOK),
    (errors.ResultLinkDead, errors.ResultUnavailable, False, False, Fault.GENLOOK),
    (errors.ResultTooLarge, errors.ResultUnavailable, False, False, Fault.GENLOOK),
    (errors.ResultLinkRefused, errors.ResultUnavailable, False, False, Fault.GENLOOK),
    (errors.ResultDownloadFailed, errors.ResultUnavailable, True, False, Fault.NETWORK),
]


@pytest.mark.parametrize(("kind", "branch", "retryable", "cost", "fault"), KINDS)
def test_a_type_answers_by_itself(
    kind: type[errors.GenlookError],
    branch: type[errors.GenlookError],
    retryable: bool,
    cost: bool,
    fault: Fault,
) -> None:
    assert issubclass(kind, branch)
    assert (kind.retryable, kind.may_have_cost, kind.fault) == (retryable, cost, fault)


def test_every_type_lies_in_exactly_one_branch() -> None:
    branches = (errors.NotSent, errors.Refused, errors.Unknown, errors.ResultUnavailable)
    for kind in _tree():
        if kind is not errors.GenlookError:
            assert sum(issubclass(kind, branch) for branch in branches) == 1, kind


def test_the_table_above_and_the_module_docstring_name_every_type() -> None:
    leaves = {kind for kind in _tree() if not kind.__subclasses__()}
    assert leaves == {row[0] for row in KINDS}
    for kind in _tree():
        assert kind.__name__ in (errors.__doc__ or "")
        assert getattr(genlook, kind.__name__) is kind


def test_only_an_unknown_end_may_have_cost_a_credit() -> None:
    assert {kind for kind in _tree() if kind.may_have_cost} == {
        errors.Unknown,
        errors.ResponseLost,
        errors.UnexpectedResponse,
    }


def test_text_for_logs_holds_the_code_and_never_genlooks_own_words() -> None:
    error = errors.PhotoRefused(
        "could not fetch https://photos.example/me.jpg?sig=1",
        code="CUSTOMER_IMAGE_FETCH_FAILED",
        status=400,
        details=[FieldError("person.image", "https://photos.example")],
    )
    assert str(error) == "CUSTOMER_IMAGE_FETCH_FAILED (HTTP 400) at person.image"
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
