//! `/messages`: taking, showing, listing. What is sent, and how often, is `message-sender`'s.

use serde_json::{Value, json};
use testkit::{Client, QueueKind, TestApp, TestOrganization};

const PATH: &str = "/api/v1/messages";
const RECIPIENT: &str = "+33639981234";
/// A Tuesday at 09:30 in Paris.
const MORNING: &str = "2026-11-24T08:30:00Z";

struct Tenant {
    test: TestApp,
    organization: TestOrganization,
    member: Client,
}

impl Tenant {
    async fn start() -> Self {
        Self::on(TestApp::start().await).await
    }

    async fn on(test: TestApp) -> Self {
        let organization = test.organization().await;
        organization.connect_twilio().await;
        let member = organization.member(test.serving(messages::routes())).await;
        Self {
            test,
            organization,
            member,
        }
    }

    async fn queued(&self) -> Vec<Value> {
        self.test.queues.take(QueueKind::Messages).await
    }
}

fn text(body: &str) -> Value {
    json!({ "to": RECIPIENT, "body": body })
}

mod post {
    use super::*;

    #[tokio::test]
    async fn as_member_it_is_taken_and_queued() {
        let tenant = Tenant::start().await;
        let request = json!({ "to": "06 39 98 12 34", "body": "Votre rendez-vous est confirmé." });
        let message = tenant.member.post(PATH, request).await.expect(202).json()["message"].clone();
        assert_eq!(message["status"], "queued");
        assert_eq!(message["segments"], 1);
        let queued = tenant.queued().await;
        assert_eq!(queued.len(), 1);
        assert_eq!(queued[0]["message_id"], message["id"]);
        assert_eq!(queued[0]["organization_id"], tenant.organization.id.to_string());
        assert_eq!(queued[0]["v"], 1);

        let path = format!("{PATH}/{}", message["id"].as_str().unwrap());
        let shown = tenant.member.get(&path).await.expect(200).json()["message"].clone();
        assert_eq!(shown["to"], RECIPIENT);
        assert_eq!(shown["from"], testkit::TWILIO_NUMBER);
        assert_eq!(shown["direction"], "outbound");
        assert_eq!(shown["purpose"], "service");
        assert_eq!(shown["status"], "queued");
        assert_eq!(shown["twilio_message_sid"], Value::Null);
        assert_eq!(shown["error_code"], Value::Null);
        assert_eq!(shown["history"].as_array().unwrap().len(), 1);
        assert_eq!(shown["history"][0]["status"], "queued");
        let audit = "select action, details from gdpr_audit_logs";
        let audit = tenant.organization.rows(audit, &[]).await;
        assert_eq!(audit[0]["action"], "message.send");
        assert!(!audit[0].to_string().contains("9981234"), "{audit:?}");
    }

    #[tokio::test]
    async fn every_fault_is_reported_at_once() {
        let tenant = Tenant::start().await;
        let wrong = json!({ "to": "12", "body": "x".repeat(1601), "purpose": "fun" });
        let reply = tenant.member.post(PATH, wrong).await.expect(422);
        let codes: Vec<_> = reply.faults().into_iter().map(|(_, code)| code).collect();
        assert_eq!(
            codes,
            ["body_too_long", "purpose_invalid", "phone_number_invalid"]
        );
        for body in [json!(null), json!("  "), json!(7), json!("a\u{0}b")] {
            tenant
                .member
                .post(PATH, json!({ "to": RECIPIENT, "body": body }))
                .await
                .expect(422);
        }
        assert!(tenant.queued().await.is_empty());
    }

    #[tokio::test]
    async fn a_landline_is_refused_before_anything_is_sent() {
        //
        let tenant = Tenant::start().await;
        let request = json!({ "to": "01 99 00 12 34", "body": "Bonjour" });
        let reply = tenant.member.post(PATH, request).await.expect(422);
        assert_eq!(
            reply.faults(),
            [("to".to_owned(), "number_not_sms_capable".to_owned())]
        );
    }

    #[tokio::test]
    async fn without_a_connection_it_is_a_conflict() {
        let test = TestApp::start().await;
        let organization = test.organization().await;
        let member = organization.member(test.serving(messages::routes())).await;
        member
            .post(PATH, text("Bonjour"))
            .await
            .expect_problem(409, "twilio_not_configured");
    }

    #[tokio::test]
    async fn with_rejected_credentials_it_is_a_conflict() {
        let tenant = Tenant::start().await;
        let sql = "update organizations set twilio_rejected_at = now()";
        tenant.organization.sql(sql, &[]).await;
        tenant
            .member
            .post(PATH, text("Bonjour"))
            .await
            .expect_problem(409, "twilio_credentials_rejected");
    }

    #[tokio::test]
    async fn to_a_number_on_the_list_or_a_contact_who_objected_it_is_refused() {
        let tenant = Tenant::start().await;
        let organization = &tenant.organization;
        let contact = organization.contact("+33639980002").await;
        let sql = "update contacts set do_not_call = true where id = $1";
        organization.sql(sql, &[&contact]).await;
        let sql = "insert into do_not_call (id, organization_id, phone, source, created_at)
                   values ($1, $2, $3, 'manual', now())";
        organization
            .sql(
                sql,
                &[&tenant.test.app.clock.uuid(), &organization.id, &RECIPIENT],
            )
            .await;
        for to in [RECIPIENT, "+33639980002"] {
            let request = json!({ "to": to, "body": "Bonjour" });
            tenant
                .member
                .post(PATH, request)
                .await
                .expect_problem(422, "recipient_opted_out");
        }
        // The list is that of one organisation.
        let other = tenant.test.organization().await;
        other.connect_twilio().await;
        let other = other.member(tenant.test.serving(messages::routes())).await;
        other.post(PATH, text("Bonjour")).await.expect(202);
    }

    #[tokio::test]
    async fn marketing_waits_for_its_hours_and_service_does_not() {
        //
        let tenant = Tenant::on(TestApp::held_at(MORNING.parse().unwrap()).await).await;
        let mut marketing = text("Soldes !");
        marketing["purpose"] = json!("marketing");
        let message = tenant.member.post(PATH, marketing).await.expect(202).json();
        assert_eq!(message["message"]["due_at"], "2026-11-24T09:00:00Z");
        assert!(tenant.queued().await.is_empty());
        tenant.member.post(PATH, text("Confirmé")).await.expect(202);
        assert_eq!(tenant.queued().await.len(), 1);
    }

    #[tokio::test]
    async fn as_stranger_it_is_refused() {
        let tenant = Tenant::start().await;
        let stranger = Client::anonymous(tenant.test.serving(messages::routes()));
        stranger.post(PATH, text("Bonjour")).await.expect(401);
        stranger.get(PATH).await.expect(401);
    }
}

mod get {
    use super::*;

    #[tokio::test]
    async fn messages_are_listed_newest_first_in_pages() {
        let tenant = Tenant::start().await;
        for body in ["un", "deux", "trois"] {
            tenant.member.post(PATH, text(body)).await.expect(202);
        }
        let page = tenant
            .member
            .get(&format!("{PATH}?limit=2"))
            .await
            .expect(200)
            .json();
        let bodies = |page: &Value| -> Vec<String> {
            let data = page["data"].as_array().unwrap().iter();
            data.map(|message| message["body"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(bodies(&page), ["trois", "deux"]);
        let cursor = page["next_cursor"].as_str().unwrap();
        let page = tenant
            .member
            .get(&format!("{PATH}?limit=2&cursor={cursor}"))
            .await
            .expect(200)
            .json();
        assert_eq!(bodies(&page), ["un"]);
        assert_eq!(page["next_cursor"], Value::Null);
    }

    #[tokio::test]
    async fn another_organisations_message_is_not_found() {
        let tenant = Tenant::start().await;
        let message = tenant.member.post(PATH, text("Bonjour")).await.expect(202).json();
        let path = format!("{PATH}/{}", message["message"]["id"].as_str().unwrap());
        let other = tenant.test.organization().await;
        let other = other.admin(tenant.test.serving(messages::routes())).await;
        other.get(&path).await.expect_problem(404, "message_not_found");
        other
            .get(&format!("{PATH}/nonsense"))
            .await
            .expect_problem(404, "message_not_found");
        assert_eq!(other.get(PATH).await.expect(200).json()["data"], json!([]));
    }

    #[tokio::test]
    async fn the_sample_event_is_a_request_of_this_function() {
        let tenant = Tenant::start().await;
        let request = testkit::events::request(&testkit::events::sample("messages"));
        let stranger = Client::anonymous(tenant.test.serving(messages::routes()));
        stranger.request(request).await.expect(401);
    }
}
