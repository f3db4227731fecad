//! What Twilio hears when something is down.

use super::*;

#[tokio::test]
async fn a_database_that_is_down_loses_no_event() {
    //
    let door = Door::start().await;
    let organization = door.tenant().await;
    let down = Door::on(
        TestApp::with(Options {
            database_url: Some("postgres://nobody@127.0.0.1:1/nothing".to_owned()),
            ..Options::default()
        })
        .await,
    );
    let target = path(&organization);
    down.post(&target, &target, TWILIO_AUTH_TOKEN, &STATUS)
        .await
        .expect(204);
    assert_eq!(down.events().await.len(), 1);
}

#[tokio::test]
async fn a_queue_that_is_down_makes_twilio_try_again() {
    let configure = |config: &mut zencall::config::Config| {
        config.queue_events_url = format!("{}-that-is-not-there", config.queue_events_url);
    };
    let door = Door::on(
        TestApp::with(Options {
            configure: Some(Box::new(configure)),
            ..Options::default()
        })
        .await,
    );
    let organization = door.tenant().await;
    let target = path(&organization);
    door.post(&target, &target, TWILIO_AUTH_TOKEN, &STATUS)
        .await
        .expect_problem(503, "unavailable");
}
