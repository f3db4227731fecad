//! A tenant with something to export, its worker, and archives opened and verified.

use std::io::{Cursor, Read as _};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use testkit::{Client, QueueKind, TestApp, TestOrganization};
use zencall::adapters::storage::Storage;
use zencall::worker::{Message, NotHandled};

/// An organisation, its people, and a worker.
pub(crate) struct Tenant<'a> {
    pub(crate) test: &'a TestApp,
    pub(crate) organization: TestOrganization,
    pub(crate) admin: Client,
    pub(crate) member: Client,
    storage: Storage,
}

/// A message as it comes off a queue.
pub(crate) fn message(body: &Value) -> Message {
    Message {
        id: "message".to_owned(),
        body: body.to_string(),
        receive_count: 1,
        sent_at: None,
    }
}

impl<'a> Tenant<'a> {
    pub(crate) async fn of(test: &'a TestApp) -> Self {
        let organization = test.organization().await;
        let admin = organization.admin(test.serving(gdpr_export::routes())).await;
        let member = organization.member(test.serving(gdpr_export::routes())).await;
        let storage = Storage::new(test.app.aws().await, &test.app.config.export_bucket).unwrap();
        Self {
            test,
            organization,
            admin,
            member,
            storage,
        }
    }

    pub(crate) async fn storage_of(&self, bucket: &str) -> Storage {
        Storage::new(self.test.app.aws().await, bucket).unwrap()
    }

    /// A row or more in every table that an archive holds.
    pub(crate) async fn fill(&self) {
        let (organization, now) = (&self.organization, self.test.app.clock.now());
        let id = || self.test.app.clock.uuid();
        for (user, address) in [
            (organization.member, "192.0.2.1"),
            (organization.admin, "192.0.2.77"),
        ] {
            organization
                .sql(
                    "insert into credentials (user_id, organization_id, password_hash, updated_at)
                     values ($1, $2, '$argon2id$', $3)",
                    &[&user, &organization.id, &now],
                )
                .await;
            organization
                .sql(
                    "insert into sessions (id, organization_id, user_id, created_at, last_used_at, ip_address)
                     values ($1, $2, $3, $4, $4, $5)",
                    &[&id(), &organization.id, &user, &now, &address],
                )
                .await;
            organization
                .sql(
                    "insert into gdpr_consents (id, organization_id, user_id, consent_type, consent_given,
                                                consent_version, created_at)
                     values ($1, $2, $3, 'terms', true, '2026-11', $4)",
                    &[&id(), &organization.id, &user, &now],
                )
                .await;
        }
        // The administrator did something about the member.
        organization
            .sql(
                "insert into gdpr_audit_logs (id, organization_id, user_id, action, details, ip_address, created_at)
                 values ($1, $2, $3, 'member.change', $4, '192.0.2.77', $5)",
                &[
                    &id(),
                    &organization.id,
                    &organization.admin,
                    &json!({ "user_id": organization.member }),
                    &now,
                ],
            )
            .await;
        let contacts = organization.contacts(3).await;
        organization
            .sql(
                "update contacts set first_name = 'Contact', last_name = $3, tags = '{a,b}', variables = $4
                  where organization_id = $1 and id = $2",
                &[
                    &organization.id,
                    &contacts[0],
                    &"=HYPERLINK(\"http://evil.example\")",
                    &json!({ "note": "l'été, \"déjà\"\nfini" }),
                ],
            )
            .await;
        let assistant = organization.assistant().await;
        let campaign = organization.campaign(assistant, &contacts).await;
        organization
            .sql(
                "insert into gate_decisions (id, organization_id, campaign_id, contact_id, stage, allowed, inputs,
                                             inputs_hash, decided_at)
                 values ($1, $2, $3, $4, 'release', true, '{}', 'x', $5)",
                &[&id(), &organization.id, &campaign, &contacts[0], &now],
            )
            .await;
        organization
            .sql(
                "insert into messages (id, organization_id, direction, phone, sender, body, status, status_rank, segments,
                                       dispatch, due_at, created_by, created_at, updated_at)
                 values ($1, $2, 'outbound', '+33639980000', 'Agence', 'Bonjour', 'sent', 3, 1, 'done', $4, $3, $4, $4)",
                &[&id(), &organization.id, &organization.member, &now],
            )
            .await;
        organization
            .sql(
                "insert into do_not_call (id, organization_id, phone, source, created_by, created_at)
                 values ($1, $2, '+33639989999', 'manual', $3, $4)",
                &[&id(), &organization.id, &organization.member, &now],
            )
            .await;
        let call = id();
        organization
            .sql(
                "insert into calls (id, organization_id, campaign_id, contact_id, direction, phone, status, cost,
                                    sentiment_score, created_at, updated_at)
                 values ($1, $2, $3, $4, 'outbound', '+33639980000', 'ended', 0.1234, -0.5, $5, $5)",
                &[&call, &organization.id, &campaign, &contacts[0], &now],
            )
            .await;
        organization
            .sql(
                "insert into call_turns (organization_id, call_id, at, role, text_hash, text)
                 values ($1, $2, $3, 'user', '\\x01', 'Oui ?')",
                &[&organization.id, &call, &now],
            )
            .await;
    }

    /// Asks for an export; returns its id.
    pub(crate) async fn ask(&self, client: &Client, body: Value) -> String {
        let answer = client.post("/api/v1/gdpr/export", body).await.expect(202).json();
        answer["request"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn read(&self, client: &Client, id: &str) -> Value {
        let answer = client.get(&format!("/api/v1/gdpr/export/{id}")).await;
        answer.expect(200).json()["request"].clone()
    }

    pub(crate) async fn handle(&self, body: &Value) -> Result<(), NotHandled> {
        self.handle_with(&self.storage, body).await
    }

    pub(crate) async fn handle_with(&self, storage: &Storage, body: &Value) -> Result<(), NotHandled> {
        gdpr_worker::handle(&self.test.app, storage, &message(body)).await
    }

    /// Handles what lies on the queue.
    pub(crate) async fn work_off(&self) {
        for body in self.test.queues.take(QueueKind::Gdpr).await {
            self.handle(&body).await.unwrap();
        }
    }
}

/// An archive whose every sum is right.
pub(crate) struct Archive {
    pub(crate) manifest: Value,
    pub(crate) files: Vec<(String, String)>,
}

impl Archive {
    /// Fetches it, compares every sum, and every CSV file with its JSON twin.
    pub(crate) async fn fetch(link: &str) -> Self {
        let answer = zencall::adapters::http_client().get(link).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        assert_eq!(answer.headers()["content-type"], "application/zip");
        let bytes = answer.bytes().await.unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut files = Vec::new();
        for index in 0..zip.len() {
            let mut entry = zip.by_index(index).unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            files.push((entry.name().unwrap().into_owned(), text));
        }
        let (name, manifest) = files.pop().unwrap();
        assert_eq!(name, "manifest.json");
        let archive = Self {
            manifest: serde_json::from_str(&manifest).unwrap(),
            files,
        };
        archive.verify();
        archive
    }

    fn verify(&self) {
        let listed = self.manifest["files"].as_array().unwrap();
        assert_eq!(listed.len(), self.files.len());
        for (entry, (name, text)) in listed.iter().zip(&self.files) {
            assert_eq!(entry["name"], json!(name));
            assert_eq!(entry["bytes"], json!(text.len()), "{name}");
            let sum: String = Sha256::digest(text)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(entry["sha256"], json!(sum), "{name}");
            if let Some(table) = name.strip_suffix(".json") {
                assert_eq!(entry["rows"], json!(self.json(table).len()), "{name}");
                self.compare(table);
            }
        }
    }

    /// Each cell of the CSV file is the JSON file's value.
    fn compare(&self, table: &str) {
        let text = self.text(&format!("{table}.csv"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().unwrap().clone();
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        let objects = self.json(table);
        assert_eq!(rows.len(), objects.len(), "{table}");
        for (row, object) in rows.iter().zip(&objects) {
            assert_eq!(object.as_object().unwrap().len(), names.len(), "{table}");
            for (name, cell) in names.iter().zip(row) {
                let expected = match &object[name] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                let read = cell.strip_prefix('\'').unwrap_or(cell);
                assert_eq!(read, expected, "{table}.{name}");
            }
        }
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        let found = self.files.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("no {name}")).1
    }

    pub(crate) fn json(&self, table: &str) -> Vec<Value> {
        serde_json::from_str(self.text(&format!("{table}.json"))).unwrap()
    }

    pub(crate) fn everything(&self) -> String {
        self.files.iter().map(|(_, text)| text.as_str()).collect()
    }
}
