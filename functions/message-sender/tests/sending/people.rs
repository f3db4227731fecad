//! What the person who receives a message has said, and at what hour it may be sent.

use jiff::SignedDuration;
use zencall::db::Claims;
use zencall::kernel::{Country, PhoneNumber};
use zencall::messages::automatic;

use super::*;

#[tokio::test]
async fn twilios_opt_out_becomes_ours() {
    //
    let tenant = Tenant::start().await;
    let opted_out = json!({ "speed": 1000.0, "message_errors": { RECIPIENT: 21610 } });
    tenant.test.set_behaviour(opted_out).await;
    let (id, waiting) = (tenant.take("un").await, tenant.take("deux").await);
    assert_eq!(tenant.deliver().await, 0);
    let message = tenant.read(&id).await;
    assert_eq!(
        (&message["status"], &message["error_code"]),
        (&json!("failed"), &json!("21610"))
    );
    // What waited for the same number was never tried.
    assert_eq!(tenant.posts().await.len(), 1);
    let waiting = tenant.read(&waiting).await;
    assert_eq!(waiting["status"], "canceled");
    assert_eq!(waiting["error_code"], "recipient_opted_out");
    let listed = tenant
        .organization
        .rows("select phone, source from do_not_call", &[])
        .await;
    assert_eq!(
        listed,
        [json!({ "phone": RECIPIENT, "source": "twilio_opt_out" })]
    );
    let request = json!({ "to": RECIPIENT, "body": "trois" });
    tenant
        .member
        .post("/api/v1/messages", request)
        .await
        .expect_problem(422, "recipient_opted_out");
}

#[tokio::test]
async fn an_objection_between_taking_and_sending_counts() {
    let tenant = Tenant::start().await;
    let id = tenant.take("Bonjour").await;
    let contact = tenant.organization.contact(RECIPIENT).await;
    let sql = "update contacts set do_not_call = true where id = $1";
    tenant.organization.sql(sql, &[&contact]).await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "canceled");
    assert!(tenant.posts().await.is_empty());
}

#[tokio::test]
async fn who_told_everybody_to_leave_them_alone_is_texted_by_nobody_until_they_agree_anew() {
    let noon = "2026-11-24T11:00:00Z".parse().unwrap();
    let tenant = Tenant::on(TestApp::alone_at(noon).await).await;
    let id = tenant.take("Bonjour").await;
    tenant.test.object_everywhere(RECIPIENT).await;
    assert_eq!(tenant.deliver().await, 0);
    let message = tenant.read(&id).await;
    assert_eq!(
        (&message["status"], &message["error_code"]),
        (&json!("canceled"), &json!("recipient_opted_out"))
    );
    let request = json!({ "to": RECIPIENT, "body": "Encore" });
    // A session does not last that long.
    let ask = async || {
        let member = tenant
            .organization
            .member(tenant.test.serving(messages::routes()));
        member.await.post("/api/v1/messages", request.clone()).await
    };
    ask().await.expect_problem(422, "recipient_opted_out");
    // What they agreed to within their silence opens nothing; what they agree to after it does.
    let contact = tenant.organization.contact(RECIPIENT).await;
    for (days, is_open) in [(59, false), (2, true)] {
        tenant
            .test
            .app
            .clock
            .advance(SignedDuration::from_hours(days * 24));
        let now = tenant.test.app.clock.now();
        let new = testkit::consent(testkit::advertiser("Agence", None), "votre rendez-vous", now);
        tenant.organization.record_consent(contact, &new).await;
        if is_open {
            ask().await.expect(202);
        } else {
            ask().await.expect_problem(422, "recipient_opted_out");
        }
    }
    tenant.deliver().await;
    assert_eq!(tenant.posts().await.len(), 1);
}

#[tokio::test]
async fn a_message_that_nobody_asked_the_list_for_is_asked_for_as_it_leaves() {
    // As the platform's own about an appointment.
    let tenant = Tenant::on(TestApp::alone().await).await;
    tenant.test.object_everywhere(RECIPIENT).await;
    let (test, organization) = (&tenant.test, &tenant.organization);
    let to = &PhoneNumber::parse(RECIPIENT, Country::FR).unwrap();
    let taken = test
        .app
        .db
        .write("test.notice", &Claims::platform(organization.id), async |tx| {
            automatic::take(tx, &test.app.clock, to, "Votre rendez-vous").await
        })
        .await
        .unwrap();
    automatic::dispatch(&test.app, organization.id, taken.unwrap()).await;
    assert_eq!(tenant.deliver().await, 0);
    assert!(tenant.posts().await.is_empty());
    let ended = organization
        .rows("select status, error_code from messages", &[])
        .await;
    assert_eq!(
        ended,
        [json!({ "status": "canceled", "error_code": "recipient_opted_out" })]
    );
}

#[tokio::test]
async fn marketing_whose_hour_has_passed_on_the_way_waits_for_the_next() {
    // due at noon, and the queue was slow.
    let evening = "2026-11-24T19:30:00Z".parse().unwrap();
    let tenant = Tenant::on(TestApp::held_at(evening).await).await;
    let id = tenant.take("Soldes").await;
    let sql = "update messages set purpose = 'marketing', due_at = $1";
    let noon: jiff::Timestamp = "2026-11-24T11:30:00Z".parse().unwrap();
    tenant.organization.sql(sql, &[&noon]).await;
    assert_eq!(tenant.deliver().await, 0);
    assert!(tenant.posts().await.is_empty());
    let message = tenant.read(&id).await;
    assert_eq!(
        (&message["status"], &message["due_at"]),
        (&json!("queued"), &json!("2026-11-25T09:00:00Z"))
    );
}
