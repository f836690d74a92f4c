"""The `engine` fixture gives real AWS interfaces."""

import urllib.parse

from local.engine_process import Engine


def test_it_listens_on_loopback_only(engine: Engine) -> None:
    assert urllib.parse.urlsplit(engine.endpoint_url).hostname == "127.0.0.1"


def test_a_table_keeps_what_is_put(engine: Engine) -> None:
    table = engine.resource("dynamodb").create_table(
        TableName="fixture",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table.put_item(Item={"pk": "a", "n": 1})
    assert table.get_item(Key={"pk": "a"}, ConsistentRead=True)["Item"] == {"pk": "a", "n": 1}
