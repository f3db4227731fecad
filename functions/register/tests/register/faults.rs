//! What is wrong with a form, told all at once.

use super::*;

async fn of(changes: Value) -> Vec<(String, String)> {
    let visitor = Visitor::arrives().await;
    let reply = visitor.signs_up(visitor.company_with(changes)).await;
    let faults = reply.faults();
    reply.expect_problem(422, "invalid");
    faults
}

fn pairs(faults: &[(String, String)]) -> Vec<(&str, &str)> {
    faults
        .iter()
        .map(|(field, code)| (field.as_str(), code.as_str()))
        .collect()
}

#[tokio::test]
async fn are_all_reported_at_once() {
    let visitor = Visitor::arrives().await;
    let reply = visitor.signs_up(json!({})).await;
    let faults = reply.faults();
    let wanted = [
        ("email", "required"),
        ("full_name", "required"),
        ("organization_type", "required"),
        ("password", "required"),
        ("privacy_accepted", "required"),
        ("terms_accepted", "required"),
    ];
    assert_eq!(pairs(&faults), wanted);
    reply.expect_problem(422, "invalid");

    let faults = of(json!({
        "email": "jeanne@exemple", "password": "court", "full_name": " ", "company_name": "",
        "company_registration": "123456789", "vat_number": "FR00000000000", "terms_accepted": false,
        "privacy_accepted": "oui", "marketing_consent": 1,
    }))
    .await;
    let wanted = [
        ("company_name", "required"),
        ("company_registration", "siren_invalid"),
        ("email", "email_invalid"),
        ("full_name", "required"),
        ("marketing_consent", "wrong_type"),
        ("password", "password_too_short"),
        ("privacy_accepted", "wrong_type"),
        ("terms_accepted", "not_accepted"),
        ("vat_number", "vat_number_invalid"),
    ];
    assert_eq!(pairs(&faults), wanted);
}

#[tokio::test]
async fn of_camel_case_members_are_reported_in_snake_case() {
    let visitor = Visitor::arrives().await;
    let form = json!({ "fullName": 7, "organizationType": "club", "companyRegistration": [] });
    let faults = visitor.signs_up(form).await.faults();
    let pairs = pairs(&faults);
    assert!(pairs.contains(&("full_name", "wrong_type")), "{pairs:?}");
    assert!(
        pairs.contains(&("organization_type", "organization_type_invalid")),
        "{pairs:?}"
    );
    assert!(
        pairs.contains(&("company_registration", "wrong_type")),
        "{pairs:?}"
    );
}

#[tokio::test]
async fn of_every_type_are_422_and_never_500() {
    let visitor = Visitor::arrives().await;
    let members: Vec<String> = visitor.company().as_object().unwrap().keys().cloned().collect();
    for value in [
        json!(null),
        json!(0),
        json!([]),
        json!({}),
        json!(true),
        json!("\0"),
        json!("x".repeat(5000)),
    ] {
        let form: Value = members.iter().map(|name| (name.clone(), value.clone())).collect();
        visitor.signs_up(form).await.expect_problem(422, "invalid");
    }
}

#[tokio::test]
async fn a_vat_number_is_that_company_s() {
    let faults = of(json!({ "vat_number": "FR03552081317" })).await;
    assert_eq!(pairs(&faults), [("vat_number", "vat_number_mismatch")]);
}

#[tokio::test]
async fn a_company_says_who_it_is() {
    let faults = of(json!({ "company_name": null, "company_registration": null, "vat_number": null })).await;
    assert_eq!(
        pairs(&faults),
        [("company_name", "required"), ("company_registration", "required")]
    );
}

#[tokio::test]
async fn a_password_is_not_who_one_is() {
    let faults = of(json!({ "password": "JEANNE D'ARC", "full_name": "Jeanne d'Arc" })).await;
    assert_eq!(pairs(&faults), [("password", "password_personal")]);
    let faults = of(json!({ "password": "motdepasse123" })).await;
    assert_eq!(pairs(&faults), [("password", "password_guessable")]);
    let faults = of(json!({ "password": "x1".repeat(513) })).await;
    assert_eq!(pairs(&faults), [("password", "password_too_long")]);
}

#[tokio::test]
async fn are_explained_in_french_unless_english_is_preferred() {
    let visitor = Visitor::arrives().await;
    let reply = visitor.signs_up(json!({})).await.json();
    assert_eq!(reply["errors"][0]["message"], "Ce champ est obligatoire.");
    let request = Request::post(PATH)
        .header("content-type", "application/json")
        .header("accept-language", "en-GB")
        .body(Body::from("{}"))
        .unwrap();
    let reply = visitor.client.request(request).await.json();
    assert_eq!(reply["errors"][0]["message"], "This member is required.");
}
