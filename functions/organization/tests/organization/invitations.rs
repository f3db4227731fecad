//! /api/v1/organization/invitations. Accepting one is `sessions`'s.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{QueueKind, Reply, TestApp};
use zencall::identity::{self, InvitationMail};
use zencall::kernel::Email;

use crate::Tenant;

const INVITATIONS: &str = "/api/v1/organization/invitations";

impl Tenant {
    fn address(&self) -> String {
        format!("Lou.{}@exemple.fr", self.test.app.clock.uuid().simple())
    }

    async fn invites(&self, email: &str) -> Reply {
        let body = json!({ "email": email, "role": "member" });
        self.admin.post(INVITATIONS, body).await
    }

    async fn open(&self) -> Vec<Value> {
        let list = self.admin.get(INVITATIONS).await.expect(200).json();
        list["data"].as_array().unwrap().clone()
    }

    /// What the queued mail would be, with a link or without; `None` where none is sent.
    async fn mails(&self) -> Vec<Option<bool>> {
        let mut mails = Vec::new();
        for message in self.test.queues.take(QueueKind::Mail).await {
            let message: InvitationMail = serde_json::from_value(message).unwrap();
            let notice = identity::compose_invitation(&self.test.app, &message).await;
            mails.push(notice.unwrap().map(|notice| notice.token().is_some()));
        }
        mails
    }
}

#[tokio::test]
async fn as_admin_an_address_is_mailed_a_link_and_the_audit_holds_no_address() {
    let tenant = Tenant::on(TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await).await;
    let email = tenant.address();
    let body = tenant.invites(&email).await.expect(201).json();
    let invitation = &body["invitation"];
    assert_eq!(invitation["email"], email);
    assert_eq!(invitation["role"], "member");
    assert_eq!(invitation["invited_by"], json!(tenant.organization.admin));
    assert_eq!(invitation["created_at"], "2026-11-23T10:00:00Z");
    assert_eq!(invitation["expires_at"], "2026-11-30T10:00:00Z");
    assert_eq!(json!(tenant.open().await), json!([invitation]));

    let messages = tenant.test.queues.take(QueueKind::Mail).await;
    assert_eq!(
        messages,
        [json!({
            "v": 1, "kind": "invitation", "organization_id": tenant.organization.id, "invitation_id": invitation["id"],
            "outbox_id": messages[0]["outbox_id"],
        })]
    );
    let entries = tenant.entries().await;
    assert_eq!(entries[0]["action"], "invitation.create");
    assert_eq!(
        entries[0]["details"],
        json!({ "invitation_id": invitation["id"], "after": { "role": "member" } })
    );
}

#[tokio::test]
async fn as_member_none_is_seen_made_or_withdrawn() {
    let tenant = Tenant::start().await;
    let body = tenant.invites(&tenant.address()).await.expect(201).json();
    let path = format!("{INVITATIONS}/{}", body["invitation"]["id"].as_str().unwrap());
    let invite = json!({ "email": tenant.address(), "role": "admin" });
    let replies = [
        tenant.member.get(INVITATIONS).await,
        tenant.member.post(INVITATIONS, invite).await,
        tenant.member.delete(&path).await,
    ];
    for reply in replies {
        reply.expect_problem(403, "admin_required");
    }
    assert_eq!(tenant.open().await.len(), 1);
}

#[tokio::test]
async fn as_stranger_it_is_not_found() {
    let tenant = Tenant::start().await;
    let body = tenant.invites(&tenant.address()).await.expect(201).json();
    let path = format!("{INVITATIONS}/{}", body["invitation"]["id"].as_str().unwrap());
    let stranger = tenant.stranger().await;
    assert_eq!(
        stranger.get(INVITATIONS).await.expect(200).json()["data"],
        json!([])
    );
    for path in [path, format!("{INVITATIONS}/7")] {
        stranger
            .delete(&path)
            .await
            .expect_problem(404, "invitation_not_found");
    }
    assert_eq!(tenant.open().await.len(), 1);
}

#[tokio::test]
async fn a_withdrawn_one_is_gone_with_its_address_and_is_mailed_no_more() {
    let tenant = Tenant::start().await;
    let body = tenant.invites(&tenant.address()).await.expect(201).json();
    let path = format!("{INVITATIONS}/{}", body["invitation"]["id"].as_str().unwrap());
    tenant.admin.delete(&path).await.expect(204);
    tenant
        .admin
        .delete(&path)
        .await
        .expect_problem(404, "invitation_not_found");
    assert!(tenant.open().await.is_empty());
    assert_eq!(tenant.mails().await, [None]);
    let rows = tenant
        .organization
        .rows("select email from invitations", &[])
        .await;
    assert_eq!(rows, [json!({ "email": null })]);
    assert_eq!(tenant.actions().await, ["invitation.create", "invitation.revoke"]);
}

#[tokio::test]
async fn inviting_again_replaces_the_older_one() {
    let tenant = Tenant::start().await;
    let email = tenant.address();
    tenant.invites(&email).await.expect(201);
    let second = tenant.invites(&email.to_uppercase()).await.expect(201).json();
    let open = tenant.open().await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["id"], second["invitation"]["id"]);
    let mut mails = tenant.mails().await;
    mails.sort();
    assert_eq!(mails, [None, Some(true)]);
}

#[tokio::test]
async fn of_two_at_once_one_stays_open() {
    let tenant = Tenant::start().await;
    let email = tenant.address();
    let (one, other) = tokio::join!(tenant.invites(&email), tenant.invites(&email));
    one.expect(201);
    other.expect(201);
    assert_eq!(tenant.open().await.len(), 1);
}

#[tokio::test]
async fn a_members_address_is_a_conflict() {
    let tenant = Tenant::start().await;
    let email = format!("{}@ZENCALL.example", tenant.organization.member);
    tenant.invites(&email).await.expect_problem(409, "already_member");
}

#[tokio::test]
async fn whether_an_address_has_an_account_elsewhere_only_its_mail_tells() {
    let tenant = Tenant::start().await;
    let other = tenant.test.organization().await;
    let known = tenant
        .invites(&format!("{}@zencall.example", other.member))
        .await
        .expect(201)
        .json();
    assert_eq!(tenant.mails().await, [Some(false)]);
    let unknown = tenant.invites(&tenant.address()).await.expect(201).json();
    assert_eq!(tenant.mails().await, [Some(true)]);
    let names =
        |body: &Value| -> Vec<String> { body["invitation"].as_object().unwrap().keys().cloned().collect() };
    assert_eq!(names(&known), names(&unknown));
    assert_eq!(tenant.open().await.len(), 2);
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    let tenant = Tenant::start().await;
    let reply = tenant
        .admin
        .post(INVITATIONS, json!({ "email": "lou", "role": "owner" }))
        .await
        .expect(422);
    let fields: Vec<_> = reply.faults().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["email", "role"]);
    let reply = tenant.admin.post(INVITATIONS, json!({})).await.expect(422);
    assert_eq!(reply.faults().len(), 2);
}

#[tokio::test]
async fn a_hundred_a_day_are_enough() {
    let tenant = Tenant::on(TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await).await;
    let now = tenant.test.app.clock.now();
    tenant
        .organization
        .sql(
            "insert into invitations (id, organization_id, role, created_at, expires_at, revoked_at)
             select gen_random_uuid(), $1, 'member', $2, $2, $2 from generate_series(1, 100)",
            &[&tenant.organization.id, &now],
        )
        .await;
    let reply = tenant.invites(&tenant.address()).await;
    assert!(reply.headers.contains_key("retry-after"));
    reply.expect_problem(429, "too_many_invitations");
    assert!(tenant.test.queues.take(QueueKind::Mail).await.is_empty());
}

#[tokio::test]
async fn a_mail_is_not_sent_for_one_that_has_expired_and_says_who_invites() {
    let tenant = Tenant::on(TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await).await;
    tenant.invites(&tenant.address()).await.expect(201);
    let messages = tenant.test.queues.take(QueueKind::Mail).await;
    let message: InvitationMail = serde_json::from_value(messages[0].clone()).unwrap();
    let app = &tenant.test.app;
    let notice = identity::compose_invitation(app, &message)
        .await
        .unwrap()
        .unwrap();
    let inviter = Email::parse(&format!("{}@zencall.example", tenant.organization.admin)).unwrap();
    assert_eq!(notice.inviter, Some(inviter));
    app.clock.advance(SignedDuration::from_hours(7 * 24));
    assert!(
        identity::compose_invitation(app, &message)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn an_address_gets_five_an_hour_whoever_invites() {
    let tenant = Tenant::on(TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await).await;
    let email = tenant.address();
    for _ in 0..5 {
        tenant.invites(&email).await.expect(201);
    }
    let reply = tenant.invites(&email.to_lowercase()).await;
    assert!(reply.headers.contains_key("retry-after"));
    reply.expect(429);
    let other = tenant.stranger().await;
    let body = json!({ "email": email, "role": "member" });
    other.post(INVITATIONS, body).await.expect(429);
    tenant.invites(&tenant.address()).await.expect(201);
    assert_eq!(tenant.open().await.len(), 2);
}
