//! `PATCH /vapi/assistants/{id}`, and by `vapi_assistant_id` in the body.

use serde_json::json;

use super::{ALIAS, PATH, Tenant, minimal, path, text};

#[tokio::test]
async fn as_member_changes_some_and_the_rest_stays() {
    let tenant = Tenant::start().await;
    let assistant = tenant.make(minimal()).await;
    let change = json!({ "name": "Nuit", "recording": true, "transferNumber": "0162000009" });
    let body = tenant
        .member
        .patch(&path(&assistant), change)
        .await
        .expect(200)
        .json();
    assert_eq!(body["success"], true);
    assert_eq!(body["assistant"]["name"], "Nuit");
    assert_eq!(body["assistant"]["voice"], assistant["voice"]);
    let definition = tenant.at_vapi().await.remove(0);
    assert_eq!(definition["name"], "Nuit");
    assert_eq!(definition["artifactPlan"]["recordingEnabled"], true);
    assert!(text(&definition["firstMessage"]).contains("enregistré"));
    assert_eq!(
        definition["metadata"]["organization_id"],
        tenant.organization.id.to_string()
    );

    let change = json!({ "transfer_number": null, "language": "en" });
    let body = tenant
        .member
        .patch(&path(&assistant), change)
        .await
        .expect(200)
        .json();
    assert_eq!(body["assistant"]["transfer_number"], serde_json::Value::Null);
    assert_eq!(body["assistant"]["voice"], "sonia");
    assert_eq!(
        tenant.at_vapi().await[0]["model"]["tools"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        tenant.audit().await,
        ["assistant.create", "assistant.update", "assistant.update"]
    );
}

#[tokio::test]
async fn as_existing_frontend_names_it_in_the_body() {
    let tenant = Tenant::start().await;
    let assistant = tenant.make(minimal()).await;
    for (address, member, name) in [
        (PATH, "vapi_assistant_id", "Un"),
        (ALIAS, "vapiAssistantId", "Deux"),
    ] {
        let change = json!({ member: assistant["vapi_assistant_id"], "name": name });
        let body = tenant.member.patch(address, change).await.expect(200).json();
        assert_eq!(body["assistant"]["name"], name);
    }
    let unknown = json!({ "vapi_assistant_id": "00000000-0000-4000-8000-000000000000", "name": "Trois" });
    tenant
        .member
        .patch(PATH, unknown)
        .await
        .expect_problem(404, "assistant_not_found");
    let reply = tenant
        .member
        .patch(PATH, json!({ "name": null, "max_duration_seconds": 1.5 }))
        .await;
    let faults = [
        ("max_duration_seconds", "wrong_type"),
        ("name", "required"),
        ("vapi_assistant_id", "required"),
    ];
    assert_eq!(
        reply.faults(),
        faults.map(|(field, code)| (field.to_owned(), code.to_owned()))
    );
    reply.expect_problem(422, "invalid");
}

#[tokio::test]
async fn no_change_asks_nobody() {
    let tenant = Tenant::start().await;
    let assistant = tenant.make(minimal()).await;
    let asked = tenant.test.provider_requests("vapi").await.len();
    let body = tenant
        .member
        .patch(&path(&assistant), json!({ "name": "Accueil" }))
        .await
        .expect(200)
        .json();
    assert_eq!(body["assistant"], assistant);
    assert_eq!(tenant.test.provider_requests("vapi").await.len(), asked);
}

#[tokio::test]
async fn vapi_refusing_or_silent_changes_nothing_on_either_side() {
    let tenant = Tenant::start().await;
    let assistant = tenant.make(minimal()).await;
    for (api, code) in [
        (json!({ "status": 400 }), "vapi_refused"),
        (json!({ "status": 503, "times": 3 }), "vapi_unavailable"),
        // Changed three times, the answers lost: put back.
        (
            json!({ "status": 500, "after_accepting": true, "times": 3 }),
            "vapi_unavailable",
        ),
    ] {
        let mut api = api;
        api["only"] = "PATCH /assistant*".into();
        tenant.vapi_fails(api).await;
        let change = json!({ "name": "Autre" });
        tenant
            .member
            .patch(&path(&assistant), change)
            .await
            .expect_problem(502, code);
        tenant.vapi_fails(json!({})).await;
        assert_eq!(tenant.at_vapi().await[0]["name"], "Accueil");
        let mut read = tenant.member.get(&path(&assistant)).await.expect(200).json();
        // Told again what it was.
        read["assistant"]["checked_at"] = assistant["checked_at"].clone();
        assert_eq!(read["assistant"], assistant);
    }
    // One failure is nothing: the request is repeated.
    tenant.vapi_fails(json!({ "status": 503, "times": 1 })).await;
    tenant
        .member
        .patch(&path(&assistant), json!({ "name": "Autre" }))
        .await
        .expect(200);
}

#[tokio::test]
async fn two_changes_at_once_leave_vapi_and_the_database_agreeing() {
    let tenant = Tenant::start().await;
    let assistant = tenant.make(minimal()).await;
    tenant
        .vapi_fails(json!({ "latency_ms": 1000, "only": "PATCH /assistant*" }))
        .await;
    let place = path(&assistant);
    let (one, other) = tokio::join!(
        tenant.member.patch(&place, json!({ "name": "Un" })),
        tenant.member.patch(&place, json!({ "name": "Deux" })),
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let read = tenant.member.get(&place).await.expect(200).json();
    assert_eq!(tenant.at_vapi().await[0]["name"], read["assistant"]["name"]);
}
