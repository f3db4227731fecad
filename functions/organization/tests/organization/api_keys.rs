//! /api/v1/api-keys.

use http::Request;
use serde_json::{Value, json};
use testkit::{Client, Reply, TestApp};

use crate::Tenant;

const KEYS: &str = "/api/v1/api-keys";

impl Tenant {
    async fn makes(&self, key: Value) -> Reply {
        self.admin.post(KEYS, key).await
    }

    async fn made(&self, scopes: &[&str]) -> Value {
        let key = json!({ "name": "CRM", "scopes": scopes });
        self.makes(key).await.expect(201).json()
    }

    async fn keys(&self) -> Vec<Value> {
        let list = self.admin.get(KEYS).await.expect(200).json();
        list["data"].as_array().unwrap().clone()
    }

    /// What the bearer of this key gets from a list of contacts.
    async fn contacts_with(&self, made: &Value) -> Reply {
        let key = made["key"].as_str().unwrap();
        let client = Client::bearer(self.test.serving(contacts::routes()), key);
        client.get("/api/v1/contacts").await
    }
}

fn path(made: &Value) -> String {
    format!("{KEYS}/{}", made["api_key"]["id"].as_str().unwrap())
}

#[tokio::test]
async fn as_admin_a_key_is_made_shown_once_and_kept_nowhere() {
    //
    let tenant = Tenant::on(TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await).await;
    let wanted = json!({
        "name": " CRM de l'agence ", "scopes": ["contacts:read", "calls:read", "contacts:read"],
        "expires_at": "2027-11-23T11:00:00+01:00", "organization_id": "0",
    });
    let made = tenant.makes(wanted).await.expect(201).json();
    let key = made["key"].as_str().unwrap();
    let shown = &made["api_key"];
    assert!(key.starts_with("zc_") && key.starts_with(shown["prefix"].as_str().unwrap()));
    assert_eq!(
        shown,
        &json!({
            "id": shown["id"], "name": "CRM de l'agence", "prefix": shown["prefix"],
            "scopes": ["contacts:read", "calls:read"], "created_by": tenant.organization.admin,
            "created_at": "2026-11-23T10:00:00Z", "expires_at": "2027-11-23T10:00:00Z", "last_used_at": null,
        })
    );
    assert_eq!(json!(tenant.keys().await), json!([shown]));
    let secret = &key[shown["prefix"].as_str().unwrap().len()..];
    let entries = json!(tenant.entries().await).to_string();
    assert!(entries.contains("api_key.create") && !entries.contains(secret));
    let rows = tenant
        .organization
        .rows("select id, name, scopes, last_used_at from api_keys", &[])
        .await;
    assert!(!json!(rows).to_string().contains(secret));
}

#[tokio::test]
async fn as_member_and_with_a_key_none_is_seen_made_or_revoked() {
    let tenant = Tenant::start().await;
    let made = tenant.made(&["contacts:read", "contacts:write"]).await;
    let key = made["key"].as_str().unwrap();
    let program = Client::bearer(tenant.test.serving(organization::routes()), key);
    for (client, code) in [
        (&tenant.member, "admin_required"),
        (&program, "api_key_not_accepted"),
    ] {
        let wanted = json!({ "name": "CRM", "scopes": ["contacts:read"] });
        client.get(KEYS).await.expect_problem(403, code);
        client.post(KEYS, wanted).await.expect_problem(403, code);
        client.delete(&path(&made)).await.expect_problem(403, code);
    }
    assert_eq!(tenant.keys().await.len(), 1);
}

#[tokio::test]
async fn as_stranger_it_is_not_found() {
    let tenant = Tenant::start().await;
    let made = tenant.made(&["contacts:read"]).await;
    let stranger = tenant.stranger().await;
    assert_eq!(stranger.get(KEYS).await.expect(200).json()["data"], json!([]));
    for path in [path(&made), format!("{KEYS}/7")] {
        stranger
            .delete(&path)
            .await
            .expect_problem(404, "api_key_not_found");
    }
    tenant.contacts_with(&made).await.expect(200);
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    let tenant = Tenant::on(TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await).await;
    for (wanted, expected) in [
        (json!({}), &[("name", "required"), ("scopes", "required")][..]),
        (
            json!({ "name": "x".repeat(101), "scopes": ["contacts:*"], "expires_at": "2026-11-23T10:00:00Z" }),
            &[
                ("expires_at", "in_the_past"),
                ("name", "too_long"),
                ("scopes", "scope_unknown"),
            ],
        ),
        (
            json!({ "name": 7, "scopes": { "contacts:read": true }, "expires_at": "soon" }),
            &[
                ("expires_at", "timestamp_invalid"),
                ("name", "wrong_type"),
                ("scopes", "wrong_type"),
            ],
        ),
        (
            json!({ "name": "CRM", "scopes": [], "expires_at": null }),
            &[("scopes", "scopes_required")],
        ),
        (
            json!({ "name": "CRM", "scopes": ["contacts:read", 7] }),
            &[("scopes", "wrong_type")],
        ),
    ] {
        let faults = tenant.makes(wanted.clone()).await.expect(422).faults();
        let faults: Vec<_> = faults
            .iter()
            .map(|(field, code)| (field.as_str(), code.as_str()))
            .collect();
        assert_eq!(faults, expected, "{wanted}");
    }
    assert!(tenant.keys().await.is_empty());
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_from_then_on() {
    //
    let tenant = Tenant::start().await;
    let made = tenant.made(&["contacts:read"]).await;
    tenant.contacts_with(&made).await.expect(200);
    tenant.admin.delete(&path(&made)).await.expect(204);
    tenant.contacts_with(&made).await.expect(401);
    tenant
        .admin
        .delete(&path(&made))
        .await
        .expect_problem(404, "api_key_not_found");
    assert!(tenant.keys().await.is_empty());
    let actions = tenant.actions().await;
    assert_eq!(actions, ["api_key.create", "api_key.revoke"]);
}

#[tokio::test]
async fn a_key_of_somebody_who_is_removed_opens_nothing_from_then_on() {
    //
    let tenant = Tenant::start().await;
    let kept = tenant.made(&["contacts:read"]).await;
    let second = tenant.second_admin().await;
    let wanted = json!({ "name": "Second", "scopes": ["contacts:read"] });
    let theirs = second.post(KEYS, wanted).await.expect(201).json();
    tenant.contacts_with(&theirs).await.expect(200);
    let member = tenant.organization.member;
    tenant
        .admin
        .delete(&format!("/api/v1/organization/members/{member}"))
        .await
        .expect(204);
    tenant.contacts_with(&theirs).await.expect(401);
    tenant.contacts_with(&kept).await.expect(200);
    let entries = tenant.entries().await;
    let removal = &entries.last().unwrap()["details"];
    assert_eq!(removal["revoked_api_keys"], json!([theirs["api_key"]["id"]]));
}

#[tokio::test]
async fn what_a_program_does_is_told_under_the_name_of_its_key() {
    let tenant = Tenant::start().await;
    let made = tenant.made(&["contacts:write"]).await;
    let program = Client::bearer(
        tenant.test.serving(contacts::routes()),
        made["key"].as_str().unwrap(),
    );
    let contact = json!({ "phone": "0639980001" });
    program.post("/api/v1/contacts", contact).await.expect(201);
    let id = made["api_key"]["id"].as_str().unwrap();
    let list = tenant
        .admin
        .get(&format!("/api/v1/audit-logs?actor={id}"))
        .await
        .expect(200)
        .json();
    let entries = list["data"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (&entries[0]["action"], &entries[0]["actor"]),
        (
            &json!("contact.create"),
            &json!({ "type": "api_key", "id": id, "name": "CRM" })
        )
    );
}

#[tokio::test]
async fn a_key_that_is_asked_for_twice_with_one_idempotency_key_is_shown_once_and_kept_nowhere() {
    let tenant = Tenant::start().await;
    let ask = async || {
        let request = Request::post(KEYS)
            .header("content-type", "application/json")
            .header("idempotency-key", "only-once");
        let body = json!({ "name": "CRM", "scopes": ["contacts:read"] }).to_string();
        tenant.admin.request(request.body(body.into()).unwrap()).await
    };
    let made = ask().await.expect(201).json();
    ask().await.expect_problem(409, "idempotency_secret_answer");
    assert_eq!(tenant.keys().await.len(), 1);
    let prefix = made["api_key"]["prefix"].as_str().unwrap();
    let secret = &made["key"].as_str().unwrap()[prefix.len()..];
    let kept = tenant
        .organization
        .rows("select k::text as row from idempotency_keys k", &[])
        .await;
    assert_eq!(kept.len(), 1);
    assert!(!json!(kept).to_string().contains(secret));
}
