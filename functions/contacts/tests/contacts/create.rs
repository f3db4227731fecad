//! Making one contact.

use super::*;

#[tokio::test]
async fn as_member_everything_comes_back() {
    let (_test, organization, member) = start().await;
    let given = json!({
        "phone": "06 39 98 12 34", "kind": "business", "first_name": " Zoé ", "last_name": "Roy",
        "email": "zoe@zencall.example", "company": "Roy SARL", "postal_code": "1000", "timezone": "Europe/Paris",
        "language": "fr", "tags": ["vip", "vip", "lyon"], "variables": { "ville": "Lyon", "n": 3, "ok": true },
        "contract": { "reference": "C-1", "object": "Entretien", "ends_at": "2027-01-31T00:00:00+01:00" },
        "callback_request": { "requested_at": "2026-11-05T08:00:00Z", "object": "Devis", "evidence": "form 7" },
        "do_not_call": true, "unknown": "ignored",
    });
    let contact = make(&member, given).await;
    assert_eq!(contact["phone"], "+33639981234");
    assert_eq!(contact["first_name"], "Zoé");
    assert_eq!(contact["postal_code"], "01000");
    assert_eq!(contact["tags"], json!(["vip", "lyon"]));
    assert_eq!(
        contact["variables"],
        json!({ "ville": "Lyon", "n": 3, "ok": true })
    );
    assert_eq!(contact["contract"]["ends_at"], "2027-01-30T23:00:00Z");
    assert_eq!(contact["do_not_call"], true);
    let read = member.get(&path(&contact)).await.expect(200).json();
    assert_eq!(read["contact"], contact);

    let audit = organization
        .rows("select action, user_id, details from gdpr_audit_logs", &[])
        .await;
    assert_eq!(audit[0]["action"], "contact.create");
    assert_eq!(audit[0]["details"], json!({ "contact_id": contact["id"] }));
    assert_eq!(audit[0]["user_id"], organization.member.to_string());
}

#[tokio::test]
async fn with_a_number_alone_the_rest_is_null() {
    let (_test, _, member) = start().await;
    let contact = make(
        &member,
        json!({ "phone": "0033639981234", "first_name": "", "email": null }),
    )
    .await;
    for absent in [
        "first_name",
        "last_name",
        "email",
        "company",
        "contract",
        "callback_request",
        "timezone",
    ] {
        assert!(contact.get(absent).unwrap().is_null(), "{absent}");
    }
    assert_eq!(
        (&contact["kind"], &contact["do_not_call"]),
        (&json!("consumer"), &json!(false))
    );
    assert_eq!(
        (&contact["tags"], &contact["variables"]),
        (&json!([]), &json!({}))
    );
}

#[tokio::test]
async fn every_fault_is_reported_at_once() {
    let (_test, _, member) = start().await;
    let tags: Vec<_> = (0..51).map(|n| n.to_string()).collect();
    let body = json!({
        "firstName": 7, "kind": "robot", "email": "x", "postal_code": "00000", "timezone": "Mars/Base",
        "language": "xx", "tags": tags, "variables": { "a": { "b": 1 } }, "contract": { "reference": "" },
        "callback_request": [], "do_not_call": "oui", "last_name": "a\u{0}b", "company": "x".repeat(201),
    });
    let reply = member.post("/api/v1/contacts", body).await.expect(422);
    let faults: Vec<_> = reply.faults();
    let codes: Vec<_> = faults
        .iter()
        .map(|(field, code)| format!("{field}: {code}"))
        .collect();
    assert_eq!(
        codes,
        [
            "callback_request: wrong_type",
            "company: too_long",
            "contract.ends_at: required",
            "contract.object: required",
            "contract.reference: required",
            "do_not_call: wrong_type",
            "email: email_invalid",
            "first_name: wrong_type",
            "kind: kind_invalid",
            "language: language_invalid",
            "last_name: control_character",
            "phone: required",
            "postal_code: postal_code_invalid",
            "tags: too_many",
            "timezone: timezone_invalid",
            "variables: variable_invalid",
        ]
    );
}

#[tokio::test]
async fn what_is_no_json_object_is_refused_and_never_a_500() {
    let (_test, _, member) = start().await;
    for body in [json!([]), json!("x"), json!(7), json!(null)] {
        member
            .post("/api/v1/contacts", body)
            .await
            .expect_problem(400, "unreadable");
    }
    for body in [json!({}), json!({ "phone": [] }), json!({ "phone": "\u{0}" })] {
        member
            .post("/api/v1/contacts", body)
            .await
            .expect_problem(422, "invalid");
    }
}

#[tokio::test]
async fn twice_at_once_one_wins() {
    let (_test, organization, member) = start().await;
    let make = async || {
        member
            .post("/api/v1/contacts", json!({ "phone": "06 39 98 12 34" }))
            .await
            .status
            .as_u16()
    };
    let (first, second) = tokio::join!(make(), make());
    let mut statuses = [first, second];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let again = member
        .post("/api/v1/contacts", json!({ "phone": "+33639981234" }))
        .await;
    again.expect_problem(409, "contact_exists");
    assert_eq!(organization.rows("select id from contacts", &[]).await.len(), 1);
    assert_eq!(
        organization
            .rows("select id from gdpr_audit_logs", &[])
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn a_national_number_belongs_to_the_organisation_s_country() {
    let (_test, organization, member) = start().await;
    organization
        .sql("update organizations set country = 'BE'", &[])
        .await;
    let contact = make(
        &member,
        json!({ "phone": "0470 12 34 56", "postal_code": "1000" }),
    )
    .await;
    assert_eq!(contact["phone"], "+32470123456");
    assert_eq!(contact["postal_code"], "1000");
}

#[tokio::test]
async fn as_nobody() {
    let (test, ..) = start().await;
    let nobody = Client::anonymous(test.serving(contacts::routes()));
    nobody
        .post("/api/v1/contacts", json!({ "phone": "12" }))
        .await
        .expect_problem(401, "unauthenticated");
    nobody
        .get("/api/v1/contacts")
        .await
        .expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn as_member_with_a_consent_both_are_kept_or_neither() {
    let (_test, organization, member) = start().await;
    let mut given =
        json!({ "phone": "0639981234", "consent": { "purposes": ["phone"], "object": "Chaudière" } });
    let refused = member.post("/api/v1/contacts", given.clone()).await.expect(422);
    let fields: Vec<_> = refused.faults().into_iter().map(|(field, _)| field).collect();
    assert_eq!(
        fields,
        ["advertiser", "channel", "collected_at", "text", "text_version"]
            .map(|name| format!("consent.{name}"))
    );
    given["phone"] = json!("12");
    given["consent"] = json!("oui");
    let refused = member.post("/api/v1/contacts", given.clone()).await.expect(422);
    let fields: Vec<_> = refused.faults().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["consent", "phone"]);
    assert!(organization.rows("select 1 from contacts", &[]).await.is_empty());

    given["phone"] = json!("0639981234");
    given["consent"] = json!({
        "purposes": ["phone"], "object": "Chaudière", "advertiser": { "name": "Atelier" }, "text": "J'accepte.",
        "text_version": "1", "channel": "web_form", "collected_at": "2026-11-01T09:00:00Z",
    });
    let made = make(&member, given).await;
    let consents = member
        .get(&format!("{}/consents", path(&made)))
        .await
        .expect(200)
        .json();
    assert_eq!(consents["data"][0]["object"], "Chaudière");
}
