//! A share for everybody: a line goes to the organisation with the fewest calls under way, of equals to whoever waited longest.

use jiff::SignedDuration;
use serde_json::json;
use testkit::{CallingOrganization, TestApp};
use zencall::campaigns::{offer, release};

use crate::{platform, tenant};

/// As when a call ends.
async fn end_one(calling: &CallingOrganization) {
    let sql = "with ended as (update call_attempts set status = 'ended', outcome = 'answered', ended_at = queued_at
                               where id = (select min(id::text)::uuid from call_attempts where status = 'queued')
                              returning id)
               select zencall.free_slots(array(select id from ended))";
    calling.organization.sql(sql, &[]).await;
}

async fn slots(test: &TestApp, callings: &[&CallingOrganization]) -> Vec<i64> {
    let mut slots = Vec::new();
    for calling in callings {
        slots.push(calling.slots(test).await);
    }
    slots
}

#[tokio::test]
async fn a_release_leaves_the_others_their_share_of_the_free_lines() {
    let test = platform(9, 0).await;
    let (large, other, small) = (
        tenant(&test, 30).await,
        tenant(&test, 30).await,
        tenant(&test, 2).await,
    );

    let queued = release::release(&test.app, large.organization.id).await.unwrap();
    assert_eq!(queued, 3);

    offer::release_due(&test.app).await.unwrap();
    assert_eq!(
        slots(&test, &[&large, &other, &small]).await.iter().sum::<i64>(),
        9,
        "no line stays idle"
    );
    assert_eq!(small.slots(&test).await, 2);
    assert!(large.slots(&test).await >= 3 && other.slots(&test).await >= 3);
}

#[tokio::test]
async fn a_line_that_one_frees_goes_to_whoever_has_the_fewest_calls() {
    let test = platform(6, 0).await;
    let large = tenant(&test, 30).await;
    offer::release_due(&test.app).await.unwrap();
    assert_eq!(large.slots(&test).await, 6, "alone it has them all");
    let small = tenant(&test, 10).await;

    for (round, expected) in [[5, 1], [4, 2], [3, 3]].iter().enumerate() {
        end_one(&large).await;
        offer::release_next(&test.app, large.organization.id).await;
        assert_eq!(slots(&test, &[&large, &small]).await, expected, "{round}");
    }
    end_one(&small).await;
    offer::release_next(&test.app, small.organization.id).await;
    assert_eq!(slots(&test, &[&large, &small]).await, [3, 3]);
}

#[tokio::test]
async fn of_equals_whoever_waited_longest_comes_first() {
    let test = platform(1, 0).await;
    let callings = [
        tenant(&test, 5).await,
        tenant(&test, 5).await,
        tenant(&test, 5).await,
    ];
    let mut turns = Vec::new();
    offer::release_due(&test.app).await.unwrap();
    for _ in 0..6 {
        for (place, calling) in callings.iter().enumerate() {
            if calling.slots(&test).await == 1 {
                turns.push(place);
                test.app.clock.advance(SignedDuration::from_secs(50));
                end_one(calling).await;
                offer::release_next(&test.app, calling.organization.id).await;
                break;
            }
        }
    }
    assert_eq!(turns.len(), 6);
    assert_eq!(turns[..3], turns[3..], "they take turns");
    turns.truncate(3);
    turns.sort_unstable();
    assert_eq!(turns, [0, 1, 2]);
}

#[tokio::test]
async fn what_one_may_not_use_another_gets() {
    let test = platform(12, 0).await;
    let (bound, free) = (tenant(&test, 30).await, tenant(&test, 30).await);
    let sql = "update organizations set concurrent_calls_limit = 2";
    bound.organization.sql(sql, &[]).await;

    offer::release_due(&test.app).await.unwrap();

    assert_eq!(slots(&test, &[&bound, &free]).await, [2, 10]);
}

#[tokio::test]
async fn whoever_can_call_nobody_keeps_no_line_from_the_others() {
    let test = platform(2, 0).await;
    let (stuck, able) = (tenant(&test, 5).await, tenant(&test, 5).await);
    // It has the fewest calls and is named first.
    stuck
        .organization
        .sql("update assistants set drifted_at = now()", &[])
        .await;
    able.organization
        .sql("update campaigns set concurrent_calls = 1", &[])
        .await;
    offer::release_due(&test.app).await.unwrap();
    able.organization
        .sql("update campaigns set concurrent_calls = 2", &[])
        .await;

    offer::release_next(&test.app, able.organization.id).await;

    assert_eq!(slots(&test, &[&stuck, &able]).await, [0, 2]);
    let told = stuck
        .organization
        .rows("select allowed, code from gate_decisions", &[])
        .await;
    assert_eq!(
        told,
        [json!({ "allowed": false, "code": "assistant_not_compliant" })],
        "once a rest"
    );
    // Somebody looks again later.
    test.app.clock.advance(SignedDuration::from_secs(21));
    stuck
        .organization
        .sql("update assistants set drifted_at = null", &[])
        .await;
    end_one(&able).await;
    offer::release_next(&test.app, able.organization.id).await;
    assert_eq!(slots(&test, &[&stuck, &able]).await, [1, 1]);
}
