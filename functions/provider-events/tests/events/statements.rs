//! What an event costs in round trips.

use serde_json::json;
use testkit::{CountingProxy, Environment, Options, TestApp};

use crate::fixture::{Dialled, tell};

/// A look-up of whose it is, a packet that stores the event and tells what was known, one that writes what is known now,
/// and the commit; at an end, two for the campaign, and what the next release takes.
#[tokio::test]
async fn an_event_takes_a_few_round_trips_whatever_it_holds() {
    let (proxy, url) = CountingProxy::in_front_of(&Environment::get().await.own_database().await).await;
    let test = TestApp::with(Options {
        database_url: Some(url),
        ..Options::default()
    })
    .await;
    let call = Dialled::new(&test).await;
    call.tell(call.status("queued", 0)).await;
    let count = async |message| {
        let (told, round_trips) = proxy.count(tell(&test.app, message)).await;
        told.unwrap();
        round_trips
    };
    assert_eq!(count(call.status("in-progress", 10)).await, 4);
    assert_eq!(count(call.said("user", "Oui.", 12)).await, 4);
    assert_eq!(count(call.said("user", "Oui.", 12)).await, 3, "a repetition");
    call.tell(call.ended("customer-ended-call", 70)).await;
    let messages: Vec<_> = (0..300)
        .map(|turn| json!({ "role": "user", "message": format!("Phrase {turn}."), "time": call.instant(turn).as_millisecond() }))
        .collect();
    let report = call.report(
        "customer-ended-call",
        json!({ "artifact": { "messages": messages } }),
    );
    assert_eq!(count(report).await, 4);
    assert_eq!(call.turns().await.len(), 300);
}
