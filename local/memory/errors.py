"""The errors of AWS's clients, as botocore raises them."""

from functools import cache
from typing import Any

from botocore.exceptions import ClientError


@cache
def error_class(code: str) -> type[ClientError]:
    """Return the class under which ``client.exceptions`` knows an error."""
    return type(code, (ClientError,), {})


def client_error(
    code: str, operation: str, message: str = "", *, status: int = 400, **more: Any
) -> ClientError:
    """Make the error that an operation ends in; ``more`` is what else its answer holds."""
    response: Any = {
        "Error": {"Code": code, "Message": message or code},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return error_class(code)(response, operation)


class Exceptions:
    """What a client has as ``exceptions``: its errors by name."""

    def __getattr__(self, code: str) -> type[ClientError]:
        """Return the class of an error."""
        return error_class(code)
