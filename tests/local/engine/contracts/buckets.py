"""What we rely on of S3 where the engine alone would fail."""

from urllib.parse import unquote_plus

from local.engine_process import Engine
from tests.support.functions import unique


def encoded_uploads(engine: Engine) -> None:
    """Keys of uploads in parts come encoded where that is asked for."""
    s3, bucket = engine.client("s3"), unique("bucket")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    key = "p/a b+c&\t.jpg"
    s3.create_multipart_upload(Bucket=bucket, Key=key)
    page = s3.list_multipart_uploads(Bucket=bucket, EncodingType="url")
    assert page.get("EncodingType") == "url"
    assert [unquote_plus(upload["Key"]) for upload in page["Uploads"]] == [key]
