//! Forgetting somebody, here and at the providers.

use jiff::SignedDuration;
use testkit::QueueKind;
use zencall::identity;

use super::*;

#[tokio::test]
async fn somebody_is_forgotten_everywhere_however_often_a_provider_fails() {
    //
    let test = at(NOW, Options::default()).await;
    let tenant = Tenant::of(&test).await;
    let person = Person::of(&tenant).await;
    let organization = &tenant.organization;
    let asked = tenant
        .member
        .post(&person.path("erase"), json!({}))
        .await
        .expect(202)
        .json();
    // Called and texted no more, at once.
    let listed = organization
        .rows("select source from do_not_call where phone = '+33639980000'", &[])
        .await;
    assert_eq!(listed, [json!({ "source": "erasure" })]);
    let message = test.queues.take(QueueKind::Gdpr).await.remove(0);
    let broken = at(
        NOW,
        Options {
            configure: Some(Box::new(|config| {
                config.vapi_api_url = "http://127.0.0.1:1".to_owned()
            })),
            ..Options::default()
        },
    )
    .await;
    let storage = tenant.storage_of(&test.app.config.export_bucket).await;
    let request = support::message(&message);
    for _ in 0..2 {
        assert!(
            gdpr_worker::handle(&broken.app, &storage, &request)
                .await
                .is_err()
        );
        broken.app.clock.advance(SignedDuration::from_mins(10));
    }
    let rows = organization
        .rows("select id from contacts where phone = '+33639980000'", &[])
        .await;
    assert_eq!(
        rows.len(),
        1,
        "as long as something lies elsewhere, our rows say where"
    );
    test.app.clock.advance(SignedDuration::from_mins(30));
    tenant.handle(&message).await.unwrap();
    tenant.handle(&message).await.unwrap();

    let deleted = async |provider: &str, what: &str| {
        let asked = test.provider_requests(provider).await;
        asked
            .iter()
            .filter(|request| {
                request["method"] == "DELETE" && request["path"].as_str().unwrap().contains(what)
            })
            .count()
    };
    assert_eq!(deleted("vapi", &person.vapi_call).await, 1);
    assert_eq!(deleted("twilio", &person.sid).await, 1);
    let gdpr = organization.member(test.serving(gdpr::routes())).await;
    let requests = gdpr.get("/api/v1/gdpr/requests").await.expect(200).json();
    let request = &requests["data"][0];
    assert_eq!(
        (&request["id"], &request["status"]),
        (&asked["request"]["id"], &json!("completed"))
    );
    let receipts = &request["receipts"];
    for (what, count) in [
        ("vapi_calls", 1),
        ("twilio_messages", 1),
        ("calls", 1),
        ("turns", 1),
        ("messages", 1),
        ("proofs_kept", 2),
    ] {
        assert_eq!(receipts[what], count, "{what}: {receipts}");
    }
    // Nothing of ours names the number or says what was said.
    for table in [
        "contacts",
        "calls",
        "call_turns",
        "messages",
        "appointments",
        "do_not_call",
        "provider_events",
        "consent_people",
    ] {
        let rows = organization.rows(&format!("select * from {table}"), &[]).await;
        let text = Value::Array(rows).to_string();
        for gone in [PHONE, "Il est au lit", "Oui ?"] {
            assert!(!text.contains(gone), "{table}: {gone}");
        }
    }
    // The proof is kept, restricted, and the chains are whole.
    let sql = "select c.kind from consents c join consent_people q on q.id = c.person_id
                where q.phone is null and q.phone_hash is not null and c.salt is not null";
    assert_eq!(organization.rows(sql, &[]).await.len(), 2);
    assert!(
        verify(&test.app, organization.id)
            .await
            .unwrap()
            .broken
            .is_empty()
    );
}

#[tokio::test]
async fn a_request_outlives_the_account_of_the_member_who_wrote_it_down() {
    let test = at(NOW, Options::default()).await;
    for leaves in ["removed", "forgotten"] {
        let tenant = Tenant::of(&test).await;
        let person = Person::of(&tenant).await;
        let organization = &tenant.organization;
        for what in ["export", "erase"] {
            let asked = tenant.member.post(&person.path(what), json!({})).await;
            asked.expect(202);
        }
        let messages = test.queues.take(QueueKind::Gdpr).await;
        if leaves == "forgotten" {
            // They have asked for it: whoever is removed then is forgotten at once.
            let sql = "insert into gdpr_requests (id, organization_id, user_id, request_type, scheduled_at, created_at,
                                                  updated_at)
                       values ($1, $2, $3, 'data_deletion', $4, $4, $4)";
            let (id, now) = (test.app.clock.uuid(), test.app.clock.now());
            organization
                .sql(sql, &[&id, &organization.id, &organization.member, &now])
                .await;
        }
        let admin = organization.caller();
        identity::remove_member(&test.app, &admin, &organization.member.to_string())
            .await
            .unwrap();
        let sql = "select user_id, request_type, scope, status from gdpr_requests";
        assert_eq!(
            organization.rows(sql, &[]).await,
            [
                json!({ "user_id": null, "request_type": "data_deletion", "scope": "contact", "status": "pending" })
            ],
            "{leaves}: the copy was for them, the erasure is not"
        );
        // Lost on the way, even: the tick sends for what is due.
        test.app.clock.advance(SignedDuration::from_mins(30));
        let due = test
            .app
            .db
            .due_gdpr_requests(test.app.clock.now(), test.app.clock.now(), 1000)
            .await
            .unwrap();
        assert!(due.iter().any(|(owner, _)| *owner == organization.id), "{leaves}");
        for message in &messages {
            tenant.handle(message).await.unwrap();
        }
        let sql = "select user_id, status, receipts ->> 'calls' as calls from gdpr_requests";
        assert_eq!(
            organization.rows(sql, &[]).await,
            [json!({ "user_id": null, "status": "completed", "calls": "1" })],
            "{leaves}"
        );
        let left = organization
            .rows("select id from contacts where phone = '+33639980000'", &[])
            .await;
        assert!(left.is_empty(), "{leaves}");
    }
}
