//! A message is sent once, from the right account.

use super::*;

#[tokio::test]
async fn a_message_is_sent_from_the_organisations_account_and_asks_for_news() {
    let tenant = Tenant::start().await;
    let id = tenant.take("Bonjour").await;
    assert_eq!(tenant.deliver().await, 0);
    let posts = tenant.posts().await;
    assert_eq!(posts.len(), 1);
    let body = &posts[0]["body"];
    assert_eq!(body["To"], RECIPIENT);
    assert_eq!(body["From"], TWILIO_NUMBER);
    assert_eq!(body["Body"], "Bonjour");
    let callback = format!(
        "{}/api/v1/twilio/webhook/{}?message_id={id}#rc=2&rp=ct,rt,5xx",
        tenant.test.app.config.twilio_webhook_url, tenant.organization.id
    );
    assert_eq!(body["StatusCallback"], callback);
    let message = tenant.read(&id).await;
    assert_eq!(message["status"], "sending");
    assert_eq!(message["twilio_message_sid"], tenant.at_twilio().await[0]["sid"]);
}

#[tokio::test]
async fn the_same_request_ten_times_at_once_sends_one_message() {
    let tenant = Tenant::start().await;
    tenant.take("Bonjour").await;
    let queued = tenant.test.queues.take(QueueKind::Messages).await;
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let (app, queued) = (tenant.test.app.clone(), queued.clone());
            tokio::spawn(async move { Box::pin(handle(&app, &queued)).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 0);
    }
    handle(&tenant.test.app, &queued).await;
    assert_eq!(tenant.posts().await.len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_looked_for_and_nothing_is_sent_twice() {
    let tenant = Tenant::alone().await;
    // The same words, sent before: not the one that is looked for.
    let before = tenant.take("Bonjour").await;
    tenant.deliver().await;
    let fault = json!({ "speed": 1000.0, "api": { "after_accepting": true, "times": 1 } });
    tenant.test.set_behaviour(fault).await;
    let id = tenant.take("Bonjour").await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.at_twilio().await.len(), 2);
    assert_eq!(tenant.read(&id).await["twilio_message_sid"], Value::Null);
    // Too early: nothing happens, however often it is asked for.
    tenant.sweep().await;
    assert_eq!(tenant.deliver().await, 0);
    tenant.wait_out_the_quarantine().await;
    tenant.sweep().await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.at_twilio().await.len(), 2);
    let found = tenant.read(&id).await["twilio_message_sid"].clone();
    assert!(found.is_string());
    assert_ne!(found, tenant.read(&before).await["twilio_message_sid"]);
    tenant.wait_out_the_quarantine().await;
    tenant.sweep().await;
    assert!(tenant.test.queues.take(QueueKind::Messages).await.is_empty());
}

#[tokio::test]
async fn a_message_that_twilio_never_had_is_sent_after_the_search() {
    let tenant = Tenant::alone().await;
    let fault = json!({ "speed": 1000.0, "api": { "status": 503, "times": 1 } });
    tenant.test.set_behaviour(fault).await;
    let id = tenant.take("Bonjour").await;
    assert_eq!(tenant.deliver().await, 0);
    assert!(tenant.at_twilio().await.is_empty());
    tenant.wait_out_the_quarantine().await;
    tenant.sweep().await;
    // The search, and the sending that follows from it.
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.at_twilio().await.len(), 1);
    assert!(tenant.read(&id).await["twilio_message_sid"].is_string());
}

#[tokio::test]
async fn a_message_whose_request_never_reached_the_queue_is_found_by_the_sweep() {
    let tenant = Tenant::alone().await;
    let id = tenant.take("Bonjour").await;
    assert_eq!(tenant.test.queues.take(QueueKind::Messages).await.len(), 1);
    tenant.sweep().await;
    assert!(tenant.test.queues.take(QueueKind::Messages).await.is_empty());
    tenant.wait_out_the_quarantine().await;
    tenant.sweep().await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "sending");
}

#[tokio::test]
async fn an_unreadable_message_goes_back_and_does_not_hold_the_others_up() {
    //
    let tenant = Tenant::start().await;
    let id = tenant.take("Bonjour").await;
    let mut bodies = tenant.test.queues.take(QueueKind::Messages).await;
    bodies.insert(0, json!({ "v": 1 }));
    assert_eq!(handle(&tenant.test.app, &bodies).await, 1);
    assert_eq!(tenant.read(&id).await["status"], "sending");
}

#[tokio::test]
async fn the_sample_event_is_a_batch_of_this_function() {
    let tenant = Tenant::start().await;
    let event: SqsEvent = serde_json::from_str(&testkit::events::sample("message-sender")).unwrap();
    let response = run_batch(&tenant.test.app, event, &message_sender::handle).await;
    assert!(response.batch_item_failures.is_empty());
}
