//! Round trips are the cost that matters: one for a read, the statements plus one for a write.

use testkit::{CountingProxy, TestApp, TestOrganization};
use zencall::db::{Claims, DbError, TenantTx};

/// An application behind a counting proxy, on a connection that is already made.
async fn start() -> (CountingProxy, TestApp, TestOrganization) {
    let (proxy, options) = CountingProxy::in_front_of_the_database().await;
    let test = TestApp::with(options).await;
    let organization = test.organization().await;
    (proxy, test, organization)
}

async fn one(tx: &TenantTx) -> Result<u64, DbError> {
    tx.execute("-- tests.one\nselect 1", &[]).await
}

#[tokio::test]
async fn a_read_is_one_however_many_statements_it_joins() {
    let (proxy, test, organization) = start().await;
    let claims = Claims::platform(organization.id);
    let read = test.app.db.read("tests.read", &claims, async |tx| one(tx).await);
    assert_eq!(proxy.count(read).await.1, 1);
    let read = test.app.db.read("tests.read", &claims, async |tx| {
        let (first, second, third) = tokio::join!(one(tx), one(tx), one(tx));
        first.and(second).and(third)
    });
    let (outcome, round_trips) = proxy.count(read).await;
    assert_eq!((outcome.unwrap(), round_trips), (1, 1));
}

#[tokio::test]
async fn a_write_is_its_dependent_statements_plus_one() {
    let (proxy, test, organization) = start().await;
    let claims = Claims::platform(organization.id);
    for statements in 1..=4_usize {
        let write = test.app.db.write("tests.write", &claims, async |tx| {
            for _ in 0..statements {
                one(tx).await?;
            }
            Ok::<_, DbError>(())
        });
        let (outcome, round_trips) = proxy.count(write).await;
        outcome.unwrap();
        assert_eq!(round_trips, statements + 1);
    }
    let write = test.app.db.write("tests.joined", &claims, async |tx| {
        let (first, second) = tokio::join!(one(tx), one(tx));
        first.and(second)
    });
    assert_eq!(proxy.count(write).await.1, 2);
    let write = test
        .app
        .db
        .write_at_once("tests.at_once", &claims, async |tx| one(tx).await);
    assert_eq!(proxy.count(write).await.1, 1);
}

#[tokio::test]
async fn a_failed_transaction_costs_no_more_and_leaves_its_connection() {
    let (proxy, test, organization) = start().await;
    let claims = Claims::platform(organization.id);
    let connections = proxy.connections();
    let write = test.app.db.write("tests.fail", &claims, async |tx| {
        tx.execute("-- tests.fail\nselect 1 / 0", &[]).await
    });
    let (outcome, round_trips) = proxy.count(write).await;
    assert!(outcome.is_err());
    assert_eq!(round_trips, 2);
    assert_eq!(proxy.connections(), connections);
}
