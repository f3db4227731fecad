//! What a call's transcript shows of what must be said in it.

use serde_json::{Value, json};
use testkit::TestApp;

use crate::fixture::Dialled;

/// What our French assistant says first, for the fixture's campaign.
const OPENING: &str = "Bonjour, je suis l'assistant vocal automatisé (intelligence artificielle) de Agence, je vous appelle \
                       pour votre rendez-vous. Si vous ne souhaitez plus être appelé, dites « stop » à tout moment.";

/// The members of a report with this conversation, the assistant's lines first.
fn conversation(lines: &[&str], recording: bool) -> Value {
    let roles = ["bot", "user"].into_iter().cycle();
    let messages: Vec<_> = roles
        .zip(lines)
        .enumerate()
        .map(|(number, (role, line))| {
            json!({ "role": role, "message": line, "time": 1_795_424_400_000_i64 + i64::try_from(number).unwrap() * 1000 })
        })
        .collect();
    let mut artifact = json!({ "messages": messages });
    if recording {
        artifact["recording"] = json!({ "stereoUrl": "https://recordings.example/a" });
    }
    json!({ "artifact": artifact })
}

fn found(ai: &str, identity: &str, purpose: &str, recording: &str, objection: &str) -> Value {
    json!({ "ai": ai, "identity": identity, "purpose": purpose, "commercial": "not_applicable", "recording": recording,
            "objection": objection })
}

#[tokio::test]
async fn a_report_tells_what_was_said_whatever_comes_before_or_after_it() {
    let test = TestApp::start().await;
    for late in [false, true] {
        let call = Dialled::new(&test).await;
        let report = call.report("customer-ended-call", conversation(&[OPENING, "Oui."], false));
        let progress = call.status("in-progress", 10);
        let (first, second) = if late {
            (report, progress)
        } else {
            (progress, report)
        };
        call.tell(first).await;
        call.tell(second).await;
        assert_eq!(
            call.call().await["disclosures"],
            found("found", "found", "found", "not_applicable", "found")
        );
    }
}

#[tokio::test]
async fn what_was_not_said_is_missing_and_a_recording_wants_its_notice() {
    let test = TestApp::start().await;
    let call = Dialled::new(&test).await;
    let lines = ["Bonjour, c'est Camille, pour votre rendez-vous.", "Oui ?"];
    call.tell(call.report("customer-ended-call", conversation(&lines, true)))
        .await;
    assert_eq!(
        call.call().await["disclosures"],
        found("missing", "missing", "found", "missing", "missing")
    );
}

#[tokio::test]
async fn where_something_may_be_sold_it_must_be_said_that_the_call_is_a_commercial_one() {
    let test = TestApp::start().await;
    for (said, finding) in [("Ceci est un appel commercial.", "found"), ("Oui ?", "missing")] {
        let call = Dialled::new(&test).await;
        let sql = "update campaigns set legal_basis = 'consent'";
        call.organization.sql(sql, &[]).await;
        let opening = format!("{OPENING} {said}");
        call.tell(call.report("customer-ended-call", conversation(&[&opening, "Oui."], false)))
            .await;
        assert_eq!(call.call().await["disclosures"]["commercial"], finding, "{said}");
    }
}

#[tokio::test]
async fn a_machine_that_answers_is_nobody_and_a_call_without_a_report_tells_nothing() {
    let test = TestApp::start().await;
    let call = Dialled::new(&test).await;
    call.tell(call.ended("voicemail", 70)).await;
    assert!(call.call().await["disclosures"].is_null());
    call.tell(call.report("voicemail", conversation(&["Bonjour."], false)))
        .await;
    let nothing = "not_applicable";
    assert_eq!(
        call.call().await["disclosures"],
        found(nothing, nothing, nothing, nothing, nothing)
    );
}
