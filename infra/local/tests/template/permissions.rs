//! A function may do what its environment names, and nothing else.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::functions::needs;
use crate::model::{Function, Template, list, target};

/// What a role may do with which resources of the template.
fn allowed<'a>(function: &Function, template: &'a Template, action: &str) -> BTreeSet<&'a str> {
    function
        .statements(template)
        .into_iter()
        .filter(|statement| list(&statement["Action"]).iter().any(|listed| *listed == action))
        .flat_map(|statement| list(&statement["Resource"]))
        .filter_map(target)
        .collect()
}

/// The resources of a type that a function's environment names.
fn named<'a>(function: &'a Function, template: &Template, kind: &str) -> BTreeSet<&'a str> {
    let resources = template.resources(kind);
    function
        .environment()
        .into_values()
        .filter_map(target)
        .filter(|resource| resources.contains_key(resource))
        .collect()
}

#[test]
fn a_function_reads_the_secrets_that_its_environment_names() {
    let template = Template::load();
    for (name, function) in template.functions() {
        let may = allowed(&function, &template, "secretsmanager:GetSecretValue");
        assert_eq!(
            may,
            named(&function, &template, "AWS::SecretsManager::Secret"),
            "{name}"
        );
    }
}

#[test]
fn a_function_sends_to_the_queues_that_its_environment_names() {
    let template = Template::load();
    for (name, function) in template.functions() {
        let may = allowed(&function, &template, "sqs:SendMessage");
        assert_eq!(may, named(&function, &template, "AWS::SQS::Queue"), "{name}");
    }
}

#[test]
fn a_function_receives_from_the_queues_that_trigger_it() {
    let template = Template::load();
    for (name, function) in template.functions() {
        let triggers: BTreeSet<_> = function
            .events("SQS")
            .into_iter()
            .filter_map(|event| target(&event["Queue"]))
            .collect();
        for action in [
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
        ] {
            assert_eq!(
                allowed(&function, &template, action),
                triggers,
                "{name}: {action}"
            );
        }
    }
}

#[test]
fn only_functions_that_speak_to_twilio_reach_the_secrets_of_tenants() {
    let template = Template::load();
    for (name, function) in template.functions() {
        let reaches = function
            .statements(&template)
            .iter()
            .any(|statement| statement["Resource"].to_string().contains(":secret:"));
        // `twilio-webhook` speaks to nobody; it checks signatures with the tenant's token.
        let may = needs(&name).iter().any(|need| need == "Twilio") || name == "twilio-webhook";
        assert_eq!(reaches, may, "{name}");
    }
}

#[test]
fn only_functions_that_name_the_bucket_reach_into_it() {
    let template = Template::load();
    for (name, function) in template.functions() {
        let reaches = function
            .statements(&template)
            .into_iter()
            .filter(|statement| statement["Action"].to_string().contains("s3:"))
            .filter(|statement| statement["Action"] != "s3:ListBucket")
            .map(|statement| statement["Resource"]["Fn::Sub"].as_str().unwrap())
            .collect::<BTreeSet<_>>();
        let buckets = named(&function, &template, "AWS::S3::Bucket");
        // Events that no queue takes, and files to import, lie in folders of their own, beside archives that nobody else
        // reads.
        let folders: &[&str] = match name.as_str() {
            "provider-events" | "vapi-webhook" => &["/events"],
            "contacts" | "contact-importer" => &["/imports/outcomes", "/imports/uploads"],
            _ => &[""],
        };
        let objects = buckets.iter().flat_map(|bucket| {
            let object = move |folder: &&str| format!("${{{bucket}.Arn}}{folder}/*");
            folders.iter().map(object)
        });
        let objects: Vec<_> = objects.collect();
        assert!(objects.iter().map(String::as_str).eq(reaches), "{name}");
    }
}

#[test]
fn only_the_mailer_sends_mail_and_only_in_our_name() {
    let template = Template::load();
    for (name, function) in template.functions() {
        let mails = function
            .statements(&template)
            .into_iter()
            .find(|statement| statement["Action"] == "ses:SendEmail");
        assert_eq!(mails.is_some(), name == "mailer", "{name}");
        assert!(
            mails.is_none_or(
                |statement| statement["Condition"]["StringEquals"]["ses:FromAddress"].is_object()
            )
        );
    }
}

#[test]
fn every_function_has_a_role_of_its_own_without_wildcards() {
    let template = Template::load();
    let mut roles = BTreeSet::new();
    for (name, function) in template.functions() {
        let role = function.properties["Role"]["Fn::GetAtt"][0]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(roles.insert(role), "{name} shares its role");
        for statement in function.statements(&template) {
            for action in list(&statement["Action"]) {
                assert!(!action.as_str().unwrap().contains('*'), "{name}: {action}");
            }
            for resource in list(&statement["Resource"]) {
                assert_ne!(resource, &Value::from("*"), "{name}");
            }
        }
    }
    let unused: Vec<_> = template
        .resources("AWS::IAM::Role")
        .into_keys()
        .filter(|role| !roles.contains(*role))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn whoever_checks_access_tokens_and_nobody_else_may_read_the_secret_of_supabase() {
    let template = Template::load();
    for (name, function) in template.functions() {
        let role = function.properties["Role"]["Fn::GetAtt"][0].as_str().unwrap();
        let may = template.properties(role)["ManagedPolicyArns"]
            .to_string()
            .contains("ReadSupabaseSecret");
        let checks = needs(&name).iter().any(|need| need == "TokenKeys");
        assert_eq!(may, checks, "{name}");
    }
}
