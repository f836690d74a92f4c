"""Rules for what is stored: private, encrypted, and gone when it should be."""

from collections.abc import Iterator

import pytest

from tests.template.stack import Properties, Stack, statements, target

TLS_POLICIES = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SNS::TopicPolicy": "Topics",
}
STATEFUL = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret")


@pytest.mark.promise("Nothing leaks", "tls-encrypted-private")
def buckets_are_private(stack: Stack) -> Iterator[str]:
    """All four locks, and no ACLs."""
    for name, bucket in stack.buckets.items():
        locks = bucket.get("PublicAccessBlockConfiguration", {})
        if len(locks) != 4 or not all(value is True for value in locks.values()):
            yield f"{name} can be made public"
        owners = bucket.get("OwnershipControls", {}).get("Rules", [])
        if owners != [{"ObjectOwnership": "BucketOwnerEnforced"}]:
            yield f"{name} takes ACLs"


@pytest.mark.promise("Nothing leaks", "tls-encrypted-private")
def what_is_stored_is_encrypted(stack: Stack) -> Iterator[str]:
    """Said, not left to what AWS does by itself."""
    for name, bucket in stack.buckets.items():
        if not bucket.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration"):
            yield f"{name} is not encrypted"
    for name, table in stack.of_type("AWS::DynamoDB::Table").items():
        if table.get("SSESpecification") != {"SSEEnabled": True}:
            yield f"{name} is not encrypted"


@pytest.mark.promise("One retention", "no-versions-no-recovery")
def nothing_brings_the_erased_back(stack: Stack) -> Iterator[str]:
    """No versions, no point in time to restore, no copies in a stream."""
    for name, bucket in stack.buckets.items():
        if {"VersioningConfiguration", "ReplicationConfiguration"} & set(bucket):
            yield f"{name} keeps what was erased"
    for name, table in stack.of_type("AWS::DynamoDB::Table").items():
        if {"PointInTimeRecoverySpecification", "StreamSpecification"} & set(table):
            yield f"{name} keeps what was erased"


def _denies_http(policy: Properties) -> bool:
    return any(
        statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in statements(policy["PolicyDocument"])
    )


@pytest.mark.promise("Nothing leaks", "tls-encrypted-private")
def tls_only(stack: Stack) -> Iterator[str]:
    """Buckets, queues and topics deny plain HTTP."""
    safe = set()
    for kind, field in TLS_POLICIES.items():
        for policy in stack.of_type(kind).values():
            named = policy[field] if isinstance(policy[field], list) else [policy[field]]
            safe |= set(map(target, named)) if _denies_http(policy) else set()
    topics = stack.of_type("AWS::SNS::Topic")
    for name in {*stack.buckets, *stack.queues, *topics} - safe:
        yield f"{name} answers plain HTTP"


def tls_covers_the_objects(stack: Stack) -> Iterator[str]:
    """A bucket's policy speaks of the bucket and of what lies in it."""
    for name, policy in stack.of_type("AWS::S3::BucketPolicy").items():
        bucket = target(policy["Bucket"])
        both = [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}]
        if [s["Resource"] for s in statements(policy["PolicyDocument"])] != [both]:
            yield f"{name} does not cover the bucket and its objects"


@pytest.mark.promise("One retention", "lifecycle-of-both-buckets")
def one_retention_that_tags_only_shorten(stack: Stack) -> Iterator[str]:
    """One rule without a filter at the stack's days; those by tag say the tag's own days."""
    for name, bucket in stack.buckets.items():
        rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
        plain = [r for r in rules if "TagFilters" not in r and "Prefix" not in r]
        if [target(r.get("ExpirationInDays")) for r in plain] != ["KeepForDays"]:
            yield f"{name} keeps what has no tag"
        tagged = {
            (tag["Key"], tag["Value"]): rule.get("ExpirationInDays")
            for rule in rules
            for tag in rule.get("TagFilters", [])
        }
        if tagged != {("keep-for-days", "1"): 1, ("keep-for-days", "3"): 3}:
            yield f"{name} does not keep its tags' word"
        if any(rule.get("Status") != "Enabled" for rule in rules):
            yield f"{name} has a rule that does nothing"


@pytest.mark.promise("Rows that hold no names", "consistent-query-never-an-index")
def the_table_is_as_designed(stack: Stack) -> Iterator[str]:
    """Keys, time to live, on demand; its index holds keys only, so no name is copied into it."""
    table = stack.of_type("AWS::DynamoDB::Table")["Table"]
    keys = {"pk": "HASH", "sk": "RANGE"}
    if {k["AttributeName"]: k["KeyType"] for k in table["KeySchema"]} != keys:
        yield "Table has other keys"
    if table.get("TimeToLiveSpecification") != {"AttributeName": "ttl", "Enabled": True}:
        yield "Table keeps rows for ever"
    if table.get("BillingMode") != "PAY_PER_REQUEST":
        yield "Table pays for nothing"
    indexes = [
        (index["IndexName"], index["Projection"]["ProjectionType"])
        for index in table["GlobalSecondaryIndexes"]
    ]
    if indexes != [("due", "KEYS_ONLY")]:
        yield "Table has another index, or one that holds more than keys"


def what_becomes_of_it_is_said(stack: Stack) -> Iterator[str]:
    """When the stack goes, and when a resource is replaced."""
    for name, resource in stack.resources.items():
        if resource["Type"] in STATEFUL:
            said = resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")
            if said != ("Delete", "Retain"):
                yield f"{name} does not say what becomes of it"


def no_secret_is_written_down(stack: Stack) -> Iterator[str]:
    """The API key is put in later; the other one is drawn by AWS and nobody knows it."""
    secrets = stack.of_type("AWS::SecretsManager::Secret")
    if secrets["GenlookSecret"].get("SecretString") != "not-set":
        yield "GenlookSecret is in the template"
    if "GenerateSecretString" not in secrets["ShopperKeySecret"]:
        yield "ShopperKeySecret is in the template"


RULES = (
    buckets_are_private,
    what_is_stored_is_encrypted,
    nothing_brings_the_erased_back,
    tls_only,
    tls_covers_the_objects,
    one_retention_that_tags_only_shorten,
    the_table_is_as_designed,
    what_becomes_of_it_is_said,
    no_secret_is_written_down,
)
