//! What becomes of each row.

use encoding_rs::WINDOWS_1252;
use serde_json::json;
use testkit::TestApp;

use crate::support::{Tenant, numbers};

#[tokio::test]
async fn every_row_has_an_outcome_and_a_bad_one_costs_no_good_one() {
    //
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    let known = tenant.organization.contact("+33199000001").await;
    let file = "téléphone;prénom;e-mail;code_postal;ville\r\n\
                01 99 00 00 01;Zoé;;75011;Paris\r\n\
                0199000002;\"Léa\r\nMarie\";lea@zencall,example;75011;\r\n\
                12;Bob;;;\r\n\
                0033 1 99 00 00 03;Ana;;;\r\n\
                +33(0)1 99 00 00 03;Anna;;75001;\r\n\
                199000004;\"Léo;;75011;\r\n\
                199000005;Max;;75011;Lyon\r\n";
    let (file, ..) = WINDOWS_1252.encode(file);
    let asked = tenant.upload(&file).await;
    tenant.handle(&asked).await;

    let import = tenant.read(&asked).await;
    assert_eq!(import["status"], "completed", "{import}");
    let counts = ["rows_read", "imported", "updated", "rejected"].map(|name| import[name].clone());
    assert_eq!(counts, [7, 2, 2, 3].map(|count| json!(count)));
    assert_eq!(import["bytes_read"], json!(file.len()));
    assert_eq!(import["total_bytes"], json!(file.len()));
    assert_eq!(import["upload_url"], json!(null));
    let told = import["errors"].as_array().unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|fault| (fault["line"].as_u64().unwrap(), fault["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            (3, "control_character"),
            (3, "email_invalid"),
            (5, "phone_number_invalid"),
            (8, "quote_unclosed")
        ]
    );
    assert_eq!(import["errors"][1]["suggestion"], "lea@zencall.example");

    let outcome = tenant.outcome(&asked).await;
    let short: Vec<_> = outcome.iter().map(crate::support::Row::short).collect();
    assert_eq!(
        short,
        [
            ("2", "updated", ""),
            ("3", "rejected", "control_character | email_invalid"),
            ("5", "rejected", "phone_number_invalid"),
            ("6", "imported", ""),
            ("7", "updated", ""),
            ("8", "rejected", "quote_unclosed"),
            ("9", "imported", ""),
        ]
    );
    assert_eq!(outcome[0].0[2], known.to_string());
    assert_eq!(outcome[3].0[2], outcome[4].0[2]);
    let rows = tenant
        .organization
        .rows(
            "select first_name, postal_code, variables from contacts where organization_id = $1 order by phone",
            &[&tenant.organization.id],
        )
        .await;
    assert_eq!(
        rows[0],
        json!({ "first_name": "Zoé", "postal_code": "75011", "variables": { "ville": "Paris" } })
    );
    assert_eq!(
        rows[1],
        json!({ "first_name": "Anna", "postal_code": "75001", "variables": {} })
    );
    // Nothing is left of the file, and its end is told.
    assert!(tenant.storage.look(&tenant.key(&asked)).await.unwrap().is_none());
    let told = tenant
        .organization
        .rows(
            "select action, user_id from gdpr_audit_logs where organization_id = $1 order by created_at, id",
            &[&tenant.organization.id],
        )
        .await;
    let member = tenant.organization.member;
    for action in ["contact_import.create", "contact_import.end"] {
        assert!(
            told.contains(&json!({ "action": action, "user_id": member })),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn a_second_import_of_the_same_file_changes_no_count() {
    //
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    for (imported, updated) in [(1200, 0), (0, 1200)] {
        let asked = tenant.upload(&numbers(1200)).await;
        tenant.handle(&asked).await;
        let import = tenant.read(&asked).await;
        assert_eq!(
            (&import["imported"], &import["updated"]),
            (&json!(imported), &json!(updated)),
            "{import}"
        );
        assert_eq!(tenant.contacts().await, 1200);
    }
}

#[tokio::test]
async fn rows_that_nobody_may_call_are_told_by_the_gates_code() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    tenant
        .organization
        .sql(
            "insert into do_not_call (id, organization_id, phone, source, created_at)
             values ($1, $2, '+33199000001', 'manual', $3)",
            &[
                &test.app.clock.uuid(),
                &tenant.organization.id,
                &test.app.clock.now(),
            ],
        )
        .await;
    let file = "phone,kind,postal_code,do_not_call\n\
                0199000001,,,\n\
                0199000002,,,oui\n\
                0639980001,,,\n\
                0639980002,business,,\n\
                0639980003,,75011,\n\
                +44 20 7946 0958,,,\n\
                0199000003,,,\n\
                0199555501,,,\n";
    test.object_everywhere("+33199555501").await;
    let asked = tenant.upload(file.as_bytes()).await;
    tenant.handle(&asked).await;
    let import = tenant.read(&asked).await;
    let refused = import["refused"].as_array().unwrap();
    let refused: Vec<_> = refused
        .iter()
        .map(|refused| {
            (
                refused["code"].as_str().unwrap(),
                refused["count"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        refused,
        [("country_not_allowed", 1), ("suppressed", 3), ("zone_unknown", 1)]
    );
    assert!(
        import["refused"][1]["rule"]
            .as_str()
            .unwrap()
            .contains("art. 21(2) RGPD")
    );
    let outcome = tenant.outcome(&asked).await;
    let codes: Vec<_> = outcome.iter().map(|row| row.0[3].as_str()).collect();
    assert_eq!(
        codes,
        [
            "suppressed",
            "suppressed",
            "zone_unknown",
            "",
            "",
            "country_not_allowed",
            "",
            "suppressed"
        ]
    );
}

#[tokio::test]
async fn no_cell_of_an_outcome_is_a_formula() {
    //
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    let file = "phone,email\n0199000001,\"=cmd@zencall,example\"\nO6 39 98 00 01,\n";
    let asked = tenant.upload(file.as_bytes()).await;
    tenant.handle(&asked).await;
    let outcome = tenant.outcome(&asked).await;
    for row in &outcome {
        assert_eq!(row.0[1], "rejected");
        assert!(!row.0[6].starts_with(['=', '+', '-', '@']), "{row:?}");
    }
    assert_eq!(outcome[1].0[6], "'+33639980001");
}
