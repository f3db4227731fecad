//! What books nothing, and whose an appointment is.

use super::*;

#[tokio::test]
async fn nonsense_is_answered_with_a_sentence_and_books_nothing() {
    let tenant = Tenant::start().await;
    for (arguments, beginning) in [
        (json!({}), "Je n'ai pas compris la date"),
        (json!([1, 2]), "Je n'ai pas compris la date"),
        (json!("pas du JSON"), "Je n'ai pas compris la date"),
        (json!({ "starts_at": "demain" }), "Je n'ai pas compris la date"),
        (
            json!({ "starts_at": "2026-02-30T14:00" }),
            "Je n'ai pas compris la date",
        ),
        (
            json!({ "starts_at": null, "date": { "a": 1 } }),
            "Je n'ai pas compris la date",
        ),
        (
            json!({ "starts_at": "2026-11-22T14:00" }),
            "Ce moment est déjà passé : nous sommes le lundi 23 novembre 2026.",
        ),
        (
            json!({ "starts_at": "0001-01-01T14:00" }),
            "Ce moment est déjà passé",
        ),
        (
            json!({ "starts_at": "2031-11-24T14:00" }),
            "Les rendez-vous se prennent au plus un an",
        ),
        (
            json!({ "starts_at": "9998-01-01T14:00" }),
            "Les rendez-vous se prennent au plus un an",
        ),
        (
            json!({ "starts_at": "2026-11-24T14:02" }),
            "Les rendez-vous commencent",
        ),
        (
            json!({ "starts_at": "2026-11-24T14:00", "duration_minutes": -5 }),
            "Un rendez-vous dure",
        ),
        (
            json!({ "starts_at": "2026-11-24T14:00", "duration_minutes": 1e300 }),
            "Un rendez-vous dure",
        ),
        (
            json!({ "starts_at": "2026-11-24T14:00", "ends_at": "2026-11-23T14:00" }),
            "Un rendez-vous dure",
        ),
    ] {
        let answer = tenant
            .ask("call", json!([tool_call("t", arguments.clone())]))
            .await
            .remove(0);
        let said = answer["error"]
            .as_str()
            .unwrap_or_else(|| panic!("{arguments}: {answer}"));
        assert!(said.starts_with(beginning), "{arguments}: {said}");
    }
    assert!(tenant.appointments().await.is_empty());
    assert!(tenant.texts().await.is_empty());
    // Longer than any column, and with what no text holds.
    let name = "\u{0}😀'; drop table appointments; --".repeat(100);
    let arguments =
        json!({ "starts_at": "2026-11-24T14:00", "name": name, "notes": name.repeat(10), "email": name });
    let answer = tenant
        .ask("call", json!([tool_call("t", arguments)]))
        .await
        .remove(0);
    assert_eq!(answer["result"], BOOKED);
}

#[tokio::test]
async fn whose_appointment_it_is_follows_from_our_rows() {
    //
    let tenant = Tenant::start().await;
    let other = tenant.test.organization().await;
    let (_, others_assistant) = assistant(&other).await;
    let starts_at = json!({ "starts_at": "2026-11-24T14:00" });
    let members = json!({ "type": "tool-calls", "toolCallList": [tool_call("t", starts_at)] });
    // It claims another organisation: it is this one's.
    let mut claims = tenant.message("call", members.clone());
    claims["call"]["assistantOverrides"] = json!({ "metadata": { "organization_id": other.id } });
    claims["call"]["metadata"] = json!({ "organization_id": other.id });
    assert_eq!(results(&post(&tenant.test, claims).await)[0]["result"], BOOKED);
    // It names rows of two organisations, or of none: it is nobody's.
    let mut both = tenant.message("call", members.clone());
    both["call"]["assistantId"] = json!(others_assistant);
    let mut nobody = tenant.message("unheard-of", members);
    nobody["call"]["assistantId"] = json!("unheard-of");
    for message in [both, nobody] {
        let answer = results(&post(&tenant.test, message).await).remove(0);
        assert!(
            answer["error"]
                .as_str()
                .unwrap()
                .starts_with("Je n'arrive pas à enregistrer")
        );
    }
    assert_eq!(tenant.appointments().await.len(), 1);
    assert!(other.rows("select * from appointments", &[]).await.is_empty());
    assert!(other.rows("select * from calls", &[]).await.is_empty());
}
