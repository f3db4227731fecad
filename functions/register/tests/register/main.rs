//! POST /api/v1/auth/register, through the real router, database and queue.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod a_known_address;
mod a_request;
mod a_sign_up;
mod faults;
mod limits;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use testkit::{Client, Options, QueueKind, Reply, TestApp};
use zencall::db::Claims;
use zencall::kernel::Email;
use zencall::kernel::ids::OrganizationId;
use zencall::kernel::meter::Meter;

const PATH: &str = "/api/v1/auth/register";

struct Visitor {
    test: TestApp,
    client: Client,
    email: String,
}

impl Visitor {
    async fn arrives() -> Self {
        Self::arrives_at(TestApp::start().await)
    }

    fn arrives_at(test: TestApp) -> Self {
        let client = Client::anonymous(test.serving(register::routes()));
        let email = format!("Jeanne.{}@exemple.fr", test.app.clock.uuid().simple());
        Self { test, client, email }
    }

    /// A company's form without a fault.
    fn company(&self) -> Value {
        json!({
            "email": self.email,
            "password": "trois petits chats",
            "full_name": "Jeanne d'Arc",
            "organization_type": "b2b",
            "company_name": "Atelier d'Éloïse",
            "company_registration": "732 829 320 00074",
            "vat_number": "FR 44 732829320",
            "terms_accepted": true,
            "privacy_accepted": true,
            "marketing_consent": true,
        })
    }

    fn company_with(&self, changes: Value) -> Value {
        let mut form = self.company();
        for (name, value) in changes.as_object().unwrap() {
            form[name] = value.clone();
        }
        form
    }

    async fn signs_up(&self, form: Value) -> Reply {
        self.client.post(PATH, form).await
    }

    async fn organization(&self) -> Option<OrganizationId> {
        let email = Email::parse(&self.email).unwrap();
        let known = self
            .test
            .app
            .db
            .user_by_email(&Meter::default(), &email)
            .await
            .unwrap();
        known.map(|known| known.organization)
    }

    /// Rows of this visitor's organisation.
    async fn rows(&self, sql: &str) -> Vec<Value> {
        let claims = Claims::platform(self.organization().await.unwrap());
        let sql = format!("select to_jsonb(q) from ({sql}) q");
        let rows = self
            .test
            .app
            .db
            .read("tests.rows", &claims, async |tx| tx.query(&sql, &[]).await)
            .await;
        rows.unwrap_or_else(|error: zencall::db::DbError| panic!("{sql}: {error:?}"))
            .iter()
            .map(|row| row.get(0))
            .collect()
    }

    async fn mails(&self) -> Vec<Value> {
        self.test.queues.take(QueueKind::Mail).await
    }
}
