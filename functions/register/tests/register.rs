//! POST /api/v1/auth/register, through the real router, database and queue.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use testkit::{Client, CountingProxy, Environment, Options, QueueKind, Reply, TestApp};
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

mod a_sign_up {
    use super::*;

    #[tokio::test]
    async fn of_a_company_makes_everything_at_once() {
        let visitor = Visitor::arrives().await;
        let reply = visitor.signs_up(visitor.company()).await.expect(202);
        let body = reply.json();
        assert_eq!(body["success"], true);
        assert!(body["message"].as_str().unwrap().contains("e-mail"));

        let organization = &visitor.rows("select * from organizations").await[0];
        assert_eq!(organization["name"], "Atelier d'Éloïse");
        assert_eq!(organization["organization_type"], "b2b");
        assert_eq!(organization["company_registration"], "73282932000074");
        assert_eq!(organization["vat_number"], "FR44732829320");
        let profile = &visitor.rows("select * from profiles").await[0];
        assert_eq!(profile["email"], visitor.email);
        assert_eq!(profile["full_name"], "Jeanne d'Arc");
        assert_eq!(profile["role"], "admin");
        assert_eq!(profile["marketing_consent"], true);
        assert_eq!(profile["email_confirmed_at"], Value::Null);
        assert!(profile["terms_accepted_at"].is_string() && profile["gdpr_consent_at"].is_string());
        let consents = visitor
            .rows("select consent_type, consent_given from gdpr_consents order by consent_type")
            .await;
        let given = |kind: &str| json!({ "consent_type": kind, "consent_given": true });
        assert_eq!(consents, [given("marketing"), given("privacy"), given("terms")]);
        let audit = &visitor.rows("select * from gdpr_audit_logs").await[0];
        assert_eq!(audit["action"], "user.register");
        assert_eq!(audit["user_id"], profile["id"]);

        let mails = visitor.mails().await;
        let link = &visitor.rows("select * from one_time_tokens").await[0];
        let wanted = json!({
            "v": 1, "kind": "confirm_email", "organization_id": organization["id"], "user_id": profile["id"],
            "token_id": link["id"],
        });
        assert_eq!(mails, [wanted]);
        let left = visitor.rows("select * from outbox").await;
        assert!(left.is_empty(), "what was sent is forgotten: {left:?}");
    }

    #[tokio::test]
    async fn keeps_the_password_as_owasp_asks_and_never_shows_it() {
        let visitor = Visitor::arrives().await;
        visitor.signs_up(visitor.company()).await.expect(202);
        let email = Email::parse(&visitor.email).unwrap();
        let login = visitor
            .test
            .app
            .db
            .login_by_email(&Meter::default(), &email)
            .await
            .unwrap()
            .unwrap();
        let kept = format!("{:?}", login.password_hash);
        assert!(!kept.contains("argon2"), "{kept}");
        let claims = Claims::platform(login.organization);
        let read = visitor
            .test
            .app
            .db
            .read("tests.steal", &claims, async |tx| {
                tx.query("select password_hash from credentials", &[]).await
            })
            .await;
        assert!(
            matches!(read, Err(zencall::db::DbError::Statement(_))),
            "{read:?}"
        );
    }

    #[tokio::test]
    async fn of_a_person_needs_no_company() {
        let visitor = Visitor::arrives().await;
        let form = json!({
            "email": visitor.email, "password": "trois petits chats", "full_name": "Zoé Nguyễn",
            "organization_type": "b2c", "company_name": "", "company_registration": " ", "vat_number": null,
            "terms_accepted": true, "privacy_accepted": true,
        });
        visitor.signs_up(form).await.expect(202);
        let organization = &visitor.rows("select * from organizations").await[0];
        assert_eq!(organization["name"], "Zoé Nguyễn");
        assert_eq!(organization["organization_type"], "b2c");
        let refused = visitor
            .rows("select consent_given from gdpr_consents where consent_type = 'marketing'")
            .await;
        assert_eq!(refused, [json!({ "consent_given": false })]);
    }

    #[tokio::test]
    async fn is_understood_in_camel_case_and_under_the_older_address() {
        let visitor = Visitor::arrives().await;
        let form = json!({
            "email": visitor.email, "password": "trois petits chats", "fullName": "Jeanne", "organizationType": "b2b",
            "companyName": "Atelier", "companyRegistration": "732829320", "vatNumber": "FR44732829320",
            "termsAccepted": true, "privacyAccepted": true, "marketingConsent": false, "unknownMember": 1,
        });
        let reply = visitor.client.post("/api/auth/register", form).await.expect(202);
        assert_eq!(reply.json()["success"], true);
        assert!(visitor.organization().await.is_some());
    }

    #[tokio::test]
    async fn takes_long_and_unicode_passwords() {
        for password in [
            "été à la mer 🏖",
            &"un grand éléphant vert ; ".repeat(37),
            "deux   espaces   .",
            "日本語で話すのはとても楽しい",
        ] {
            let visitor = Visitor::arrives().await;
            let form = visitor.company_with(json!({ "password": password }));
            visitor.signs_up(form).await.expect(202);
        }
    }

    #[tokio::test]
    async fn notes_the_connection_and_never_what_a_body_or_a_header_claims() {
        let visitor = Visitor::arrives().await;
        let sample: Value = serde_json::from_str(&testkit::events::sample("register")).unwrap();
        let mut event = sample.clone();
        event["body"] = visitor
            .company_with(json!({ "ip_address": "6.6.6.6", "user_agent": "forged" }))
            .to_string()
            .into();
        event["headers"]["x-forwarded-for"] = "6.6.6.6".into();
        let request = testkit::events::request(&event.to_string());
        visitor.client.request(request).await.expect(202);
        let consent = &visitor.rows("select * from gdpr_consents").await[0];
        assert_eq!(consent["ip_address"], "198.51.100.7");
        assert_eq!(consent["user_agent"], "sample-event/1");
        let audit = &visitor.rows("select * from gdpr_audit_logs").await[0];
        assert_eq!(audit["ip_address"], "198.51.100.7");
    }
}

mod faults {
    use super::*;

    async fn of(changes: Value) -> Vec<(String, String)> {
        let visitor = Visitor::arrives().await;
        let reply = visitor.signs_up(visitor.company_with(changes)).await;
        let faults = reply.faults();
        reply.expect_problem(422, "invalid");
        faults
    }

    fn pairs(faults: &[(String, String)]) -> Vec<(&str, &str)> {
        faults
            .iter()
            .map(|(field, code)| (field.as_str(), code.as_str()))
            .collect()
    }

    #[tokio::test]
    async fn are_all_reported_at_once() {
        let visitor = Visitor::arrives().await;
        let reply = visitor.signs_up(json!({})).await;
        let faults = reply.faults();
        let wanted = [
            ("email", "required"),
            ("full_name", "required"),
            ("organization_type", "required"),
            ("password", "required"),
            ("privacy_accepted", "required"),
            ("terms_accepted", "required"),
        ];
        assert_eq!(pairs(&faults), wanted);
        reply.expect_problem(422, "invalid");

        let faults = of(json!({
            "email": "jeanne@exemple", "password": "court", "full_name": " ", "company_name": "",
            "company_registration": "123456789", "vat_number": "FR00000000000", "terms_accepted": false,
            "privacy_accepted": "oui", "marketing_consent": 1,
        }))
        .await;
        let wanted = [
            ("company_name", "required"),
            ("company_registration", "siren_invalid"),
            ("email", "email_invalid"),
            ("full_name", "required"),
            ("marketing_consent", "wrong_type"),
            ("password", "password_too_short"),
            ("privacy_accepted", "wrong_type"),
            ("terms_accepted", "not_accepted"),
            ("vat_number", "vat_number_invalid"),
        ];
        assert_eq!(pairs(&faults), wanted);
    }

    #[tokio::test]
    async fn of_camel_case_members_are_reported_in_snake_case() {
        let visitor = Visitor::arrives().await;
        let form = json!({ "fullName": 7, "organizationType": "club", "companyRegistration": [] });
        let faults = visitor.signs_up(form).await.faults();
        let pairs = pairs(&faults);
        assert!(pairs.contains(&("full_name", "wrong_type")), "{pairs:?}");
        assert!(
            pairs.contains(&("organization_type", "organization_type_invalid")),
            "{pairs:?}"
        );
        assert!(
            pairs.contains(&("company_registration", "wrong_type")),
            "{pairs:?}"
        );
    }

    #[tokio::test]
    async fn of_every_type_are_422_and_never_500() {
        let visitor = Visitor::arrives().await;
        let members: Vec<String> = visitor.company().as_object().unwrap().keys().cloned().collect();
        for value in [
            json!(null),
            json!(0),
            json!([]),
            json!({}),
            json!(true),
            json!("\0"),
            json!("x".repeat(5000)),
        ] {
            let form: Value = members.iter().map(|name| (name.clone(), value.clone())).collect();
            visitor.signs_up(form).await.expect_problem(422, "invalid");
        }
    }

    #[tokio::test]
    async fn a_vat_number_is_that_company_s() {
        let faults = of(json!({ "vat_number": "FR03552081317" })).await;
        assert_eq!(pairs(&faults), [("vat_number", "vat_number_mismatch")]);
    }

    #[tokio::test]
    async fn a_company_says_who_it_is() {
        let faults =
            of(json!({ "company_name": null, "company_registration": null, "vat_number": null })).await;
        assert_eq!(
            pairs(&faults),
            [("company_name", "required"), ("company_registration", "required")]
        );
    }

    #[tokio::test]
    async fn a_password_is_not_who_one_is() {
        let faults = of(json!({ "password": "JEANNE D'ARC", "full_name": "Jeanne d'Arc" })).await;
        assert_eq!(pairs(&faults), [("password", "password_personal")]);
        let faults = of(json!({ "password": "motdepasse123" })).await;
        assert_eq!(pairs(&faults), [("password", "password_guessable")]);
        let faults = of(json!({ "password": "x1".repeat(513) })).await;
        assert_eq!(pairs(&faults), [("password", "password_too_long")]);
    }

    #[tokio::test]
    async fn are_explained_in_french_unless_english_is_preferred() {
        let visitor = Visitor::arrives().await;
        let reply = visitor.signs_up(json!({})).await.json();
        assert_eq!(reply["errors"][0]["message"], "Ce champ est obligatoire.");
        let request = Request::post(PATH)
            .header("content-type", "application/json")
            .header("accept-language", "en-GB")
            .body(Body::from("{}"))
            .unwrap();
        let reply = visitor.client.request(request).await.json();
        assert_eq!(reply["errors"][0]["message"], "This member is required.");
    }
}

mod a_known_address {
    use super::*;

    #[tokio::test]
    async fn gets_the_same_answer_and_is_told_by_mail() {
        let visitor = Visitor::arrives().await;
        let first = visitor.signs_up(visitor.company()).await.expect(202);
        visitor.mails().await;
        let form = visitor.company_with(json!({
            "email": visitor.email.to_uppercase(), "full_name": "Somebody Else", "company_name": "Another",
        }));
        let second = visitor.signs_up(form).await.expect(202);
        assert_eq!(first.json(), second.json());
        let names = |reply: &Reply| {
            let mut names: Vec<_> = reply.headers.keys().map(ToString::to_string).collect();
            names.sort();
            names
        };
        assert_eq!(names(&first), names(&second));

        let profiles = visitor.rows("select * from profiles").await;
        assert_eq!(profiles.len(), 1);
        assert_eq!(profiles[0]["full_name"], "Jeanne d'Arc");
        let mails = visitor.mails().await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0]["kind"], "address_known");
        assert_eq!(mails[0]["user_id"], profiles[0]["id"]);
        let audit = visitor.rows("select action, user_id from gdpr_audit_logs").await;
        assert!(
            audit.contains(&json!({ "action": "user.register_again", "user_id": null })),
            "{audit:?}"
        );
    }

    #[tokio::test]
    async fn costs_as_many_steps_as_a_new_one() {
        let environment = Environment::get().await;
        let (proxy, url) = CountingProxy::in_front_of(&environment.database_url).await;
        let options = Options {
            database_url: Some(url),
            ..Options::default()
        };
        let visitor = Visitor::arrives_at(TestApp::with(options).await);
        visitor.test.app.db.ping().await.unwrap();
        let (_, new) = proxy.count(visitor.signs_up(visitor.company())).await;
        let (_, known) = proxy.count(visitor.signs_up(visitor.company())).await;
        assert_eq!(new, known);
        assert_eq!(new, 4, "look-up, everything in one packet, commit, outbox");
    }

    #[tokio::test]
    async fn twice_at_the_same_moment_is_one_organisation() {
        let visitor = Visitor::arrives().await;
        let (one, other) = tokio::join!(
            visitor.signs_up(visitor.company()),
            visitor.signs_up(visitor.company())
        );
        assert_eq!(one.expect(202).json(), other.expect(202).json());
        let mut kinds: Vec<_> = visitor
            .mails()
            .await
            .iter()
            .map(|mail| mail["kind"].clone())
            .collect();
        kinds.sort_by_key(Value::to_string);
        assert_eq!(kinds, ["address_known", "confirm_email"]);
        assert_eq!(visitor.rows("select * from profiles").await.len(), 1);
    }
}

mod a_request {
    use super::*;

    async fn sent(content_type: Option<&str>, body: impl Into<Body>) -> Reply {
        let visitor = Visitor::arrives().await;
        let mut request = Request::post(PATH);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        visitor.client.request(request.body(body.into()).unwrap()).await
    }

    #[tokio::test]
    async fn that_is_no_json_object_is_unreadable() {
        for body in ["", "{", "[]", "null", "7", "\"text\"", "{\"email\": }", "{}{}"] {
            sent(Some("application/json"), body)
                .await
                .expect_problem(400, "unreadable");
        }
        let bytes: &[u8] = b"{\"email\": \"\xff\"}";
        sent(Some("application/json"), bytes)
            .await
            .expect_problem(400, "unreadable");
        let deep = "[".repeat(100_000);
        sent(Some("application/json"), deep)
            .await
            .expect_problem(400, "unreadable");
    }

    #[tokio::test]
    async fn of_another_media_type_is_refused() {
        for media_type in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some(""),
        ] {
            sent(media_type, "{}").await.expect_problem(415, "media_type");
        }
        sent(Some("application/json; charset=utf-8"), "{}")
            .await
            .expect_problem(422, "invalid");
    }

    #[tokio::test]
    async fn above_one_mebibyte_is_too_large() {
        let filled = |size: usize| {
            let empty = json!({ "x": "" }).to_string().len();
            json!({ "x": "x".repeat(size - empty) }).to_string()
        };
        sent(Some("application/json"), filled(1024 * 1024 + 1))
            .await
            .expect_problem(413, "too_large");
        sent(Some("application/json"), filled(1024 * 1024))
            .await
            .expect_problem(422, "invalid");
    }

    #[tokio::test]
    async fn of_another_method_hears_which_are_allowed() {
        let visitor = Visitor::arrives().await;
        let reply = visitor.client.get(PATH).await;
        assert_eq!(reply.headers["allow"], "POST");
        reply.expect_problem(405, "method_not_allowed");
    }

    #[tokio::test]
    async fn that_finds_no_database_is_told_to_come_back() {
        let options = Options {
            database_url: Some("postgres://nobody:x@127.0.0.1:1/none".to_owned()),
            ..Options::default()
        };
        let visitor = Visitor::arrives_at(TestApp::with(options).await);
        let reply = visitor.signs_up(visitor.company()).await;
        assert!(reply.headers.contains_key("retry-after"));
        reply.expect_problem(503, "unavailable");
    }

    #[tokio::test]
    async fn is_not_lost_when_the_queue_is_down() {
        let options = Options {
            configure: Some(Box::new(|config| {
                config.queue_mail_url = "http://127.0.0.1:1/none".to_owned()
            })),
            ..Options::default()
        };
        let visitor = Visitor::arrives_at(TestApp::with(options).await);
        visitor.signs_up(visitor.company()).await.expect(202);
        let left = visitor.rows("select queue, body from outbox").await;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0]["queue"], "mail");
        assert_eq!(left[0]["body"]["kind"], "confirm_email");
    }
}

mod limits {
    use testkit::some_address;
    use zencall::kernel::Origin;
    use zencall::limits::{self, Limit};

    use super::*;

    #[tokio::test]
    async fn a_hundred_from_an_address_in_an_hour() {
        let visitor = Visitor::arrives().await;
        let address = some_address();
        for _ in 0..100 {
            let origin = Origin {
                ip_address: Some(address.clone()),
                ..Origin::default()
            };
            limits::spend(&visitor.test.app, &origin, &[Limit::SignUp])
                .await
                .unwrap();
        }
        let here = visitor.client.clone().at(&address);
        let reply = here.post(PATH, visitor.company()).await;
        assert_eq!(reply.headers["ratelimit-limit"], "100");
        assert!(reply.headers.contains_key("retry-after"));
        reply.expect_problem(429, "rate_limited");
        assert!(visitor.organization().await.is_none());
        assert!(visitor.mails().await.is_empty());
        // Others are not held up.
        visitor.signs_up(visitor.company()).await.expect(202);
    }

    #[tokio::test]
    async fn five_mails_to_an_address_whether_it_is_known() {
        let visitor = Visitor::arrives().await;
        for left in (0..5).rev() {
            // From another place each time: what counts is who is written to.
            let somewhere = visitor.client.clone().at(&some_address());
            let reply = somewhere.post(PATH, visitor.company()).await;
            assert_eq!(reply.headers["ratelimit-remaining"], left.to_string().as_str());
            reply.expect(202);
        }
        assert_eq!(visitor.mails().await.len(), 5);
        let reply = visitor.signs_up(visitor.company()).await;
        assert_eq!(reply.headers["ratelimit-limit"], "5");
        reply.expect_problem(429, "rate_limited");
        assert!(visitor.mails().await.is_empty());
    }
}
