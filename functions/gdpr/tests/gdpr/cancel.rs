//! Thinking better of it.

use super::*;

#[tokio::test]
async fn as_the_same_person_until_it_begins() {
    let tenant = Tenant::start().await;
    let request = tenant.member.post(REQUESTS, deletion()).await.expect(202).json()["request"].clone();
    let path = format!("{REQUESTS}/{}", request["id"].as_str().unwrap());
    tenant.test.app.clock.advance(jiff::SignedDuration::from_secs(1));
    tenant.member.delete(&path).await.expect(204);
    tenant.member.delete(&path).await.expect(204);
    assert_eq!(
        tenant.member.get(REQUESTS).await.json()["data"][0]["status"],
        "cancelled"
    );
    assert_eq!(
        tenant.actions().await,
        ["gdpr.request_deletion", "gdpr.cancel_deletion"]
    );
    let again = tenant.member.post(REQUESTS, deletion()).await.expect(202).json();
    let path = format!("{REQUESTS}/{}", again["request"]["id"].as_str().unwrap());
    tenant
        .organization
        .sql(
            "update gdpr_requests set status = 'processing', attempts = 1
              where organization_id = $1 and status = 'pending'",
            &[&tenant.organization.id],
        )
        .await;
    tenant
        .member
        .delete(&path)
        .await
        .expect_problem(409, "gdpr_request_state");
}

#[tokio::test]
async fn as_anybody_else_is_not_found() {
    let tenant = Tenant::start().await;
    let stranger = Tenant::start().await;
    let request = tenant.member.post(REQUESTS, deletion()).await.expect(202).json()["request"].clone();
    let path = format!("{REQUESTS}/{}", request["id"].as_str().unwrap());
    tenant
        .admin
        .delete(&path)
        .await
        .expect_problem(404, "gdpr_request_not_found");
    stranger
        .member
        .delete(&path)
        .await
        .expect_problem(404, "gdpr_request_not_found");
    tenant
        .member
        .delete(&format!("{REQUESTS}/nonsense"))
        .await
        .expect_problem(404, "gdpr_request_not_found");
    assert_eq!(tenant.admin.get(REQUESTS).await.json()["data"], json!([]));
}
