//! An organisation that imports, and what becomes of it.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Client, QueueKind, TestApp, TestOrganization};
use zencall::adapters::storage::Storage;
use zencall::imports::{self, ImportMessage, WorkError, Worked};
use zencall::kernel::ids::ImportId;
use zencall::worker::Message;

/// An organisation, somebody of it, and the bucket.
pub(crate) struct Tenant<'a> {
    pub(crate) test: &'a TestApp,
    pub(crate) organization: TestOrganization,
    pub(crate) member: Client,
    pub(crate) storage: Storage,
}

/// An import that was asked for.
pub(crate) struct Asked {
    pub(crate) id: ImportId,
    pub(crate) upload_url: String,
}

impl<'a> Tenant<'a> {
    pub(crate) async fn of(test: &'a TestApp) -> Self {
        let organization = test.organization().await;
        let member = organization.member(test.serving(contacts::routes())).await;
        let storage = Storage::new(test.app.aws().await, &test.app.config.export_bucket).unwrap();
        Self {
            test,
            organization,
            member,
            storage,
        }
    }

    /// Asks for an import.
    pub(crate) async fn ask(&self) -> Asked {
        let body = json!({ "file_name": "clients.csv" });
        let answer = self.member.post("/api/v1/contacts/imports", body).await;
        let import = answer.expect(201).json()["import"].clone();
        assert_eq!(import["status"], "waiting");
        Asked {
            id: ImportId::parse(import["id"].as_str().unwrap()).unwrap(),
            upload_url: import["upload_url"].as_str().unwrap().to_owned(),
        }
    }

    /// Asks for an import and uploads its file.
    pub(crate) async fn upload(&self, file: &[u8]) -> Asked {
        let asked = self.ask().await;
        put(&asked.upload_url, file).await;
        asked
    }

    /// The object that the file is.
    pub(crate) fn key(&self, asked: &Asked) -> String {
        format!("imports/uploads/{}/{}", self.organization.id, asked.id)
    }

    pub(crate) fn message(&self, asked: &Asked) -> ImportMessage {
        ImportMessage::new(self.organization.id, asked.id)
    }

    /// What the bucket says of the upload reaches the function.
    pub(crate) async fn handle(&self, asked: &Asked) {
        let told = json!({ "Records": [{ "s3": { "object": { "key": self.key(asked) } } }] });
        let message = Message {
            id: "message".to_owned(),
            body: told.to_string(),
            receive_count: 1,
            sent_at: None,
        };
        contact_importer::handle(&self.test.app, &self.storage, &message)
            .await
            .unwrap();
    }

    /// One turn, as short as can be: one batch of rows.
    pub(crate) async fn turn(&self, asked: &Asked) -> Result<Worked, WorkError> {
        let message = self.message(asked);
        imports::work(&self.test.app, &self.storage, &message, SignedDuration::ZERO).await
    }

    pub(crate) async fn read(&self, asked: &Asked) -> Value {
        let answer = self
            .member
            .get(&format!("/api/v1/contacts/imports/{}", asked.id))
            .await;
        answer.expect(200).json()["import"].clone()
    }

    /// What became of each row, in order.
    pub(crate) async fn outcome(&self, asked: &Asked) -> Vec<Row> {
        let import = self.read(asked).await;
        let url = import["outcome_url"]
            .as_str()
            .unwrap_or_else(|| panic!("{import}"));
        let answer = zencall::adapters::http_client().get(url).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        let text = answer.text().await.unwrap();
        let mut csv = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let rows = csv.records().map(|row| {
            let row = row.unwrap();
            Row(std::array::from_fn(|column| row[column].to_owned()))
        });
        rows.collect()
    }

    /// How many contacts there are.
    pub(crate) async fn contacts(&self) -> usize {
        let rows = self
            .organization
            .rows(
                "select count(*) as n from contacts where organization_id = $1",
                &[&self.organization.id],
            )
            .await;
        usize::try_from(rows[0]["n"].as_u64().unwrap()).unwrap()
    }

    /// The messages to go on that lie on the queue.
    pub(crate) async fn messages(&self) -> Vec<Value> {
        self.test.queues.take(QueueKind::Imports).await
    }
}

/// A line of an outcome: line, outcome, contact, code, field, message, suggestion.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row(pub(crate) [String; 7]);

impl Row {
    /// Line, outcome and code.
    pub(crate) fn short(&self) -> (&str, &str, &str) {
        (&self.0[0], &self.0[1], &self.0[3])
    }
}

/// Uploads a file.
pub(crate) async fn put(url: &str, file: &[u8]) {
    let client = zencall::adapters::http_client();
    let answer = client.put(url).body(file.to_vec()).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
}

/// A file of so many numbers of the ranges that are kept for fiction.
pub(crate) fn numbers(count: usize) -> Vec<u8> {
    let mut file = String::from("téléphone;prénom;code_postal\n");
    for number in 0..count {
        let (range, rest) = (
            [1_9900, 2_6191, 3_5301, 4_6571, 5_3649][number / 10_000],
            number % 10_000,
        );
        file.push_str(&format!("0{range:05}{rest:04};Ana;75011\n"));
    }
    file.into_bytes()
}
