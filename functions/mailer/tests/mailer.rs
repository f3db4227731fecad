//! What `mailer` sends, read back from the mail service.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use jiff::SignedDuration;
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

mod a_confirmation {
    use super::*;

    #[tokio::test]
    async fn carries_a_link_alone_on_its_line_that_confirms() {
        let post = Post::opens().await;
        let message = post.sign_up(Language::Fr).await;
        post.handle(&message).await.unwrap();
        let sent = post.sent().await;
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].subject, "Confirmez votre adresse e-mail");
        let token = sent[0].token().unwrap();
        let line = format!("{}/auth/confirm?token={token}", post.test.app.config.app_url);
        assert!(
            sent[0].text.lines().any(|found| found == line),
            "{}",
            sent[0].text
        );
        assert!(
            !sent[0].text.contains("evil"),
            "nobody writes to others through us"
        );
        let session = identity::confirm(&post.test.app, &Origin::default(), token).await;
        assert_eq!(session.unwrap().profile.email, Email::parse(&post.email).unwrap());
    }

    #[tokio::test]
    async fn is_written_in_english_to_those_who_chose_it_and_in_french_to_all_others() {
        for (language, subject) in [
            (Language::En, "Confirm your e-mail address"),
            (Language::Es, "Confirmez votre adresse e-mail"),
        ] {
            let post = Post::opens().await;
            let message = post.sign_up(language).await;
            post.handle(&message).await.unwrap();
            assert_eq!(post.sent().await[0].subject, subject);
        }
    }

    #[tokio::test]
    async fn is_sent_once_however_often_the_queue_hands_it_out() {
        let post = Post::opens().await;
        let message = post.sign_up(Language::Fr).await;
        for _ in 0..3 {
            post.handle(&message).await.unwrap();
        }
        assert_eq!(post.sent().await.len(), 1);
    }

    #[tokio::test]
    async fn is_dropped_once_the_link_was_followed_or_has_expired() {
        let post = Post::opens_with(Options {
            held_at: Some("2026-11-23T09:00:00Z".parse().unwrap()),
            ..Options::default()
        })
        .await;
        let message = post.sign_up(Language::Fr).await;
        post.test.app.clock.advance(SignedDuration::from_hours(24));
        post.handle(&message).await.unwrap();
        assert!(post.sent().await.is_empty());

        let email = Email::parse(&post.email).unwrap();
        identity::resend(&post.test.app, &testkit::some_origin(), &email)
            .await
            .unwrap();
        let again = post.take().await;
        post.handle(&again).await.unwrap();
        let sent = post.sent().await;
        let token = sent[0].token().unwrap();
        identity::confirm(&post.test.app, &Origin::default(), token)
            .await
            .unwrap();
        post.handle(&again).await.unwrap();
        assert_eq!(post.sent().await.len(), 1);
    }
}

mod a_known_address {
    use super::*;

    #[tokio::test]
    async fn is_told_so_without_a_token() {
        for (language, subject) in [
            (Language::Fr, "Vous avez déjà un compte"),
            (Language::En, "You already have an account"),
        ] {
            let post = Post::opens().await;
            post.sign_up(language).await;
            let message = post.sign_up(Language::Fr).await;
            assert_eq!(message["kind"], "address_known");
            post.handle(&message).await.unwrap();
            let sent = post.sent().await;
            assert_eq!(sent[0].subject, subject);
            assert!(sent[0].token().is_none());
        }
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

mod a_lost_password {
    use super::*;

    #[tokio::test]
    async fn is_replaced_with_the_link_of_one_mail() {
        for (language, subject) in [
            (Language::Fr, "Choisissez un nouveau mot de passe"),
            (Language::En, "Choose a new password"),
        ] {
            let post = Post::opens().await;
            post.sign_up(language).await;
            let app = &post.test.app;
            let email = Email::parse(&post.email).unwrap();
            identity::forgot(app, &testkit::some_origin(), &email)
                .await
                .unwrap();
            let message = post.take().await;
            for _ in 0..2 {
                post.handle(&message).await.unwrap();
            }
            let sent = post.sent().await;
            assert_eq!(subjects(&sent), [subject]);
            let token = sent[0].token().unwrap();
            let line = format!("{}/auth/password/reset?token={token}", app.config.app_url);
            assert!(sent[0].text.lines().any(|found| found == line));
            let next = NewPassword::parse("quatre gros chiens", &[]).unwrap();
            identity::reset_password(app, &Origin::default(), token, &next)
                .await
                .unwrap();
            post.delivers().await;
            let told = match language {
                Language::En => "Your password was changed",
                _ => "Votre mot de passe a changé",
            };
            assert_eq!(subjects(&post.sent().await), [subject, told]);
        }
    }
}

mod a_changed_address {
    use super::*;

    #[tokio::test]
    async fn is_mailed_to_both_and_the_old_one_hears_of_it_again_when_it_is_done() {
        for (language, wanted) in [
            (
                Language::Fr,
                [
                    "Confirmez votre nouvelle adresse e-mail",
                    "Un changement d'adresse a été demandé",
                    "L'adresse de votre compte a changé",
                ],
            ),
            (
                Language::En,
                [
                    "Confirm your new e-mail address",
                    "A change of address was requested",
                    "The address of your account was changed",
                ],
            ),
        ] {
            let post = Post::opens().await;
            let caller = post.confirmed(language).await;
            let app = &post.test.app;
            let new = format!("new.{}", post.email);
            let typed = Email::parse(&new).unwrap();
            let password = "trois petits chats".to_owned();
            identity::change_email(app, &caller, password, &typed)
                .await
                .unwrap();
            post.delivers().await;
            let to_new = post.test.mails_to(&new).await;
            assert_eq!(subjects(&to_new), [wanted[0]]);
            let token = to_new[0].token().unwrap();
            let line = format!("{}/auth/confirm?token={token}", app.config.app_url);
            assert!(to_new[0].text.lines().any(|found| found == line));
            let to_old = post.sent().await;
            assert_eq!(subjects(&to_old)[1..], [wanted[1]]);
            assert!(to_old[1].token().is_none() && !to_old[1].text.contains(&new));

            identity::confirm(app, &Origin::default(), token).await.unwrap();
            post.delivers().await;
            assert_eq!(subjects(&post.sent().await)[1..], wanted[1..]);
            assert_eq!(post.test.mails_to(&new).await.len(), 1);
        }
    }

    #[tokio::test]
    async fn that_is_somebody_s_is_told_to_that_person_without_a_token() {
        let (post, owner) = (Post::opens().await, Post::opens().await);
        let caller = post.confirmed(Language::Fr).await;
        owner.sign_up(Language::En).await;
        let taken = Email::parse(&owner.email).unwrap();
        let password = "trois petits chats".to_owned();
        identity::change_email(&post.test.app, &caller, password, &taken)
            .await
            .unwrap();
        post.delivers().await;
        let sent = owner.sent().await;
        assert_eq!(subjects(&sent), ["This address is that of your account already"]);
        assert!(sent[0].token().is_none());
    }
}

mod a_message {
    use super::*;

    #[tokio::test]
    async fn about_nobody_or_somebody_gone_sends_nothing() {
        let post = Post::opens().await;
        let sample: Value = serde_json::from_str(&testkit::events::sample("mailer")).unwrap();
        let gone: Value = serde_json::from_str(sample["Records"][0]["body"].as_str().unwrap()).unwrap();
        let mut known = gone.clone();
        known["kind"] = json!("address_known");
        let mut again = gone.clone();
        again["kind"] = json!("confirm_email_again");
        let mut messages = vec![json!({ "v": 1, "kind": "nobody" }), gone.clone(), known, again];
        for kind in [
            "reset_password",
            "password_changed",
            "change_email",
            "email_change_asked",
            "email_changed",
        ] {
            let mut message = gone.clone();
            message["kind"] = json!(kind);
            messages.push(message);
        }
        for message in messages {
            post.handle(&message).await.unwrap();
        }
        assert!(post.sent().await.is_empty());
    }

    #[tokio::test]
    async fn of_another_organisation_s_person_sends_nothing() {
        let post = Post::opens().await;
        let mut message = post.sign_up(Language::Fr).await;
        let other = post.test.organization().await;
        message["organization_id"] = json!(other.id);
        post.handle(&message).await.unwrap();
        assert!(post.sent().await.is_empty());
    }

    #[tokio::test]
    async fn that_cannot_be_read_goes_back_to_the_queue() {
        let post = Post::opens().await;
        for message in [json!({}), json!({ "v": 1, "kind": "newsletter" }), json!("x")] {
            let outcome = post.handle(&message).await.unwrap_err();
            assert!(outcome.is_worth_retrying());
        }
    }

    #[tokio::test]
    async fn goes_back_to_the_queue_while_the_database_or_the_mail_service_is_down() {
        let post = Post::opens().await;
        let message = post.sign_up(Language::Fr).await;
        let dead = Post::opens_with(Options {
            database_url: Some("postgres://nobody:x@127.0.0.1:1/none".to_owned()),
            ..Options::default()
        })
        .await;
        assert!(dead.handle(&message).await.unwrap_err().is_worth_retrying());

        // Without credentials the client fails before it gets an answer.
        let mut aws = post.test.app.aws().await.to_builder();
        aws.set_credentials_provider(None);
        let mute = Mailer::new(&aws.build(), &post.test.app.config.mail_from);
        let outcome = mailer::handle(&post.test.app, &mute, &on_the_queue(&message)).await;
        assert!(outcome.unwrap_err().is_worth_retrying());
        post.handle(&message).await.unwrap();
        assert_eq!(post.sent().await.len(), 1);
    }
    #[tokio::test]
    async fn is_dropped_when_the_mail_service_refuses_it_for_good() {
        let post = Post::opens().await;
        let message = post.sign_up(Language::Fr).await;
        let config = post.test.app.aws().await;
        let stranger = Mailer::new(config, "Zencall <no-reply@unverified.example>");
        let outcome = mailer::handle(&post.test.app, &stranger, &on_the_queue(&message)).await;
        assert!(!outcome.unwrap_err().is_worth_retrying());
        assert!(post.sent().await.is_empty());
    }
}

mod an_invitation {
    use testkit::TestOrganization;
    use zencall::kernel::Role;

    use super::*;

    impl Post {
        async fn invite(&self, organization: &TestOrganization) -> Value {
            let email = Email::parse(&self.email).unwrap();
            identity::invite(&self.test.app, &organization.caller(), &email, Role::Member)
                .await
                .unwrap();
            self.take().await
        }
    }

    #[tokio::test]
    async fn names_the_inviters_address_and_carries_a_link_and_nothing_else_that_somebody_typed() {
        let post = Post::opens().await;
        let organization = post.test.organization().await;
        organization
            .sql(
                "update organizations set name = 'http://evil.example Gagnez 1 000 €' where id = $1",
                &[&organization.id],
            )
            .await;
        let message = post.invite(&organization).await;
        for _ in 0..3 {
            post.handle(&message).await.unwrap();
        }
        let sent = post.sent().await;
        assert_eq!(sent.len(), 1, "once, however often the queue hands it out");
        assert_eq!(sent[0].subject, "Vous êtes invité sur Zencall");
        let token = sent[0].token().unwrap();
        let line = format!("{}/auth/invitation?token={token}", post.test.app.config.app_url);
        assert!(
            sent[0].text.lines().any(|found| found == line),
            "{}",
            sent[0].text
        );
        let inviter = format!("{}@zencall.example", organization.admin);
        assert!(sent[0].text.contains(&inviter));
        assert!(!sent[0].text.contains("evil"));
    }

    #[tokio::test]
    async fn tells_whoever_has_an_account_elsewhere_and_has_no_link() {
        let post = Post::opens().await;
        post.sign_up(Language::Fr).await;
        let organization = post.test.organization().await;
        organization
            .sql(
                "update organizations set language = 'en' where id = $1",
                &[&organization.id],
            )
            .await;
        let message = post.invite(&organization).await;
        post.handle(&message).await.unwrap();
        let sent = post.sent().await;
        assert_eq!(
            sent[0].subject,
            "You are invited to Zencall, but you already have an account"
        );
        assert_eq!(sent[0].token(), None);
    }
}

mod a_paused_campaign {
    use testkit::TestOrganization;

    use super::*;

    async fn paused(post: &Post, reason: Option<&str>, language: &str) -> (TestOrganization, Value) {
        let organization = post.test.organization().await;
        let assistant = organization.assistant().await;
        let campaign = organization.campaign(assistant, &[]).await;
        let user = post.test.app.clock.uuid();
        organization
            .sql(
                "insert into profiles (id, organization_id, email, full_name, role, language, email_confirmed_at, created_at,
                                       updated_at)
                 values ($1, $2, $3, 'Lou', 'admin', $4, now(), now(), now())",
                &[&user, &organization.id, &post.email, &language],
            )
            .await;
        organization
            .sql(
                "update campaigns set status = 'paused', pause_reason = $1",
                &[&reason],
            )
            .await;
        let wanted = json!({ "v": 1, "kind": "campaign_paused", "organization_id": organization.id,
                             "campaign_id": campaign, "user_id": user });
        (organization, wanted)
    }

    #[tokio::test]
    async fn is_told_in_the_language_of_whoever_is_to_know() {
        //
        for (language, reason, subject, words) in [
            (
                "fr",
                "budget_exhausted",
                "Une campagne est en pause",
                "coût maximal",
            ),
            ("en", "budget_exhausted", "A campaign is paused", "maximum cost"),
            (
                "fr",
                "provider_failures",
                "Une campagne est en pause",
                "chez un fournisseur",
            ),
            (
                "en",
                "provider_failures",
                "A campaign is paused",
                "half of its latest calls",
            ),
            (
                "fr",
                "assistant_not_compliant",
                "Une campagne est en pause",
                "Synchronisez les assistants",
            ),
            ("en", "vapi_credit", "A campaign is paused", "(vapi_credit)"),
        ] {
            let post = Post::opens().await;
            let (_, wanted) = paused(&post, Some(reason), language).await;
            post.handle(&wanted).await.unwrap();
            let sent = post.sent().await;
            assert_eq!(sent.len(), 1);
            assert_eq!(sent[0].subject, subject);
            assert!(sent[0].text.contains(words), "{}", sent[0].text);
            assert!(sent[0].text.contains("Rappel de rendez-vous"));
            let link = format!("/campaigns/{}", wanted["campaign_id"].as_str().unwrap());
            assert!(sent[0].text.contains(&link));
        }
    }

    #[tokio::test]
    async fn that_goes_on_by_now_is_not_told() {
        let post = Post::opens().await;
        let (organization, wanted) = paused(&post, Some("budget_exhausted"), "fr").await;
        organization
            .sql(
                "update campaigns set status = 'running', pause_reason = null",
                &[],
            )
            .await;
        post.handle(&wanted).await.unwrap();
        assert!(post.sent().await.is_empty());
    }
}
