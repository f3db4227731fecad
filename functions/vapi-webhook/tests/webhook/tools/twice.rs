//! An appointment is made once, and a time given once.

use futures_util::future::join_all;

use super::*;

#[tokio::test]
async fn the_same_tool_call_has_the_same_answer_and_one_appointment() {
    let tenant = Tenant::start().await;
    let asked = (0..10).map(|_| tenant.book("call", "t", "2026-11-24T14:00"));
    for answer in join_all(asked).await {
        assert_eq!(answer["result"], BOOKED, "{answer}");
    }
    // However late, and whatever has become of the appointment.
    tenant
        .organization
        .sql("update appointments set status = 'cancelled'", &[])
        .await;
    tenant
        .test
        .app
        .clock
        .advance(jiff::SignedDuration::from_hours(48));
    assert_eq!(
        tenant.book("call", "t", "2026-11-24T14:00").await["result"],
        BOOKED
    );
    assert_eq!(tenant.appointments().await.len(), 1);
    assert_eq!(tenant.texts().await.len(), 1);
}

#[tokio::test]
async fn a_time_is_given_once_however_appointments_overlap() {
    let tenant = Tenant::start().await;
    let asked = (0..12).map(|number| {
        let minutes = 5 * (number % 6);
        let starts_at = format!("2026-11-24T14:{minutes:02}");
        let (tenant, call) = (&tenant, format!("call-{number}"));
        async move { tenant.book(&call, "t", &starts_at).await }
    });
    let answers = join_all(asked).await;
    let booked = answers
        .iter()
        .filter(|answer| answer["result"].is_string())
        .count();
    assert_eq!(booked, 1, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer["result"].is_null()) {
        assert_eq!(
            answer["error"],
            "Ce créneau n'est plus libre. Pouvez-vous choisir une autre heure ?"
        );
    }
    let rows = tenant.appointments().await;
    assert_eq!(rows.len(), 1);
    assert_eq!(tenant.texts().await.len(), 1);
    assert_eq!(
        tenant
            .organization
            .rows("select * from appointment_slots", &[])
            .await
            .len(),
        6
    );
    // Next to each other is not over each other.
    let after = rows[0]["ends_at"].as_str().unwrap().replace("+00:00", "Z");
    assert!(tenant.book("call-after", "t", &after).await["result"].is_string());
}

#[tokio::test]
async fn each_assistant_has_a_calendar_of_its_own() {
    let tenant = Tenant::start().await;
    assert!(tenant.book("one", "t", "2026-11-24T14:00").await["result"].is_string());
    let (_, other) = assistant(&tenant.organization).await;
    let mut message = tenant.message(
        "two",
        json!({ "type": "tool-calls", "toolCallList": [tool_call("t", json!({ "starts_at": "2026-11-24T14:00" }))] }),
    );
    message["call"]["assistantId"] = json!(other);
    assert!(results(&post(&tenant.test, message).await)[0]["result"].is_string());
}

#[tokio::test]
async fn nobody_fills_a_calendar_in_one_call() {
    let tenant = Tenant::start().await;
    for hour in 10..15 {
        let starts_at = format!("2026-11-24T{hour}:00");
        assert!(tenant.book("call", &hour.to_string(), &starts_at).await["result"].is_string());
    }
    let refused = tenant.book("call", "more", "2026-11-24T16:00").await;
    assert!(
        refused["error"]
            .as_str()
            .unwrap()
            .starts_with("Plusieurs rendez-vous")
    );
    assert_eq!(tenant.appointments().await.len(), 5);
}
