//! The log on assistants, campaigns and appointments.

use testkit::{TWILIO_ACCOUNT_SID, TWILIO_NUMBER};
use zencall::kernel::ids::AppointmentId;

use super::*;

/// A Twilio account, an assistant, a campaign, a message.
pub(super) async fn calling(story: &mut Story) {
    let twilio = "/api/v1/integrations/twilio";
    let account = json!({
        "account_sid": TWILIO_ACCOUNT_SID, "auth_token": TWILIO_AUTH_TOKEN, "phone_number": TWILIO_NUMBER,
    });
    let route = "PUT /api/v1/integrations/twilio";
    story
        .step(Who::Admin, route, twilio, account, "twilio.connect")
        .await;
    let route = "POST /api/v1/integrations/twilio/test";
    let to = json!({ "to": "+33639981234" });
    story
        .step(
            Who::Admin,
            route,
            "/api/v1/integrations/twilio/test",
            to,
            "twilio.test",
        )
        .await;
    let message = json!({ "to": "+33639981234", "body": "Bonjour Lou." });
    let route = "POST /api/v1/messages";
    story
        .step(Who::Member, route, "/api/v1/messages", message, "message.send")
        .await;

    let assistants = "/api/v1/vapi/assistants";
    let mut made = Vec::new();
    for _ in 0..3 {
        let assistant = json!({ "name": "Accueil", "type": "outbound", "language": "fr" });
        let route = "POST /api/v1/vapi/assistants";
        made.push(
            story
                .step(Who::Member, route, assistants, assistant, "assistant.create")
                .await,
        );
    }
    let one = |number: usize| format!("{assistants}/{}", id(&made[number], "assistant"));
    let route = "PATCH /api/v1/vapi/assistants/{id}";
    let change = json!({ "system_prompt": "Parlez à Lou." });
    story
        .step(Who::Member, route, &one(0), change, "assistant.update")
        .await;
    let route = "PATCH /api/v1/vapi/assistants";
    let vapi_id = |number: usize| text(&made[number]["vapi_assistant_id"]);
    let change = json!({ "vapi_assistant_id": vapi_id(0), "name": "Rappels" });
    story
        .step(Who::Member, route, assistants, change, "assistant.update")
        .await;
    let route = "POST /api/v1/vapi/assistants/sync";
    let path = format!("{assistants}/sync");
    story
        .step(Who::Admin, route, &path, Value::Null, "assistant.sync")
        .await;
    let route = "DELETE /api/v1/vapi/assistants/{id}";
    story
        .step(Who::Member, route, &one(1), Value::Null, "assistant.delete")
        .await;
    let route = "DELETE /api/v1/vapi/assistants";
    let path = format!("{assistants}?id={}", vapi_id(2));
    story
        .step(Who::Member, route, &path, Value::Null, "assistant.delete")
        .await;

    campaign(story, &id(&made[0], "assistant")).await;
    let route = "DELETE /api/v1/integrations/twilio";
    story
        .step(Who::Admin, route, twilio, Value::Null, "twilio.remove")
        .await;
}

async fn campaign(story: &mut Story, assistant: &str) {
    let contact = story.organization.contact("+33639980004").await;
    let path = "/api/v1/campaigns";
    let campaign = json!({
        "name": "Rappels", "assistant_id": assistant, "object": "votre rendez-vous", "legal_basis": "service",
    });
    let made = story
        .step(
            Who::Member,
            "POST /api/v1/campaigns",
            path,
            campaign,
            "campaign.create",
        )
        .await;
    let campaign = id(&made, "campaign");
    let one = format!("{path}/{campaign}");
    let route = "PATCH /api/v1/campaigns/{id}";
    let change = json!({ "name": "Rappels de novembre" });
    story
        .step(Who::Member, route, &one, change, "campaign.change")
        .await;
    let route = "POST /api/v1/campaigns/{id}/contacts";
    let contacts = json!({ "contact_ids": [contact] });
    story
        .step(
            Who::Member,
            route,
            &format!("{one}/contacts"),
            contacts,
            "campaign.add_contacts",
        )
        .await;
    let route = "POST /api/v1/campaigns/start";
    let start = json!({ "campaign_id": campaign });
    story
        .step(
            Who::Member,
            route,
            "/api/v1/campaigns/start",
            start,
            "campaign.start",
        )
        .await;
    for (verb, action) in [
        ("pause", "campaign.pause"),
        ("resume", "campaign.resume"),
        ("cancel", "campaign.cancel"),
    ] {
        let route = format!("POST /api/v1/campaigns/{{id}}/{verb}");
        let path = format!("{one}/{verb}");
        story.step(Who::Member, &route, &path, Value::Null, action).await;
    }
    let route = "DELETE /api/v1/campaigns/{id}";
    story
        .step(Who::Member, route, &one, Value::Null, "campaign.delete")
        .await;
}

/// What was agreed to in a call.
pub(super) async fn appointment(story: &mut Story) {
    let appointment = AppointmentId::new(&story.test.app.clock);
    story
        .organization
        .sql(
            "insert into appointments (id, organization_id, calendar_id, status, starts_at, ends_at, timezone, language,
                                       name, phone, created_at, updated_at)
             values ($1, $2, $2, 'scheduled', date_trunc('hour', now()) + interval '7 days',
                     date_trunc('hour', now()) + interval '7 days 30 minutes', 'Europe/Paris', 'fr', 'Lou',
                     '+33639980005', now(), now())",
            &[&appointment, &story.tenant],
        )
        .await;
    let route = "PATCH /api/v1/appointments/{id}";
    let path = format!("/api/v1/appointments/{appointment}");
    let change = json!({ "notes": "Rappeler Lou." });
    story
        .step(Who::Member, route, &path, change, "appointment.change")
        .await;
}
