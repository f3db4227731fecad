//! Nothing is lost when something is down.

use testkit::{Options, QueueKind};

use super::*;

#[tokio::test]
async fn a_request_that_never_left_is_given_back() {
    let configure = |config: &mut zencall::config::Config| {
        config.vapi_api_url = "http://127.0.0.1:9/vapi".to_owned();
    };
    let test = TestApp::with(Options {
        alone: true,
        configure: Some(Box::new(configure)),
        ..Options::default()
    })
    .await;
    let (calling, _, body) = queued(&test).await;

    dial(&test, &body).await.unwrap();

    let attempt = calling.attempts("status, released_reason").await.remove(0);
    assert_eq!(
        attempt,
        json!({ "status": "released", "released_reason": "vapi_not_reached" })
    );
    expect_waiting_uncounted(&test, &calling).await;
}

#[tokio::test]
async fn without_a_database_the_message_goes_back() {
    let test = TestApp::alone().await;
    let (_calling, _, body) = queued(&test).await;
    let url = Some("postgres://nobody@127.0.0.1:9/nowhere".to_owned());
    let other = TestApp::with(Options {
        database_url: url,
        ..Options::default()
    })
    .await;

    let error = dial(&other, &body).await.unwrap_err();

    assert!(error.is_worth_retrying());
    assert_eq!(other.call_requests().await, 0);
}

#[tokio::test]
async fn what_waits_is_called_when_its_time_comes() {
    let test = TestApp::alone_at(Clock::system().now()).await;
    let (calling, _, body) = queued(&test).await;
    test.set_behaviour(json!({ "api": { "status": 429 } })).await;
    dial(&test, &body).await.unwrap();
    test.set_behaviour(json!({})).await;
    assert_eq!(
        release::release(&test.app, calling.organization.id)
            .await
            .unwrap(),
        0,
        "not yet"
    );

    test.app.clock.advance(SignedDuration::from_secs(31));
    assert_eq!(
        release::release(&test.app, calling.organization.id)
            .await
            .unwrap(),
        1
    );
    let again = test.queues.take(QueueKind::Calls).await;
    dial(&test, &again[0]).await.unwrap();

    assert_eq!(test.placed_calls().await.len(), 1);
    assert_eq!(calling.contact().await["attempts"], 1);
}
