//! What a failed statement tells: enough to find the fault, nothing of the row, and whether to try again.

use testkit::TestApp;
use zencall::db::{Claims, DbError};
use zencall::kernel::class::{Class, Classify as _, chain};

/// Runs one statement for a new organisation, which fails.
async fn failure(prepare: &'static str, sql: &'static str) -> DbError {
    let test = TestApp::start().await;
    let claims = Claims::platform(test.organization().await.id);
    let outcome = test
        .app
        .db
        .write("tests.fail", &claims, async |tx| {
            tx.query(prepare, &[]).await?;
            tx.query(sql, &[]).await
        })
        .await;
    outcome.map(drop).unwrap_err()
}

#[tokio::test]
async fn a_log_quotes_no_row_that_was_refused() {
    let error = failure(
        "select 1",
        "insert into contacts (id, organization_id, phone, first_name, created_at, updated_at)
         values (gen_random_uuid(), zencall.organization_id(), '+33639980042', 'Zoé', null, now())",
    )
    .await;
    let told = chain(&error);
    assert!(told.contains("23502") && told.contains("created_at"), "{told}");
    assert!(!told.contains("+33639980042") && !told.contains("Zoé"), "{told}");
}

#[tokio::test]
async fn a_log_quotes_no_value_that_was_refused() {
    let told = chain(&failure("select 1", "select ('Zo' || 'é')::int").await);
    assert!(told.contains("22P02") && !told.contains("Zoé"), "{told}");
}

#[tokio::test]
async fn a_statement_that_took_too_long_may_succeed_later() {
    let error = failure(
        "select set_config('statement_timeout', '20ms', true)",
        "select pg_sleep(2)",
    )
    .await;
    assert_eq!(error.failure().class, Class::Unavailable, "{error}");
}
