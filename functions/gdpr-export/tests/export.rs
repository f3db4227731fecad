//! `/gdpr/export`: who may ask for what, how often, and who sees it.

use serde_json::{Value, json};
use testkit::{Client, QueueKind, TestApp, TestOrganization};

const PATH: &str = "/api/v1/gdpr/export";

async fn serve(test: &TestApp) -> (TestOrganization, Client, Client) {
    let organization = test.organization().await;
    let admin = organization.admin(test.serving(gdpr_export::routes())).await;
    let member = organization.member(test.serving(gdpr_export::routes())).await;
    (organization, admin, member)
}

async fn ask(client: &Client, body: Value) -> Value {
    client.post(PATH, body).await.expect(202).json()["request"].clone()
}

/// As the worker would, without it.
async fn complete_all(organization: &TestOrganization) {
    organization
        .sql(
            "update gdpr_requests set status = 'completed' where organization_id = $1",
            &[&organization.id],
        )
        .await;
}

mod request {
    use super::*;

    #[tokio::test]
    async fn as_member_is_taken_and_put_on_the_queue() {
        let test = TestApp::start().await;
        let (organization, _, member) = serve(&test).await;
        let request = ask(&member, json!({ "request_type": "data_access" })).await;
        assert_eq!(request["status"], "pending");
        assert_eq!(request["request_type"], "data_access");
        assert_eq!(request["scope"], "self");
        assert_eq!(request["data_url"], Value::Null);
        let messages = test.queues.take(QueueKind::Gdpr).await;
        assert_eq!(
            messages,
            [json!({ "v": 1, "organization_id": organization.id, "request_id": request["id"] })]
        );
        let read = member
            .get(&format!("{PATH}/{}", request["id"].as_str().unwrap()))
            .await;
        assert_eq!(read.expect(200).json()["request"]["status"], "pending");
        let audit = organization
            .rows("select action, user_id, details from gdpr_audit_logs", &[])
            .await;
        assert_eq!(audit[0]["action"], "gdpr.request_export");
        assert_eq!(audit[0]["user_id"], json!(organization.member));
    }

    #[tokio::test]
    async fn without_a_body_is_for_oneself() {
        let test = TestApp::start().await;
        let (_, admin, _) = serve(&test).await;
        let request = admin.send("POST", PATH, None).await.expect(202).json();
        assert_eq!(request["request"]["request_type"], "data_export");
        assert_eq!(request["request"]["scope"], "self");
    }

    #[tokio::test]
    async fn twice_at_once_is_one() {
        let test = TestApp::start().await;
        let (organization, _, member) = serve(&test).await;
        let (one, other) = tokio::join!(ask(&member, json!({})), ask(&member, json!({})));
        assert_eq!(one["id"], other["id"]);
        assert_eq!(
            organization.rows("select id from gdpr_requests", &[]).await.len(),
            1
        );
        assert_eq!(test.queues.take(QueueKind::Gdpr).await.len(), 1);
        assert_eq!(ask(&member, json!({})).await["id"], one["id"]);
    }

    #[tokio::test]
    async fn the_fourth_in_a_day_waits() {
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        let test = TestApp::held_at(now).await;
        let (organization, admin, member) = serve(&test).await;
        for _ in 0..3 {
            ask(&member, json!({})).await;
            complete_all(&organization).await;
        }
        let refused = member.post(PATH, json!({})).await;
        assert_eq!(refused.headers["retry-after"], "86401");
        refused.expect_problem(429, "too_many_exports");
        ask(&admin, json!({})).await;
        test.app.clock.advance(jiff::SignedDuration::from_secs(86_401));
        let later = organization.member(test.serving(gdpr_export::routes())).await;
        ask(&later, json!({})).await;
    }

    #[tokio::test]
    async fn as_member_of_the_whole_organization_is_forbidden() {
        let test = TestApp::start().await;
        let (organization, admin, member) = serve(&test).await;
        let body = json!({ "scope": "organization" });
        member
            .post(PATH, body.clone())
            .await
            .expect_problem(403, "admin_required");
        assert_eq!(ask(&admin, body.clone()).await["scope"], "organization");
        complete_all(&organization).await;
        // The token still says admin.
        organization
            .sql(
                "update profiles set role = 'member' where organization_id = $1",
                &[&organization.id],
            )
            .await;
        admin.post(PATH, body).await.expect_problem(403, "admin_required");
    }

    #[tokio::test]
    async fn bad_input_is_told_all_at_once() {
        let test = TestApp::start().await;
        let (_, admin, _) = serve(&test).await;
        let reply = admin
            .post(PATH, json!({ "request_type": "data_deletion", "scope": 7 }))
            .await
            .expect(422);
        let fault = |field: &str, code: &str| (field.to_owned(), code.to_owned());
        assert_eq!(
            reply.faults(),
            [
                fault("request_type", "request_type_invalid"),
                fault("scope", "wrong_type")
            ]
        );
    }

    #[tokio::test]
    async fn as_nobody_needs_credentials() {
        let test = TestApp::start().await;
        let anonymous = Client::anonymous(test.serving(gdpr_export::routes()));
        anonymous
            .post(PATH, json!({}))
            .await
            .expect_problem(401, "unauthenticated");
    }

    #[tokio::test]
    async fn as_somebody_who_has_left_needs_other_credentials() {
        let test = TestApp::start().await;
        let (mut organization, _, _) = serve(&test).await;
        // A token of this organisation for a person it does not have.
        organization.member = test.organization().await.member;
        let left = organization.member(test.serving(gdpr_export::routes())).await;
        left.post(PATH, json!({}))
            .await
            .expect_problem(401, "unauthenticated");
    }
}

mod read {
    use super::*;

    #[tokio::test]
    async fn as_anybody_else_is_not_found() {
        let test = TestApp::start().await;
        let (_, admin, member) = serve(&test).await;
        let (_, stranger, _) = serve(&test).await;
        let request = ask(&member, json!({})).await;
        let path = format!("{PATH}/{}", request["id"].as_str().unwrap());
        admin
            .get(&path)
            .await
            .expect_problem(404, "gdpr_request_not_found");
        stranger
            .get(&path)
            .await
            .expect_problem(404, "gdpr_request_not_found");
        member
            .get(&format!("{PATH}/nonsense"))
            .await
            .expect_problem(404, "gdpr_request_not_found");
    }
}
