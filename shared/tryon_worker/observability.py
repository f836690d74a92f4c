"""The only place where logger, tracer and metrics are made.

Nothing personal is ever logged: no event, photo, link, key or shopper's id. A log line carries
``tryOnId``, ``generationId``, states, codes and numbers.
"""

from aws_lambda_powertools import Logger, Metrics, Tracer

logger = Logger()
metrics = Metrics()

# Powertools' own patching of boto3 and httpx records S3 keys and URL paths, which hold the
# shopper's id; segments are made by hand instead.
tracer = Tracer(auto_patch=False)
