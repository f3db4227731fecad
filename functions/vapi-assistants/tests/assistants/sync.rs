//! `POST /vapi/assistants/sync`, and what a change at Vapi means until then.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{TestApp, VAPI_API_KEY};
use zencall::kernel::Clock;

use super::{PATH, Tenant, minimal, path, text};

impl Tenant {
    /// What is repaired when the administrator asks for it.
    async fn sync(&self) -> Value {
        let admin = self
            .organization
            .admin(self.test.serving(vapi_assistants::routes()))
            .await;
        let synced = admin.post(&format!("{PATH}/sync"), Value::Null).await;
        synced.expect(200).json()
    }

    /// As somebody does at Vapi, past us.
    async fn at_vapi_directly(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/assistant{path}", self.test.app.config.vapi_api_url);
        let request = zencall::adapters::http_client()
            .request(method.parse().unwrap(), url)
            .bearer_auth(VAPI_API_KEY)
            .json(&body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success());
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }
}

fn vapi_path(assistant: &Value) -> String {
    format!("/{}", text(&assistant["vapi_assistant_id"]))
}

fn counts(created: u8, updated: u8, deleted: u8, unchanged: u8) -> Value {
    json!({ "created": created, "updated": updated, "deleted": deleted, "unchanged": unchanged })
}

#[tokio::test]
async fn as_admin_has_repaired_what_was_changed_lost_or_left_at_vapi() {
    // Later than what the stand-in makes now, whose clock is the machine's: what is young may be about to get its row.
    let later = Clock::system().now() + SignedDuration::from_hours(1);
    let tenant = Tenant::on(TestApp::held_at(later).await).await;
    let (changed, renamed, lost, good) = (
        tenant.make(minimal()).await,
        tenant.make(minimal()).await,
        tenant.make(minimal()).await,
        tenant.make(minimal()).await,
    );
    let change = json!({ "firstMessage": "Bonjour, ici Camille." });
    tenant
        .at_vapi_directly("PATCH", &vapi_path(&changed), change)
        .await;
    let change = json!({ "name": "Autre" });
    tenant
        .at_vapi_directly("PATCH", &vapi_path(&renamed), change)
        .await;
    tenant
        .at_vapi_directly("DELETE", &vapi_path(&lost), json!({}))
        .await;
    let of =
        |organization: String| json!({ "name": "Oublié", "metadata": { "organization_id": organization } });
    let left = of(tenant.organization.id.to_string());
    tenant.at_vapi_directly("POST", "", left).await;
    let foreign = of(tenant.test.organization().await.id.to_string());
    let foreign = tenant.at_vapi_directly("POST", "", foreign).await;

    assert_eq!(tenant.sync().await, counts(1, 2, 1, 1));
    assert_eq!(tenant.sync().await, counts(0, 0, 0, 4));

    let there = tenant.at_vapi().await;
    assert_eq!(there.len(), 5);
    assert!(there.iter().any(|assistant| assistant["id"] == foreign["id"]));
    for assistant in [&changed, &renamed, &lost, &good] {
        let read = tenant.member.get(&path(assistant)).await.expect(200).json();
        let vapi_id = &read["assistant"]["vapi_assistant_id"];
        let definition = there
            .iter()
            .find(|assistant| assistant["id"] == *vapi_id)
            .unwrap();
        assert!(
            text(&definition["firstMessage"]).starts_with("Bonjour, je suis l'assistant vocal automatisé")
        );
        assert_eq!(definition["name"], "Accueil");
        assert_eq!(definition["metadata"]["assistant_id"], assistant["id"]);
    }
    let audit = tenant.audit().await;
    assert_eq!(
        audit.iter().filter(|action| *action == "assistant.sync").count(),
        2
    );
}

#[tokio::test]
async fn what_is_young_at_vapi_may_be_about_to_get_its_row() {
    let tenant = Tenant::start().await;
    let young = json!({ "name": "Nouveau", "metadata": { "organization_id": tenant.organization.id } });
    tenant.at_vapi_directly("POST", "", young).await;
    assert_eq!(tenant.sync().await, counts(0, 0, 0, 0));
    assert_eq!(tenant.at_vapi().await.len(), 1);
}

#[tokio::test]
async fn as_member_is_refused() {
    let tenant = Tenant::start().await;
    let refused = tenant.member.post(&format!("{PATH}/sync"), Value::Null).await;
    refused.expect_problem(403, "admin_required");
}

#[tokio::test]
async fn a_change_tells_again_what_somebody_changed_at_vapi() {
    let tenant = Tenant::start().await;
    let assistant = tenant.make(minimal()).await;
    assert!(assistant["checked_at"].is_string() && assistant["drifted_at"].is_null());
    let change = json!({ "firstMessage": "Bonjour, ici Camille." });
    tenant
        .at_vapi_directly("PATCH", &vapi_path(&assistant), change)
        .await;
    let id = zencall::kernel::ids::AssistantId::parse(&text(&assistant["id"])).unwrap();
    let found = zencall::assistants::check(&tenant.test.app, tenant.organization.id, id).await;
    assert_eq!(
        found.unwrap(),
        zencall::assistants::Checked::Drifted { confirmed: false }
    );
    let read = tenant.member.get(&path(&assistant)).await.expect(200).json();
    assert!(read["assistant"]["drifted_at"].is_string());

    // No other settings than it has.
    let change = json!({ "name": "Accueil" });
    let body = tenant
        .member
        .patch(&path(&assistant), change)
        .await
        .expect(200)
        .json();

    assert!(body["assistant"]["drifted_at"].is_null());
    assert!(text(&tenant.at_vapi().await[0]["firstMessage"]).contains("intelligence artificielle"));
}

#[tokio::test]
async fn vapi_failing_is_said_and_the_rest_is_repaired_at_the_next_time() {
    let tenant = Tenant::start().await;
    let assistant = tenant.make(minimal()).await;
    let change = json!({ "firstMessage": "Bonjour, ici Camille." });
    tenant
        .at_vapi_directly("PATCH", &vapi_path(&assistant), change)
        .await;
    tenant.vapi_fails(json!({ "status": 503, "times": 3 })).await;
    let admin = tenant
        .organization
        .admin(tenant.test.serving(vapi_assistants::routes()))
        .await;
    let failed = admin.post(&format!("{PATH}/sync"), Value::Null).await;
    failed.expect_problem(502, "vapi_unavailable");
    tenant.vapi_fails(json!({})).await;
    assert_eq!(tenant.sync().await, counts(0, 1, 0, 0));
}
