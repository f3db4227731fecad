//! GET /api/v1/audit-logs.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Client, TestApp};
use zencall::db::{Claims, DbError};

use crate::Tenant;

const LOGS: &str = "/api/v1/audit-logs";

impl Tenant {
    /// The administrator, with an access token of this hour.
    async fn admin_now(&self) -> Client {
        let routes = self.test.serving(organization::routes());
        self.organization.admin(routes).await
    }

    async fn list(&self, query: &str) -> Value {
        let admin = self.admin_now().await;
        admin.get(&format!("{LOGS}{query}")).await.expect(200).json()
    }

    /// The languages that the entries of this list changed to, newest first.
    async fn languages(&self, query: &str) -> Vec<String> {
        let list = self.list(query).await;
        let entries = list["data"].as_array().unwrap();
        entries
            .iter()
            .map(|entry| entry["details"]["after"]["language"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Three days at 10:00, a change of language on each: `en` and `es` by the administrator, `nl` by a second one.
async fn three_days() -> Tenant {
    let tenant = Tenant::on(TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await).await;
    for language in ["en", "es", "nl"] {
        let client = if language == "nl" {
            tenant.second_admin().await
        } else {
            tenant.admin_now().await
        };
        let change = json!({ "language": language });
        client.patch("/api/v1/organization", change).await.expect(200);
        tenant.test.app.clock.advance(SignedDuration::from_hours(24));
    }
    tenant
}

#[tokio::test]
async fn as_admin_everything_is_told_newest_first_page_by_page() {
    let tenant = three_days().await;
    assert_eq!(tenant.languages("").await, ["nl", "es", "en"]);
    let first = tenant.list("?limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = tenant.list(&format!("?limit=2&cursor={cursor}")).await;
    assert_eq!(second["next_cursor"], Value::Null);
    let entry = &second["data"][0];
    assert_eq!(entry["action"], "organization.change");
    assert_eq!(entry["created_at"], "2026-11-23T10:00:00Z");
    assert_eq!(
        entry["actor"],
        json!({ "type": "user", "id": tenant.organization.admin, "name": "Camille Test" })
    );
    assert_eq!(
        entry["details"],
        json!({ "changed": ["language"], "before": { "language": "fr" }, "after": { "language": "en" } })
    );
    assert!(entry.as_object().unwrap().contains_key("ip_address"));
    assert!(entry.as_object().unwrap().contains_key("user_agent"));
}

#[tokio::test]
async fn as_admin_filters_are_put_together() {
    let tenant = three_days().await;
    let (admin, member) = (tenant.organization.admin, tenant.organization.member);
    for (query, expected) in [
        ("?action=organization.change".to_owned(), &["nl", "es", "en"][..]),
        ("?action=contact.create".to_owned(), &[]),
        (format!("?actor={admin}"), &["es", "en"]),
        (format!("?actor={member}&action=organization.change"), &["nl"]),
        // From an instant on, and until just before one.
        ("?from=2026-11-24T10:00:00Z".to_owned(), &["nl", "es"]),
        ("?from=2026-11-24T10:00:01Z".to_owned(), &["nl"]),
        ("?to=2026-11-24T10:00:00Z".to_owned(), &["en"]),
        (
            "?from=2026-11-24T11:00:00+01:00&to=2026-11-25T10:00:00Z".to_owned(),
            &["es"],
        ),
        (
            format!("?actor={admin}&from=2026-11-24T00:00:00Z&limit=1"),
            &["es"],
        ),
        ("?action=&actor=&from=&to=".to_owned(), &["nl", "es", "en"]),
    ] {
        assert_eq!(tenant.languages(&query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn as_admin_every_fault_of_the_filters_is_told_at_once() {
    let tenant = Tenant::start().await;
    let reply = tenant
        .admin
        .get(&format!("{LOGS}?action=Contact&actor=7&from=yesterday&to=7"))
        .await
        .expect(422);
    let fields: Vec<_> = reply.faults().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["action", "actor", "from", "to"]);
}

#[tokio::test]
async fn as_member_it_is_forbidden() {
    let tenant = Tenant::start().await;
    tenant
        .member
        .get(LOGS)
        .await
        .expect_problem(403, "admin_required");
}

#[tokio::test]
async fn as_stranger_nothing_of_it_is_told() {
    let tenant = Tenant::start().await;
    let change = json!({ "language": "en" });
    tenant
        .admin
        .patch("/api/v1/organization", change)
        .await
        .expect(200);
    let stranger = tenant.stranger().await;
    let query = format!("{LOGS}?actor={}", tenant.organization.admin);
    for path in [LOGS, &query] {
        assert_eq!(stranger.get(path).await.expect(200).json()["data"], json!([]));
    }
}

#[tokio::test]
async fn whoever_is_removed_has_no_name_there_any_more() {
    let tenant = three_days().await;
    let path = format!("/api/v1/organization/members/{}", tenant.organization.member);
    tenant.admin_now().await.delete(&path).await.expect(204);
    let list = tenant
        .list(&format!("?actor={}", tenant.organization.member))
        .await;
    assert_eq!(
        list["data"][0]["actor"],
        json!({ "type": "user", "id": tenant.organization.member, "name": null })
    );
}

#[tokio::test]
async fn the_application_adds_entries_and_can_neither_change_nor_delete_one() {
    //
    let tenant = Tenant::start().await;
    let change = json!({ "language": "en" });
    tenant
        .admin
        .patch("/api/v1/organization", change)
        .await
        .expect(200);
    for sql in [
        "update gdpr_audit_logs set details = '{}'",
        "update gdpr_audit_logs set user_id = null",
        "delete from gdpr_audit_logs",
        "truncate gdpr_audit_logs",
    ] {
        let outcome: Result<u64, DbError> = tenant
            .test
            .app
            .db
            .write(
                "tests.tamper",
                &Claims::platform(tenant.organization.id),
                async |tx| tx.execute(sql, &[]).await,
            )
            .await;
        let refused = format!("{:?}", outcome.unwrap_err());
        assert!(refused.contains("42501"), "{sql}: {refused}");
    }
    assert_eq!(tenant.actions().await, ["organization.change"]);
}
