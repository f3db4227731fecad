//! Canvassing: whoever agreed is called, nobody else; a consent that is taken back counts at once; and nobody is tried a
//! fifth time in thirty days, whoever tries.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::vapi::message;
use testkit::{CallingOrganization, QueueKind, TestApp};
use zencall::campaigns::end::{self, AttemptEnd};
use zencall::campaigns::{release, start, withdraw};
use zencall::consents::{Consent, NewWithdrawal};
use zencall::db::Claims;
use zencall::kernel::ended_reason::EndedReason;
use zencall::kernel::ids::{AttemptId, CampaignId, ContactId};

/// A Tuesday, noon in Paris.
const NOON: &str = "2026-11-24T11:00:00Z";
const SIREN: &str = "732829320";
const OBJECT: &str = "votre contrôle annuel";

async fn start_of_test() -> TestApp {
    TestApp::alone_at(NOON.parse().unwrap()).await
}

/// A campaign of this advertiser on the ground of consent.
async fn canvassing(calling: &CallingOrganization, contacts: &[ContactId]) -> CampaignId {
    let campaign = calling.organization.campaign(calling.assistant, contacts).await;
    calling
        .organization
        .sql(
            "update campaigns set legal_basis = 'consent', object = $2, advertiser_siren = $3 where id = $1",
            &[&campaign, &OBJECT, &SIREN],
        )
        .await;
    campaign
}

/// A person whose clock is known: a mobile number alone does not tell.
async fn person(calling: &CallingOrganization, phone: &str) -> ContactId {
    let contact = calling.organization.contact(phone).await;
    calling
        .organization
        .sql(
            "update contacts set postal_code = '75001' where id = $1",
            &[&contact],
        )
        .await;
    contact
}

async fn agree(calling: &CallingOrganization, contact: ContactId) -> Consent {
    let advertiser = testkit::advertiser("Agence", Some(SIREN));
    let new = testkit::consent(advertiser, OBJECT, "2026-11-01T09:00:00Z".parse().unwrap());
    calling.organization.record_consent(contact, &new).await
}

async fn begin(test: &TestApp, calling: &CallingOrganization, campaign: CampaignId) {
    start::start(&test.app, &calling.organization.caller(), campaign)
        .await
        .unwrap();
}

/// What the assistants of placed calls say of their nature.
async fn told(test: &TestApp) -> Vec<Value> {
    let asked = test.provider_requests("vapi").await;
    let overrides = asked
        .iter()
        .map(|request| &request["body"]["assistantOverrides"]["variableValues"]);
    let notices = overrides.filter_map(|variables| variables.get("commercial_notice"));
    notices.cloned().collect()
}

async fn refusals(calling: &CallingOrganization) -> Vec<Value> {
    let sql = "select status, refusal_code from campaign_contacts order by status";
    calling.organization.rows(sql, &[]).await
}

#[tokio::test]
async fn whoever_agreed_is_called_and_whoever_did_not_is_told_why_not() {
    let test = start_of_test().await;
    let calling = CallingOrganization::create(&test).await;
    let agreed = person(&calling, "+33639980001").await;
    let unasked = person(&calling, "+33639980002").await;
    let consent = agree(&calling, agreed).await;
    assert_eq!((consent.sequence, consent.hash.len()), (1, 64));
    let campaign = canvassing(&calling, &[agreed, unasked]).await;
    begin(&test, &calling, campaign).await;

    let messages = test.queues.take(QueueKind::Calls).await;
    assert_eq!(messages.len(), 1);
    call_dialer::handle(&test.app, &message(&messages[0]))
        .await
        .unwrap();

    let placed = test.placed_calls().await;
    assert_eq!(placed.len(), 1);
    assert_eq!(placed[0]["number"], "+33639980001");
    // L221-16: whoever may be sold something hears that it is a commercial call, in the assistant's language.
    assert_eq!(told(&test).await, ["Ceci est un appel commercial."]);
    assert_eq!(
        refusals(&calling).await,
        [
            json!({ "status": "active", "refusal_code": null }),
            json!({ "status": "skipped", "refusal_code": "consent_missing" })
        ]
    );
}

#[tokio::test]
async fn a_consent_that_is_taken_back_ends_what_is_queued() {
    let test = start_of_test().await;
    let calling = CallingOrganization::create(&test).await;
    let contact = person(&calling, "+33639980001").await;
    let consent = agree(&calling, contact).await;
    let campaign = canvassing(&calling, &[contact]).await;
    begin(&test, &calling, campaign).await;
    let messages = test.queues.take(QueueKind::Calls).await;
    assert_eq!(messages.len(), 1);

    let (contact_id, consent_id) = (contact.to_string(), consent.id.to_string());
    for _ in 0..2 {
        withdraw::consent(
            &test.app,
            &calling.organization.caller(),
            (&contact_id, &consent_id),
            &NewWithdrawal::default(),
        )
        .await
        .unwrap();
    }
    call_dialer::handle(&test.app, &message(&messages[0]))
        .await
        .unwrap();

    assert_eq!(test.call_requests().await, 0);
    assert_eq!(calling.slots(&test).await, 0);
    release::release(&test.app, calling.organization.id)
        .await
        .unwrap();
    assert_eq!(
        refusals(&calling).await,
        [json!({ "status": "skipped", "refusal_code": "consent_withdrawn" })]
    );
    let links = "select sequence, kind from consents order by sequence";
    assert_eq!(
        calling.organization.rows(links, &[]).await,
        [
            json!({ "sequence": 1, "kind": "given" }),
            json!({ "sequence": 2, "kind": "withdrawn" })
        ]
    );
}

#[tokio::test]
async fn of_five_who_dial_for_one_advertiser_at_once_four_get_through() {
    let test = start_of_test().await;
    let mut messages = Vec::new();
    let mut organizations = Vec::new();
    // Two organisations, the same advertiser, the same person.
    for campaigns in [3, 2] {
        let calling = CallingOrganization::create(&test).await;
        let contact = person(&calling, "+33639980001").await;
        agree(&calling, contact).await;
        for _ in 0..campaigns {
            let campaign = canvassing(&calling, &[contact]).await;
            begin(&test, &calling, campaign).await;
            messages.extend(test.queues.take(QueueKind::Calls).await);
        }
        organizations.push(calling);
    }
    assert_eq!(messages.len(), 5);

    let containers: Vec<_> = messages.iter().map(|_| test.another_container()).collect();
    let dialled = join_all(
        messages
            .iter()
            .zip(&containers)
            .map(async |(body, app)| call_dialer::handle(app, &message(body)).await),
    )
    .await;

    assert!(dialled.iter().all(Result::is_ok));
    assert_eq!(test.call_requests().await, 4);
    let mut refused = Vec::new();
    // The fourth was taken by somebody: the fifth waits until the first is thirty days old.
    for calling in &organizations {
        refused.extend(
            refusals(calling)
                .await
                .into_iter()
                .filter(|row| row["status"] == "waiting"),
        );
    }
    assert_eq!(
        refused,
        [json!({ "status": "waiting", "refusal_code": "attempts_exhausted" })]
    );
    // Whoever comes now is told at release already.
    let contact = ContactId::parse(
        organizations[0]
            .organization
            .rows("select id from contacts", &[])
            .await[0]["id"]
            .as_str()
            .unwrap(),
    )
    .unwrap();
    let late = canvassing(&organizations[0], &[contact]).await;
    begin(&test, &organizations[0], late).await;
    assert_eq!(test.queues.take(QueueKind::Calls).await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_attempt_that_vapi_refused_does_not_count() {
    let test = start_of_test().await;
    let calling = CallingOrganization::create(&test).await;
    let contact = person(&calling, "+33639980001").await;
    agree(&calling, contact).await;
    let campaign = canvassing(&calling, &[contact]).await;
    begin(&test, &calling, campaign).await;
    let messages = test.queues.take(QueueKind::Calls).await;
    test.set_behaviour(json!({ "api": { "status": 429, "times": 1 } }))
        .await;

    call_dialer::handle(&test.app, &message(&messages[0]))
        .await
        .unwrap();

    assert_eq!(test.placed_calls().await.len(), 0);
    assert_eq!(counted(&calling).await, 0);
}

#[tokio::test]
async fn what_was_queued_on_another_ground_is_not_dialled_uncounted() {
    let test = start_of_test().await;
    let calling = CallingOrganization::create(&test).await;
    let contact = person(&calling, "+33639980001").await;
    agree(&calling, contact).await;
    let campaign = canvassing(&calling, &[contact]).await;
    let ground = "update campaigns set legal_basis = $1";
    calling.organization.sql(ground, &[&"service"]).await;
    begin(&test, &calling, campaign).await;
    let messages = test.queues.take(QueueKind::Calls).await;
    calling.organization.sql(ground, &[&"consent"]).await;

    call_dialer::handle(&test.app, &message(&messages[0]))
        .await
        .unwrap();

    assert_eq!(test.call_requests().await, 0);
    let given_back = "select released_reason from call_attempts where status = 'released'";
    assert_eq!(
        calling.organization.rows(given_back, &[]).await,
        [json!({ "released_reason": "changed" })]
    );
    // Its line went to the same person at once, and now the attempt counts.
    let messages = test.queues.take(QueueKind::Calls).await;
    call_dialer::handle(&test.app, &message(&messages[0]))
        .await
        .unwrap();
    assert_eq!(test.call_requests().await, 1);
    assert_eq!(counted(&calling).await, 1);
}

#[tokio::test]
async fn an_attempt_that_failed_after_vapi_took_it_counts() {
    let test = start_of_test().await;
    let calling = CallingOrganization::create(&test).await;
    let contact = person(&calling, "+33639980001").await;
    agree(&calling, contact).await;
    let campaign = canvassing(&calling, &[contact]).await;
    begin(&test, &calling, campaign).await;
    let messages = test.queues.take(QueueKind::Calls).await;
    call_dialer::handle(&test.app, &message(&messages[0]))
        .await
        .unwrap();
    let attempt = AttemptId::parse(messages[0]["attempt_id"].as_str().unwrap()).unwrap();
    let fault = EndedReason::read("call.in-progress.error-vapifault-transport-never-connected");
    let failed = AttemptEnd {
        attempt,
        outcome: fault.outcome,
        action: fault.action,
        was_answered: false,
        at: test.app.clock.now(),
    };

    let claims = Claims::platform(calling.organization.id);
    let ended = test.app.db.write("test.end", &claims, async |tx| {
        end::attempt_ended(tx, &test.app, &failed).await
    });
    ended.await.unwrap();

    let contact = "select status, attempts from campaign_contacts";
    assert_eq!(
        calling.organization.rows(contact, &[]).await,
        [json!({ "status": "waiting", "attempts": 0 })],
        "the campaign tries again"
    );
    assert_eq!(counted(&calling).await, 1, "the telephone may have rung");
}

/// How often the law counts that this organisation has tried.
async fn counted(calling: &CallingOrganization) -> i64 {
    let sql = "select count(*) as counted from call_attempts a,
               zencall.recent_solicitations(array[a.solicitation_key], '2026-01-01', 10)";
    calling.organization.rows(sql, &[]).await[0]["counted"]
        .as_i64()
        .unwrap()
}
