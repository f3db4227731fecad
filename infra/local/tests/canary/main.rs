//! secrets that nobody else has go through everything that handles them, with everything going wrong on the way; then
//! they are looked for in every log line, row, message and answer, and found nowhere.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod journey;
mod places;

use local::canary::{Canaries, dump};
use testkit::TestApp;

use journey::Journey;

#[tokio::test]
async fn no_secret_is_left_anywhere() {
    places::listen();
    let test = TestApp::with(journey::options().await).await;
    let mut journey = Journey::begin(&test).await;
    journey.identity().await;
    journey.twilio().await;
    journey.vapi().await;
    journey.calls().await;
    journey.messages().await;
    journey.rotation().await;
    journey.failures().await;
    let (canaries, marker) = (journey.canaries(), journey.organization_id());
    assert!(canaries.count() >= 15);

    let logs = places::logs();
    let rows = dump(&mut places::owner_of(&test).await).await.unwrap();
    let (queued, answers) = (journey.queued(), journey.answers());
    // Nothing found in nothing would prove nothing.
    for (place, many) in [
        ("logs", logs.len()),
        ("rows", rows.len()),
        ("queues", queued.len()),
        ("answers", answers.len()),
    ] {
        assert!(many >= 20, "{place}: only {many}");
    }
    assert!(logs.iter().any(|line| line.contains(&marker)));
    assert!(
        rows.iter()
            .any(|(table, row)| table == "contacts" && row.contains(&marker))
    );
    assert!(rows.iter().any(|(table, _)| table == "gdpr_audit_logs"));
    assert!(queued.iter().any(|body| body.contains(&marker)));

    let mut found = Vec::new();
    for line in &logs {
        found.extend(canaries.found_in(&format!("a log line: {line}"), line));
    }
    for (table, row) in &rows {
        found.extend(canaries.found_in(&format!("the table {table}"), row));
    }
    for body in &queued {
        found.extend(canaries.found_in(&format!("a message on a queue: {body}"), body));
    }
    for answer in &answers {
        found.extend(canaries.found_in(&format!("an answer: {answer}"), answer));
    }
    assert_eq!(found, Vec::<String>::new());
}

/// The same search finds what is put there.
#[tokio::test]
async fn a_planted_secret_is_found_in_a_log_and_in_a_row() {
    places::listen();
    let test = TestApp::alone().await;
    let planted = format!("planted-{}", test.app.clock.uuid().simple());
    let mut canaries = Canaries::default();
    canaries.add("the planted one", &planted);
    tracing::info!(token = planted, "somebody logs a token");
    let organization = test.organization().await;
    let sql = "update organizations set name = $2 where id = $1";
    organization.sql(sql, &[&organization.id, &planted]).await;
    let logged = places::logs()
        .iter()
        .flat_map(|line| canaries.found_in("a log line", line))
        .count();
    let rows = dump(&mut places::owner_of(&test).await).await.unwrap();
    let stored: Vec<_> = rows
        .iter()
        .flat_map(|(table, row)| canaries.found_in(table, row))
        .collect();
    assert_eq!(logged, 1);
    assert_eq!(stored, ["the planted one in organizations"]);
}

/// What libraries quote at lower levels: the reason why their lines are held back.
#[tokio::test]
async fn libraries_tell_nothing_of_what_passes_through_them() {
    places::listen();
    tracing::debug!(target: "tokio_postgres::query", "executing with parameters: [\"a-quoted-secret\"]");
    tracing::trace!(target: "aws_smithy_runtime::client", "body: a-quoted-secret");
    tracing::debug!(target: "zencall::tests", "ours, which quotes nothing");
    let logs = places::logs();
    assert!(
        logs.iter()
            .any(|line| line.contains("ours, which quotes nothing"))
    );
    assert!(!logs.iter().any(|line| line.contains("a-quoted-secret")));
}
