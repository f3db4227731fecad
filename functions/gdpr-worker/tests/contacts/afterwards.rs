//! What is left of somebody who was forgotten.

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
