//! The text message that confirms an appointment.

use super::*;

#[tokio::test]
async fn one_text_message_with_a_link_that_opens_the_calendar() {
    let tenant = Tenant::start().await;
    tenant.book("call", "t", "2026-11-24T14:00").await;
    let text = tenant.texts().await.remove(0);
    assert_eq!(
        (&text["phone"], &text["purpose"]),
        (&json!(CALLER), &json!("service"))
    );
    assert_eq!(text["created_by"], Value::Null);
    let queued = tenant.test.queues.take(QueueKind::Messages).await;
    assert_eq!(queued.len(), 1);
    assert_eq!(queued[0]["message_id"], text["id"]);
    let body = text["body"].as_str().unwrap();
    assert!(
        body.contains("votre rendez-vous du 24/11/2026 à 14:00 est enregistré."),
        "{body}"
    );
    let id = tenant.appointments().await[0]["id"].as_str().unwrap().to_owned();
    let origin = &tenant.test.app.config.api_url;
    assert!(
        body.contains(&format!("{origin}/api/v1/appointments/{id}/calendar?token=")),
        "{body}"
    );
    // All of it in the cheap alphabet.
    assert!(text["segments"].as_i64().unwrap() <= 2, "{body}");
}

#[tokio::test]
async fn none_to_numbers_that_want_none_and_the_appointment_stands() {
    let tenant = Tenant::start().await;
    let block = "insert into do_not_call (id, organization_id, phone, source, created_at)
                 values ($1, $2, $3, 'sms_stop', now())";
    tenant
        .organization
        .sql(
            block,
            &[&tenant.test.app.clock.uuid(), &tenant.organization.id, &CALLER],
        )
        .await;
    assert_eq!(
        tenant.book("call", "t", "2026-11-24T14:00").await["result"],
        BOOKED
    );
    let landline = json!({ "starts_at": "2026-11-24T15:00", "phone": "01 99 00 12 34" });
    tenant.ask("call", json!([tool_call("u", landline)])).await;
    tenant
        .organization
        .sql(
            "update organizations set twilio_configured = false where id = $1",
            &[&tenant.organization.id],
        )
        .await;
    let other = json!({ "starts_at": "2026-11-24T16:00", "phone": "06 39 98 00 07" });
    tenant.ask("call", json!([tool_call("v", other)])).await;
    assert_eq!(tenant.appointments().await.len(), 3);
    assert!(tenant.texts().await.is_empty());
    assert!(tenant.test.queues.take(QueueKind::Messages).await.is_empty());
}

#[tokio::test]
async fn in_the_language_of_the_call() {
    let tenant = Tenant::start().await;
    tenant
        .organization
        .sql("update assistants set language = 'en'", &[])
        .await;
    let answer = tenant.book("call", "t", "2026-11-24T14:00").await;
    assert_eq!(
        answer["result"],
        "The appointment is booked for Tuesday 24 November 2026 at 14:00."
    );
    let body = tenant.texts().await[0]["body"].as_str().unwrap().to_owned();
    assert!(
        body.contains("your appointment on 24/11/2026 at 14:00 is booked"),
        "{body}"
    );
}
