//! A tool call books an appointment, in every shape that Vapi has.

use zencall::kernel::ids::{AttemptId, CampaignId, ContactId};

use super::*;

#[tokio::test]
async fn every_shape_of_a_tool_call_books() {
    let tenant = Tenant::start().await;
    let at = |hour: u8| json!({ "date": "2026-11-24", "time": format!("{hour}:00") });
    let name = "book_appointment";
    let shapes = [
        json!({ "toolCallList": [{ "id": "1", "type": "function", "function": { "name": name, "arguments": at(8).to_string() } }] }),
        json!({ "toolCallList": [{ "id": "2", "type": "function", "function": { "name": name, "arguments": at(9) } }] }),
        json!({ "toolCallList": [{ "id": "3", "name": name, "arguments": at(10) }] }),
        json!({ "toolCallList": [{ "id": "4", "name": name, "parameters": at(11) }] }),
        json!({ "toolCalls": [{ "id": "5", "name": name, "parameters": at(12).to_string() }] }),
        json!({ "toolWithToolCallList": [{ "type": "function", "function": { "name": name }, "toolCall": { "id": "6", "type": "function", "function": { "name": name, "arguments": at(13) } } }] }),
        json!({ "toolWithToolCallList": [{ "type": "function", "name": name, "function": { "name": name }, "toolCall": { "id": "7", "parameters": at(14) } }] }),
    ];
    for (place, shape) in shapes.into_iter().enumerate() {
        let mut members = shape.clone();
        members["type"] = json!("tool-calls");
        let message = tenant.message(&format!("call-{place}"), members);
        let answer = results(&post(&tenant.test, message).await).remove(0);
        assert_eq!(answer["toolCallId"], (place + 1).to_string());
        assert_eq!(answer["name"], name);
        let hour = format!("à {:02} h 00.", place + 8);
        assert!(
            answer["result"].as_str().unwrap().ends_with(&hour),
            "{shape}: {answer}"
        );
    }
    assert_eq!(tenant.appointments().await.len(), 7);
}

#[tokio::test]
async fn the_older_question_is_answered_too() {
    let tenant = Tenant::start().await;
    let function = json!({ "name": "book_appointment", "parameters": { "starts_at": "2026-11-24T14:00" } });
    let members = json!({ "type": "function-call", "functionCall": function });
    for _ in 0..2 {
        let answer = post(&tenant.test, tenant.message("call", members.clone())).await;
        assert_eq!(answer, json!({ "result": BOOKED }));
    }
    assert_eq!(tenant.appointments().await.len(), 1);
}

#[tokio::test]
async fn several_in_one_message_are_answered_in_order() {
    let tenant = Tenant::start().await;
    let answers = tenant
        .ask(
            "call",
            json!([
                tool_call("a", json!({ "starts_at": "2026-11-24T14:00" })),
                { "id": "b", "name": "order_pizza", "arguments": {} },
                tool_call("c", json!({ "starts_at": "2026-11-24T14:00" })),
                tool_call("d", json!("{ malformed")),
                tool_call("e", json!({ "starts_at": "2026-11-24T15:00" })),
            ]),
        )
        .await;
    let ids: Vec<_> = answers
        .iter()
        .map(|answer| answer["toolCallId"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["a", "b", "c", "d", "e"]);
    assert_eq!(answers[0]["result"], BOOKED);
    assert!(answers[1]["error"].is_string());
    // The same person, the same time: it is booked already.
    assert_eq!(answers[2]["result"], BOOKED);
    assert!(
        answers[3]["error"]
            .as_str()
            .unwrap()
            .starts_with("Je n'ai pas compris la date")
    );
    assert!(answers[4]["result"].is_string());
    assert_eq!(tenant.appointments().await.len(), 2);
    assert_eq!(tenant.texts().await.len(), 2);
}

#[tokio::test]
async fn what_the_person_said_is_kept_with_the_call() {
    let tenant = Tenant::start().await;
    let contact = tenant.organization.contact(CALLER).await;
    let arguments = json!({
        "date": "2026-11-24", "time": "14:00", "duration_minutes": 45, "name": "Zoé Müller",
        "phone": "06 39 98 00 02", "email": "zoe@exemple.example", "notes": "Devis",
    });
    let answer = tenant
        .ask("call", json!([tool_call("t", arguments)]))
        .await
        .remove(0);
    assert_eq!(answer["result"], BOOKED);
    let row = tenant.appointments().await.remove(0);
    let call = tenant
        .organization
        .rows("select * from calls", &[])
        .await
        .remove(0);
    for (column, expected) in [
        ("status", json!("scheduled")),
        ("starts_at", json!("2026-11-24T13:00:00+00:00")),
        ("ends_at", json!("2026-11-24T13:45:00+00:00")),
        ("timezone", json!("Europe/Paris")),
        ("language", json!("fr")),
        ("name", json!("Zoé Müller")),
        ("phone", json!("+33639980002")),
        ("email", json!("zoe@exemple.example")),
        ("notes", json!("Devis")),
        ("assistant_id", json!(tenant.assistant)),
        ("calendar_id", json!(tenant.assistant)),
        ("contact_id", json!(contact)),
        ("call_id", call["id"].clone()),
        ("campaign_id", Value::Null),
    ] {
        assert_eq!(row[column], expected, "{column}");
    }
    assert_eq!(
        (&call["vapi_call_id"], &call["direction"]),
        (&json!(tenant.vapi_call("call")), &json!("inbound"))
    );
    let timeline = "select event, call_id, projection from provider_events where event is not null";
    let timeline = tenant.organization.rows(timeline, &[]).await;
    assert_eq!(timeline.len(), 1);
    assert_eq!(timeline[0]["event"], "appointment-booked");
    assert_eq!(timeline[0]["call_id"], call["id"]);
    let audit = tenant
        .organization
        .rows("select action, details from gdpr_audit_logs", &[])
        .await;
    assert_eq!(audit[0]["action"], "appointment.book");
    for kept in [&timeline[0], &audit[0]] {
        assert!(
            !kept.to_string().contains("639980") && !kept.to_string().contains("Zoé"),
            "{kept}"
        );
    }
}

#[tokio::test]
async fn the_events_on_their_way_meet_the_same_call() {
    let tenant = Tenant::start().await;
    tenant.book("call", "t", "2026-11-24T14:00").await;
    let status = tenant.message(
        "call",
        json!({ "type": "status-update", "status": "in-progress" }),
    );
    post(&tenant.test, status).await;
    for event in tenant.test.queues.take(QueueKind::Events).await {
        let event = serde_json::from_value(event).unwrap();
        zencall::calls::apply(&tenant.test.app, &event).await.unwrap();
    }
    let calls = tenant.organization.rows("select * from calls", &[]).await;
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["status"], "in_progress");
    let sql = "select distinct call_id from provider_events where call_id is not null";
    assert_eq!(tenant.organization.rows(sql, &[]).await.len(), 1);
    // And the other way round: a call that is known already.
    tenant.book("call", "u", "2026-11-24T16:00").await;
    assert_eq!(
        tenant.organization.rows("select * from calls", &[]).await.len(),
        1
    );
}

#[tokio::test]
async fn a_call_of_a_campaign_counts_for_it() {
    let tenant = Tenant::start().await;
    let contact = tenant.organization.contact(CALLER).await;
    let campaign = tenant.organization.campaign(tenant.assistant, &[contact]).await;
    let attempt = attempt(&tenant, campaign, contact).await;
    let mut message = tenant.message(
        "call",
        json!({ "type": "tool-calls", "toolCallList": [tool_call("t", json!({ "starts_at": "2026-11-24T14:00" }))] }),
    );
    message["call"]["type"] = json!("outboundPhoneCall");
    message["call"]["customer"]["externalId"] = json!(attempt);
    assert_eq!(results(&post(&tenant.test, message).await)[0]["result"], BOOKED);
    let row = tenant.appointments().await.remove(0);
    assert_eq!(row["campaign_id"], json!(campaign));
    assert_eq!(row["contact_id"], json!(contact));
    assert_eq!(row["call_id"], json!(attempt));
    let report =
        zencall::campaigns::report::report(&tenant.test.app, &tenant.organization.caller(), campaign)
            .await
            .unwrap();
    assert_eq!(report.appointments, 1);
}

async fn attempt(tenant: &Tenant, campaign: CampaignId, contact: ContactId) -> AttemptId {
    let attempt = AttemptId::new(&tenant.test.app.clock);
    tenant
        .organization
        .sql(
            "insert into call_attempts (id, organization_id, campaign_id, contact_id, assistant_id, number, status, queued_at)
             values ($1, $2, $3, $4, $5, 1, 'dialing', $6)",
            &[&attempt, &tenant.organization.id, &campaign, &contact, &tenant.assistant, &tenant.test.app.clock.now()],
        )
        .await;
    attempt
}
