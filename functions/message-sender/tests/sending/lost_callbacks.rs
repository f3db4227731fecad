//! Callbacks that never come: Twilio is asked, a few times, and told from what it never had.

use serde_json::{Value, json};
use testkit::{QueueKind, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER};
use zencall::App;
use zencall::adapters::twilio::webhook::Notice;

use crate::{NEW_TOKEN, Tenant};

impl Tenant {
    /// A message that Twilio has, and of which nothing more is heard.
    async fn silent(&self, body: &str) -> String {
        let id = self.take(body).await;
        assert_eq!(self.deliver().await, 0);
        id
    }

    /// Until Twilio's stand-in has delivered everything.
    async fn wait_for_delivery(&self) {
        for _ in 0..200 {
            let messages = self.at_twilio().await;
            if messages.iter().all(|message| message["status"] == "delivered") {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("nothing is delivered");
    }

    /// The time for the next question has come; returns about how many messages Twilio was asked.
    async fn ask(&self) -> usize {
        self.ask_in(&self.test.app).await
    }

    async fn ask_in(&self, container: &App) -> usize {
        let sql =
            "update messages set next_poll_at = now() - interval '1 second' where next_poll_at is not null";
        self.organization.sql(sql, &[]).await;
        self.sweep().await;
        let queued = self.test.queues.take(QueueKind::Messages).await;
        assert!(queued.iter().all(|request| request["ask"] == true), "{queued:?}");
        let before = self.questions().await;
        assert_eq!(crate::handle(container, &queued).await, 0);
        self.questions().await - before
    }

    /// How often Twilio was asked about one message.
    async fn questions(&self) -> usize {
        let requests = self.test.provider_requests("twilio").await;
        let is_question = |request: &&Value| {
            request["method"] == "GET" && request["path"].as_str().unwrap().contains("/Messages/SM")
        };
        requests.iter().filter(is_question).count()
    }

    async fn open_questions(&self) -> usize {
        let sql = "select id from messages where next_poll_at is not null";
        self.organization.rows(sql, &[]).await.len()
    }
}

#[tokio::test]
async fn what_twilio_says_goes_the_way_of_the_callback() {
    let tenant = Tenant::alone().await;
    let id = tenant.silent("Bonjour").await;
    // Too early to ask.
    tenant.sweep().await;
    assert!(tenant.test.queues.take(QueueKind::Messages).await.is_empty());
    tenant.wait_for_delivery().await;
    assert_eq!(tenant.ask().await, 1);
    let message = tenant.read(&id).await;
    assert_eq!(message["status"], "delivered");
    assert_eq!(tenant.open_questions().await, 0);
    assert_eq!(tenant.ask().await, 0);
    // The callbacks come after all.
    for status in ["sent", "delivered", "failed"] {
        let notice = json!({
            "provider": "twilio", "organization_id": tenant.organization.id, "received_at": "2026-11-24T08:30:00Z",
            "kind": "message_status", "sid": message["twilio_message_sid"], "message_id": id, "status": status,
            "error_code": null,
        });
        let notice: Notice = serde_json::from_value(notice).unwrap();
        zencall::messages::apply(&tenant.test.app, &notice).await.unwrap();
        assert_eq!(tenant.read(&id).await["status"], "delivered");
    }
    let sql = "select status from message_history where status = 'delivered'";
    assert_eq!(tenant.organization.rows(sql, &[]).await.len(), 1);
    assert_eq!(tenant.open_questions().await, 0);
}

#[tokio::test]
async fn an_error_has_the_consequence_that_the_callback_would_have_had() {
    let tenant = Tenant::alone().await;
    let off = json!({ "speed": 1000.0, "message_errors": { crate::RECIPIENT: 30003 } });
    tenant.test.set_behaviour(off).await;
    let id = tenant.silent("Bonjour").await;
    for _ in 0..200 {
        if tenant.at_twilio().await[0]["status"] == "undelivered" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(tenant.ask().await, 1);
    let message = tenant.read(&id).await;
    assert_eq!(
        (&message["status"], &message["error_code"]),
        (&json!("undelivered"), &json!("30003"))
    );
    let sql = "select id from messages where retry_of is not null";
    assert_eq!(tenant.organization.rows(sql, &[]).await.len(), 1);
}

#[tokio::test]
async fn a_message_that_twilio_has_forgotten_is_not_asked_about_again() {
    let tenant = Tenant::alone().await;
    let id = tenant.silent("Bonjour").await;
    let sid = tenant.at_twilio().await[0]["sid"].as_str().unwrap().to_owned();
    let url = format!(
        "{}/2010-04-01/Accounts/{TWILIO_ACCOUNT_SID}/Messages/{sid}.json",
        tenant.test.app.config.twilio_api_url
    );
    let deletion = zencall::adapters::http_client()
        .delete(url)
        .basic_auth(TWILIO_ACCOUNT_SID, Some(TWILIO_AUTH_TOKEN));
    assert!(deletion.send().await.unwrap().status().is_success());
    assert_eq!(tenant.ask().await, 1);
    assert_eq!(tenant.ask().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "sending");
}

#[tokio::test]
async fn an_overloaded_twilio_is_left_alone_for_a_while() {
    let tenant = Tenant::alone().await;
    for body in ["un", "deux", "trois"] {
        tenant.silent(body).await;
    }
    tenant.wait_for_delivery().await;
    let busy = json!({ "speed": 1000.0, "api": { "status": 429, "times": 1 } });
    tenant.test.set_behaviour(busy).await;
    // Those that were on the queue already are asked about; the rest wait.
    tenant.ask().await;
    let sql = "select id from messages where next_poll_at < now() + interval '4 minutes'";
    assert!(tenant.organization.rows(sql, &[]).await.is_empty());
    tenant.ask().await;
    assert_eq!(tenant.open_questions().await, 0);
}

#[tokio::test]
async fn a_token_that_changed_is_fetched_again_and_one_that_is_wrong_stops_everything() {
    let tenant = Tenant::alone().await;
    let id = tenant.silent("un").await;
    tenant.silent("deux").await;
    tenant.wait_for_delivery().await;
    tenant
        .test
        .set_twilio_account(TWILIO_ACCOUNT_SID, NEW_TOKEN, &[TWILIO_NUMBER])
        .await;
    tenant.ask().await;
    let sql = "select twilio_rejected_at is not null as rejected from organizations";
    assert_eq!(tenant.organization.rows(sql, &[]).await[0]["rejected"], true);
    let sql = "select id from messages where next_poll_at < now() + interval '5 hours'";
    assert!(tenant.organization.rows(sql, &[]).await.is_empty());
    // Connected anew, with the token that is right: a container that has not asked within the minute learns of it.
    tenant.store_token(NEW_TOKEN).await;
    tenant.ask_in(&tenant.test.another_container()).await;
    assert_eq!(tenant.read(&id).await["status"], "delivered");
}

#[tokio::test]
async fn twilio_down_is_asked_again_later_and_not_for_ever() {
    let tenant = Tenant::alone().await;
    let id = tenant.silent("Bonjour").await;
    let down = json!({ "speed": 1000.0, "api": { "status": 503 } });
    tenant.test.set_behaviour(down).await;
    for _ in 0..6 {
        assert_eq!(tenant.ask().await, 1);
    }
    assert_eq!(tenant.ask().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "sending");
}

#[tokio::test]
async fn one_sweep_asks_about_twenty_messages_of_an_organisation() {
    let tenant = Tenant::alone().await;
    let sql = "insert into messages (id, organization_id, direction, phone, sender, body, purpose, status, status_rank,
                                     segments, dispatch, due_at, twilio_message_sid, next_poll_at, created_at, updated_at)
               select gen_random_uuid(), $1, 'outbound', $2, 'AGENCE', 'Bonjour', 'service', 'sent', 3, 1, 'done', now(),
                      'SM' || md5(n::text), now(), now(), now()
                 from generate_series(1, 30) n";
    tenant
        .organization
        .sql(sql, &[&tenant.organization.id, &crate::RECIPIENT])
        .await;
    assert_eq!(tenant.ask().await, 20);
}
