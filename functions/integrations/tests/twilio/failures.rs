//! `PUT /integrations/twilio` when something fails on the way: nothing half-done stays.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use testkit::{Options, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER, TestApp};

use super::{OTHER_NUMBER, OTHER_TOKEN, PATH, Tenant, account, account_with};

#[tokio::test]
async fn twilio_down_changes_nothing() {
    let tenant = Tenant::start().await;
    tenant
        .test
        .set_behaviour(json!({ "api": { "status": 503, "provider": "twilio" } }))
        .await;
    tenant
        .admin
        .put(PATH, account())
        .await
        .expect_problem(502, "twilio_unavailable");
    tenant.test.set_behaviour(json!({})).await;
    tenant.expect_nothing().await;
}

#[tokio::test]
async fn twilio_out_of_reach_changes_nothing() {
    let options = Options {
        configure: Some(Box::new(|config| {
            config.twilio_api_url = "http://127.0.0.1:1".to_owned()
        })),
        ..Options::default()
    };
    let tenant = Tenant::on(TestApp::with(options).await).await;
    tenant
        .admin
        .put(PATH, account())
        .await
        .expect_problem(502, "twilio_unavailable");
    tenant.expect_nothing().await;
}

#[tokio::test]
async fn twilio_busy_for_a_moment_is_asked_again() {
    let tenant = Tenant::start().await;
    let behaviour = json!({ "api": { "status": 429, "times": 2, "provider": "twilio" } });
    tenant.test.set_behaviour(behaviour).await;
    tenant.admin.put(PATH, account()).await.expect(200);
}

#[tokio::test]
async fn vapi_refusing_or_silent_leaves_nothing_behind() {
    let tenant = Tenant::start().await;
    for (api, code) in [
        (json!({ "status": 400 }), "vapi_refused"),
        (json!({ "status": 503 }), "vapi_unavailable"),
        // Carried out, and then the answer was lost: what may have been imported is looked for and removed.
        (
            json!({ "status": 500, "after_accepting": true }),
            "vapi_unavailable",
        ),
        (json!({ "after_accepting": true }), "vapi_unavailable"),
    ] {
        let mut behaviour = json!({ "api": api });
        behaviour["api"]["only"] = "POST /phone-number".into();
        tenant.test.set_behaviour(behaviour).await;
        tenant.admin.put(PATH, account()).await.expect_problem(502, code);
        tenant.test.set_behaviour(json!({})).await;
        tenant.expect_nothing().await;
    }
}

#[tokio::test]
async fn a_failed_change_leaves_the_connection_that_was_there() {
    let tenant = Tenant::start().await;
    tenant.admin.put(PATH, account()).await.expect(200);
    let before = tenant.row().await;
    tenant
        .test
        .set_twilio_account(TWILIO_ACCOUNT_SID, OTHER_TOKEN, &[TWILIO_NUMBER, OTHER_NUMBER])
        .await;
    let changed = [
        account_with(json!({ "auth_token": OTHER_TOKEN })),
        account_with(json!({ "auth_token": OTHER_TOKEN, "phone_number": OTHER_NUMBER })),
    ];
    tenant
        .test
        .set_behaviour(json!({ "api": { "status": 503, "provider": "vapi" } }))
        .await;
    for body in changed {
        tenant
            .admin
            .put(PATH, body)
            .await
            .expect_problem(502, "vapi_unavailable");
        assert_eq!(tenant.row().await, before);
        assert_eq!(
            tenant.secret().await.unwrap().auth_token.expose_secret(),
            TWILIO_AUTH_TOKEN
        );
    }
}

#[tokio::test]
async fn a_last_step_that_fails_undoes_secret_and_import() {
    let tenant = Tenant::start().await;
    let slow = json!({ "api": { "latency_ms": 600, "only": "POST /phone-number" } });
    tenant.test.set_behaviour(slow).await;
    let interrupted = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(tenant.secret().await.is_some());
        // As if a minute had passed and somebody else had begun.
        let sql = "update organizations set twilio_change_until = null where id = $1";
        tenant.organization.sql(sql, &[&tenant.organization.id]).await;
    };
    let (reply, ()) = tokio::join!(tenant.admin.put(PATH, account()), interrupted);
    reply.expect_problem(409, "integration_under_way");
    tenant.expect_nothing().await;
}

#[tokio::test]
async fn two_changes_at_once_leave_one_whole_connection() {
    let tenant = Tenant::start().await;
    let numbers = [TWILIO_NUMBER, OTHER_NUMBER];
    tenant
        .test
        .set_twilio_account(TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, &numbers)
        .await;
    tenant
        .test
        .set_behaviour(json!({ "api": { "latency_ms": 50, "only": "POST /phone-number" } }))
        .await;
    let moved = account_with(json!({ "phone_number": OTHER_NUMBER }));
    let (one, other) = tokio::join!(tenant.admin.put(PATH, account()), tenant.admin.put(PATH, moved));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert!(statuses == [200, 409] || statuses == [200, 200], "{statuses:?}");
    let imports = tenant.imports().await;
    assert_eq!(imports.len(), 1);
    let row = tenant.row().await;
    assert_eq!(imports[0]["id"], row["vapi_phone_number_id"]);
    assert_eq!(imports[0]["number"], row["twilio_phone_number"]);
    assert_eq!(row["twilio_change_until"], Value::Null);
}
