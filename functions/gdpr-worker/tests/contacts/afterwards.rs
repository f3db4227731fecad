//! What is left of somebody who was forgotten.

use jiff::SignedDuration;

use super::*;

#[tokio::test]
async fn whoever_was_forgotten_is_not_taken_in_again() {
    //
    let test = at(NOW, Options::default()).await;
    let tenant = Tenant::of(&test).await;
    let person = Person::of(&tenant).await;
    tenant
        .member
        .post(&person.path("erase"), json!({}))
        .await
        .expect(202);
    tenant.work_off().await;
    let contacts = tenant.organization.member(test.serving(contacts::routes())).await;
    let created = contacts
        .post("/api/v1/contacts", json!({ "phone": PHONE }))
        .await
        .expect(422);
    assert_eq!(
        created.faults(),
        [("phone".to_owned(), "number_opposed".to_owned())]
    );
    let rows = json!([{ "phone": "+33639987777" }, { "phone": PHONE }, { "phone": "06 39 98 00 00" }]);
    let imported = contacts
        .post("/api/v1/contacts/import", rows)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&imported["imported"], &imported["rejected"]),
        (&json!(1), &json!(2)),
        "{imported}"
    );
    assert_eq!(imported["errors"][0]["code"], "number_opposed");
    let other = tenant.organization.contact("+33639986666").await;
    let change = json!({ "phone": PHONE });
    contacts
        .patch(&format!("/api/v1/contacts/{other}"), change)
        .await
        .expect(422);
    let messages = tenant.organization.member(test.serving(messages::routes())).await;
    let text = json!({ "to": PHONE, "body": "Bonjour" });
    messages
        .post("/api/v1/messages", text)
        .await
        .expect_problem(422, "recipient_opted_out");
    // Another organisation may know them.
    let elsewhere = test.organization().await;
    let elsewhere = elsewhere.member(test.serving(contacts::routes())).await;
    elsewhere
        .post("/api/v1/contacts", json!({ "phone": PHONE }))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_proof_of_which_the_time_is_over_loses_its_content_and_the_chain_stays_whole() {
    //
    let test = at(NOW, Options::default()).await;
    let tenant = Tenant::of(&test).await;
    Person::of(&tenant).await;
    let (app, organization) = (&test.app, &tenant.organization);
    let contact = organization.contact("+33639984444").await;
    let collected_at = "2021-01-01T00:00:00Z".parse().unwrap();
    let old = testkit::consent(testkit::advertiser("Atelier", None), "Ancien", collected_at);
    organization.record_consent(contact, &old).await;
    assert!(consents::forget_old(app, app.clock.now()).await.unwrap() >= 1);
    let left = organization
        .rows("select object, evidence, salt, length(hash) as hash from consents order by recorded_at, sequence", &[])
        .await;
    let emptied: Vec<_> = left.iter().filter(|row| row["salt"].is_null()).collect();
    assert_eq!(emptied.len(), 1, "{left:?}");
    assert_eq!(
        (
            &emptied[0]["object"],
            &emptied[0]["evidence"],
            &emptied[0]["hash"]
        ),
        (&Value::Null, &Value::Null, &json!(32))
    );
    assert!(verify(app, organization.id).await.unwrap().broken.is_empty());
}

#[tokio::test]
async fn whoever_agrees_anew_is_taken_in_again_after_sixty_days() {
    let test = at(NOW, Options::default()).await;
    let tenant = Tenant::of(&test).await;
    let person = Person::of(&tenant).await;
    let organization = &tenant.organization;
    let asked = tenant.member.post(&person.path("erase"), json!({})).await;
    asked.expect(202);
    tenant.work_off().await;
    let consent = |collected_at: &str, evidence: Value| {
        json!({ "phone": PHONE, "consent": {
            "purposes": ["phone", "automated_voice"], "object": "Chaudière", "advertiser": { "name": "Atelier" },
            "text": "J'accepte d'être appelé.", "text_version": "2", "channel": "web_form",
            "collected_at": collected_at, "evidence": evidence,
        } })
    };
    // Erased on the 24th of November.
    test.app.clock.advance(SignedDuration::from_hours(61 * 24));
    let contacts = organization.member(test.serving(contacts::routes())).await;
    for (collected_at, evidence) in [
        ("2026-11-01T09:00:00Z", json!("formulaire 12")),
        ("2027-01-20T09:00:00Z", json!("formulaire 12")),
        ("2027-01-24T09:00:00Z", Value::Null),
    ] {
        let reply = contacts
            .post("/api/v1/contacts", consent(collected_at, evidence))
            .await;
        assert_eq!(
            reply.expect(422).faults(),
            [("phone".to_owned(), "number_opposed".to_owned())],
            "{collected_at}"
        );
    }
    let anew = consent("2027-01-24T09:00:00Z", json!("formulaire 13"));
    let made = contacts.post("/api/v1/contacts", anew).await.expect(201).json();
    let path = format!(
        "/api/v1/contacts/{}/consents",
        made["contact"]["id"].as_str().unwrap()
    );
    let consents = contacts.get(&path).await.expect(200).json();
    assert_eq!(consents["data"].as_array().unwrap().len(), 1);
    let lifted = organization
        .rows(
            "select details from gdpr_audit_logs where action = 'opposition.lift'",
            &[],
        )
        .await;
    assert_eq!(
        lifted,
        [json!({ "details": { "contact_id": made["contact"]["id"] } })]
    );
    assert!(
        organization
            .rows("select 1 from oppositions", &[])
            .await
            .is_empty()
    );
    assert!(
        verify(&test.app, organization.id)
            .await
            .unwrap()
            .broken
            .is_empty()
    );
    let messages = organization.member(test.serving(messages::routes())).await;
    let text = json!({ "to": PHONE, "body": "Bonjour" });
    messages.post("/api/v1/messages", text).await.expect(202);
}
