//! What a sign-up makes, and for whom.

use super::*;

#[tokio::test]
async fn of_a_company_makes_everything_at_once() {
    let visitor = Visitor::arrives().await;
    let reply = visitor.signs_up(visitor.company()).await.expect(202);
    let body = reply.json();
    assert_eq!(body["success"], true);
    assert!(body["message"].as_str().unwrap().contains("e-mail"));

    let organization = &visitor.rows("select * from organizations").await[0];
    assert_eq!(organization["name"], "Atelier d'Éloïse");
    assert_eq!(organization["organization_type"], "b2b");
    assert_eq!(organization["company_registration"], "73282932000074");
    assert_eq!(organization["vat_number"], "FR44732829320");
    let profile = &visitor.rows("select * from profiles").await[0];
    assert_eq!(profile["email"], visitor.email);
    assert_eq!(profile["full_name"], "Jeanne d'Arc");
    assert_eq!(profile["role"], "admin");
    assert_eq!(profile["marketing_consent"], true);
    assert_eq!(profile["email_confirmed_at"], Value::Null);
    assert!(profile["terms_accepted_at"].is_string() && profile["gdpr_consent_at"].is_string());
    let consents = visitor
        .rows("select consent_type, consent_given from gdpr_consents order by consent_type")
        .await;
    let given = |kind: &str| json!({ "consent_type": kind, "consent_given": true });
    assert_eq!(consents, [given("marketing"), given("privacy"), given("terms")]);
    let audit = &visitor.rows("select * from gdpr_audit_logs").await[0];
    assert_eq!(audit["action"], "user.register");
    assert_eq!(audit["user_id"], profile["id"]);

    let mails = visitor.mails().await;
    let link = &visitor.rows("select * from one_time_tokens").await[0];
    let wanted = json!({
        "v": 1, "kind": "confirm_email", "organization_id": organization["id"], "user_id": profile["id"],
        "token_id": link["id"], "outbox_id": mails[0]["outbox_id"],
    });
    assert_eq!(mails, [wanted]);
    let left = visitor.rows("select * from outbox").await;
    assert!(left.is_empty(), "what was sent is forgotten: {left:?}");
}

#[tokio::test]
async fn keeps_the_password_as_owasp_asks_and_never_shows_it() {
    let visitor = Visitor::arrives().await;
    visitor.signs_up(visitor.company()).await.expect(202);
    let email = Email::parse(&visitor.email).unwrap();
    let login = visitor
        .test
        .app
        .db
        .login_by_email(&Meter::default(), &email)
        .await
        .unwrap()
        .unwrap();
    let kept = format!("{:?}", login.password_hash);
    assert!(!kept.contains("argon2"), "{kept}");
    let claims = Claims::platform(login.organization);
    let read = visitor
        .test
        .app
        .db
        .read("tests.steal", &claims, async |tx| {
            tx.query("select password_hash from credentials", &[]).await
        })
        .await;
    assert!(
        matches!(read, Err(zencall::db::DbError::Statement(_))),
        "{read:?}"
    );
}

#[tokio::test]
async fn of_a_person_needs_no_company() {
    let visitor = Visitor::arrives().await;
    let form = json!({
        "email": visitor.email, "password": "trois petits chats", "full_name": "Zoé Nguyễn",
        "organization_type": "b2c", "company_name": "", "company_registration": " ", "vat_number": null,
        "terms_accepted": true, "privacy_accepted": true,
    });
    visitor.signs_up(form).await.expect(202);
    let organization = &visitor.rows("select * from organizations").await[0];
    assert_eq!(organization["name"], "Zoé Nguyễn");
    assert_eq!(organization["organization_type"], "b2c");
    let refused = visitor
        .rows("select consent_given from gdpr_consents where consent_type = 'marketing'")
        .await;
    assert_eq!(refused, [json!({ "consent_given": false })]);
}

#[tokio::test]
async fn is_understood_in_camel_case_and_under_the_older_address() {
    let visitor = Visitor::arrives().await;
    let form = json!({
        "email": visitor.email, "password": "trois petits chats", "fullName": "Jeanne", "organizationType": "b2b",
        "companyName": "Atelier", "companyRegistration": "732829320", "vatNumber": "FR44732829320",
        "termsAccepted": true, "privacyAccepted": true, "marketingConsent": false, "unknownMember": 1,
    });
    let reply = visitor.client.post("/api/auth/register", form).await.expect(202);
    assert_eq!(reply.json()["success"], true);
    assert!(visitor.organization().await.is_some());
}

#[tokio::test]
async fn takes_long_and_unicode_passwords() {
    for password in [
        "été à la mer 🏖",
        &"un grand éléphant vert ; ".repeat(37),
        "deux   espaces   .",
        "日本語で話すのはとても楽しい",
    ] {
        let visitor = Visitor::arrives().await;
        let form = visitor.company_with(json!({ "password": password }));
        visitor.signs_up(form).await.expect(202);
    }
}

#[tokio::test]
async fn notes_the_connection_and_never_what_a_body_or_a_header_claims() {
    let visitor = Visitor::arrives().await;
    let sample: Value = serde_json::from_str(&testkit::events::sample("register")).unwrap();
    let mut event = sample.clone();
    event["body"] = visitor
        .company_with(json!({ "ip_address": "6.6.6.6", "user_agent": "forged" }))
        .to_string()
        .into();
    event["headers"]["x-forwarded-for"] = "6.6.6.6".into();
    let request = testkit::events::request(&event.to_string());
    visitor.client.request(request).await.expect(202);
    let consent = &visitor.rows("select * from gdpr_consents").await[0];
    assert_eq!(consent["ip_address"], "198.51.100.7");
    assert_eq!(consent["user_agent"], "sample-event/1");
    let audit = &visitor.rows("select * from gdpr_audit_logs").await[0];
    assert_eq!(audit["ip_address"], "198.51.100.7");
}
