//! What a pooled connection carries from one tenant to the next: nothing, whatever became of the transaction before.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use testkit::{TestApp, TestOrganization};
use zencall::App;
use zencall::db::{Claims, DbError, TenantTx};
use zencall::kernel::ids::{ContactId, OrganizationId};

use crate::login;

const INSERT: &str = "-- tests.insert
    insert into contacts (id, organization_id, phone, created_at, updated_at) values ($1, $2, $3, now(), now())";

/// Two tenants and a container, whose pool has one connection.
async fn start() -> (TestApp, App, [TestOrganization; 2]) {
    let test = TestApp::start().await;
    let container = test.another_container();
    let organizations = [test.organization().await, test.organization().await];
    (test, container, organizations)
}

async fn insert(tx: &TenantTx, app: &App, phone: &str) -> Result<u64, DbError> {
    tx.execute(INSERT, &[&ContactId::new(&app.clock), &tx.organization(), &phone])
        .await
}

/// Whose contacts a tenant sees, without asking for them.
async fn seen(app: &App, organization: OrganizationId) -> Vec<OrganizationId> {
    let claims = Claims::platform(organization);
    let rows = app
        .db
        .read("tests.seen", &claims, async |tx| {
            tx.query("-- tests.seen\nselect organization_id from contacts", &[])
                .await
        })
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn backend(app: &App, organization: OrganizationId) -> i32 {
    let claims = Claims::platform(organization);
    let row = app
        .db
        .read("tests.backend", &claims, async |tx| {
            tx.query_one("-- tests.backend\nselect pg_backend_pid()", &[])
                .await
        })
        .await
        .unwrap();
    row.get(0)
}

/// Ends a server process, and waits until it is gone.
async fn kill(backend: i32) {
    let client = login().await;
    client
        .query("select pg_terminate_backend($1)", &[&backend])
        .await
        .unwrap();
    wait_until_gone(backend).await;
}

async fn wait_until_gone(backend: i32) {
    let client = login().await;
    for _ in 0..500 {
        let left = client
            .query("select 1 from pg_stat_activity where pid = $1", &[&backend])
            .await
            .unwrap();
        if left.is_empty() {
            // The socket's end may still be on its way to the pool.
            tokio::time::sleep(Duration::from_millis(20)).await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the connection is still open");
}

#[tokio::test]
async fn tenants_that_fail_in_turns_never_see_each_other() {
    //
    let (_test, app, organizations) = start().await;
    let mut kept = [0_usize; 2];
    for round in 0..1000 {
        let [chance] = app.clock.random_bytes::<1>();
        let tenant = usize::from(chance % 2);
        let organization = organizations[tenant].id;
        let (claims, app_ref) = (Claims::platform(organization), &app);
        let phone = format!("+336399{round:05}");
        let phone = phone.as_str();
        let outcome = match (chance / 2) % 6 {
            // The statement fails.
            0 => {
                app.db
                    .write("tests.fail", &claims, async |tx| {
                        insert(tx, app_ref, phone).await?;
                        tx.execute("-- tests.fail\nselect 1 / 0", &[]).await
                    })
                    .await
            }
            // The use-case refuses.
            1 => {
                app.db
                    .write("tests.refuse", &claims, async |tx| {
                        insert(tx, app_ref, phone).await?;
                        Err(DbError::Aborted)
                    })
                    .await
            }
            // The client goes away.
            2 => {
                let write = app.db.write("tests.hang", &claims, async |tx| {
                    insert(tx, app_ref, phone).await?;
                    std::future::pending::<Result<u64, DbError>>().await
                });
                let cut = tokio::time::timeout(Duration::from_millis(5), write).await;
                assert!(cut.is_err());
                Err(DbError::Aborted)
            }
            // What it sets outlives its transaction, as nothing of ours does; the next one sets its own.
            3 => {
                let other = organizations[1 - tenant].id;
                let lasting = [
                    format!("set \"request.jwt.claims\" = '{{\"organization_id\":\"{other}\"}}'"),
                    format!("set zencall.organization_id = '{other}'"),
                ];
                let lasting = lasting[usize::from(chance / 12 % 2)].as_str();
                app.db
                    .write("tests.leave", &claims, async |tx| tx.execute(lasting, &[]).await)
                    .await
                    .and(Err(DbError::Aborted))
            }
            // A statement that fails in one packet with its commit.
            4 => {
                app.db
                    .write_at_once("tests.fail_at_once", &claims, async |tx| {
                        futures(tx, app_ref).await.1
                    })
                    .await
            }
            _ => {
                app.db
                    .write("tests.keep", &claims, async |tx| insert(tx, app_ref, phone).await)
                    .await
            }
        };
        if outcome.is_ok() {
            kept[tenant] += 1;
        }
        for (tenant, organization) in organizations.iter().enumerate() {
            assert_eq!(
                seen(&app, organization.id).await,
                vec![organization.id; kept[tenant]],
                "round {round}"
            );
        }
    }
    assert!(kept.iter().sum::<usize>() > 0);
}

#[tokio::test]
async fn a_dropped_transaction_takes_its_connection_with_it() {
    let (_test, app, [a, b]) = start().await;
    let before = backend(&app, a.id).await;
    let (claims, app_ref) = (Claims::platform(a.id), &app);
    let write = app.db.write("tests.hang", &claims, async |tx| {
        insert(tx, app_ref, "+33639980001").await?;
        std::future::pending::<Result<u64, DbError>>().await
    });
    assert!(
        tokio::time::timeout(Duration::from_millis(200), write)
            .await
            .is_err()
    );
    assert_ne!(backend(&app, b.id).await, before);
    wait_until_gone(before).await;
    assert!(seen(&app, a.id).await.is_empty());
}

#[tokio::test]
async fn a_read_on_a_dead_socket_is_run_again() {
    let (_test, app, [a, _]) = start().await;
    for _ in 0..3 {
        kill(backend(&app, a.id).await).await;
        assert!(seen(&app, a.id).await.is_empty());
    }
}

/// Writes, and loses its connection in each of the first `deaths` runs; returns the outcome and how often it ran.
async fn write_through(
    app: &App,
    organization: OrganizationId,
    deaths: usize,
) -> (Result<u64, DbError>, usize) {
    let (claims, runs) = (Claims::platform(organization), AtomicUsize::new(0));
    let runs_ref = &runs;
    let outcome = app
        .db
        .write("tests.dying", &claims, async |tx| {
            let run = runs_ref.fetch_add(1, Ordering::SeqCst);
            insert(tx, app, "+33639980001").await?;
            let row = tx
                .query_one("-- tests.backend\nselect pg_backend_pid()", &[])
                .await?;
            if run < deaths {
                kill(row.get(0)).await;
            }
            insert(tx, app, "+33639980002").await
        })
        .await;
    (outcome, runs.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_write_that_lost_its_connection_is_run_again_once() {
    let (_test, app, [a, b]) = start().await;
    let (outcome, runs) = write_through(&app, a.id, 1).await;
    assert_eq!((outcome.unwrap(), runs), (1, 2));
    assert_eq!(seen(&app, a.id).await.len(), 2);

    let (outcome, runs) = write_through(&app, b.id, 9).await;
    assert!(matches!(outcome, Err(DbError::Unreachable(_))), "{outcome:?}");
    assert_eq!(runs, 2);
    assert!(seen(&app, b.id).await.is_empty());
}

#[tokio::test]
async fn an_error_that_is_swallowed_still_undoes_everything() {
    let (_test, app, [a, _]) = start().await;
    let (claims, app_ref) = (Claims::platform(a.id), &app);
    let outcome = app
        .db
        .write("tests.swallow", &claims, async |tx| {
            insert(tx, app_ref, "+33639980001").await?;
            let _ = tx.execute("-- tests.fail\nselect 1 / 0", &[]).await;
            Ok::<_, DbError>(())
        })
        .await;
    assert!(matches!(outcome, Err(DbError::Aborted)), "{outcome:?}");
    let outcome = app
        .db
        .write_at_once("tests.swallow_at_once", &claims, async |tx| {
            let (_, _) = futures(tx, app_ref).await;
            Ok::<_, DbError>(())
        })
        .await;
    assert!(matches!(outcome, Err(DbError::Aborted)), "{outcome:?}");
    assert!(seen(&app, a.id).await.is_empty());
}

async fn futures(tx: &TenantTx, app: &App) -> (Result<u64, DbError>, Result<u64, DbError>) {
    tokio::join!(
        insert(tx, app, "+33639980001"),
        tx.execute("-- tests.fail\nselect 1 / 0", &[])
    )
}

#[tokio::test]
async fn a_read_cannot_write_nor_send_a_second_packet() {
    let (_test, app, [a, _]) = start().await;
    let (claims, app_ref) = (Claims::platform(a.id), &app);
    let outcome = app
        .db
        .read("tests.write", &claims, async |tx| {
            insert(tx, app_ref, "+33639980001").await
        })
        .await;
    assert!(matches!(outcome, Err(DbError::Statement(_))), "{outcome:?}");
    let outcome = app
        .db
        .read("tests.second", &claims, async |tx| {
            tx.query("-- tests.first\nselect 1", &[]).await?;
            tx.query("-- tests.second\nselect 1", &[]).await
        })
        .await;
    assert!(matches!(outcome, Err(DbError::SecondPacket)), "{outcome:?}");
    assert!(seen(&app, a.id).await.is_empty());
}
