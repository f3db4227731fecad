//! Asking for deletion.

use testkit::QueueKind;

use super::*;

#[tokio::test]
async fn as_member_waits_thirty_days_and_is_told_by_mail() {
    let tenant = Tenant::start().await;
    let request = tenant.member.post(REQUESTS, deletion()).await.expect(202).json()["request"].clone();
    assert_eq!(request["status"], "pending");
    assert_eq!(request["scheduled_at"], "2026-12-23T10:00:00Z");
    let mails = tenant.test.queues.take(QueueKind::Mail).await;
    assert_eq!(mails[0]["kind"], "deletion_scheduled");
    assert_eq!(mails[0]["request_id"], request["id"]);
    // The same again is the same.
    let again = tenant.member.post(REQUESTS, deletion()).await.expect(202).json();
    assert_eq!(again["request"]["id"], request["id"]);
    let listed = tenant.member.get(REQUESTS).await.expect(200).json();
    assert_eq!(listed["data"], json!([request]));
    assert_eq!(tenant.actions().await, ["gdpr.request_deletion"]);
}

#[tokio::test]
async fn twice_at_once_is_one() {
    let tenant = Tenant::start().await;
    let (one, other) = tokio::join!(
        tenant.member.post(REQUESTS, deletion()),
        tenant.member.post(REQUESTS, deletion())
    );
    let id = |reply: testkit::Reply| reply.expect(202).json()["request"]["id"].clone();
    assert_eq!(id(one), id(other));
    assert_eq!(tenant.test.queues.take(QueueKind::Mail).await.len(), 1);
}

#[tokio::test]
async fn with_another_password_is_forbidden() {
    let tenant = Tenant::start().await;
    for password in ["wrong", "", "correct horse battery stapler"] {
        let mut body = deletion();
        body["password"] = json!(password);
        tenant
            .member
            .post(REQUESTS, body)
            .await
            .expect_problem(403, "wrong_password");
    }
    let rows = tenant
        .organization
        .rows("select id from gdpr_requests", &[])
        .await;
    assert!(rows.is_empty());
}

#[tokio::test]
async fn for_somebody_else_is_forbidden_even_to_an_administrator() {
    let tenant = Tenant::start().await;
    let mut body = deletion();
    body["user_id"] = json!(tenant.organization.member);
    tenant
        .admin
        .post(REQUESTS, body.clone())
        .await
        .expect_problem(403, "not_your_account");
    tenant.member.post(REQUESTS, body).await.expect(202);
}

#[tokio::test]
async fn of_the_organization_is_for_administrators() {
    let tenant = Tenant::start().await;
    let mut body = deletion();
    body["scope"] = json!("organization");
    tenant
        .member
        .post(REQUESTS, body.clone())
        .await
        .expect_problem(403, "admin_required");
    tenant.admin.post(REQUESTS, body).await.expect(202);
    tenant
        .admin
        .post(REQUESTS, deletion())
        .await
        .expect_problem(409, "deletion_already_requested");
}

#[tokio::test]
async fn as_the_only_administrator_of_others_is_a_conflict() {
    let tenant = Tenant::start().await;
    tenant
        .admin
        .post(REQUESTS, deletion())
        .await
        .expect_problem(409, "last_admin");
}

#[tokio::test]
async fn bad_input_is_told_all_at_once() {
    let tenant = Tenant::start().await;
    let body = json!({ "request_type": "data_export", "scope": "all", "user_id": "me" });
    let faults = tenant.member.post(REQUESTS, body).await.expect(422).faults();
    let codes: Vec<_> = faults
        .iter()
        .map(|(field, code)| (field.as_str(), code.as_str()))
        .collect();
    assert_eq!(
        codes,
        [
            ("password", "required"),
            ("request_type", "request_type_invalid"),
            ("scope", "scope_invalid"),
            ("user_id", "id_invalid"),
        ]
    );
}
