"""What may be logged of an exception: its texts may quote what was in a message or a row."""

from botocore.exceptions import ClientError


def what(error: Exception) -> dict[str, str]:
    """The type of ``error`` and where it was raised, as fields of a log line."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
    return {"error": type(error).__name__, "where": where, **_aws(error)}


def _aws(error: Exception) -> dict[str, str]:
    """Which call AWS refused and by what code: both are AWS's own words, none of the message's."""
    if not isinstance(error, ClientError):
        return {}
    code = error.response.get("Error", {}).get("Code", "")
    return {"awsCode": code, "awsCall": error.operation_name}
