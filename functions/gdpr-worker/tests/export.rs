//! From the request to the archive: what is in it, what is not, and what happens when a worker dies.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use serde_json::{Value, json};
use support::{Archive, Tenant};
use testkit::{QueueKind, TestApp};

#[tokio::test]
async fn a_person_gets_all_that_is_held_about_them_and_nothing_else() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    let stranger = Tenant::of(&test).await;
    stranger.fill().await;
    tenant.fill().await;
    let organization = &tenant.organization;
    let id = tenant
        .ask(&tenant.member, json!({ "request_type": "data_access" }))
        .await;
    tenant.work_off().await;

    let request = tenant.read(&tenant.member, &id).await;
    assert_eq!(request["status"], "completed");
    let archive = Archive::fetch(request["data_url"].as_str().unwrap()).await;
    assert_eq!(archive.manifest["request_id"], json!(id));
    assert_eq!(archive.manifest["scope"], "self");
    assert_eq!(archive.json("profile")[0]["id"], json!(organization.member));
    assert_eq!(archive.json("profile").len(), 1);
    assert_eq!(archive.json("sessions").len(), 1);
    assert_eq!(archive.json("consents").len(), 1);
    let requests = archive.json("requests");
    assert_eq!((requests.len(), &requests[0]["id"]), (1, &json!(id)));
    assert_eq!(archive.json("audit_log").len(), 2);
    // What article 15(1) wants told goes with an access, not with an export.
    assert!(archive.text("information.fr.md").contains("CNIL"));
    // Neither the other tenant, nor anybody else of this one, nor a secret.
    let text = archive.everything();
    for absent in [
        organization.admin.to_string(),
        stranger.organization.id.to_string(),
        stranger.organization.member.to_string(),
        "192.0.2.77".to_owned(),
        "argon2".to_owned(),
        "Contact".to_owned(),
    ] {
        assert!(!text.contains(&absent), "{absent} is in the archive");
    }
    assert!(
        archive
            .files
            .iter()
            .all(|(name, _)| !name.starts_with("contacts"))
    );
}

#[tokio::test]
async fn an_administrator_takes_the_organization_away() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    let stranger = Tenant::of(&test).await;
    stranger.fill().await;
    tenant.fill().await;
    let id = tenant
        .ask(&tenant.admin, json!({ "scope": "organization" }))
        .await;
    tenant.work_off().await;
    let request = tenant.read(&tenant.admin, &id).await;
    let archive = Archive::fetch(request["data_url"].as_str().unwrap()).await;
    assert_eq!(archive.json("organization").len(), 1);
    assert_eq!(archive.json("members").len(), 2);
    let contacts = archive.json("contacts");
    assert_eq!(contacts.len(), 3);
    let formula = "=HYPERLINK(\"http://evil.example\")";
    assert!(contacts.iter().any(|contact| contact["last_name"] == formula));
    for table in [
        "assistants",
        "campaigns",
        "campaign_contacts",
        "decisions",
        "calls",
        "call_turns",
    ] {
        assert!(!archive.json(table).is_empty(), "{table}");
    }
    assert!(
        !archive
            .everything()
            .contains(&stranger.organization.id.to_string())
    );
    let csv = archive.text("contacts.csv");
    assert!(csv.contains("'=HYPERLINK"), "{csv}");
    assert!(!csv.contains("argon2"));
}

#[tokio::test]
async fn an_administrator_who_is_one_no_more_is_rejected() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    let id = tenant
        .ask(&tenant.admin, json!({ "scope": "organization" }))
        .await;
    tenant
        .organization
        .sql(
            "update profiles set role = 'member' where organization_id = $1",
            &[&tenant.organization.id],
        )
        .await;
    tenant.work_off().await;
    let request = tenant.read(&tenant.admin, &id).await;
    assert_eq!(request["status"], "rejected");
    assert_eq!(request["reason"], "admin_required");
    assert_eq!(request["data_url"], Value::Null);
}

#[tokio::test]
async fn each_read_has_a_link_of_its_own_until_the_archive_expires() {
    let test = TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await;
    let tenant = Tenant::of(&test).await;
    let id = tenant.ask(&tenant.member, json!({})).await;
    tenant.work_off().await;
    let request = tenant.read(&tenant.member, &id).await;
    let link = request["data_url"].as_str().unwrap();
    assert!(link.contains("X-Amz-Expires=900"), "{link}");
    assert_eq!(request["expires_at"], "2026-11-30T10:00:00Z");
    let kept = tenant
        .organization
        .rows("select data_url, status from gdpr_requests", &[])
        .await;
    assert!(
        !kept[0]["data_url"].as_str().unwrap().contains("X-Amz"),
        "{kept:?}"
    );
    let links = "select id from gdpr_audit_logs where action = 'gdpr.give_link'";
    assert_eq!(tenant.organization.rows(links, &[]).await.len(), 1);
    test.app.clock.advance(jiff::SignedDuration::from_hours(7 * 24));
    let client = tenant
        .organization
        .member(test.serving(gdpr_export::routes()))
        .await;
    assert_eq!(tenant.read(&client, &id).await["data_url"], Value::Null);
}

#[tokio::test]
async fn the_same_message_twice_is_one_archive_and_one_mail() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    tenant.ask(&tenant.member, json!({})).await;
    let message = test.queues.take(QueueKind::Gdpr).await.remove(0);
    tenant.handle(&message).await.unwrap();
    tenant.handle(&message).await.unwrap();
    let exports = "select id from gdpr_audit_logs where action = 'gdpr.export'";
    assert_eq!(tenant.organization.rows(exports, &[]).await.len(), 1);
    assert_eq!(test.queues.take(QueueKind::Mail).await.len(), 1);
}

#[tokio::test]
async fn two_workers_at_once_are_one() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    tenant.ask(&tenant.member, json!({})).await;
    let message = test.queues.take(QueueKind::Gdpr).await.remove(0);
    let (one, other) = tokio::join!(tenant.handle(&message), tenant.handle(&message));
    // The second either finds it under way, and its message comes again, or finds it done.
    for refused in [one, other].into_iter().filter_map(Result::err) {
        assert!(refused.is_worth_retrying(), "{refused}");
    }
    assert_eq!(test.queues.take(QueueKind::Mail).await.len(), 1);
}

#[tokio::test]
async fn a_worker_that_was_killed_is_followed_by_another() {
    let test = TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await;
    let tenant = Tenant::of(&test).await;
    let id = tenant.ask(&tenant.member, json!({})).await;
    let message = test.queues.take(QueueKind::Gdpr).await.remove(0);
    // As a worker leaves it that dies after it began.
    tenant
        .organization
        .sql(
            "update gdpr_requests set status = 'processing', attempts = 1, lease_until = $2 where organization_id = $1",
            &[
                &tenant.organization.id,
                &test.app.clock.now().saturating_add(jiff::SignedDuration::from_secs(150)).unwrap(),
            ],
        )
        .await;
    let early = tenant.handle(&message).await.unwrap_err();
    assert!(early.is_worth_retrying(), "{early}");
    // When the queue shows the message again.
    test.app.clock.advance(jiff::SignedDuration::from_secs(180));
    tenant.handle(&message).await.unwrap();
    let client = tenant
        .organization
        .member(test.serving(gdpr_export::routes()))
        .await;
    assert_eq!(tenant.read(&client, &id).await["status"], "completed");
}

#[tokio::test]
async fn a_request_whose_message_was_lost_is_found_by_the_tick() {
    let test = TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await;
    let tenant = Tenant::of(&test).await;
    let id = tenant.ask(&tenant.member, json!({})).await;
    test.queues.take(QueueKind::Gdpr).await;
    test.app.clock.advance(jiff::SignedDuration::from_mins(11));
    zencall::gdpr::remind(&test.app, test.app.clock.now())
        .await
        .unwrap();
    let messages = test.queues.take(QueueKind::Gdpr).await;
    assert!(
        messages.iter().any(|message| message["request_id"] == json!(id)),
        "{messages:?}"
    );
}

#[tokio::test]
async fn an_export_whose_storage_is_down_is_tried_again_and_then_given_up() {
    let test = TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await;
    let tenant = Tenant::of(&test).await;
    let id = tenant.ask(&tenant.member, json!({})).await;
    let message = test.queues.take(QueueKind::Gdpr).await.remove(0);
    let nowhere = tenant.storage_of("there-is-no-such-bucket").await;
    for attempt in 1..=5 {
        let failed = tenant.handle_with(&nowhere, &message).await.unwrap_err();
        assert!(failed.is_worth_retrying(), "{failed}");
        let status = if attempt < 5 { "pending" } else { "failed" };
        let row = tenant
            .organization
            .rows("select status, attempts from gdpr_requests", &[])
            .await;
        assert_eq!(row[0], json!({ "status": status, "attempts": attempt }));
        test.app.clock.advance(jiff::SignedDuration::from_hours(1));
    }
    let client = tenant
        .organization
        .member(test.serving(gdpr_export::routes()))
        .await;
    let request = tenant.read(&client, &id).await;
    assert_eq!(request["reason"], "export_failed");
}

#[tokio::test]
async fn a_mail_says_when_it_is_ready() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    let id = tenant.ask(&tenant.member, json!({})).await;
    tenant.work_off().await;
    let mailer = test.mailer().await;
    for message in test.queues.take(QueueKind::Mail).await {
        let message = support::message(&message);
        mailer::handle(&test.app, &mailer, &message).await.unwrap();
        mailer::handle(&test.app, &mailer, &message).await.unwrap();
    }
    let address = format!("{}@zencall.example", tenant.organization.member);
    let mails = test.mails_to(&address).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "Vos données sont prêtes");
    let link = format!("{}/account/data/{id}", test.app.config.app_url);
    assert!(
        mails[0].text.lines().any(|line| line == link),
        "{}",
        mails[0].text
    );
    assert!(!mails[0].text.contains("X-Amz"));
}

/// The list of what is held about people against the database: a new column must be entered there.
#[tokio::test]
async fn every_column_of_the_database_is_in_an_archive_or_says_why_not() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let columns = organization
        .rows(
            "select c.relname::text as table, a.attname::text as column
               from pg_class c join pg_attribute a on a.attrelid = c.oid
              where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                and a.attnum > 0 and not a.attisdropped and c.relname <> 'refinery_schema_history'
              order by 1, a.attnum",
            &[],
        )
        .await;
    assert!(columns.len() > 150);
    let unknown: Vec<_> = columns
        .iter()
        .map(|column| {
            (
                column["table"].as_str().unwrap(),
                column["column"].as_str().unwrap(),
            )
        })
        .filter(|(table, column)| !zencall::gdpr::export::catalogue::knows(table, column))
        .map(|(table, column)| format!("{table}.{column}"))
        .collect();
    assert!(
        unknown.is_empty(),
        "enter in shared/src/gdpr/export/catalogue.rs: {}",
        unknown.join(", ")
    );
}
