//! GET and PATCH /api/v1/organization.

use serde_json::{Value, json};

use crate::Tenant;

const ORGANIZATION: &str = "/api/v1/organization";

#[tokio::test]
async fn as_member_everything_is_read() {
    let tenant = Tenant::start().await;
    let body = tenant.member.get(ORGANIZATION).await.expect(200).json();
    let id = tenant.organization.id;
    assert_eq!(
        body,
        json!({ "organization": {
            "id": id,
            "name": format!("Agence {id}"),
            "organization_type": "b2b",
            "company_registration": null,
            "vat_number": null,
            "country": "FR",
            "timezone": "Europe/Paris",
            "language": "fr",
            "twilio_configured": false,
            "caller_number_mandate": null,
            "limits": { "concurrent_calls": 10 },
        }})
    );
}

#[tokio::test]
async fn as_admin_what_is_given_changes_and_the_audit_says_from_what_to_what() {
    let tenant = Tenant::start().await;
    let change = json!({
        "name": " Cabinet Fèvre ", "company_registration": "732 829 320 00074", "vat_number": "FR44732829320",
        "country": "re", "timezone": "indian/reunion", "language": "EN",
        "id": "0", "twilio_configured": true, "limits": { "concurrent_calls": 1000 }, "organization_id": "0",
    });
    let body = tenant.admin.patch(ORGANIZATION, change).await.expect(200).json();
    let organization = &body["organization"];
    assert_eq!(organization["name"], "Cabinet Fèvre");
    assert_eq!(organization["company_registration"], "73282932000074");
    assert_eq!(organization["vat_number"], "FR44732829320");
    assert_eq!(organization["country"], "RE");
    assert_eq!(organization["timezone"], "Indian/Reunion");
    assert_eq!(organization["language"], "en");
    assert_eq!(organization["id"], json!(tenant.organization.id));
    assert_eq!(organization["twilio_configured"], false);
    assert_eq!(organization["limits"]["concurrent_calls"], 10);
    assert_eq!(tenant.admin.get(ORGANIZATION).await.json(), body);

    let entries = tenant.entries().await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0]["action"], "organization.change");
    assert_eq!(entries[0]["user_id"], json!(tenant.organization.admin));
    let details = &entries[0]["details"];
    assert_eq!(details["before"]["timezone"], "Europe/Paris");
    assert_eq!(details["after"]["timezone"], "Indian/Reunion");
    assert_eq!(details["before"]["company_registration"], Value::Null);
    assert_eq!(details["after"]["name"], "Cabinet Fèvre");
}

#[tokio::test]
async fn what_stays_as_it_is_is_no_change() {
    let tenant = Tenant::start().await;
    let same = json!({ "language": "fr", "country": "FR" });
    tenant.admin.patch(ORGANIZATION, same).await.expect(200);
    tenant.admin.patch(ORGANIZATION, json!({})).await.expect(200);
    assert!(tenant.actions().await.is_empty());
}

#[tokio::test]
async fn the_name_of_a_private_person_is_not_quoted_in_the_audit() {
    let tenant = Tenant::start().await;
    let change = json!({ "organization_type": "b2c", "name": "Lou Fèvre" });
    tenant.admin.patch(ORGANIZATION, change).await.expect(200);
    let details = &tenant.entries().await[0]["details"];
    assert_eq!(details["changed"], json!(["name", "organization_type"]));
    assert_eq!(details["after"], json!({ "organization_type": "b2c" }));
    assert!(!details.to_string().contains("Lou"));
}

#[tokio::test]
async fn as_member_it_is_forbidden() {
    let tenant = Tenant::start().await;
    tenant
        .member
        .patch(ORGANIZATION, json!({ "name": "Cabinet" }))
        .await
        .expect_problem(403, "admin_required");
    assert!(tenant.actions().await.is_empty());
}

#[tokio::test]
async fn as_stranger_only_ones_own_is_seen_and_changed() {
    let tenant = Tenant::start().await;
    let stranger = tenant.stranger().await;
    let change =
        json!({ "name": "Autre", "id": tenant.organization.id, "organization_id": tenant.organization.id });
    stranger.patch(ORGANIZATION, change).await.expect(200);
    let mine = tenant.admin.get(ORGANIZATION).await.json();
    assert_ne!(mine["organization"]["name"], "Autre");
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    let tenant = Tenant::start().await;
    let change = json!({
        "name": "", "organization_type": "company", "company_registration": "732829321", "vat_number": 7,
        "country": "XX", "timezone": null, "language": "de",
    });
    let reply = tenant.admin.patch(ORGANIZATION, change).await.expect(422);
    let fields: Vec<_> = reply.faults().into_iter().map(|(field, _)| field).collect();
    assert_eq!(
        fields,
        [
            "company_registration",
            "country",
            "language",
            "name",
            "organization_type",
            "timezone",
            "vat_number"
        ]
    );
}

#[tokio::test]
async fn a_company_is_held_to_what_a_sign_up_is_held_to() {
    let tenant = Tenant::start().await;
    let company = json!({ "company_registration": "732829320", "vat_number": "FR44732829320" });
    tenant.admin.patch(ORGANIZATION, company).await.expect(200);
    // Another company's VAT number, in a change of either.
    for change in [
        json!({ "vat_number": "FR27552100554" }),
        json!({ "company_registration": "552100554" }),
    ] {
        let reply = tenant.admin.patch(ORGANIZATION, change).await.expect(422);
        assert_eq!(reply.faults()[0].0, "vat_number");
    }
    let reply = tenant
        .admin
        .patch(ORGANIZATION, json!({ "company_registration": null }))
        .await
        .expect(422);
    assert_eq!(
        reply.faults(),
        [("company_registration".to_owned(), "required".to_owned())]
    );
    // A private person needs neither.
    let person = json!({ "organization_type": "b2c", "company_registration": "", "vat_number": null });
    tenant.admin.patch(ORGANIZATION, person).await.expect(200);
}

#[tokio::test]
async fn of_two_changes_at_once_none_is_lost() {
    let tenant = Tenant::start().await;
    let (one, other) = tokio::join!(
        tenant.admin.patch(ORGANIZATION, json!({ "language": "es" })),
        tenant.admin.patch(ORGANIZATION, json!({ "country": "BE" })),
    );
    one.expect(200);
    other.expect(200);
    let organization = tenant.admin.get(ORGANIZATION).await.json();
    assert_eq!(organization["organization"]["language"], "es");
    assert_eq!(organization["organization"]["country"], "BE");
}

#[tokio::test]
async fn as_admin_the_mandate_for_the_number_is_noted_and_taken_back() {
    let tenant = Tenant::start().await;
    tenant.organization.connect_twilio().await;
    let mandate = json!({ "reference": " Classeur 3, mandat 2026-014 ", "signed_on": "2026-01-05" });
    let body = tenant
        .admin
        .patch(ORGANIZATION, json!({ "caller_number_mandate": mandate }))
        .await
        .expect(200)
        .json();
    let noted = json!({ "reference": "Classeur 3, mandat 2026-014", "signed_on": "2026-01-05" });
    assert_eq!(body["organization"]["caller_number_mandate"], noted);
    assert_eq!(tenant.admin.get(ORGANIZATION).await.json(), body);
    let details = &tenant.entries().await[0]["details"];
    assert_eq!(details["before"]["caller_number_mandate"], Value::Null);
    assert_eq!(details["after"]["caller_number_mandate"], noted);

    let change = json!({ "caller_number_mandate": null });
    let body = tenant.admin.patch(ORGANIZATION, change).await.expect(200).json();
    assert_eq!(body["organization"]["caller_number_mandate"], Value::Null);
}

#[tokio::test]
async fn a_mandate_is_about_a_connected_number_and_was_signed_already() {
    let tenant = Tenant::start().await;
    let mandate =
        |signed_on: &str| json!({ "caller_number_mandate": { "reference": "A", "signed_on": signed_on } });
    let faults = async |change: Value| {
        tenant
            .admin
            .patch(ORGANIZATION, change)
            .await
            .expect(422)
            .faults()
    };
    let expected = |code: &str| [("caller_number_mandate".to_owned(), code.to_owned())];
    assert_eq!(faults(mandate("2026-01-05")).await, expected("no_caller_number"));
    tenant.organization.connect_twilio().await;
    assert_eq!(faults(mandate("2999-01-01")).await, expected("date_invalid"));
    let lacking = json!({ "caller_number_mandate": { "reference": "A" } });
    assert_eq!(faults(lacking).await, expected("wrong_type"));
}
