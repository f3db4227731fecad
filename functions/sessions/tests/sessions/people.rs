//! People who have signed up, and what they can do.

use serde_json::{Value, json};
use testkit::{Client, Options, QueueKind, Reply, TestApp, some_origin};
use zencall::db::{Claims, DbError};
use zencall::identity::{self, MailMessage, NewPassword, Notice, NoticeKind, SignUp};
use zencall::kernel::ids::OrganizationId;
use zencall::kernel::meter::Meter;
use zencall::kernel::{Email, Language, Name};
use zencall::organizations::OrganizationType;

pub(crate) const PASSWORD: &str = "trois petits chats";

/// Somebody who has signed up, with the token of the link that was mailed to them.
pub(crate) struct Person {
    pub(crate) test: TestApp,
    pub(crate) client: Client,
    pub(crate) email: String,
    pub(crate) organization: OrganizationId,
    pub(crate) token: String,
}

impl Person {
    /// Signed up, and not confirmed.
    pub(crate) async fn signed_up() -> Self {
        Self::signed_up_at(TestApp::start().await).await
    }

    /// The same on an application with these options.
    pub(crate) async fn signed_up_with(options: Options) -> Self {
        Self::signed_up_at(TestApp::with(options).await).await
    }

    async fn signed_up_at(test: TestApp) -> Self {
        let email = format!("Lou.{}@exemple.fr", test.app.clock.uuid().simple());
        let sign_up = SignUp {
            email: Email::parse(&email).unwrap(),
            password: NewPassword::parse(PASSWORD, &[]).unwrap(),
            full_name: Name::parse("Lou Fèvre").unwrap(),
            organization_type: OrganizationType::B2c,
            company_name: None,
            company_registration: None,
            vat_number: None,
            marketing_consent: false,
            language: Language::Fr,
        };
        identity::register(&test.app, &some_origin(), &sign_up)
            .await
            .unwrap();
        let known = test
            .app
            .db
            .user_by_email(&Meter::default(), &sign_up.email)
            .await
            .unwrap()
            .unwrap();
        let token = mailed_token(&test).await.unwrap();
        Self {
            client: Client::anonymous(test.serving(sessions::routes())),
            email,
            organization: known.organization,
            token,
            test,
        }
    }

    /// Signed up and confirmed, with their session.
    pub(crate) async fn confirmed() -> (Self, Value) {
        let person = Self::signed_up().await;
        let session = person.confirms(&person.token).await.expect(200).json();
        (person, session)
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.client.post(&format!("/api/v1/auth/{path}"), body).await
    }

    pub(crate) async fn confirms(&self, token: &str) -> Reply {
        self.post("confirm", json!({ "token": token })).await
    }

    pub(crate) async fn logs_in(&self, password: &str) -> Reply {
        self.post("login", json!({ "email": self.email, "password": password }))
            .await
    }

    pub(crate) async fn refreshes(&self, session: &Value) -> Reply {
        self.post("refresh", json!({ "refresh_token": session["refresh_token"] }))
            .await
    }

    /// Their requests with this session's access token.
    pub(crate) fn with(&self, session: &Value) -> Client {
        let token = session["access_token"].as_str().unwrap();
        Client::bearer(self.test.serving(sessions::routes()), token)
    }

    /// Rows of their organisation.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Value> {
        let sql = format!("select to_jsonb(q) from ({sql}) q");
        self.test
            .app
            .db
            .read("tests.rows", &Claims::platform(self.organization), async |tx| {
                tx.query(&sql, &[]).await
            })
            .await
            .unwrap_or_else(|error: DbError| panic!("{sql}: {error:?}"))
            .iter()
            .map(|row| row.get(0))
            .collect()
    }

    pub(crate) async fn actions(&self) -> Vec<String> {
        let rows = self.rows("select action from gdpr_audit_logs order by id").await;
        rows.iter()
            .map(|row| row["action"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The mails that the queue asks for, in their order, sent.
pub(crate) async fn notices(test: &TestApp) -> Vec<Notice> {
    let mut notices = Vec::new();
    for message in test.queues.take(QueueKind::Mail).await {
        let message: MailMessage = serde_json::from_value(message).unwrap();
        if let Some(notice) = identity::compose(&test.app, &message).await.unwrap() {
            identity::mark_sent(&test.app, &notice).await.unwrap();
            notices.push(notice);
        }
    }
    notices
}

/// What the mails say.
pub(crate) fn kinds(notices: &[Notice]) -> Vec<NoticeKind> {
    notices.iter().map(|notice| notice.kind).collect()
}

/// The token of the mail that the queue's one message asks for.
pub(crate) async fn mailed_token(test: &TestApp) -> Option<String> {
    let messages = test.queues.take(QueueKind::Mail).await;
    assert_eq!(messages.len(), 1, "{messages:?}");
    let message: MailMessage = serde_json::from_value(messages[0].clone()).unwrap();
    let notice = identity::compose(&test.app, &message).await.unwrap()?;
    notice.token().map(str::to_owned)
}
