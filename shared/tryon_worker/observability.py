"""The logger, tracer and metrics of the whole worker.

Nothing personal is ever logged: no event, photo, link, key or shopper's id. A log line carries
``tryOnId``, ``generationId``, states, codes and numbers.
"""

from enum import StrEnum

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from botocore.exceptions import ClientError

logger = Logger()

# No automatic patching: it would record S3 keys and URL paths of boto3 and httpx calls, which hold
# the shopper's id.
tracer = Tracer(auto_patch=False)

# A constant, because the alarms of template.yaml name it.
_NAMESPACE = "TryOnWorker"


class Metric(StrEnum):
    """The metrics of alarms and dashboards."""

    TRY_ONS_COMPLETED = "TryOnsCompleted"
    TRY_ONS_FAILED = "TryOnsFailed"
    PRIVACY_REQUESTS_REFUSED = "PrivacyRequestsRefused"
    REQUESTS_REFUSED = "RequestsRefused"
    REVIEWS_OPENED = "ReviewsOpened"
    SPEND_CAP_REACHED = "SpendCapReached"
    CREDITS_LOW = "CreditsLow"
    CIRCUIT_OPEN = "CircuitOpen"
    ERASURE_OVERDUE = "ErasureOverdue"
    REPORT_OVERDUE = "ReportOverdue"


def count(metric: Metric, value: float = 1) -> None:
    """Writes one value of a metric as a log line in CloudWatch's embedded metric format.

    It writes at once, so that a worker that is killed later has counted what it did.
    """
    with single_metric(
        name=metric,
        unit=MetricUnit.Count,
        value=value,
        namespace=_NAMESPACE,
        default_dimensions={"service": logger.service},
    ):
        pass


def error_fields(error: Exception) -> dict[str, str]:
    """The type of ``error`` and where it was raised, as fields of a log line."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
    return {"error": type(error).__name__, "where": where, **_aws(error)}


def _aws(error: Exception) -> dict[str, str]:
    """The call that AWS refused and the code, without the message, which may quote a request."""
    if not isinstance(error, ClientError):
        return {}
    code = error.response.get("Error", {}).get("Code", "")
    return {"awsCode": code, "awsCall": error.operation_name}
