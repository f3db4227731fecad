//! What the verdict finds in a record that is made up.

use jiff::SignedDuration;

use super::*;

fn at(minute: i64) -> Timestamp {
    let begin: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    begin + SignedDuration::from_mins(minute)
}

fn verdict(calls: &[Call]) -> Verdict {
    let mut record = Record::default();
    for call in calls {
        *record.requests.entry(call.attempt.clone()).or_default() += 1;
        record.calls.push(call.clone());
    }
    let mut verdict = Verdict::default();
    super::calls(&record, 2, &mut verdict);
    verdict
}

fn found(verdict: &Verdict) -> Vec<&'static str> {
    let wrong = verdict.wrong.iter().filter(|(_, count)| *count > 0);
    wrong.map(|(what, _)| *what).collect()
}

#[test]
fn calls_one_after_the_other_are_as_they_should_be() {
    let calls: Vec<_> = (0..3)
        .map(|number| Call::example(&format!("attempt {number}"), "+33611", at(number * 2)))
        .collect();
    assert_eq!(found(&verdict(&calls)), Vec::<&str>::new());
}

#[test]
fn an_attempt_that_is_requested_twice_is_found() {
    let calls = [
        Call::example("attempt", "+33611", at(0)),
        Call::example("attempt", "+33611", at(5)),
    ];
    assert_eq!(found(&verdict(&calls)), ["attempts that were requested twice"]);
}

#[test]
fn two_calls_of_one_person_at_once_are_found() {
    let calls = [
        Call::example("one", "+33611", at(0)),
        Call::example("two", "+33611", at(1)),
    ];
    assert_eq!(found(&verdict(&calls)), ["two calls of one contact at once"]);
}

#[test]
fn whoever_had_answered_and_is_called_again_is_found() {
    let mut calls = [
        Call::example("one", "+33611", at(0)),
        Call::example("two", "+33611", at(60)),
    ];
    calls[0].course.reason = "customer-ended-call";
    assert_eq!(found(&verdict(&calls)), ["calls to somebody who had answered"]);
}

#[test]
fn a_fourth_call_of_a_campaign_is_found() {
    let four: Vec<_> = (0..4)
        .map(|number| Call::example(&format!("attempt {number}"), "+33631", at(number * 60)))
        .collect();
    assert_eq!(found(&verdict(&four)), ["calls beyond a contact's attempts"]);
}

#[test]
fn more_calls_at_once_than_there_are_lines_are_found() {
    let calls: Vec<_> = (0..3)
        .map(|number| Call::example(&format!("attempt {number}"), &format!("+3361{number}"), at(0)))
        .collect();
    assert_eq!(
        found(&verdict(&calls)),
        ["instants with more calls than Vapi allows"]
    );
}

#[test]
fn a_call_after_an_objection_is_found_and_one_before_it_is_not() {
    let mut record = Record::default();
    record.calls = vec![
        Call::example("before", "+33611", at(0)),
        Call::example("after", "+33611", at(20)),
    ];
    let silences = [Silence {
        campaign: "campaign".to_owned(),
        phone: Some("+33611".to_owned()),
        lasting: false,
        from: at(10),
        until: Timestamp::MAX,
    }];
    let mut verdict = Verdict::default();
    silence(&record, &silences, &mut verdict);
    assert_eq!(verdict.of("calls after a pause, an end or an objection"), 1);
    assert_eq!(verdict.examples.len(), 1);
}
