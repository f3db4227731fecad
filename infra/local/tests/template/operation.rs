//! What keeps a deployed stage in hand: dead-letter queues, time-outs, logs that end, alarms, secrets that stay.

use std::collections::BTreeSet;

use local::emulator::QUEUES;

use crate::model::{Template, target};

/// AWS's advice: a message stays hidden six times as long as its consumer may take.
const TIMES: u64 = 6;

#[test]
fn every_queue_is_that_of_the_local_stack_with_a_dead_letter_queue() {
    let template = Template::load();
    let functions = template.functions();
    let mut seen = BTreeSet::new();
    for (name, function) in &functions {
        for event in function.events("SQS") {
            let queue = template.properties(target(&event["Queue"]).unwrap());
            let short = queue["QueueName"]["Fn::Sub"].as_str().unwrap();
            let short = short.strip_prefix("zencall-${Stage}-").unwrap();
            let local = QUEUES.iter().find(|local| local.name == short);
            let local = local.unwrap_or_else(|| panic!("{short} is not a local queue"));
            assert_eq!(local.function, name, "{short}");
            assert_eq!(event["BatchSize"], local.batch, "{short}");
            assert_eq!(
                event["FunctionResponseTypes"][0], "ReportBatchItemFailures",
                "{short}"
            );
            assert!(
                event["ScalingConfig"]["MaximumConcurrency"].is_null() == (name == "live"),
                "{short}"
            );
            assert_eq!(
                queue["RedrivePolicy"]["maxReceiveCount"], local.max_receives,
                "{short}"
            );
            let timeout = function.properties["Timeout"].as_u64().unwrap();
            let hidden = queue["VisibilityTimeout"].as_u64().unwrap();
            assert!(
                hidden >= TIMES * timeout,
                "{short}: {hidden} s for a time-out of {timeout} s"
            );
            let dead_letters = target(&queue["RedrivePolicy"]["deadLetterTargetArn"]).unwrap();
            let dead_letters = template.properties(dead_letters);
            let name = format!("zencall-${{Stage}}-{short}-dead-letter");
            assert_eq!(dead_letters["QueueName"]["Fn::Sub"], name.as_str());
            seen.insert(short.to_owned());
        }
    }
    for local in QUEUES
        .iter()
        .filter(|local| functions.contains_key(local.function))
    {
        assert!(seen.contains(local.name), "{} is not in the template", local.name);
    }
    let queues = template.resources("AWS::SQS::Queue");
    assert_eq!(queues.len(), 2 * seen.len(), "a queue without a consumer");
    for (id, queue) in queues {
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true, "{id}");
        let policies = template.resources("AWS::SQS::QueuePolicy");
        // A queue has one policy: of two, the second would replace the first.
        let policies: Vec<_> = policies
            .values()
            .map(|policy| &policy["Properties"])
            .filter(|policy| policy["Queues"].to_string().contains(&format!("\"{id}\"")))
            .collect();
        assert_eq!(policies.len(), 1, "{id}");
        let plain = &policies[0]["PolicyDocument"]["Statement"][0];
        assert_eq!(plain["Effect"], "Deny", "{id} is open to plain HTTP");
        assert_eq!(plain["Condition"]["Bool"]["aws:SecureTransport"], false, "{id}");
    }
}

#[test]
fn buckets_are_private_encrypted_and_forget() {
    for (id, bucket) in Template::load().resources("AWS::S3::Bucket") {
        let properties = &bucket["Properties"];
        let closed = properties["PublicAccessBlockConfiguration"].as_object().unwrap();
        assert_eq!(closed.len(), 4, "{id}");
        assert!(closed.values().all(|closed| closed == true), "{id}");
        assert!(properties["BucketEncryption"].is_object(), "{id}");
        let rule = &properties["LifecycleConfiguration"]["Rules"][0];
        assert!(rule["ExpirationInDays"].is_u64(), "{id}");
        assert!(rule["AbortIncompleteMultipartUpload"].is_object(), "{id}");
    }
}

#[test]
fn the_bucket_tells_of_uploads_as_the_local_one_does() {
    let template = Template::load();
    let told = &template.properties("Exports")["NotificationConfiguration"]["QueueConfigurations"][0];
    assert_eq!(target(&told["Queue"]), Some("ImportsQueue"));
    let local = local::emulator::notification("arn");
    for value in [&told["Event"], &told["Filter"]["S3Key"]["Rules"][0]["Value"]] {
        let value = value.as_str().unwrap();
        assert!(local.contains(&format!(">{value}<")), "{value}");
    }
}

#[test]
fn provider_events_outlive_an_hour_without_a_database() {
    let template = Template::load();
    let events = template.properties("EventsQueue");
    let hidden = events["VisibilityTimeout"].as_u64().unwrap();
    let receives = events["RedrivePolicy"]["maxReceiveCount"].as_u64().unwrap();
    assert_eq!((hidden, receives), (180, 20));
    assert!(hidden * receives >= 3600);
}

#[test]
fn logs_end_and_every_function_writes_to_them() {
    let template = Template::load();
    for (id, group) in template.resources("AWS::Logs::LogGroup") {
        assert!(!group["Properties"]["RetentionInDays"].is_null(), "{id}");
    }
    for (name, function) in template.functions() {
        let logging = &function.properties["LoggingConfig"];
        let group = target(&logging["LogGroup"]).unwrap();
        assert_eq!(
            template.0["Resources"][group]["Type"], "AWS::Logs::LogGroup",
            "{name}"
        );
        assert_eq!(logging["LogFormat"], "JSON", "{name}");
        assert_eq!(logging["SystemLogLevel"], "WARN", "{name}");
    }
}

#[test]
fn no_function_and_no_dead_letter_goes_unwatched() {
    let template = Template::load();
    let alarms = template.resources("AWS::CloudWatch::Alarm");
    for (id, alarm) in &alarms {
        assert_eq!(alarm["Properties"]["AlarmActions"][0]["Ref"], "Alarms", "{id}");
    }
    let watched: String = alarms
        .values()
        .map(|alarm| alarm["Properties"].to_string())
        .collect();
    for (name, function) in template.functions() {
        // Behind the API a crash is a 5xx of the API; of a migration the deployment is told.
        let seen_elsewhere = function.properties["FunctionUrlConfig"].is_null()
            && (!function.events("HttpApi").is_empty() || name == "migrate");
        let alarmed = watched.contains(&format!("\"{}\"", function.id));
        assert!(alarmed || seen_elsewhere, "{name} crashes unseen");
    }
    for id in template
        .resources("AWS::SQS::Queue")
        .into_keys()
        .filter(|id| id.ends_with("DeadLetters"))
    {
        assert!(watched.contains(&format!("\"{id}\"")), "{id} fills unseen");
    }
    let readme = crate::model::read("infra/aws/README.md");
    for (id, alarm) in alarms {
        let name = alarm["Properties"]["AlarmName"]["Fn::Sub"].as_str().unwrap();
        let name = name.strip_prefix("zencall-${Stage}-").unwrap();
        assert!(
            readme.contains(&format!("`{name}`")),
            "{id}: what does {name} mean?"
        );
    }
}

#[test]
fn secrets_stay_when_the_stack_goes() {
    for (id, secret) in Template::load().resources("AWS::SecretsManager::Secret") {
        assert_eq!(secret["DeletionPolicy"], "Retain", "{id}");
        assert_eq!(secret["UpdateReplacePolicy"], "Retain", "{id}");
        // A value in a template would be in a repository.
        assert!(secret["Properties"]["SecretString"].is_null(), "{id}");
    }
}
