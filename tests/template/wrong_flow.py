"""What could be wrong with queues, functions, permissions and rules of events."""

from tests.template.invalid_templates import GONE, Wrong

R = "Resources"
P = "Properties"
QUEUE_RULES: list[Wrong] = [
    ("each_work_queue_has_a_dead_letter_queue", f"{R}.IntakeQueue.{P}.RedrivePolicy", GONE),
    (
        "each_work_queue_has_a_dead_letter_queue",
        f"{R}.IntakeQueue.{P}.RedrivePolicy.maxReceiveCount",
        1,
    ),
    ("messages_live_for_14_days", f"{R}.TryOnDeadLetterQueue.{P}.MessageRetentionPeriod", 345600),
    ("messages_live_for_14_days", f"{R}.TryOnQueue.{P}.MessageRetentionPeriod", GONE),
    ("visibility_is_six_times_the_timeout", f"{R}.TryOnQueue.{P}.VisibilityTimeout", 719),
    ("visibility_is_six_times_the_timeout", f"{R}.UploadFunction.{P}.Timeout", 91),
    ("queues_are_encrypted", f"{R}.ErasureDeadLetterQueue.{P}.SqsManagedSseEnabled", False),
    (
        "batches_are_answered_in_part",
        f"{R}.IntakeFunction.{P}.Events.Messages.{P}.FunctionResponseTypes",
        GONE,
    ),
    ("waiting_uses_up_no_receive", f"{R}.TryOnFunction.{P}.Events.Messages.{P}.BatchSize", 10),
    (
        "waiting_uses_up_no_receive",
        f"{R}.TryOnFunction.{P}.Events.Messages.{P}.ScalingConfig",
        GONE,
    ),
    ("who_feeds_itself_is_let", "Globals.Function.RecursiveLoop", GONE),
    ("who_feeds_itself_is_let", f"{R}.TryOnFunction.{P}.RecursiveLoop", "Terminate"),
    ("each_queue_has_one_policy", f"{R}.TryOnQueuePolicy", GONE),
    ("each_queue_has_one_policy", f"{R}.TryOnQueuePolicy.{P}.Queues", [{"Ref": "IntakeQueue"}]),
    (
        "only_our_rules_send_to_a_queue",
        f"{R}.ErasureQueuePolicy.{P}.PolicyDocument.Statement.0.Condition.ArnEquals.aws:SourceArn",
        "*",
    ),
    (
        "only_our_rules_send_to_a_queue",
        f"{R}.ErasureRule.{P}.Targets.0.Arn",
        {"Fn::GetAtt": ["IntakeQueue", "Arn"]},
    ),
]
FUNCTION_RULES: list[Wrong] = [
    ("the_six_functions_are_there", f"{R}.ErasureFunction", GONE),
    ("the_six_functions_are_there", f"{R}.ErasureFunction.{P}.CodeUri", "functions/upload/"),
    (
        "each_has_a_role_of_its_own",
        f"{R}.TryOnFunction.{P}.Role",
        {"Fn::GetAtt": ["UploadRole", "Arn"]},
    ),
    ("each_has_a_log_group_with_an_end", f"{R}.TryOnFunction.{P}.LoggingConfig", GONE),
    ("each_has_a_log_group_with_an_end", f"{R}.StateMachineLogGroup.{P}.RetentionInDays", GONE),
    ("all_run_alike", "Globals.Function.Architectures", ["x86_64"]),
    ("all_run_alike", f"{R}.TryOnFunction.{P}.Runtime", "python3.11"),
    ("all_run_alike", f"{R}.TryOnFunction.{P}.Layers", []),
    ("all_run_alike", "Globals.Function.Tracing", "PassThrough"),
    ("each_says_its_time_and_memory", f"{R}.IntakeFunction.{P}.Timeout", GONE),
    ("each_says_its_time_and_memory", "Globals.Function.MemorySize", GONE),
    ("each_says_its_time_and_memory", f"{R}.HousekeepingFunction.{P}.Timeout", 60),
    ("asynchronous_calls_end_somewhere", f"{R}.GenerationFunction.{P}.EventInvokeConfig", GONE),
    ("nothing_is_reserved", f"{R}.HousekeepingFunction.{P}.ReservedConcurrentExecutions", 1),
    ("each_is_built_by_make", f"{R}.SharedLayer.Metadata.BuildMethod", "python3.13"),
    ("each_is_built_by_make", f"{R}.UploadFunction.Metadata", GONE),
]
PERMISSION_RULES: list[Wrong] = [
    (
        "no_wildcard_where_a_name_is_known",
        f"{R}.CommonPolicy.{P}.PolicyDocument.Statement.0.Resource",
        "*",
    ),
    (
        "no_wildcard_where_a_name_is_known",
        f"{R}.ErasureRole.{P}.Policies.0.PolicyDocument.Statement.3.Resource",
        "arn:aws:s3:::*",
    ),
    (
        "no_wildcard_in_actions",
        f"{R}.CommonPolicy.{P}.PolicyDocument.Statement.0.Action",
        "dynamodb:*",
    ),
    (
        "each_right_is_used",
        f"{R}.UploadRole.{P}.Policies.0.PolicyDocument.Statement.3.Action.1",
        "s3:GetObjectTagging",
    ),
    (
        "a_conditional_deletion_may_read",
        f"{R}.ErasureRole.{P}.Policies.0.PolicyDocument.Statement.3.Action",
        "s3:DeleteObject",
    ),
    (
        "no_policy_of_aws",
        f"{R}.UploadRole.{P}.ManagedPolicyArns",
        ["arn:aws:iam::aws:policy/AmazonS3FullAccess"],
    ),
    ("no_policy_of_aws", f"{R}.UploadFunction.{P}.Policies", ["AmazonS3FullAccess"]),
    (
        "only_a_service_assumes_a_role",
        f"{R}.UploadRole.{P}.AssumeRolePolicyDocument.Statement.0.Principal",
        {"AWS": "*"},
    ),
    (
        "nobody_else_is_let_in",
        f"{R}.UploadQueuePolicy.{P}.PolicyDocument.Statement.0.Principal",
        "*",
    ),
    (
        "nobody_else_is_let_in",
        f"{R}.UploadQueuePolicy.{P}.PolicyDocument.Statement.0.Condition",
        {},
    ),
    (
        "no_function_can_forge_a_wish",
        f"{R}.CommonPolicy.{P}.PolicyDocument.Statement.1.Condition",
        GONE,
    ),
    (
        "a_function_reads_its_own_queue_only",
        f"{R}.UploadRole.{P}.Policies.0.PolicyDocument.Statement.1.Resource",
        {"Fn::GetAtt": ["ErasureQueue", "Arn"]},
    ),
]
EVENT_RULES: list[Wrong] = [
    (
        "each_target_retries_and_ends_somewhere",
        f"{R}.PhotoRule.{P}.Targets.0.DeadLetterConfig",
        GONE,
    ),
    (
        "each_target_retries_and_ends_somewhere",
        f"{R}.HousekeepingRule.{P}.Targets.0.RetryPolicy",
        GONE,
    ),
    ("the_whole_event_arrives", f"{R}.ShopEventsRule.{P}.Targets.0.InputPath", "$.detail"),
    ("every_event_but_our_own_is_taken", f"{R}.ShopEventsRule.{P}.EventPattern.source", GONE),
    (
        "every_event_but_our_own_is_taken",
        f"{R}.ErasureRule.{P}.EventPattern.source",
        {"Ref": "TrustedSources"},
    ),
    (
        "every_event_but_our_own_is_taken",
        f"{R}.ShopEventsRule.{P}.EventPattern.detail",
        {"metadata": {"X-Shopify-Topic": ["shop/redact"]}},
    ),
    (
        "each_event_reaches_one_queue",
        f"{R}.ShopEventsRule.{P}.EventPattern.detail-type",
        ["OrderPlaced"],
    ),
    (
        "each_event_reaches_one_queue",
        f"{R}.ShopEventsRule.{P}.EventPattern.detail-type.Fn::If.1",
        [{"anything-but": ["ErasureRequested"]}],
    ),
    (
        "each_event_reaches_one_queue",
        f"{R}.ShopEventsRule.{P}.EventPattern.detail-type.Fn::If.2.0",
        "ErasureRequested",
    ),
    (
        "webhooks_of_a_partner_bus_are_all_taken",
        f"{R}.ShopifyRule.{P}.EventPattern.source",
        [{"prefix": "aws.partner/shopify.com/"}],
    ),
    (
        "webhooks_of_a_partner_bus_are_all_taken",
        f"{R}.ShopifyRule.{P}.EventPattern.detail",
        {"metadata": {"X-Shopify-Topic": ["shop/redact"]}},
    ),
    ("rules_listen_on_the_right_bus", f"{R}.ShopifyRule.{P}.EventBusName", GONE),
    ("rules_listen_on_the_right_bus", f"{R}.ShopEventsRule.{P}.EventBusName", GONE),
    ("rules_listen_on_the_right_bus", f"{R}.PhotoRule.{P}.EventBusName", {"Ref": "EventBusName"}),
    (
        "every_object_of_the_photo_bucket_is_seen",
        f"{R}.PhotoRule.{P}.EventPattern.detail.object",
        {"key": [{"prefix": "photos/"}]},
    ),
    (
        "every_object_of_the_photo_bucket_is_seen",
        f"{R}.PhotoRule.{P}.EventPattern.detail.bucket.name",
        ["all"],
    ),
    ("lambda_lets_the_rule_in", f"{R}.HousekeepingPermission", GONE),
    ("lambda_lets_the_rule_in", f"{R}.GenerationPermission.{P}.SourceArn", GONE),
]
ALL = [*QUEUE_RULES, *FUNCTION_RULES, *PERMISSION_RULES, *EVENT_RULES]
