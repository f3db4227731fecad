//! Somebody says in a call that they want no more of them.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use testkit::{Client, Options, QueueKind, TestApp, VAPI_WEBHOOK_SECRET};
use zencall::consents::verify::verify;
use zencall::kernel::ids::AttemptId;

use super::fixture::{Dialled, handle_text, tell};

const WORDS: &str = "Ne m'appelez plus jamais.";
const NOTED: &str =
    "C'est noté : votre opposition est enregistrée, vous ne serez plus ni appelé ni contacté par SMS.";

impl Dialled {
    fn objecting(&self, seconds: i64) -> Value {
        let call = json!({ "id": "t1", "type": "function",
                           "function": { "name": "withdraw_consent", "arguments": { "quote": WORDS } } });
        self.message("tool-calls", seconds, json!({ "toolCallList": [call] }))
    }

    /// The person waits for another campaign too: a call on the queue.
    async fn queued_elsewhere(&self) -> AttemptId {
        let campaign = self.organization.campaign(self.assistant, &[self.contact]).await;
        let attempt = AttemptId::new(&self.app.clock);
        let sql = "with k as (update campaign_contacts set status = 'active', attempts = 1, tries = 1 where campaign_id = $3)
                   insert into call_attempts (id, organization_id, campaign_id, contact_id, assistant_id, number, status,
                                              queued_at)
                   values ($1, $2, $3, $4, $5, 1, 'queued', $6)";
        let organization = self.organization.id;
        self.organization
            .sql(
                sql,
                &[
                    &attempt,
                    &organization,
                    &campaign,
                    &self.contact,
                    &self.assistant,
                    &self.at,
                ],
            )
            .await;
        attempt
    }

    async fn waiting_message(&self) {
        let sql = "insert into messages (id, organization_id, direction, phone, sender, body, purpose, status, status_rank,
                                         segments, dispatch, due_at, created_at, updated_at)
                   select $1, $2, 'outbound', phone, 'AGENCE', 'Bonjour', 'service', 'queued', 1, 1, 'waiting', $4, $4, $4
                     from contacts where id = $3";
        self.organization
            .sql(
                sql,
                &[
                    &self.app.clock.uuid(),
                    &self.organization.id,
                    &self.contact,
                    &self.at,
                ],
            )
            .await;
    }

    async fn agreed(&self) {
        let advertiser = testkit::advertiser("Atelier", None);
        let consent = testkit::consent(advertiser, "votre chaudière", self.app.clock.now());
        self.organization.record_consent(self.contact, &consent).await;
    }

    async fn listed(&self) -> Vec<Value> {
        self.organization
            .rows(
                "select source, phone = (select phone from contacts) as theirs from do_not_call",
                &[],
            )
            .await
    }

    async fn withdrawals(&self) -> Vec<Value> {
        let sql = "select channel, quote, evidence::jsonb as evidence, withdraws from consents where kind = 'withdrawn'";
        self.organization.rows(sql, &[]).await
    }
}

async fn ask(test: &TestApp, message: Value) -> Value {
    let request = Request::post("/api/v1/vapi/webhook")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {VAPI_WEBHOOK_SECRET}"))
        .body(Body::from(json!({ "message": message }).to_string()))
        .unwrap();
    let client = Client::anonymous(test.serving(vapi_webhook::routes()));
    client.request(request).await.expect(200).json()["results"][0].clone()
}

#[tokio::test]
async fn before_the_answer_everything_that_waits_for_them_has_ended() {
    //
    let test = TestApp::start().await;
    let dialled = Dialled::new(&test).await;
    dialled.agreed().await;
    let elsewhere = [dialled.queued_elsewhere().await, dialled.queued_elsewhere().await];
    dialled.waiting_message().await;
    let answer = ask(&test, dialled.objecting(30)).await;
    assert_eq!(answer["result"], NOTED, "{answer}");

    let sql = "select a.status, a.released_reason, k.status as contact, k.refusal_code
                 from call_attempts a join campaign_contacts k using (organization_id, campaign_id, contact_id)
                where a.id = any($1)";
    let ended = dialled.organization.rows(sql, &[&elsewhere.to_vec()]).await;
    let released = json!({ "status": "released", "released_reason": "suppressed",
                           "contact": "skipped", "refusal_code": "suppressed" });
    assert_eq!(ended, [released.clone(), released]);
    let messages = dialled
        .organization
        .rows("select status, error_code from messages", &[])
        .await;
    assert_eq!(messages[0]["error_code"], "recipient_opted_out");
    assert_eq!(
        dialled.listed().await,
        [json!({ "source": "call", "theirs": true })]
    );
    let withdrawals = dialled.withdrawals().await;
    assert_eq!(withdrawals.len(), 1);
    assert_eq!(withdrawals[0]["channel"], "call");
    assert_eq!(withdrawals[0]["quote"], WORDS);
    assert_eq!(withdrawals[0]["withdraws"], Value::Null);
    assert_eq!(withdrawals[0]["evidence"]["call_id"], dialled.attempt.to_string());
    assert_eq!(withdrawals[0]["evidence"]["tool_call_id"], "t1");

    // The record on the queue, the question again, and what was heard: nothing more is written.
    for body in test.queues.take(QueueKind::Events).await {
        handle_text(&test.app, body.to_string()).await.unwrap();
    }
    assert_eq!(ask(&test, dialled.objecting(30)).await["result"], NOTED);
    dialled.tell(dialled.said("user", "Stop !", 31)).await;
    let report = json!({ "artifact": { "messages": [
        { "role": "user", "message": "Stop !", "time": dialled.instant(31).as_millisecond() }] } });
    dialled.tell(dialled.report("customer-ended-call", report)).await;
    assert_eq!(dialled.withdrawals().await.len(), 1);
    assert_eq!(dialled.listed().await.len(), 1);
    let told = dialled.events().await;
    let told = told.iter().filter(|event| event["event"] == "consent-withdrawn");
    assert_eq!(told.count(), 1);
    let report = verify(&test.app, dialled.organization.id).await.unwrap();
    assert_eq!((report.chains, report.links, report.broken.len()), (1, 2, 0));
}

#[tokio::test]
async fn what_was_agreed_to_since_is_taken_back_too() {
    let test = TestApp::start().await;
    let dialled = Dialled::new(&test).await;
    ask(&test, dialled.objecting(30)).await;
    assert_eq!(
        dialled.withdrawals().await.len(),
        1,
        "a receipt also where nothing was agreed to"
    );
    dialled.agreed().await;
    let again = dialled.message(
        "function-call",
        40,
        json!({ "functionCall": { "name": "withdraw_consent", "parameters": {} } }),
    );
    dialled.tell(again).await;
    let withdrawals = dialled.withdrawals().await;
    assert_eq!(withdrawals.len(), 2);
    assert_eq!(dialled.listed().await.len(), 1);
}

#[tokio::test]
async fn the_announced_word_counts_where_no_tool_is_called() {
    let test = TestApp::start().await;
    for (said, listed) in [("Stop.", 1), ("Je suis arrêté au stop.", 0)] {
        let dialled = Dialled::new(&test).await;
        dialled.tell(dialled.said("assistant", "Stop.", 12)).await;
        assert!(dialled.listed().await.is_empty());
        dialled.tell(dialled.said("user", said, 15)).await;
        assert_eq!(dialled.listed().await.len(), listed, "{said}");
    }
    let dialled = Dialled::new(&test).await;
    let report = json!({ "artifact": { "messages": [
        { "role": "user", "message": "stop", "time": dialled.instant(31).as_millisecond() }] } });
    dialled.tell(dialled.report("customer-ended-call", report)).await;
    let withdrawals = dialled.withdrawals().await;
    assert_eq!(withdrawals[0]["quote"], "stop");
}

#[tokio::test]
async fn while_the_database_is_down_the_answer_says_so_and_the_queue_keeps_it() {
    let test = TestApp::start().await;
    let dialled = Dialled::new(&test).await;
    let nowhere = || Some("postgres://nobody@127.0.0.1:1/nowhere".to_owned());
    let down = TestApp::with(Options {
        database_url: nowhere(),
        ..Options::default()
    })
    .await;
    let answer = ask(&down, dialled.objecting(30)).await;
    let said = answer["result"].as_str().unwrap();
    assert!(said.starts_with("Votre opposition est bien reçue"), "{said}");
    let kept = down.queues.take(QueueKind::Events).await;
    assert!(dialled.listed().await.is_empty());
    handle_text(&test.app, kept[0].to_string()).await.unwrap();
    assert_eq!(dialled.listed().await.len(), 1);
    assert_eq!(dialled.withdrawals().await[0]["quote"], WORDS);

    let deaf = TestApp::with(Options {
        database_url: nowhere(),
        configure: Some(Box::new(|config| {
            config.queue_events_url.push_str("-that-is-not-there")
        })),
        ..Options::default()
    })
    .await;
    let answer = ask(&deaf, dialled.objecting(30)).await;
    let said = answer["error"].as_str().unwrap();
    assert!(
        said.starts_with("Je n'arrive pas à enregistrer votre opposition"),
        "{said}"
    );
}

#[tokio::test]
async fn whose_number_it_is_follows_from_our_rows() {
    let test = TestApp::start().await;
    let dialled = Dialled::new(&test).await;
    let mut nobodys = dialled.objecting(30);
    nobodys["call"] = json!({ "id": "unheard-of", "assistantId": "unheard-of" });
    nobodys["customer"] = json!({ "number": "+33639981111" });
    assert!(ask(&test, nobodys).await["error"].is_string());
    // Nobody knows who called.
    let mut hidden = dialled.objecting(30);
    hidden["call"] =
        json!({ "id": "inbound", "type": "inboundPhoneCall", "assistantId": dialled.vapi_assistant_id });
    hidden["customer"] = json!({});
    let answer = ask(&test, hidden).await;
    assert!(
        answer["error"]
            .as_str()
            .unwrap()
            .starts_with("Votre numéro est masqué")
    );
    assert!(dialled.listed().await.is_empty());
    let sql = "select id from do_not_call";
    assert!(dialled.organization.rows(sql, &[]).await.is_empty());
    tell(&test.app, dialled.objecting(31)).await.unwrap();
    assert_eq!(dialled.listed().await.len(), 1);
}
