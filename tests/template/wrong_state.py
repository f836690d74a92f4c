"""What could be wrong with storage, machine, alarms and the names that others build on."""

from tests.template.invalid_templates import GONE, Wrong

R = "Resources"
P = "Properties"
PHOTOS = f"{R}.PhotoBucket.{P}"
TABLE = f"{R}.Table.{P}"
POLL = "machine.States.Poll"
STORAGE_RULES: list[Wrong] = [
    ("buckets_are_private", f"{PHOTOS}.PublicAccessBlockConfiguration.BlockPublicPolicy", False),
    ("buckets_are_private", f"{PHOTOS}.PublicAccessBlockConfiguration.IgnorePublicAcls", GONE),
    ("buckets_are_private", f"{PHOTOS}.OwnershipControls", GONE),
    ("what_is_stored_is_encrypted", f"{PHOTOS}.BucketEncryption", GONE),
    ("what_is_stored_is_encrypted", f"{TABLE}.SSESpecification", GONE),
    ("nothing_brings_the_erased_back", f"{PHOTOS}.VersioningConfiguration", {"Status": "Enabled"}),
    ("nothing_brings_the_erased_back", f"{TABLE}.PointInTimeRecoverySpecification", {}),
    ("tls_only", f"{R}.ResultBucketPolicy", GONE),
    ("tls_only", f"{R}.UploadQueuePolicy.{P}.PolicyDocument.Statement.1", GONE),
    ("tls_only", f"{R}.AlarmTopicPolicy", GONE),
    (
        "tls_covers_the_objects",
        f"{R}.PhotoBucketPolicy.{P}.PolicyDocument.Statement.0.Resource.1",
        GONE,
    ),
    ("one_retention_that_tags_only_shorten", f"{PHOTOS}.LifecycleConfiguration.Rules.0", GONE),
    (
        "one_retention_that_tags_only_shorten",
        f"{PHOTOS}.LifecycleConfiguration.Rules.0.Prefix",
        "photos/",
    ),
    (
        "one_retention_that_tags_only_shorten",
        f"{PHOTOS}.LifecycleConfiguration.Rules.1.ExpirationInDays",
        30,
    ),
    (
        "one_retention_that_tags_only_shorten",
        f"{PHOTOS}.LifecycleConfiguration.Rules.2.Status",
        "Disabled",
    ),
    (
        "the_table_is_as_designed",
        f"{TABLE}.GlobalSecondaryIndexes.0.Projection.ProjectionType",
        "ALL",
    ),
    ("the_table_is_as_designed", f"{TABLE}.TimeToLiveSpecification", GONE),
    ("the_table_is_as_designed", f"{TABLE}.BillingMode", "PROVISIONED"),
    ("the_table_is_as_designed", f"{TABLE}.KeySchema.1", GONE),
    ("what_becomes_of_it_is_said", f"{R}.Table.UpdateReplacePolicy", GONE),
    ("no_secret_is_written_down", f"{R}.GenlookSecret.{P}.SecretString", "gk_live"),
    ("no_secret_is_written_down", f"{R}.ShopperKeySecret.{P}.GenerateSecretString", GONE),
]
MACHINE_RULES: list[Wrong] = [
    ("the_machine_has_an_end", "machine.TimeoutSeconds", GONE),
    ("each_task_has_an_end", "machine.States.Publish.TimeoutSeconds", GONE),
    ("each_task_has_an_end", f"{POLL}.TimeoutSeconds", 60),
    ("each_task_repeats_what_is_transient", f"{POLL}.Retry.0", GONE),
    ("each_task_repeats_what_is_transient", "machine.States.Publish.Retry", GONE),
    ("no_task_repeats_just_anything", f"{POLL}.Retry.2.ErrorEquals", ["States.ALL"]),
    ("no_task_repeats_just_anything", f"{POLL}.Retry.2.ErrorEquals", ["States.TaskFailed"]),
    ("a_failed_task_is_caught", f"{POLL}.Catch", GONE),
    ("a_failed_task_is_caught", f"{POLL}.Catch.0.Next", "Published"),
    ("the_machine_calls_one_function", f"{POLL}.Resource", "arn:aws:states:::http:invoke"),
    ("the_machine_knows_nobody", f"{POLL}.Arguments.Payload.externalUserId", "{% $states.input %}"),
    ("the_wait_takes_its_seconds_from_the_last_look", "machine.States.Wait.Seconds", 2),
    ("each_way_leads_somewhere", "machine.States.Decided?.Default", "Nowhere"),
    ("each_way_leads_somewhere", "machine.States.Left", {"Type": "Succeed"}),
    ("its_logs_hold_no_data", f"{R}.TryOnStateMachine.{P}.Logging.IncludeExecutionData", True),
    ("its_logs_hold_no_data", f"{R}.TryOnStateMachine.{P}.Type", "EXPRESS"),
    ("its_logs_hold_no_data", f"{R}.TryOnStateMachine.{P}.Role", GONE),
]
OTHER_RULES: list[Wrong] = [
    ("all_that_can_fail_is_watched", f"{R}.UndeliverableDeadLetterAlarm", GONE),
    ("all_that_can_fail_is_watched", f"{R}.ErasureAgeAlarm", GONE),
    ("all_that_can_fail_is_watched", f"{R}.TryOnErrorsAlarm.{P}.MetricName", "Duration"),
    ("all_that_can_fail_is_watched", f"{R}.ExecutionsTimedOutAlarm", GONE),
    ("each_alarm_tells_somebody", f"{R}.UploadThrottlesAlarm.{P}.AlarmActions", GONE),
    (
        "silence_is_read_rightly",
        f"{R}.HousekeepingSilentAlarm.{P}.TreatMissingData",
        "notBreaching",
    ),
    ("silence_is_read_rightly", f"{R}.UploadErrorsAlarm.{P}.TreatMissingData", "breaching"),
    ("the_outputs_are_the_agreed_ones", "Outputs.TableName", GONE),
    ("the_outputs_are_the_agreed_ones", "Outputs.Extra", {"Value": "more"}),
    ("the_outputs_are_the_agreed_ones", "Outputs.TryOnQueueUrl.Value", {"Ref": "UploadQueue"}),
    ("the_parameters_are_the_agreed_ones", "Parameters.KeepForDays.Default", 30),
    ("the_parameters_are_the_agreed_ones", "Parameters.LogLevel.Default", GONE),
    ("each_number_has_its_reason", "text", "BatchSize: 10  # -> BatchSize: 10"),
    ("each_number_has_its_reason", "text", "MaximumAge: 900  # -> MaximumAge: 900"),
    ("a_deadline_fits_into_the_history", "Parameters.TryOnDeadlineSeconds.MaxValue", GONE),
    (
        "no_output_or_environment_holds_a_secret",
        "Globals.Function.Environment.Variables.KEY",
        {"Fn::GetAtt": ["GenlookSecret", "SecretString"]},
    ),
    ("no_output_or_environment_holds_a_secret", "text", "not-set -> {{resolve:secretsmanager:x}}"),
]
ALL = [*STORAGE_RULES, *MACHINE_RULES, *OTHER_RULES]
