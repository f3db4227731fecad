//! Every stored decision can be recomputed, and what was changed since is named.

use testkit::{Environment, Options};
use zencall::campaigns::verify::{DecisionReport, Difference, verify_all};

use super::*;

#[tokio::test]
async fn every_decision_is_recomputed_and_a_changed_one_is_named() {
    //
    let environment = Environment::get().await;
    let own = environment.own_database().await;
    let test = TestApp::with(Options {
        database_url: Some(own.clone()),
        held_at: Some("2026-11-24T11:00:00.123456789Z".parse().unwrap()),
        ..Options::default()
    })
    .await;
    // One call that is placed, one whose person objects, one that nobody places in time.
    let (placed, _, body) = queued(&test).await;
    dial(&test, &body).await.unwrap();
    let (objecting, _, body) = queued(&test).await;
    let sql = "update contacts set do_not_call = true";
    objecting.organization.sql(sql, &[]).await;
    dial(&test, &body).await.unwrap();
    // Refusals after which the contact keeps its turn.
    for fault in [
        "update organizations set twilio_phone_number = '+33612345678'",
        "update assistants set drifted_at = now()",
        "update campaigns set max_cost = 0.0001",
    ] {
        let (calling, _, body) = queued(&test).await;
        calling.organization.sql(fault, &[]).await;
        dial(&test, &body).await.unwrap();
        let sql = "select code from gate_decisions where stage = 'dial' and not allowed";
        assert_eq!(calling.organization.rows(sql, &[]).await.len(), 1, "{fault}");
    }
    let (_, _, body) = queued(&test).await;
    test.app.clock.advance(SignedDuration::from_mins(11));
    dial(&test, &body).await.unwrap();

    let report = verify_all(&test.app.db).await.unwrap();
    assert_eq!((report.organizations, report.differ), (6, 0), "{report:?}");
    assert!(report.decisions >= 12, "{report:?}");

    for (change, difference) in [
        (
            "inputs = jsonb_set(inputs, '{history,campaign_attempts}', '1')",
            Difference::Inputs,
        ),
        ("allowed_until = '2026-11-24T12:00:00Z'", Difference::Answer),
    ] {
        let organization = placed.organization.id;
        let decision = placed
            .organization
            .rows("select id from gate_decisions where stage = 'dial'", &[])
            .await
            .remove(0);
        // What nobody can but who owns the tables; and back.
        let changed = |change: &str| {
            format!(
                "alter table gate_decisions disable row level security;
                 create table if not exists kept as select * from gate_decisions where organization_id = '{organization}';
                 update gate_decisions set {change} where organization_id = '{organization}' and stage = 'dial';
                 alter table gate_decisions enable row level security"
            )
        };
        environment.run_as_owner(&own, &changed(change)).await;
        let report = verify_all(&test.app.db).await.unwrap();
        let [found] = report.differing.as_slice() else {
            panic!("{report:?}");
        };
        assert_eq!(
            (found.organization_id, json!(found.decision_id), found.difference),
            (organization, decision["id"].clone(), difference)
        );
        let back = "(inputs, allowed_until) = (select k.inputs, k.allowed_until from kept k where k.id = gate_decisions.id)";
        environment.run_as_owner(&own, &changed(back)).await;
        assert_eq!(
            verify_all(&test.app.db).await.unwrap(),
            DecisionReport {
                differ: 0,
                differing: Vec::new(),
                ..report
            }
        );
    }
}
