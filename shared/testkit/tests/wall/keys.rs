//! API keys and limits, as the database holds them: nothing in it opens anything, and whoever has the application's role
//! can neither read a hash nor change a key.

use secrecy::ExposeSecret as _;
use testkit::TestApp;
use tokio_postgres::error::SqlState;
use zencall::db::{Claims, DbError};
use zencall::kernel::Scope;

use crate::owner;

#[tokio::test]
async fn a_key_is_nowhere_in_the_database() {
    //
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let (id, key) = organization.api_key(&[Scope::CallsRead]).await;
    // 44 characters and a bit are ids; what follows is the secret.
    let secret = &key.expose_secret()[47..];
    let client = owner().await;
    // The owner is held to the policies too.
    let claims = format!("{{\"organization_id\":\"{}\"}}", organization.id);
    client.batch_execute("begin").await.unwrap();
    client
        .execute("select set_config('request.jwt.claims', $1, true)", &[&claims])
        .await
        .unwrap();
    let tables = client
        .query(
            "select c.oid::regclass::text from pg_class c
              where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')",
            &[],
        )
        .await
        .unwrap();
    let mut seen = 0;
    for table in tables {
        let table: String = table.get(0);
        let sql = format!("select t::text from {table} t");
        for row in client.query(&sql, &[]).await.unwrap() {
            let row: String = row.get(0);
            assert!(!row.contains(secret), "{table}");
            seen += usize::from(row.contains(&id.to_string()));
        }
    }
    assert_eq!(seen, 1, "the key's own row");
}

#[tokio::test]
async fn the_application_reads_no_hash_and_changes_no_key() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    organization.api_key(&[Scope::CallsRead]).await;
    let claims = Claims::platform(organization.id);
    for sql in [
        "select key_hash from api_keys",
        "update api_keys set key_hash = sha256('x')",
        "update api_keys set scopes = '{contacts:write}'",
        "update api_keys set expires_at = null",
        "update api_keys set organization_id = organization_id",
        "delete from api_keys",
        "select * from rate_limits",
        "update rate_limits set spent = 0",
        "delete from rate_limits",
    ] {
        let tried: Result<u64, DbError> = test
            .app
            .db
            .write("tests.key", &claims, async |tx| tx.execute(sql, &[]).await)
            .await;
        let Err(DbError::Statement(error)) = tried else {
            panic!("{sql} was allowed");
        };
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}");
    }
}

#[tokio::test]
async fn counters_name_nobody_and_go_when_they_have_ended() {
    let now = "2001-01-01T10:00:00Z".parse().unwrap();
    let test = TestApp::alone_at(now).await;
    let origin = testkit::some_origin();
    let email = zencall::kernel::Email::parse("camille@zencall.example").unwrap();
    let limit = [zencall::limits::Limit::Password(&email)];
    zencall::limits::spend(&test.app, &origin, &limit).await.unwrap();
    let hour = jiff::SignedDuration::from_hours(1);
    assert_eq!(zencall::limits::sweep(&test.app, now).await.unwrap(), 0);
    let later = now.saturating_add(hour).unwrap();
    assert_eq!(zencall::limits::sweep(&test.app, later).await.unwrap(), 3);
    assert_eq!(zencall::limits::sweep(&test.app, later).await.unwrap(), 0);
}
