//! `/proof`: what the holder of a number is told and may withdraw, and what nobody else learns.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::vapi::message;
use testkit::{Client, QueueKind, TestApp, TestOrganization};
use zencall::consents::NewConsent;
use zencall::consents::verify::verify_all;

const PHONE: &str = "+33639980001";
const STRANGER: &str = "+33639980002";

struct Page {
    test: TestApp,
    client: Client,
}

impl Page {
    async fn open() -> Self {
        let test = TestApp::alone_at("2026-11-24T11:00:00Z".parse().unwrap()).await;
        test.set_behaviour(json!({ "speed": 1000.0 })).await;
        let client = Client::anonymous(test.serving(gdpr::routes()));
        Self { test, client }
    }

    /// An organisation that may call the number.
    async fn organization(&self) -> TestOrganization {
        let organization = self.test.organization().await;
        organization.connect_twilio_with_credentials().await;
        organization
    }

    async fn consent(&self, organization: &TestOrganization, object: &str) {
        let contact = organization.contact(PHONE).await;
        let advertiser = testkit::advertiser("Atelier Horizon", Some("732829320"));
        let new = NewConsent {
            positive_act: Some("Case cochée".to_owned()),
            evidence: Some(json!({ "form": "12" })),
            ..testkit::consent(advertiser, object, self.test.app.clock.now())
        };
        organization.record_consent(contact, &new).await;
    }

    async fn ask(&self, phone: &str) -> Value {
        let asked = self
            .client
            .post("/api/v1/proof/code", json!({ "phone": phone }))
            .await;
        asked.expect(202).json()
    }

    /// Handles what lies on the queue, to its end; returns the texts that left.
    async fn deliver(&self) -> Vec<Value> {
        loop {
            let queued = self.test.queues.take(QueueKind::Messages).await;
            if queued.is_empty() {
                break;
            }
            for request in queued {
                message_sender::handle(&self.test.app, &message(&request))
                    .await
                    .unwrap();
            }
        }
        let sent = self.test.provider_requests("twilio").await;
        let sent = sent.into_iter().filter(|request| request["method"] == "POST");
        sent.map(|request| request["body"].clone()).collect()
    }

    /// The code that came to the number.
    async fn code(&self) -> String {
        self.ask(PHONE).await;
        let text = self.deliver().await.pop().unwrap()["Body"]
            .as_str()
            .unwrap()
            .to_owned();
        let digits: String = text
            .chars()
            .skip_while(|sign| !sign.is_ascii_digit())
            .take(6)
            .collect();
        assert!(digits.bytes().all(|digit| digit.is_ascii_digit()), "{text}");
        digits
    }
}

fn shown(code: &str) -> Value {
    json!({ "phone": "06 39 98 00 01", "code": code })
}

fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn with_the_code_of_their_number_somebody_reads_and_withdraws_everything_everywhere() {
    //
    let page = Page::open().await;
    let (one, other) = (page.organization().await, page.organization().await);
    page.consent(&one, "Chaudière").await;
    page.consent(&other, "Fenêtres").await;
    let nothing_to_do_with_it = page.organization().await;
    let code = page.code().await;

    let found = page
        .client
        .post("/api/v1/proof", shown(&code))
        .await
        .expect(200)
        .json();
    let consents = found["consents"].as_array().unwrap();
    assert_eq!(consents.len(), 2, "{found}");
    for consent in consents {
        assert_eq!(consent["status"], "valid");
        assert_eq!(consent["advertiser"]["siren"], "732829320");
        assert_eq!(consent["text_sha256"].as_str().unwrap().len(), 64);
        assert_eq!(consent["evidence"]["form"], "12");
        assert_eq!(consent["mentions"].as_object().unwrap().len(), 5);
        assert!(!consent["organization"].as_str().unwrap().is_empty());
    }

    let withdrawn = page
        .client
        .post("/api/v1/proof/withdraw", shown(&code))
        .await
        .expect(200)
        .json();
    assert_eq!(withdrawn["organizations"].as_array().unwrap().len(), 2);
    let found = page
        .client
        .post("/api/v1/proof", shown(&code))
        .await
        .expect(200)
        .json();
    for consent in found["consents"].as_array().unwrap() {
        assert_eq!(consent["status"], "withdrawn");
    }
    for organization in [&one, &other] {
        let listed = organization
            .rows("select phone, source from do_not_call", &[])
            .await;
        assert_eq!(listed, [json!({ "phone": PHONE, "source": "proof_page" })]);
        let receipts = organization
            .rows("select channel, evidence::jsonb ? 'proof_code_id' as proven from consents where kind = 'withdrawn'", &[])
            .await;
        assert_eq!(receipts, [json!({ "channel": "proof_page", "proven": true })]);
        let told = organization
            .rows(
                "select details ->> 'source' as source from gdpr_audit_logs where action = 'do_not_call.add'",
                &[],
            )
            .await;
        assert_eq!(told, [json!({ "source": "proof_page" })]);
    }
    assert!(
        nothing_to_do_with_it
            .rows("select id from do_not_call", &[])
            .await
            .is_empty()
    );
    let report = verify_all(&page.test.app.db).await.unwrap();
    assert_eq!(
        (report.organizations, report.links, report.broken.len()),
        (2, 4, 0)
    );
    // Who learns of the number afterwards may neither text nor call it.
    nothing_to_do_with_it.contact(PHONE).await;
    let member = nothing_to_do_with_it
        .member(page.test.serving(messages::routes()))
        .await;
    member
        .post("/api/v1/messages", json!({ "to": PHONE, "body": "Bonjour" }))
        .await
        .expect_problem(422, "recipient_opted_out");
    // They want no messages, and may ask for another code all the same.
    page.test.app.clock.advance(SignedDuration::from_mins(11));
    let again = page.code().await;
    page.client.post("/api/v1/proof", shown(&again)).await.expect(200);
}

#[tokio::test]
async fn the_code_lies_nowhere_and_leaves_once() {
    let page = Page::open().await;
    let organization = page.organization().await;
    page.consent(&organization, "Chaudière").await;
    page.ask(PHONE).await;
    let request = page.test.queues.take(QueueKind::Messages).await.remove(0);
    for _ in 0..3 {
        message_sender::handle(&page.test.app, &message(&request))
            .await
            .unwrap();
    }
    let sent = page.deliver().await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0]["To"], PHONE);
    let kept = organization
        .rows("select body, carries_code from messages", &[])
        .await;
    assert_eq!(kept.len(), 1);
    let body = kept[0]["body"].as_str().unwrap();
    assert!(body.contains("******") && !body.contains("Body"), "{body}");
    let text = sent[0]["Body"].as_str().unwrap();
    assert!(!text.contains('*') && text.len() == body.len(), "{text}");
}

#[tokio::test]
async fn whether_a_number_is_known_shows_nowhere() {
    //
    let page = Page::open().await;
    let organization = page.organization().await;
    page.consent(&organization, "Chaudière").await;
    let (known, unknown) = (page.ask(PHONE).await, page.ask(STRANGER).await);
    assert_eq!(known, unknown);
    assert_eq!(page.deliver().await.len(), 1);
    // Both codes may be tried alike, and neither opens anything.
    for phone in [PHONE, STRANGER, "+33639980003"] {
        for path in ["/api/v1/proof", "/api/v1/proof/withdraw"] {
            let body = json!({ "phone": phone, "code": "000000" });
            page.client
                .post(path, body)
                .await
                .expect_problem(401, "proof_code_invalid");
        }
    }
    let body = json!({ "phone": "12", "code": "12345" });
    let faults = page.client.post("/api/v1/proof", body).await.expect(422).faults();
    assert_eq!(faults.len(), 2);
}

#[tokio::test]
async fn a_code_is_good_for_five_tries_ten_minutes_and_its_own_number() {
    let page = Page::open().await;
    let organization = page.organization().await;
    page.consent(&organization, "Chaudière").await;
    let code = page.code().await;
    let try_it = async |phone: &str, code: &str| {
        let body = json!({ "phone": phone, "code": code });
        page.client.post("/api/v1/proof", body).await
    };
    try_it(STRANGER, &code).await.expect(401);
    for _ in 0..4 {
        try_it(PHONE, &wrong(&code)).await.expect(401);
    }
    // A right one uses up nothing.
    for _ in 0..3 {
        try_it(PHONE, &code).await.expect(200);
    }
    try_it(PHONE, &wrong(&code)).await.expect(401);
    try_it(PHONE, &code).await.expect(401);
    let code = page.code().await;
    page.test.app.clock.advance(SignedDuration::from_mins(10));
    try_it(PHONE, &code).await.expect(401);
    assert_eq!(
        zencall::proof::forget(
            &page.test.app,
            page.test.app.clock.now() + SignedDuration::from_secs(1)
        )
        .await
        .unwrap(),
        2
    );
}

#[tokio::test]
async fn what_it_costs_is_bounded_for_a_number_and_for_an_address() {
    let page = Page::open().await;
    for _ in 0..3 {
        page.ask(PHONE).await;
    }
    let body = |phone: &str| json!({ "phone": phone });
    let elsewhere = Client::anonymous(page.test.serving(gdpr::routes())).at("203.0.113.99");
    for client in [&page.client, &elsewhere] {
        client.post("/api/v1/proof/code", body(PHONE)).await.expect(429);
    }
    for number in 10..16 {
        page.ask(&format!("+336399800{number}")).await;
    }
    let refused = (16..20).map(|number| {
        page.client
            .post("/api/v1/proof/code", body(&format!("+336399800{number}")))
    });
    let refused = futures_util::future::join_all(refused).await;
    assert!(refused.into_iter().any(|reply| reply.status == 429));
}

#[tokio::test]
async fn the_account_of_whoever_had_to_do_with_the_number_last_sends_it() {
    let page = Page::open().await;
    let (first, last) = (page.organization().await, page.organization().await);
    page.consent(&first, "Chaudière").await;
    page.test.app.clock.advance(SignedDuration::from_mins(1));
    page.consent(&last, "Fenêtres").await;
    page.code().await;
    let sent =
        async |organization: &TestOrganization| organization.rows("select id from messages", &[]).await.len();
    assert_eq!((sent(&first).await, sent(&last).await), (0, 1));
    // Who can send nothing is passed over.
    last.sql(
        "update organizations set twilio_configured = false where id = $1",
        &[&last.id],
    )
    .await;
    page.code().await;
    assert_eq!((sent(&first).await, sent(&last).await), (1, 1));
}
