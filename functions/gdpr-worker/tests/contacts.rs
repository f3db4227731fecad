//! The rights of the people whom an organisation calls: a copy of what is about them and nobody else, and being forgotten
//! here and at the providers, for good.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "it uses a part of it")]
mod support;

use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::{Value, json};
use support::{Archive, Tenant};
use testkit::{Options, QueueKind, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TestApp};
use zencall::adapters::twilio::{AccountSid, TwilioCredentials, secret};
use zencall::consents::{self, Company, NewConsent, Purpose, verify::verify};
use zencall::kernel::ids::ContactId;

const NOW: &str = "2026-11-24T11:00:00Z";
const PHONE: &str = "+33639980000";
const OTHER: &str = "+33639980001";

async fn at(now: &str, options: Options) -> TestApp {
    TestApp::with(Options {
        held_at: Some(now.parse().unwrap()),
        ..options
    })
    .await
}

/// Somebody who agreed, was called and texted, and somebody else.
struct Person {
    contact: ContactId,
    vapi_call: String,
    sid: String,
}

impl Person {
    async fn of(tenant: &Tenant<'_>) -> Self {
        tenant.fill().await;
        let (app, organization) = (&tenant.test.app, &tenant.organization);
        organization.connect_twilio().await;
        let credentials = TwilioCredentials {
            account_sid: AccountSid::parse(TWILIO_ACCOUNT_SID).unwrap(),
            auth_token: SecretString::from(TWILIO_AUTH_TOKEN),
            api_key: None,
        };
        secret::store(
            app.secrets().await,
            &app.config.stage,
            organization.id,
            &credentials,
        )
        .await
        .unwrap();
        let contacts = organization
            .rows("select id from contacts where phone = '+33639980000'", &[])
            .await;
        let contact = ContactId::parse(contacts[0]["id"].as_str().unwrap()).unwrap();
        for who in [contact, organization.contact("+33639985555").await] {
            let consent = NewConsent {
                purposes: vec![Purpose::Phone],
                object: "Chaudière".to_owned(),
                advertiser: Company {
                    name: "Atelier".to_owned(),
                    siren: None,
                },
                third_party: None,
                text: "J'accepte.".to_owned(),
                text_version: "1".to_owned(),
                channel: "web_form".to_owned(),
                positive_act: None,
                collected_at: app.clock.now(),
                valid_until: None,
                special_slot: None,
                evidence: Some(json!(format!("formulaire de {who}"))),
            };
            consents::record(app, &organization.caller(), &who.to_string(), &consent)
                .await
                .unwrap();
        }
        let (vapi_call, sid) = (
            app.clock.uuid().to_string(),
            format!("SM{}", app.clock.uuid().simple()),
        );
        let sql = "update calls set vapi_call_id = $2, summary = 'Il est au lit.' where contact_id = $1";
        organization.sql(sql, &[&contact, &vapi_call]).await;
        let sql = "update messages set twilio_message_sid = $2, contact_id = $1 where phone = '+33639980000'";
        organization.sql(sql, &[&contact, &sid]).await;
        Self {
            contact,
            vapi_call,
            sid,
        }
    }

    fn path(&self, what: &str) -> String {
        format!("/api/v1/gdpr/contacts/{}/{what}", self.contact)
    }
}

#[tokio::test]
async fn a_copy_holds_what_is_about_the_person_and_nobody_else() {
    //
    let test = at(NOW, Options::default()).await;
    let tenant = Tenant::of(&test).await;
    let person = Person::of(&tenant).await;
    let asked = tenant
        .member
        .post(&person.path("export"), json!({}))
        .await
        .expect(202)
        .json();
    assert_eq!(asked["request"]["scope"], "contact");
    assert_eq!(asked["request"]["contact_id"], person.contact.to_string());
    // While it is open, it is the same.
    let again = tenant
        .member
        .post(&person.path("export"), json!({}))
        .await
        .expect(202)
        .json();
    assert_eq!(again["request"]["id"], asked["request"]["id"]);
    tenant.work_off().await;
    let id = asked["request"]["id"].as_str().unwrap();
    let read = tenant.read(&tenant.member, id).await;
    assert_eq!(read["status"], "completed");
    let archive = Archive::fetch(read["data_url"].as_str().unwrap()).await;
    assert_eq!(archive.manifest["contact_id"], person.contact.to_string());
    assert_eq!(archive.json("contacts").len(), 1);
    assert_eq!(archive.json("contacts")[0]["phone"], PHONE);
    for (table, rows) in [
        ("contact_consents", 1),
        ("calls", 1),
        ("call_turns", 1),
        ("messages", 1),
        ("decisions", 1),
    ] {
        assert_eq!(archive.json(table).len(), rows, "{table}");
    }
    let everything = archive.everything();
    for third in [OTHER, "+33639985555", "+33639989999", "192.0.2", "created_by"] {
        assert!(!everything.contains(third), "{third}");
    }
    // Another organisation's contact is not there.
    let stranger = Tenant::of(&test).await;
    for what in ["export", "erase"] {
        stranger
            .admin
            .post(&person.path(what), json!({}))
            .await
            .expect_problem(404, "contact_not_found");
    }
}

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
    let old = NewConsent {
        purposes: vec![Purpose::Phone],
        object: "Ancien".to_owned(),
        advertiser: Company {
            name: "Atelier".to_owned(),
            siren: None,
        },
        third_party: None,
        text: "J'accepte.".to_owned(),
        text_version: "1".to_owned(),
        channel: "paper".to_owned(),
        positive_act: None,
        collected_at: "2021-01-01T00:00:00Z".parse().unwrap(),
        valid_until: None,
        special_slot: None,
        evidence: Some(json!("bulletin")),
    };
    consents::record(app, &organization.caller(), &contact.to_string(), &old)
        .await
        .unwrap();
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
