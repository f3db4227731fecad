//! The log on an organisation and its data.

use zencall::identity::InvitationMail;

use super::*;

/// An organisation, its people to come and its programs.
pub(super) async fn its_organization(story: &mut Story) {
    let route = "PATCH /api/v1/organization";
    let change = json!({ "language": "en" });
    story
        .step(
            Who::Admin,
            route,
            "/api/v1/organization",
            change,
            "organization.change",
        )
        .await;

    let route = "POST /api/v1/organization/invitations";
    let path = "/api/v1/organization/invitations";
    let guest = json!({ "email": format!("Lou.{}@exemple.fr", story.tenant), "role": "member" });
    let made = story
        .step(Who::Admin, route, path, guest.clone(), "invitation.create")
        .await;
    let route_of_one = "DELETE /api/v1/organization/invitations/{id}";
    let one = format!("{path}/{}", id(&made, "invitation"));
    story
        .step(Who::Admin, route_of_one, &one, Value::Null, "invitation.revoke")
        .await;
    story
        .step(Who::Admin, route, path, guest, "invitation.create")
        .await;
    let message: InvitationMail = serde_json::from_value(story.mail().await).unwrap();
    let notice = identity::compose_invitation(&story.test.app, &message)
        .await
        .unwrap()
        .unwrap();
    let form = json!({
        "token": notice.token().unwrap(), "full_name": "Lou Fèvre", "password": PASSWORD,
        "terms_accepted": true, "privacy_accepted": true,
    });
    let route = "POST /api/v1/auth/invitations/accept";
    let path = "/api/v1/auth/invitations/accept";
    story
        .step(Who::Nobody, route, path, form, "invitation.accept")
        .await;

    let key = json!({ "name": "CRM", "scopes": ["contacts:read"] });
    let path = "/api/v1/api-keys";
    let made = story
        .step(Who::Admin, "POST /api/v1/api-keys", path, key, "api_key.create")
        .await;
    let one = format!("{path}/{}", id(&made, "api_key"));
    let route = "DELETE /api/v1/api-keys/{id}";
    story
        .step(Who::Admin, route, &one, Value::Null, "api_key.revoke")
        .await;
}

/// What people ask for under the RGPD.
pub(super) async fn data(story: &mut Story) {
    let route = "PUT /api/v1/gdpr/consents";
    let consent = json!({ "consent_type": "marketing", "consent_given": true });
    story
        .step(
            Who::Member,
            route,
            "/api/v1/gdpr/consents",
            consent,
            "consent.change",
        )
        .await;
    let route = "POST /api/v1/gdpr/export";
    story
        .step(
            Who::Member,
            route,
            "/api/v1/gdpr/export",
            json!({}),
            "gdpr.request_export",
        )
        .await;
    for (verb, phone) in [("export", "+33639980006"), ("erase", "+33639980007")] {
        let contact = story.organization.contact(phone).await;
        let route = format!("POST /api/v1/gdpr/contacts/{{id}}/{verb}");
        let path = format!("/api/v1/gdpr/contacts/{contact}/{verb}");
        story
            .step(Who::Admin, &route, &path, Value::Null, "gdpr.request_for_contact")
            .await;
    }
    let path = "/api/v1/gdpr/requests";
    let deletion = json!({ "request_type": "data_deletion", "password": PASSWORD });
    let route = "POST /api/v1/gdpr/requests";
    let made = story
        .step(Who::Member, route, path, deletion, "gdpr.request_deletion")
        .await;
    let one = format!("{path}/{}", id(&made, "request"));
    let route = "DELETE /api/v1/gdpr/requests/{id}";
    story
        .step(Who::Member, route, &one, Value::Null, "gdpr.cancel_deletion")
        .await;
}
