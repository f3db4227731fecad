//! Assistants that somebody changes at Vapi while campaigns call with them.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::vapi::message;
use testkit::{QueueKind, VAPI_API_KEY};
use zencall::assistants::{self, Assistant, AssistantName, AssistantType, NewAssistant};
use zencall::campaigns::{Step, lifecycle, start};
use zencall::kernel::Language;
use zencall::kernel::ids::CampaignId;

use crate::Fixture;

impl Fixture {
    /// An assistant as our API makes it, and a running campaign with one contact, which is queued.
    async fn speaking(&self) -> (Assistant, CampaignId, Value) {
        let new = NewAssistant {
            name: AssistantName::parse("Accueil").unwrap(),
            assistant_type: AssistantType::Outbound,
            language: Language::Fr,
            model: None,
            voice: None,
            system_prompt: None,
            first_message: None,
            transfer_number: None,
            max_duration: None,
            recording: None,
        };
        let organization = &self.calling.organization;
        let caller = organization.caller();
        let assistant = assistants::create(&self.test.app, &caller, new).await.unwrap();
        let contacts = organization.contacts(1).await;
        let campaign = organization.campaign(assistant.id, &contacts).await;
        start::start(&self.test.app, &caller, campaign).await.unwrap();
        let message = self.test.queues.take(QueueKind::Calls).await.remove(0);
        (assistant, campaign, message)
    }

    /// As somebody does at Vapi, past us.
    async fn at_vapi_directly(&self, method: &str, assistant: &Assistant, body: Value) {
        let url = format!(
            "{}/assistant/{}",
            self.test.app.config.vapi_api_url, assistant.vapi_assistant_id
        );
        let request = zencall::adapters::http_client()
            .request(method.parse().unwrap(), url)
            .bearer_auth(VAPI_API_KEY)
            .json(&body);
        assert!(request.send().await.unwrap().status().is_success());
    }

    fn pass(&self, minutes: i64) {
        self.test.app.clock.advance(SignedDuration::from_mins(minutes));
    }

    /// As if the last look at it were that old.
    async fn looked_at_minutes_ago(&self, assistant: &Assistant, minutes: i64) {
        let at = self.test.app.clock.now() - SignedDuration::from_mins(minutes);
        let sql = "update assistants set checked_at = $2 where id = $1";
        self.calling.organization.sql(sql, &[&assistant.id, &at]).await;
    }

    async fn tick(&self) {
        minute_tick::run(&self.test.app).await.unwrap();
    }

    /// How often Vapi was asked for an assistant, or told of one.
    async fn asked(&self, method: &str) -> usize {
        let asked = self.test.provider_requests("vapi").await;
        let of_assistant = |request: &&Value| {
            request["method"] == method && request["path"].as_str().unwrap().contains("/assistant/")
        };
        asked.iter().filter(of_assistant).count()
    }

    async fn assistant_row(&self, assistant: &Assistant) -> Value {
        let sql = "select * from assistants where id = $1";
        self.calling
            .organization
            .rows(sql, &[&assistant.id])
            .await
            .remove(0)
    }

    async fn dialled(&self, body: &Value) -> usize {
        call_dialer::handle(&self.test.app, &message(body)).await.unwrap();
        self.test.call_requests().await
    }
}

#[tokio::test]
async fn one_that_was_changed_calls_nobody_and_its_campaign_stops_until_it_is_repaired() {
    let fixture = Fixture::start().await;
    let (assistant, campaign, queued) = fixture.speaking().await;
    let change = json!({ "firstMessage": "Bonjour, c'est Camille de la mairie." });
    fixture.at_vapi_directly("PATCH", &assistant, change).await;
    fixture.looked_at_minutes_ago(&assistant, 16).await;

    // Seen once: nobody is called. It may be a change of ours that is on its way.
    fixture.tick().await;
    assert!(fixture.assistant_row(&assistant).await["drifted_at"].is_string());
    assert_eq!(fixture.dialled(&queued).await, 0);
    assert_eq!(fixture.calling.campaign_row().await["status"], "running");
    let sql = "select code, rule from gate_decisions where not allowed";
    let decisions = fixture.calling.organization.rows(sql, &[]).await;
    assert!(!decisions.is_empty());
    for decision in &decisions {
        assert_eq!(decision["code"], "assistant_not_compliant");
        assert!(decision["rule"].as_str().unwrap().contains("2024/1689"));
    }

    // Seen twice.
    fixture.pass(1);
    fixture.tick().await;
    let row = fixture.calling.campaign_row().await;
    assert_eq!(
        (&row["status"], &row["pause_reason"]),
        (&json!("paused"), &json!("assistant_not_compliant"))
    );
    assert_eq!(fixture.calling.slots(&fixture.test).await, 0);
    let sql =
        "select action from gdpr_audit_logs where action in ('assistant.drift', 'campaign.stop') order by id";
    let audit = fixture.calling.organization.rows(sql, &[]).await;
    assert_eq!(audit.len(), 2, "{audit:?}");

    // Its administrators are told.
    fixture.tick().await;
    let mails = fixture.test.queues.take(QueueKind::Mail).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0]["campaign_id"], campaign.to_string());

    // Going on without repairing it calls nobody.
    let caller = fixture.calling.organization.caller();
    lifecycle::take(&fixture.test.app, &caller, campaign, Step::Resume)
        .await
        .unwrap();
    fixture.tick().await;
    assert_eq!(fixture.calling.campaign_row().await["status"], "paused");
    assert!(fixture.test.queues.take(QueueKind::Calls).await.is_empty());

    assistants::sync(&fixture.test.app, &caller).await.unwrap();
    lifecycle::take(&fixture.test.app, &caller, campaign, Step::Resume)
        .await
        .unwrap();
    let queued = fixture.test.queues.take(QueueKind::Calls).await.remove(0);
    assert_eq!(fixture.dialled(&queued).await, 1);
}

#[tokio::test]
async fn one_that_is_put_right_at_vapi_itself_goes_on() {
    let fixture = Fixture::start().await;
    let (assistant, _, queued) = fixture.speaking().await;
    let hooks = json!({ "hooks": [{ "on": "call.ending" }] });
    fixture.at_vapi_directly("PATCH", &assistant, hooks).await;
    fixture.looked_at_minutes_ago(&assistant, 16).await;
    fixture.tick().await;
    assert!(fixture.assistant_row(&assistant).await["drifted_at"].is_string());
    let none = json!({ "hooks": null });
    fixture.at_vapi_directly("PATCH", &assistant, none).await;
    fixture.pass(1);
    fixture.tick().await;
    assert!(fixture.assistant_row(&assistant).await["drifted_at"].is_null());
    assert_eq!(fixture.dialled(&queued).await, 1);
}

#[tokio::test]
async fn one_that_is_gone_calls_nobody() {
    let fixture = Fixture::start().await;
    let (assistant, _, queued) = fixture.speaking().await;
    fixture.at_vapi_directly("DELETE", &assistant, json!({})).await;
    fixture.looked_at_minutes_ago(&assistant, 16).await;
    fixture.tick().await;
    assert_eq!(fixture.dialled(&queued).await, 0);
    fixture.pass(1);
    fixture.tick().await;
    assert_eq!(
        fixture.calling.campaign_row().await["pause_reason"],
        "assistant_not_compliant"
    );
}

#[tokio::test]
async fn one_that_is_as_it_was_is_looked_at_once_in_a_while() {
    let fixture = Fixture::start().await;
    let (assistant, _, _) = fixture.speaking().await;
    for (minutes, looks) in [(14, 0), (2, 1), (1, 1), (13, 1), (2, 2)] {
        fixture.pass(minutes);
        fixture.tick().await;
        assert_eq!(fixture.asked("GET").await, looks, "after {minutes} more minutes");
    }
    assert!(fixture.assistant_row(&assistant).await["drifted_at"].is_null());
}

#[tokio::test]
async fn one_that_nobody_can_look_at_calls_nobody_after_an_hour_and_goes_on_afterwards() {
    let fixture = Fixture::start().await;
    let (assistant, _, queued) = fixture.speaking().await;
    let down = json!({ "api": { "status": 503, "times": 1000, "only": "GET /assistant*" } });
    fixture.test.set_behaviour(down).await;
    fixture.looked_at_minutes_ago(&assistant, 61).await;
    fixture.tick().await;
    assert_eq!(fixture.dialled(&queued).await, 0);
    fixture.tick().await;
    assert!(fixture.test.queues.take(QueueKind::Calls).await.is_empty());
    assert_eq!(fixture.calling.campaign_row().await["status"], "running");

    fixture.test.set_behaviour(json!({ "api": {} })).await;
    fixture.tick().await;
    let queued = fixture.test.queues.take(QueueKind::Calls).await.remove(0);
    assert_eq!(fixture.dialled(&queued).await, 1);
}

#[tokio::test]
async fn one_that_an_older_version_of_us_made_is_told_again_and_goes_on() {
    let fixture = Fixture::start().await;
    let (assistant, _, queued) = fixture.speaking().await;
    for before in [
        "update assistants set disclosures_version = 0, checked_at = null where id = $1",
        "update assistants set disclosures_version = null, told_hash = null, checked_at = null where id = $1",
    ] {
        fixture.calling.organization.sql(before, &[&assistant.id]).await;
        let told = fixture.asked("PATCH").await;
        fixture.tick().await;
        assert_eq!(fixture.asked("PATCH").await, told + 1);
        let row = fixture.assistant_row(&assistant).await;
        assert_eq!(row["disclosures_version"], assistants::DISCLOSURES_VERSION);
        assert!(row["told_hash"].is_string() && row["checked_at"].is_string());
    }
    assert_eq!(fixture.dialled(&queued).await, 1);
}
