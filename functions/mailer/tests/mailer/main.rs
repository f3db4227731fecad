//! What `mailer` sends, read back from the mail service.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod a_changed_address;
mod a_confirmation;
mod a_known_address;
mod a_lost_password;
mod a_message;
mod a_paused_campaign;
mod an_invitation;

use serde_json::{Value, json};
use testkit::{Options, QueueKind, TestApp};
use zencall::adapters::mail::Mailer;
use zencall::identity::{self, NewPassword, SignUp};
use zencall::kernel::caller::{Caller, Person, Principal};
use zencall::kernel::ids::SessionId;
use zencall::kernel::{Email, Language, Name, Origin, Role};
use zencall::organizations::OrganizationType;
use zencall::worker::{Message, NotHandled};

struct Post {
    test: TestApp,
    mailer: Mailer,
    email: String,
}

impl Post {
    async fn opens() -> Self {
        Self::opens_with(Options::default()).await
    }

    async fn opens_with(options: Options) -> Self {
        let test = TestApp::with(options).await;
        let mailer = test.mailer().await;
        let email = format!("Lou.{}@exemple.fr", test.app.clock.uuid().simple());
        Self { test, mailer, email }
    }

    async fn sign_up(&self, language: Language) -> Value {
        let sign_up = SignUp {
            email: Email::parse(&self.email).unwrap(),
            password: NewPassword::parse("trois petits chats", &[]).unwrap(),
            full_name: Name::parse("http://evil.example Gagnez 1 000 €").unwrap(),
            organization_type: OrganizationType::B2c,
            company_name: None,
            company_registration: None,
            vat_number: None,
            marketing_consent: false,
            language,
        };
        identity::register(&self.test.app, &testkit::some_origin(), &sign_up)
            .await
            .unwrap();
        self.take().await
    }

    async fn take(&self) -> Value {
        let messages = self.test.queues.take(QueueKind::Mail).await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        messages[0].clone()
    }

    async fn handle(&self, body: &Value) -> Result<(), NotHandled> {
        mailer::handle(&self.test.app, &self.mailer, &on_the_queue(body)).await
    }

    async fn sent(&self) -> Vec<testkit::SentMail> {
        self.test.mails_to(&self.email).await
    }
}

fn on_the_queue(body: &Value) -> Message {
    Message {
        id: "1".to_owned(),
        body: body.to_string(),
        receive_count: 1,
        sent_at: None,
    }
}

impl Post {
    /// Somebody who is logged in.
    async fn confirmed(&self, language: Language) -> Caller {
        let message = self.sign_up(language).await;
        self.handle(&message).await.unwrap();
        let token = self.sent().await[0].token().unwrap().to_owned();
        let app = &self.test.app;
        let session = identity::confirm(app, &Origin::default(), &token).await.unwrap();
        Caller {
            principal: Principal::Person(Person {
                user: session.profile.id,
                role: Role::Admin,
                session: SessionId::new(&app.clock),
            }),
            organization: session.organization.id,
            origin: Origin::default(),
        }
    }

    /// Handles all that is on the queue.
    async fn delivers(&self) {
        for message in self.test.queues.take(QueueKind::Mail).await {
            self.handle(&message).await.unwrap();
        }
    }
}

fn subjects(mails: &[testkit::SentMail]) -> Vec<&str> {
    mails.iter().map(|mail| mail.subject.as_str()).collect()
}
