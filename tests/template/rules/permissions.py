"""Rules for permissions: no more than is needed, and no wildcard where a name is known."""

import re
from collections.abc import Iterator

import pytest

from tests.template.stack import REPOSITORY, Properties, Stack, as_list, statements, target

# The only statements that may name every resource, and why nothing narrower exists.
EVERY_RESOURCE = {
    ("CommonPolicy", "Traces"): "X-Ray has no resources",
    ("StateMachineRole", "Traces"): "X-Ray has no resources",
    ("StateMachineRole", "LogDelivery"): "log deliveries have no names",
}
# The only other wildcards: what comes before them is one known thing of ours.
PARTS = re.compile(
    r"\$\{(PhotoBucket|ResultBucket)\.Arn\}/(photos/)?\*"
    r"|\$\{ResultBucket\.Arn\}/results/\*/reports/\*"  # of any shopper
    r"|arn:.*:execution:\$\{AWS::StackName\}-try-on:\*"  # executions are named after try-ons
    r"|arn:aws:s3:::\$\{Buckets\}/\*"  # the objects of buckets that a parameter names
)
# What Lambda itself does with a function's role: no call of ours.
LAMBDAS_OWN = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
# Rights that are not called what their call is.
CALLS = {
    "dynamodb:ConditionCheckItem": "transact_write_items",
    "s3:DeleteObject": "delete_objects",
    "s3:ListBucket": "list_objects_v2",
    "s3:ListBucketMultipartUploads": "list_multipart_uploads",
}


def _granting(stack: Stack) -> Iterator[tuple[str, Properties]]:
    """Yield every statement that gives one of our roles a right."""
    for name, role in stack.of_type("AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            yield from ((name, found) for found in statements(policy["PolicyDocument"]))
    for kind in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
        for name, policy in stack.of_type(kind).items():
            yield from ((name, found) for found in statements(policy["PolicyDocument"]))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else ():
        yield from _texts(part)
    for part in value if isinstance(value, list) else ():
        yield from _texts(part)


@pytest.mark.promise("Nothing leaks", "one-role-a-function")
def no_wildcard_where_a_name_is_known(stack: Stack) -> Iterator[str]:
    """`*` alone needs a reason, and `…*` has to stay within one thing of ours."""
    for name, statement in _granting(stack):
        where = (name, statement.get("Sid"))
        for text in _texts(statement["Resource"]):
            if text == "*" and where not in EVERY_RESOURCE:
                yield f"{where} reaches every resource"
            if "*" in text and text != "*" and not PARTS.fullmatch(text) and text[:3] != "/*,":
                yield f"{where} reaches more than one thing of ours: {text}"


def no_wildcard_in_actions(stack: Stack) -> Iterator[str]:
    """Each right is named."""
    for name, statement in _granting(stack):
        for action in as_list(statement["Action"]):
            if "*" in action:
                yield f"{name} may do {action}"


def each_right_is_used(stack: Stack) -> Iterator[str]:
    """By a call in the package: what nobody calls, nobody needs."""
    package = REPOSITORY / "shared" / "tryon_worker"
    code = "".join(path.read_text() for path in sorted(package.rglob("*.py")))
    for name, statement in _granting(stack):
        for action in as_list(statement["Action"]):
            by_name = re.sub(r"(?<!^)(?=[A-Z])", "_", action.partition(":")[2]).lower()
            call = CALLS.get(action, by_name)
            used = f"_client.{call}(" in code or f'paginator("{call}")' in code
            if name != "StateMachineRole" and action not in LAMBDAS_OWN and not used:
                yield f"{name} may do {action}, which nothing does"


def a_conditional_deletion_may_read(stack: Stack) -> Iterator[str]:
    """S3 takes an ETag in a deletion only from somebody who may read the object."""
    for name, statement in _granting(stack):
        actions = as_list(statement["Action"])
        conditional = name in {"UploadRole", "ErasureRole"} and "s3:DeleteObject" in actions
        if conditional and "s3:GetObject" not in actions:
            yield f"{name} may not delete an object as it saw it"


def no_policy_of_aws(stack: Stack) -> Iterator[str]:
    """Lambda's managed policies open every log group and every queue of the account."""
    for name, role in stack.of_type("AWS::IAM::Role").items():
        arns = role.get("ManagedPolicyArns", [])
        if any(target(arn) not in stack.resources for arn in arns):
            yield f"{name} takes a policy that is not ours"
    for name, function in stack.functions.items():
        if "Policies" in function:
            yield f"{name} lets SAM write its role, with policies of AWS in it"


def only_a_service_assumes_a_role(stack: Stack) -> Iterator[str]:
    """Just the one that runs it."""
    for name, role in stack.of_type("AWS::IAM::Role").items():
        requested = "states" if name == "StateMachineRole" else "lambda"
        trusted = [s["Principal"] for s in statements(role["AssumeRolePolicyDocument"])]
        if trusted != [{"Service": f"{requested}.amazonaws.com"}]:
            yield f"{name} can be assumed by somebody else"


def nobody_else_is_let_in(stack: Stack) -> Iterator[str]:
    """A policy of a resource allows services only, and says on whose behalf."""
    for kind in ("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"):
        for name, policy in stack.of_type(kind).items():
            for statement in statements(policy["PolicyDocument"]):
                guarded = set(statement["Principal"]) == {"Service"} and statement.get("Condition")
                if statement["Effect"] == "Allow" and not guarded:
                    yield f"{name} lets in somebody else"


def no_function_can_forge_a_wish(stack: Stack) -> Iterator[str]:
    """Whoever takes over a function must not erase people or spend credits by an event."""
    for name, statement in _granting(stack):
        source = [v for c in statement.get("Condition", {}).values() for v in c.items()]
        if "events:PutEvents" in as_list(statement["Action"]) and source != [
            ("events:source", "tryon.worker")
        ]:
            yield f"{name} may put events of any source"


def a_function_reads_its_own_queue_only(stack: Stack) -> Iterator[str]:
    """The right to receive is the right to make a message vanish."""
    reads = {
        name: target(statement["Resource"])
        for name, statement in _granting(stack)
        if "sqs:ReceiveMessage" in as_list(statement["Action"])
    }
    requested = {
        name.replace("Function", "Role"): target(event["Queue"])
        for name, event in stack.queue_events().items()
    }
    if reads != requested:
        yield f"the queues that are read, {reads}, are not those that trigger, {requested}"


RULES = (
    no_wildcard_where_a_name_is_known,
    no_wildcard_in_actions,
    each_right_is_used,
    a_conditional_deletion_may_read,
    no_policy_of_aws,
    only_a_service_assumes_a_role,
    nobody_else_is_let_in,
    no_function_can_forge_a_wish,
    a_function_reads_its_own_queue_only,
)
