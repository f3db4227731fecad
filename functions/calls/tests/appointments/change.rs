//! Changing them, and what follows.

use testkit::QueueKind;

use super::*;

#[tokio::test]
async fn another_time_is_told_to_whoever_made_it() {
    let tenant = Tenant::start().await;
    let id = tenant.appointment("2026-11-24T13:00:00Z").await;
    let moved = json!({ "starts_at": "2026-11-25T15:00:00+01:00", "notes": "Apporter le dossier" });
    let appointment = tenant.patch(&id, moved.clone()).await.expect(200).json()["appointment"].clone();
    assert_eq!(appointment["starts_at"], "2026-11-25T14:00:00Z");
    assert_eq!(appointment["ends_at"], "2026-11-25T14:30:00Z");
    assert_eq!(appointment["sequence"], 1);
    assert_eq!(appointment["notes"], "Apporter le dossier");
    let texts = tenant.texts().await;
    assert_eq!(texts.len(), 1);
    assert!(
        texts[0].contains("est déplacé au 25/11/2026 à 15:00"),
        "{texts:?}"
    );
    assert_eq!(tenant.test.queues.take(QueueKind::Messages).await.len(), 1);
    // The same again changes nothing, and nobody hears of it.
    let again = tenant.patch(&id, moved).await.expect(200).json()["appointment"].clone();
    assert_eq!(again, appointment);
    assert_eq!(tenant.texts().await.len(), 1);
    assert_eq!(tenant.audit().await, ["appointment.move"]);
    assert_eq!(tenant.slots().await, 6);
    // Its former time is free again.
    let other = tenant.appointment("2026-11-26T13:00:00Z").await;
    tenant
        .patch(&other, json!({ "starts_at": "2026-11-24T13:00:00Z" }))
        .await
        .expect(200);
    let longer = json!({ "ends_at": "2026-11-24T14:00:00Z" });
    tenant.patch(&other, longer).await.expect(200);
    assert_eq!(tenant.slots().await, 18);
}

#[tokio::test]
async fn a_cancellation_frees_the_time_and_is_final() {
    let tenant = Tenant::start().await;
    let id = tenant.appointment("2026-11-24T13:00:00Z").await;
    let taken = tenant.appointment("2026-11-24T14:00:00Z").await;
    tenant
        .patch(&taken, json!({ "starts_at": "2026-11-24T13:25:00Z" }))
        .await
        .expect_problem(409, "appointment_slot_taken");
    assert_eq!(tenant.slots().await, 12);
    let cancelled = tenant
        .patch(&id, json!({ "status": "cancelled" }))
        .await
        .expect(200)
        .json();
    assert_eq!(cancelled["appointment"]["status"], "cancelled");
    assert!(tenant.texts().await[0].contains("du 24/11/2026 à 14:00 est annulé"));
    tenant
        .patch(&taken, json!({ "starts_at": "2026-11-24T13:25:00Z" }))
        .await
        .expect(200);
    for change in [
        json!({ "status": "scheduled" }),
        json!({ "status": "confirmed" }),
        json!({ "starts_at": "2026-11-27T13:00:00Z" }),
    ] {
        tenant
            .patch(&id, change)
            .await
            .expect_problem(409, "appointment_state");
    }
    // Saying so again is no change; notes may always be made.
    tenant
        .patch(&id, json!({ "status": "cancelled" }))
        .await
        .expect(200);
    tenant.patch(&id, json!({ "notes": null })).await.expect(200);
    assert_eq!(
        tenant.audit().await,
        ["appointment.cancel", "appointment.change", "appointment.move"]
    );
    assert_eq!(tenant.texts().await.len(), 2);
}

#[tokio::test]
async fn states_follow_each_other_as_life_does() {
    let tenant = Tenant::start().await;
    for (end, nothing_more) in [("completed", "no_show"), ("no_show", "cancelled")] {
        let day = if end == "completed" { 24 } else { 25 };
        let id = tenant.appointment(&format!("2026-11-{day}T13:00:00Z")).await;
        for status in ["confirmed", end] {
            let shown = tenant
                .patch(&id, json!({ "status": status }))
                .await
                .expect(200)
                .json();
            assert_eq!(shown["appointment"]["status"], status);
        }
        tenant
            .patch(&id, json!({ "status": nothing_more }))
            .await
            .expect_problem(409, "appointment_state");
    }
    assert!(tenant.texts().await.is_empty());
}

#[tokio::test]
async fn every_fault_is_named() {
    let tenant = Tenant::start().await;
    let id = tenant.appointment("2026-11-24T13:00:00Z").await;
    let wrong = json!({ "starts_at": "soon", "ends_at": null, "status": "done", "notes": 7 });
    let reply = tenant.patch(&id, wrong).await.expect(422);
    assert_eq!(reply.faults().len(), 4, "{}", reply.text());
    for (change, code) in [
        (json!({ "starts_at": "2026-11-22T13:00:00Z" }), "in_the_past"),
        (json!({ "starts_at": "2029-11-22T13:00:00Z" }), "too_far_ahead"),
        (
            json!({ "starts_at": "2026-11-24T13:01:00Z" }),
            "not_on_five_minutes",
        ),
        (json!({ "ends_at": "2026-11-24T12:00:00Z" }), "length_invalid"),
        (json!({ "ends_at": "2026-11-25T12:00:00Z" }), "length_invalid"),
        (json!({ "notes": "x".repeat(2001) }), "text_invalid"),
        (json!({ "notes": "\u{0}" }), "text_invalid"),
    ] {
        let reply = tenant.patch(&id, change.clone()).await.expect(422);
        assert_eq!(reply.faults()[0].1, code, "{change}");
    }
    assert!(tenant.audit().await.is_empty());
}

#[tokio::test]
async fn of_two_who_want_one_time_at_once_one_gets_it() {
    let tenant = Tenant::start().await;
    let mut appointments = Vec::new();
    for hour in 8..14 {
        appointments.push(tenant.appointment(&format!("2026-11-24T{hour:02}:00:00Z")).await);
    }
    let moves = appointments.iter().enumerate().map(|(number, id)| {
        let starts_at = format!("2026-11-26T10:{:02}:00Z", 5 * number);
        tenant.patch(id, json!({ "starts_at": starts_at }))
    });
    let replies = futures_util::future::join_all(moves).await;
    let moved = replies.iter().filter(|reply| reply.status == 200).count();
    let refused = replies.iter().filter(|reply| reply.status == 409).count();
    assert!(moved >= 1 && moved + refused == 6, "{moved} {refused}");
    assert_eq!(tenant.texts().await.len(), moved);
    assert_eq!(tenant.slots().await, 36);
    let overlapping = "select a.id from appointments a join appointments b
                         on a.id < b.id and a.starts_at < b.ends_at and b.starts_at < a.ends_at";
    assert!(tenant.organization.rows(overlapping, &[]).await.is_empty());
}
