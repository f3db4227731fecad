//! `/contacts/{id}/consents`: who records what somebody agreed to, who takes it back, and what nobody can change.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use testkit::{Client, TestApp, TestOrganization};
use zencall::consents::verify::verify;
use zencall::db::Claims;

fn consent() -> Value {
    json!({
        "purposes": ["phone", "automated_voice"],
        "object": "Contrôle annuel de la chaudière",
        "advertiser": { "name": "Atelier Horizon", "siren": "732 829 320" },
        "text": "J'accepte d'être appelé par l'assistant vocal d'Atelier Horizon.",
        "text_version": "2026-09",
        "channel": "web_form",
        "positive_act": "Case cochée",
        "collected_at": "2026-11-01T10:00:00+01:00",
        "evidence": { "form": "12", "ip_address": "192.0.2.7" },
    })
}

struct Fixture {
    test: TestApp,
    organization: TestOrganization,
    member: Client,
    path: String,
}

async fn start() -> Fixture {
    let test = TestApp::held_at("2026-11-24T11:00:00Z".parse().unwrap()).await;
    let organization = test.organization().await;
    let member = organization.member(test.serving(contacts::routes())).await;
    let contact = organization.contact("+33639980001").await;
    Fixture {
        test,
        organization,
        member,
        path: format!("/api/v1/contacts/{contact}/consents"),
    }
}

#[tokio::test]
async fn as_member_a_consent_is_recorded_listed_and_taken_back() {
    let Fixture {
        organization,
        member,
        path,
        test,
    } = start().await;
    let recorded = member.post(&path, consent()).await.expect(201).json()["consent"].clone();
    assert_eq!(recorded["status"], "valid");
    assert_eq!(recorded["advertiser"]["siren"], "732829320");
    assert_eq!(recorded["collected_at"], "2026-11-01T09:00:00Z");
    assert_eq!(recorded["valid_until"], "2027-11-01T09:00:00Z");
    assert_eq!(recorded["evidence"]["form"], "12");
    assert_eq!(recorded["text_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(recorded["sequence"], 1);
    test.app.clock.advance(jiff::SignedDuration::from_secs(1));
    let second = member.post(&path, consent()).await.expect(201).json()["consent"].clone();
    assert_eq!(second["sequence"], 2);

    let withdraw = format!("{path}/{}/withdraw", recorded["id"].as_str().unwrap());
    let told = json!({ "channel": "letter", "quote": "Ne m'appelez plus." });
    let withdrawn = member.post(&withdraw, told.clone()).await.expect(200).json()["consent"].clone();
    assert_eq!(withdrawn["status"], "withdrawn");
    assert_eq!(withdrawn["withdrawn_at"], "2026-11-24T11:00:01Z");
    // Once more changes nothing.
    let again = member.post(&withdraw, told).await.expect(200).json()["consent"].clone();
    assert_eq!(again, withdrawn);

    let listed = member.get(&path).await.expect(200).json();
    assert_eq!(listed["data"], json!([second, withdrawn]));
    let report = verify(&test.app, organization.id).await.unwrap();
    assert_eq!((report.chains, report.links, report.broken.len()), (1, 3, 0));
    let audit = organization
        .rows("select action from gdpr_audit_logs order by id", &[])
        .await;
    // Ids of one millisecond are in no order.
    let mut actions: Vec<_> = audit.iter().map(|row| row["action"].as_str().unwrap()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["consent.record", "consent.record", "consent.withdraw"]);
}

#[tokio::test]
async fn every_fault_is_reported_at_once() {
    let Fixture { member, path, .. } = start().await;
    let wrong = json!({
        "purposes": ["letter"],
        "advertiser": { "siren": "123456789" },
        "text": "",
        "text_version": 7,
        "collected_at": "2026-11-25T10:00:00Z",
        "special_slot": { "starts_at": "2026-12-01T10:00:00Z", "ends_at": "2026-12-02T10:00:00Z" },
        "evidence": {},
    });
    let mut faults = member.post(&path, wrong).await.expect(422).faults();
    faults.sort();
    let faults: Vec<_> = faults
        .iter()
        .map(|(field, code)| (field.as_str(), code.as_str()))
        .collect();
    assert_eq!(
        faults,
        [
            ("advertiser.name", "required"),
            ("advertiser.siren", "siren_invalid"),
            ("channel", "required"),
            ("collected_at", "in_the_future"),
            ("evidence", "evidence_invalid"),
            ("object", "required"),
            ("purposes", "purpose_unknown"),
            ("special_slot", "special_slot_invalid"),
            ("text", "text_invalid"),
            ("text_version", "wrong_type"),
        ]
    );
    let mut no_zone = consent();
    no_zone["collected_at"] = json!("2026-11-01T10:00:00");
    let faults = member.post(&path, no_zone).await.expect(422).faults();
    assert_eq!(faults[0].1, "timestamp_invalid");
    let mut backwards = consent();
    backwards["valid_until"] = json!("2026-10-01T10:00:00Z");
    let faults = member.post(&path, backwards).await.expect(422).faults();
    assert_eq!(faults[0].1, "before_collection");
}

#[tokio::test]
async fn as_stranger_nothing_is_found() {
    let Fixture {
        test, member, path, ..
    } = start().await;
    let recorded = member.post(&path, consent()).await.expect(201).json()["consent"].clone();
    let other = test.organization().await;
    let stranger = other.member(test.serving(contacts::routes())).await;
    stranger.get(&path).await.expect_problem(404, "contact_not_found");
    stranger
        .post(&path, consent())
        .await
        .expect_problem(404, "contact_not_found");
    let withdraw = format!("{path}/{}/withdraw", recorded["id"].as_str().unwrap());
    stranger
        .post(&withdraw, json!({}))
        .await
        .expect_problem(404, "consent_not_found");
    let listed = member.get(&path).await.expect(200).json();
    assert_eq!(listed["data"][0]["status"], "valid");
}

#[tokio::test]
async fn a_number_on_the_list_takes_back_everything_that_its_holder_agreed_to() {
    let Fixture {
        member,
        path,
        test,
        organization,
    } = start().await;
    member.post(&path, consent()).await.expect(201);
    member
        .post("/api/v1/do-not-call", json!({ "phone": "+33639980001" }))
        .await
        .expect(201);
    let listed = member.get(&path).await.expect(200).json();
    assert_eq!(listed["data"][0]["status"], "withdrawn");
    assert!(
        verify(&test.app, organization.id)
            .await
            .unwrap()
            .broken
            .is_empty()
    );
}

#[tokio::test]
async fn two_who_record_at_once_make_one_chain() {
    let Fixture {
        member,
        path,
        test,
        organization,
    } = start().await;
    let replies = futures_util::future::join_all((0..6).map(|_| member.post(&path, consent()))).await;
    for reply in replies {
        reply.expect(201);
    }
    let report = verify(&test.app, organization.id).await.unwrap();
    assert_eq!((report.chains, report.links, report.broken.len()), (1, 6, 0));
}

#[tokio::test]
async fn an_entry_cannot_be_changed_or_deleted_and_a_moved_head_is_named() {
    let Fixture {
        member,
        path,
        test,
        organization,
    } = start().await;
    member.post(&path, consent()).await.expect(201);
    let claims = &Claims::platform(organization.id);
    for statement in [
        "-- tests.change\n update consents set object = 'x'",
        "-- tests.delete\n delete from consents",
        "-- tests.delete_chain\n delete from consent_people",
    ] {
        let refused: Result<u64, zencall::db::DbError> = test
            .app
            .db
            .write("tests.tamper", claims, async |tx| {
                tx.execute(statement, &[]).await
            })
            .await;
        assert!(refused.is_err(), "{statement}");
    }
    organization
        .sql("update consent_people set length = 2", &[])
        .await;
    let report = verify(&test.app, organization.id).await.unwrap();
    assert_eq!(report.broken.len(), 1);
    assert_eq!(report.broken[0].broken.sequence, 2);
}
