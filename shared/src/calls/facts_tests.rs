//! What the events of a call say about it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const START: i64 = 1_795_514_400_000;

fn event(kind: &str, seconds: i64, members: Value) -> Projection {
    let mut event = json!({
        "v": 1, "kind": kind, "occurred_at": instant(seconds), "received_at": instant(seconds + 1), "fact": "other",
    });
    for (name, value) in members.as_object().unwrap() {
        event[name] = value.clone();
    }
    serde_json::from_value(event).unwrap()
}

fn instant(seconds: i64) -> String {
    Timestamp::from_millisecond(START + seconds * 1000)
        .unwrap()
        .to_string()
}

fn status(status: &str, seconds: i64) -> Projection {
    let reason = (status == "ended").then_some("customer-ended-call");
    event(
        "status-update",
        seconds,
        json!({ "fact": { "status": { "status": status, "ended_reason": reason, "destination": null } } }),
    )
}

fn forwarding(destination: &str, seconds: i64) -> Projection {
    let fact =
        json!({ "status": { "status": "forwarding", "ended_reason": null, "destination": destination } });
    event("status-update", seconds, json!({ "fact": fact }))
}

fn report(members: Value) -> Projection {
    let times = json!({ "started_at": instant(10), "ended_at": instant(70), "fact": { "report": members } });
    event("end-of-call-report", 75, times)
}

fn know(events: &[Projection]) -> Facts {
    let mut facts = Facts::default();
    for event in events {
        facts.learn(event);
    }
    // When it was told differs with the order and means nothing.
    facts.reported_at = None;
    facts
}

fn answered() -> Vec<Projection> {
    let said = json!({ "said": { "role": "user", "text": "Oui.", "at": instant(20) } });
    vec![
        status("queued", 0),
        status("ringing", 5),
        status("in-progress", 11),
        event(
            "transcript",
            20,
            json!({ "started_at": instant(9), "fact": said }),
        ),
        status("ended", 71),
        report(
            json!({ "ended_reason": "customer-ended-call", "cost": "0.12", "sentiment": "positive",
                       "sentiment_source": "structured_output", "summary": "Bien.", "recording": true }),
        ),
    ]
}

#[test]
fn a_call_is_told_step_by_step() {
    let events = answered();
    assert_eq!(know(&events[..1]).status, Status::Queued);
    let talking = know(&events[..3]);
    assert_eq!(talking.status, Status::InProgress);
    assert_eq!((talking.end(), talking.duration_seconds()), (None, None));
    let over = know(&events[..5]);
    assert_eq!(over.end().unwrap().outcome, Outcome::Answered);
    // 71 by the signal, 9 by the call as the transcript showed it.
    assert_eq!(over.duration_seconds(), Some(62));
    assert_eq!((over.cost, over.sentiment), (None, None));
    let reported = know(&events);
    assert_eq!(reported.duration_seconds(), Some(60));
    assert_eq!(reported.cost, Some("0.12".parse().unwrap()));
    assert_eq!(reported.sentiment, Some(Sentiment::Positive));
    assert!(reported.recording);
}

#[test]
fn late_signals_after_the_report_change_nothing() {
    //
    let reported = know(&answered());
    for late in answered() {
        let mut facts = reported.clone();
        facts.learn(&late);
        facts.reported_at = None;
        assert_eq!(facts, reported, "{}", late.kind);
    }
}

#[test]
fn nobody_answered_where_nothing_started() {
    let unanswered = event(
        "end-of-call-report",
        30,
        json!({ "ended_at": instant(30), "fact": { "report": { "ended_reason": "customer-did-not-answer" } } }),
    );
    let facts = know(&[status("ringing", 5), unanswered]);
    assert_eq!(facts.started, None);
    assert_eq!(facts.duration_seconds(), Some(0));
    assert_eq!(facts.end().unwrap().outcome, Outcome::NoAnswer);
}

#[test]
fn an_end_without_a_reason_waits_for_one() {
    let facts = know(&[event(
        "status-update",
        5,
        json!({ "fact": { "status": { "status": "ended" } } }),
    )]);
    assert_eq!(facts.status, Status::Ended);
    assert_eq!(facts.end(), None);
}

#[test]
fn a_reason_that_nobody_knows_is_a_failure() {
    //
    let facts = know(&[report(json!({ "ended_reason": "teleported" }))]);
    let end = facts.end().unwrap();
    assert_eq!((end.outcome, end.known), (Outcome::Failed, false));
}

#[test]
fn who_was_put_through_is_transferred_unless_nobody_took_it() {
    let ended = status("ended", 71);
    let outcome = |events: &[Projection]| know(events).end().unwrap().outcome;
    let forwarded = forwarding("+33199000000", 30);
    assert_eq!(outcome(&[forwarded.clone(), ended.clone()]), Outcome::Transferred);
    assert_eq!(outcome(&[ended.clone(), forwarded.clone()]), Outcome::Transferred);
    let refused = report(json!({ "ended_reason": "customer-ended-call", "transferred": false }));
    assert_eq!(outcome(&[forwarded.clone(), refused.clone()]), Outcome::Answered);
    assert_eq!(outcome(&[refused, forwarded.clone()]), Outcome::Answered);
    let busy = report(json!({ "ended_reason": "customer-busy" }));
    assert_eq!(outcome(&[forwarded, busy]), Outcome::Busy);
    let between_assistants = event(
        "transfer-update",
        20,
        json!({ "fact": { "transfer": { "destination": null } } }),
    );
    assert_eq!(outcome(&[between_assistants, ended]), Outcome::Answered);
}

#[test]
fn words_about_storage_say_nothing_about_the_call() {
    assert_eq!(
        know(&[status("not-found", 1), status("deletion-failed", 2)]),
        Facts::default()
    );
}

fn any_event() -> impl Strategy<Value = Projection> {
    let mut events = answered();
    events.push(forwarding("+33199000001", 40));
    events.push(event(
        "transfer-update",
        41,
        json!({ "fact": { "transfer": { "destination": "+33199000000" } } }),
    ));
    events.push(event("hang", 42, json!({ "started_at": instant(8) })));
    proptest::sample::select(events)
}

proptest! {
    #[test]
    fn the_order_and_the_copies_of_events_mean_nothing(
        (one, other) in proptest::collection::vec(any_event(), 0..12).prop_flat_map(|events| {
            let mut doubled = events.clone();
            doubled.extend(events.iter().take(3).cloned());
            (Just(events), Just(doubled).prop_shuffle())
        })
    ) {
        //
        prop_assert_eq!(know(&one), know(&other));
    }
}
