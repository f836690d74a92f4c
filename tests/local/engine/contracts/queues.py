"""What we rely on of queues and their dead letters where the engine alone would fail."""

import json

from local.engine_process import Engine
from tests.support.functions import invoke, make_function, make_queue, receive, until


def batch_answers(engine: Engine) -> None:
    """An answer that names an unknown message fails the batch: it ends in the dead letters."""
    dead_url, dead_arn = make_queue(engine)
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    url, arn = make_queue(engine, VisibilityTimeout=3, RedrivePolicy=redrive)
    code = "def handler(event, context):\n"
    code += "    return {'batchItemFailures': [{'itemIdentifier': 'nobody'}]}\n"
    name = make_function(engine, code, Timeout=3)
    invoke(engine, name)  # or a slow first start would fail the batch in any engine
    engine.client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName=name, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    engine.client("sqs").send_message(QueueUrl=url, MessageBody="kept")
    assert until(lambda: receive(engine, dead_url)) == ["kept"]


def redrive(engine: Engine) -> None:
    """What lies in a dead-letter queue can be sent back to where it came from."""
    dead_url, dead_arn = make_queue(engine)
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    url, _ = make_queue(engine, RedrivePolicy=policy)
    client = engine.client("sqs")
    client.send_message(QueueUrl=dead_url, MessageBody="again")
    client.start_message_move_task(SourceArn=dead_arn)
    assert until(lambda: receive(engine, url)) == ["again"]
    moved = client.list_message_move_tasks(SourceArn=dead_arn)["Results"][0]
    assert moved["ApproximateNumberOfMessagesMoved"] == 1
