"""The only place where logger, tracer and metrics are made.

Nothing personal is ever logged: no event, photo, link, key or shopper's id. A log line carries
``tryOnId``, ``generationId``, states, codes and numbers.
"""

from enum import StrEnum

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.metrics import MetricUnit, single_metric

logger = Logger()

# Powertools' own patching of boto3 and httpx records S3 keys and URL paths, which hold the
# shopper's id; segments are made by hand instead.
tracer = Tracer(auto_patch=False)

# Named here and not by the environment: the alarms of template.yaml look for it.
_NAMESPACE = "TryOnWorker"


class Metric(StrEnum):
    """What alarms and dashboards count."""

    TRY_ONS_COMPLETED = "TryOnsCompleted"
    TRY_ONS_FAILED = "TryOnsFailed"
    REVIEWS_OPENED = "ReviewsOpened"
    SPEND_CAP_REACHED = "SpendCapReached"
    CREDITS_LOW = "CreditsLow"
    BREAKER_SHUT = "BreakerShut"
    ERASURE_OVERDUE = "ErasureOverdue"
    REPORT_OVERDUE = "ReportOverdue"


def count(metric: Metric, value: float = 1) -> None:
    """Writes one value of a metric, as a log line that CloudWatch reads (embedded metric format).

    At once and not at the end of the call: a worker that is killed has counted what it did.
    """
    with single_metric(
        name=metric,
        unit=MetricUnit.Count,
        value=value,
        namespace=_NAMESPACE,
        default_dimensions={"service": logger.service},
    ):
        pass
