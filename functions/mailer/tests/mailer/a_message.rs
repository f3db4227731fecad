//! Messages that send nothing, or go back to the queue.

use testkit::CountingProxy;

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

#[tokio::test]
async fn that_is_handed_out_again_sends_nothing_whatever_it_is_about() {
    let post = Post::opens().await;
    let mut message = post.sign_up(Language::Fr).await;
    assert!(message["outbox_id"].is_string(), "{message}");
    for (number, kind) in ["password_changed", "address_known"].into_iter().enumerate() {
        message["kind"] = json!(kind);
        message["outbox_id"] = json!(post.test.app.clock.uuid());
        for _ in 0..3 {
            post.handle(&message).await.unwrap();
        }
        assert_eq!(post.sent().await.len(), number + 1, "{kind}");
    }
    // One of a version before, which lies in no outbox.
    message.as_object_mut().unwrap().remove("outbox_id");
    post.handle(&message).await.unwrap();
    assert_eq!(post.sent().await.len(), 3);
}

#[tokio::test]
async fn that_was_refused_or_failed_is_not_taken_for_sent() {
    let post = Post::opens().await;
    let message = post.sign_up(Language::Fr).await;
    let stranger = Mailer::new(post.test.app.aws().await, "Zencall <no-reply@unverified.example>");
    let outcome = mailer::handle(&post.test.app, &stranger, &on_the_queue(&message)).await;
    assert!(outcome.is_err());
    post.handle(&message).await.unwrap();
    assert_eq!(post.sent().await.len(), 1);
}

#[tokio::test]
async fn costs_a_round_trip_to_ask_and_one_to_mark_and_again_only_the_first() {
    let (proxy, options) = CountingProxy::in_front_of_the_database().await;
    let post = Post::opens_with(options).await;
    let mut message = post.sign_up(Language::Fr).await;
    message["kind"] = json!("address_known");
    let (sent, trips) = Box::pin(proxy.count(post.handle(&message))).await;
    sent.unwrap();
    assert_eq!(trips, 3, "asked, composed, marked");
    let (sent, trips) = Box::pin(proxy.count(post.handle(&message))).await;
    sent.unwrap();
    assert_eq!(trips, 1);
    assert_eq!(post.sent().await.len(), 1);
}
