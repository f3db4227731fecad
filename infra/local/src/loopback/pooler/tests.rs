//! The way to the database, from a client to the server.

use testkit::Environment;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls};

use super::*;

/// A way to the tests' database, with its address for the driver.
async fn way(fate: Fate) -> (Arc<Pooler>, String) {
    let url = &Environment::get().await.database_url;
    let server = url
        .rsplit('@')
        .next()
        .and_then(|rest| rest.split('/').next())
        .unwrap();
    let (pooler, address) = Pooler::open_with(server.to_owned(), fate).await.unwrap();
    (pooler, url.replace(server, &address.to_string()))
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Asks as the functions do.
async fn ask<T>(client: &Client, sql: &str, parameters: &[(&(dyn ToSql + Sync), Type)]) -> T
where
    T: for<'a> tokio_postgres::types::FromSql<'a>,
{
    client.query_typed(sql, parameters).await.unwrap()[0].get(0)
}

async fn session(client: &Client) -> i32 {
    ask(client, "select pg_backend_pid()", &[]).await
}

/// Whoever comes when this one is gone, and has left the session.
async fn connect_after(pooler: &Pooler, url: &str, gone: Client) -> Client {
    let had = session(&gone).await;
    drop(gone);
    while pooler.idle().is_empty() {
        tokio::task::yield_now().await;
    }
    let client = connect(url).await;
    assert_eq!(session(&client).await, had, "the same session");
    client
}

#[tokio::test]
async fn a_session_outlives_whoever_used_it_and_undoes_what_they_left() {
    let (pooler, url) = way(Box::new(|_| Commit::Kept)).await;
    let first = connect(&url).await;
    first.batch_execute("begin").await.unwrap();
    let begun: String = ask(&first, "select txid_current()::text", &[]).await;

    let second = connect_after(&pooler, &url, first).await;
    let fate: String = ask(
        &second,
        "select txid_status($1::text::bigint)",
        &[(&begun, Type::TEXT)],
    )
    .await;
    assert_eq!(fate, "aborted");
    let again: String = ask(&second, "select txid_current()::text", &[]).await;
    assert_ne!(again, begun, "the next one is not in their transaction");
}

#[tokio::test]
async fn a_statement_is_planned_once_a_session_and_answers_as_if_it_were_not() {
    let (pooler, url) = way(Box::new(|_| Commit::Kept)).await;
    let mut client = connect(&url).await;
    for number in 1..=3_i32 {
        for _ in 0..2 {
            let doubled: i32 = ask(&client, "select 2 * $1", &[(&number, Type::INT4)]).await;
            assert_eq!(doubled, 2 * number);
        }
        client = connect_after(&pooler, &url, client).await;
    }
    let plans: i64 = ask(
        &client,
        "select sum(generic_plans + custom_plans)::bigint from pg_prepared_statements where statement = 'select 2 * $1'",
        &[],
    )
    .await;
    assert_eq!(plans, 6, "all by the one that is prepared");
}

#[tokio::test]
async fn what_the_server_refused_to_prepare_is_refused_each_time() {
    let (_pooler, url) = way(Box::new(|_| Commit::Kept)).await;
    let client = connect(&url).await;
    for _ in 0..2 {
        let refused = client
            .query_typed("select * from nowhere", &[])
            .await
            .unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "42P01");
    }
    assert!(session(&client).await > 0);
}

#[tokio::test]
async fn a_commit_is_lost_before_it_arrives_or_its_answer_after() {
    for (fate, becomes) in [(Commit::Before, "aborted"), (Commit::After, "committed")] {
        let (pooler, url) = way(Box::new(move |_| fate)).await;
        let client = connect(&url).await;
        client.batch_execute("begin").await.unwrap();
        let begun: String = ask(&client, "select txid_current()::text", &[]).await;
        assert!(
            client.batch_execute("commit").await.is_err(),
            "nobody says what became of it"
        );
        assert_eq!(pooler.cuts(), 1);
        let witness = connect(&Environment::get().await.database_url).await;
        loop {
            let status: String = ask(
                &witness,
                "select txid_status($1::text::bigint)",
                &[(&begun, Type::TEXT)],
            )
            .await;
            if status != "in progress" {
                assert_eq!(status, becomes);
                break;
            }
        }
    }
}

#[tokio::test]
async fn while_the_way_is_closed_nobody_comes_through() {
    let (pooler, url) = way(Box::new(|_| Commit::Kept)).await;
    let client = connect(&url).await;
    session(&client).await;
    pooler.close();
    assert!(client.query_typed("select 1", &[]).await.is_err());
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err());
    pooler.reopen();
    assert!(session(&connect(&url).await).await > 0);
}
