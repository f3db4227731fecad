//! The log on contacts and their consents.

use super::*;

/// People to call, and those never to be called.
pub(super) async fn contacts(story: &mut Story) {
    let path = "/api/v1/contacts";
    let made = story
        .step(
            Who::Member,
            "POST /api/v1/contacts",
            path,
            json!({ "phone": "+33639980001", "first_name": "Lou" }),
            "contact.create",
        )
        .await;
    let one = format!("{path}/{}", id(&made, "contact"));
    let route = "PATCH /api/v1/contacts/{id}";
    let change = json!({ "last_name": "Lou", "phone": "+33639980002" });
    story
        .step(Who::Member, route, &one, change, "contact.change")
        .await;
    consent(story, &format!("{one}/consents")).await;
    let route = "DELETE /api/v1/contacts/{id}";
    story
        .step(Who::Member, route, &one, Value::Null, "contact.delete")
        .await;
    let route = "POST /api/v1/contacts/import";
    let rows = json!([{ "phone": "+33639980003", "first_name": "Lou" }]);
    story
        .step(
            Who::Member,
            route,
            "/api/v1/contacts/import",
            rows,
            "contact.import",
        )
        .await;
    let path = "/api/v1/contacts/imports";
    let route = "POST /api/v1/contacts/imports";
    let file = json!({ "file_name": "clients.csv" });
    let made = story
        .step(Who::Member, route, path, file, "contact_import.create")
        .await;
    let one = format!("{path}/{}/cancel", id(&made, "import"));
    let route = "POST /api/v1/contacts/imports/{id}/cancel";
    story
        .step(Who::Member, route, &one, Value::Null, "contact_import.cancel")
        .await;
    let path = "/api/v1/do-not-call";
    let made = story
        .step(
            Who::Member,
            "POST /api/v1/do-not-call",
            path,
            json!({ "phone": "+33639980009" }),
            "do_not_call.add",
        )
        .await;
    let one = format!("{path}/{}", id(&made, "do_not_call"));
    let route = "DELETE /api/v1/do-not-call/{id}";
    story
        .step(Who::Admin, route, &one, Value::Null, "do_not_call.remove")
        .await;
}

async fn consent(story: &mut Story, path: &str) {
    let route = "POST /api/v1/contacts/{id}/consents";
    let consent = json!({
        "purposes": ["phone", "automated_voice"], "object": "Contrôle annuel de la chaudière",
        "advertiser": { "name": "Atelier Horizon", "siren": "732829320" }, "text": "J'accepte d'être appelé.",
        "text_version": "2026-09", "channel": "web_form", "positive_act": "Case cochée",
        "collected_at": "2026-11-01T10:00:00+01:00", "evidence": { "name": "Lou" },
    });
    let made = story
        .step(Who::Member, route, path, consent, "consent.record")
        .await;
    let route = "POST /api/v1/contacts/{id}/consents/{consent_id}/withdraw";
    let path = format!("{path}/{}/withdraw", id(&made, "consent"));
    let quote = json!({ "quote": "Ne rappelez plus Lou." });
    story
        .step(Who::Member, route, &path, quote, "consent.withdraw")
        .await;
}
