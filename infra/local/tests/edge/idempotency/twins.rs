//! Requests with one key at the same time, and containers that are killed.

use futures_util::future::join_all;

use super::*;

async fn until_claimed(bench: &Bench, count: usize) {
    for _ in 0..500 {
        let rows = bench
            .organization
            .rows("select 1 from idempotency_keys", &[])
            .await;
        if rows.len() == count {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no claim");
}

#[tokio::test]
async fn of_twins_one_is_run() {
    let bench = Bench::start().await;
    let admin = bench.admin().await;
    let twins = join_all((0..12).map(|_| send(&admin, THINGS, "k", "", "{}"))).await;
    assert_eq!(bench.done(), 1);
    let first = twins
        .iter()
        .filter(|reply| reply.status == 201 && !is_replayed(reply));
    assert_eq!(first.count(), 1);
    for reply in twins {
        if reply.status == 201 {
            assert_eq!(reply.json()["thing"]["number"], 1);
        } else {
            reply.expect_problem(409, "idempotency_in_progress");
        }
    }
    // Other bodies meet the same key at the same time.
    let bodies: Vec<_> = (0..12).map(|number| format!("[{number}]")).collect();
    let others = join_all(bodies.iter().map(|body| send(&admin, THINGS, "l", "", body))).await;
    assert_eq!(bench.done(), 2);
    let refused = others
        .into_iter()
        .filter(|reply| reply.status == 422)
        .map(|reply| reply.expect_problem(422, "idempotency_key_reused"));
    assert_eq!(refused.count(), 11);
}

#[tokio::test]
async fn of_twins_one_makes_the_contact() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let member = organization.member(test.serving(contacts::routes())).await;
    let body = json!({ "phone": "+33639980042" }).to_string();
    let twins = join_all((0..8).map(|_| send(&member, "/api/v1/contacts", "k", "", &body))).await;
    for reply in twins {
        if reply.status != 201 {
            reply.expect_problem(409, "idempotency_in_progress");
        }
    }
    let again = send(&member, "/api/v1/contacts", "k", "", &body)
        .await
        .expect(201);
    assert!(is_replayed(&again));
    let contacts = organization.rows("select id from contacts", &[]).await;
    assert_eq!(contacts.len(), 1);
    assert_eq!(again.json()["contact"]["id"], contacts[0]["id"]);
}

#[tokio::test]
async fn while_the_first_is_running_the_second_is_told_so() {
    let bench = Bench::start().await;
    let admin = bench.admin().await;
    let first = tokio::spawn({
        let admin = admin.clone();
        async move { send(&admin, THINGS, "k", "waits", "{}").await }
    });
    until_claimed(&bench, 1).await;
    let second = send(&admin, THINGS, "k", "", "{}").await;
    second.expect_problem(409, "idempotency_in_progress");
    let other = send(&admin, THINGS, "k", "", "[]").await;
    other.expect_problem(422, "idempotency_key_reused");
    bench.workshop.gate.add_permits(1);
    first.await.unwrap().expect(201);
    assert!(is_replayed(
        &send(&admin, THINGS, "k", "", "{}").await.expect(201)
    ));
    assert_eq!(bench.done(), 1);
}

#[tokio::test]
async fn what_a_killed_container_held_is_free_after_a_minute() {
    let bench = Bench::start().await;
    let admin = bench.admin().await;
    let killed = tokio::spawn({
        let admin = admin.clone();
        async move { send(&admin, THINGS, "k", "waits", "{}").await }
    });
    until_claimed(&bench, 1).await;
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    bench.test.app.clock.advance(SignedDuration::from_secs(59));
    let second = send(&admin, THINGS, "k", "", "{}").await;
    second.expect_problem(409, "idempotency_in_progress");
    bench.test.app.clock.advance(SignedDuration::from_secs(1));
    // For the same request only: what became of the first is not known.
    let other = send(&admin, THINGS, "k", "", "[]").await;
    other.expect_problem(422, "idempotency_key_reused");
    let third = send(&admin, THINGS, "k", "", "{}").await.expect(201);
    assert!(!is_replayed(&third));
    assert_eq!(bench.done(), 1);
}

#[tokio::test]
async fn a_run_that_was_given_up_does_not_overwrite_the_one_that_took_its_place() {
    let bench = Bench::start().await;
    let admin = bench.admin().await;
    for late in ["waits", "panics later"] {
        let key = format!("key {late}");
        let slow = tokio::spawn({
            let (admin, key) = (admin.clone(), key.clone());
            async move { send(&admin, THINGS, &key, "waits", "{}").await }
        });
        let claims = if late == "waits" { 1 } else { 2 };
        until_claimed(&bench, claims).await;
        bench.test.app.clock.advance(SignedDuration::from_secs(60));
        let second = send(&admin, THINGS, &key, "", "{}").await.expect(201);
        bench.workshop.gate.add_permits(1);
        slow.await.unwrap().expect(201);
        let again = send(&admin, THINGS, &key, "", "{}").await.expect(201);
        assert!(is_replayed(&again));
        assert_eq!(again.body, second.body);
    }
}

#[tokio::test]
async fn a_campaign_is_started_once() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let member = organization.member(test.serving(campaigns::routes())).await;
    let assistant = organization.assistant().await;
    let body = json!({
        "name": "Rappel", "assistant_id": assistant, "object": "votre rendez-vous", "legal_basis": "service",
    });
    let body = body.to_string();
    let first = send(&member, "/api/v1/campaigns", "k", "", &body)
        .await
        .expect(201);
    let again = send(&member, "/api/v1/campaigns", "k", "", &body)
        .await
        .expect(201);
    assert_eq!(again.body, first.body);
    let campaigns = organization.rows("select id from campaigns", &[]).await;
    assert_eq!(campaigns.len(), 1);
    // Refused, put right, and sent again with the same key.
    let id = first.json()["campaign"]["id"].clone();
    let starter = organization.member(test.serving(campaigns_start::routes())).await;
    let start = json!({ "campaign_id": id }).to_string();
    for path in ["/api/v1/campaigns/start", "/api/campaigns/start"] {
        let refused = send(&starter, path, "start", "", &start).await.expect(409);
        assert!(!is_replayed(&refused));
    }
}
