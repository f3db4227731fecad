//! /api/v1/organization/members.

use serde_json::{Value, json};
use testkit::{Client, QueueKind};
use zencall::identity::{self, InvitationMail, Joining, NewPassword};
use zencall::kernel::ids::UserId;
use zencall::kernel::meter::Meter;
use zencall::kernel::{Email, Language, Name, Origin, Role};

use crate::Tenant;

const PASSWORD: &str = "trois petits chats gris";
const MEMBERS: &str = "/api/v1/organization/members";

fn one(user: UserId) -> String {
    format!("{MEMBERS}/{user}")
}

impl Tenant {
    /// Somebody who was invited and joined, with their refresh token.
    async fn joins(&self, role: Role) -> (UserId, String, Email) {
        let app = &self.test.app;
        let email = Email::parse(&format!("lou.{}@exemple.fr", app.clock.uuid().simple())).unwrap();
        identity::invite(app, &self.organization.caller(), &email, role)
            .await
            .unwrap();
        let messages = self.test.queues.take(QueueKind::Mail).await;
        let message: InvitationMail = serde_json::from_value(messages[0].clone()).unwrap();
        let notice = identity::compose_invitation(app, &message)
            .await
            .unwrap()
            .unwrap();
        let token = notice.token().unwrap().to_owned();
        let name = Name::parse("Lou Fèvre").unwrap();
        let password = NewPassword::parse(PASSWORD, &[]).unwrap();
        let joining = Joining::new(token, password, name, Language::Fr);
        let session = identity::accept_invitation(app, &Origin::default(), &joining)
            .await
            .unwrap();
        (session.profile.id, session.refresh_token().to_owned(), email)
    }

    async fn changes(&self, user: UserId, role: &str) -> testkit::Reply {
        self.admin.patch(&one(user), json!({ "role": role })).await
    }
}

mod list {
    use super::*;

    #[tokio::test]
    async fn as_member_all_are_seen_page_by_page() {
        let tenant = Tenant::start().await;
        let first = tenant
            .member
            .get(&format!("{MEMBERS}?limit=1"))
            .await
            .expect(200)
            .json();
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = tenant
            .member
            .get(&format!("{MEMBERS}?limit=1&cursor={cursor}"))
            .await
            .expect(200)
            .json();
        assert_eq!(second["next_cursor"], Value::Null);
        let organization = &tenant.organization;
        // Ids of one millisecond are in no order.
        let mut seen = [&first["data"][0], &second["data"][0]];
        seen.sort_by_key(|member| member["role"].as_str());
        let [admin, member] = seen;
        assert_eq!(member["id"], json!(organization.member));
        assert_eq!(admin["id"], json!(organization.admin));
        assert_eq!(admin["role"], "admin");
        assert_eq!(admin["email_confirmed"], true);
        assert_eq!(admin["email"], format!("{}@zencall.example", organization.admin));
        let names: Vec<_> = admin.as_object().unwrap().keys().cloned().collect();
        assert_eq!(
            names,
            [
                "created_at",
                "email",
                "email_confirmed",
                "full_name",
                "id",
                "role"
            ]
        );
    }

    #[tokio::test]
    async fn as_stranger_nobody_of_them_is_seen() {
        let tenant = Tenant::start().await;
        let seen = tenant.stranger().await.get(MEMBERS).await.expect(200).text();
        assert!(!seen.contains(&tenant.organization.admin.to_string()));
        assert!(!seen.contains(&tenant.organization.member.to_string()));
    }
}

mod change {
    use super::*;

    #[tokio::test]
    async fn as_admin_a_role_changes_and_the_audit_says_from_what_to_what() {
        let tenant = Tenant::start().await;
        let member = tenant.organization.member;
        let body = tenant.changes(member, "admin").await.expect(200).json();
        assert_eq!(body["member"]["role"], "admin");
        tenant.changes(member, "admin").await.expect(200);
        tenant.changes(member, "member").await.expect(200);
        assert_eq!(tenant.role_of(member).await.as_deref(), Some("member"));
        let entries = tenant.entries().await;
        assert_eq!(entries.len(), 2, "the same role again is no change: {entries:?}");
        assert_eq!(entries[0]["action"], "member.change_role");
        assert_eq!(
            entries[0]["details"],
            json!({ "user_id": member, "before": { "role": "member" }, "after": { "role": "admin" } })
        );
    }

    #[tokio::test]
    async fn the_next_refresh_says_the_new_role() {
        let tenant = Tenant::start().await;
        let (user, refresh_token, _) = tenant.joins(Role::Admin).await;
        tenant.changes(user, "member").await.expect(200);
        let session = identity::refresh(&tenant.test.app, &Origin::default(), &refresh_token).await;
        assert_eq!(session.unwrap().profile.role, Role::Member);
    }

    #[tokio::test]
    async fn as_member_it_is_forbidden() {
        let tenant = Tenant::start().await;
        for user in [tenant.organization.member, tenant.organization.admin] {
            tenant
                .member
                .patch(&one(user), json!({ "role": "admin" }))
                .await
                .expect_problem(403, "admin_required");
        }
        assert_eq!(
            tenant.role_of(tenant.organization.member).await.as_deref(),
            Some("member")
        );
    }

    #[tokio::test]
    async fn nobody_changes_their_own_role() {
        //
        let tenant = Tenant::start().await;
        tenant.second_admin().await;
        tenant
            .changes(tenant.organization.admin, "member")
            .await
            .expect_problem(403, "own_role");
        tenant
            .changes(tenant.organization.admin, "admin")
            .await
            .expect(200);
    }

    #[tokio::test]
    async fn whoever_was_demoted_cannot_use_an_older_token_for_it() {
        let tenant = Tenant::start().await;
        let second = tenant.second_admin().await;
        let (third, ..) = tenant.joins(Role::Member).await;
        tenant
            .changes(tenant.organization.member, "member")
            .await
            .expect(200);
        second
            .patch(&one(third), json!({ "role": "admin" }))
            .await
            .expect_problem(403, "admin_required");
        second
            .delete(&one(third))
            .await
            .expect_problem(403, "admin_required");
    }

    #[tokio::test]
    async fn the_last_administrator_stays_one() {
        let tenant = Tenant::start().await;
        tenant
            .changes(tenant.organization.admin, "member")
            .await
            .expect_problem(409, "last_admin");
        assert_eq!(
            tenant.role_of(tenant.organization.admin).await.as_deref(),
            Some("admin")
        );
    }

    #[tokio::test]
    async fn of_two_who_demote_each_other_at_once_one_stays() {
        for _ in 0..5 {
            let tenant = Tenant::start().await;
            let second = tenant.second_admin().await;
            let (one_path, other_path) = (one(tenant.organization.member), one(tenant.organization.admin));
            let (a, b) = tokio::join!(
                tenant.admin.patch(&one_path, json!({ "role": "member" })),
                second.patch(&other_path, json!({ "role": "member" })),
            );
            let (won, lost) = if a.status == 200 { (a, b) } else { (b, a) };
            won.expect(200);
            lost.expect_problem(409, "last_admin");
        }
    }

    #[tokio::test]
    async fn another_tenants_member_is_not_found_and_neither_is_nonsense() {
        let tenant = Tenant::start().await;
        let stranger = tenant.stranger().await;
        for path in [
            one(tenant.organization.member),
            one(UserId::new(&tenant.test.app.clock)),
            format!("{MEMBERS}/7"),
        ] {
            stranger
                .patch(&path, json!({ "role": "admin" }))
                .await
                .expect_problem(404, "member_not_found");
            stranger
                .delete(&path)
                .await
                .expect_problem(404, "member_not_found");
        }
        assert_eq!(
            tenant.role_of(tenant.organization.member).await.as_deref(),
            Some("member")
        );
    }

    #[tokio::test]
    async fn a_role_that_is_none_is_refused() {
        let tenant = Tenant::start().await;
        for role in [json!("owner"), json!(null), json!(7), json!("")] {
            let reply = tenant
                .admin
                .patch(&one(tenant.organization.member), json!({ "role": role }))
                .await;
            assert_eq!(reply.expect(422).faults()[0].0, "role");
        }
    }
}

mod remove {
    use super::*;

    #[tokio::test]
    async fn as_admin_their_account_goes_with_its_logins() {
        //
        let tenant = Tenant::start().await;
        let (user, refresh_token, email) = tenant.joins(Role::Member).await;
        let app = &tenant.test.app;
        tenant.admin.delete(&one(user)).await.expect(204);
        let refreshed = identity::refresh(app, &Origin::default(), &refresh_token).await;
        assert!(matches!(refreshed, Err(identity::RefreshError::Invalid)));
        let login = identity::login(app, &Origin::default(), &email, PASSWORD.to_owned()).await;
        assert!(matches!(login, Err(identity::LoginError::InvalidCredentials)));
        for table in ["sessions", "credentials", "gdpr_consents", "invitations"] {
            let rows = tenant
                .organization
                .rows(
                    &format!("select user_id from {table} where user_id = $1"),
                    &[&user],
                )
                .await;
            assert!(rows.is_empty(), "{table}");
        }
        assert_eq!(tenant.role_of(user).await, None);
        tenant
            .admin
            .delete(&one(user))
            .await
            .expect_problem(404, "member_not_found");
        // The address is free again.
        assert!(
            app.db
                .user_by_email(&Meter::default(), &email)
                .await
                .unwrap()
                .is_none()
        );
    }

    #[tokio::test]
    async fn what_they_did_stays_in_the_audit_under_an_id_without_a_name() {
        let tenant = Tenant::start().await;
        let (user, _, email) = tenant.joins(Role::Member).await;
        tenant.admin.delete(&one(user)).await.expect(204);
        let entries = tenant.entries().await;
        assert_eq!(
            tenant.actions().await,
            ["invitation.create", "invitation.accept", "member.remove"]
        );
        assert_eq!(entries[1]["user_id"], json!(user));
        assert_eq!(
            entries[2]["details"],
            json!({ "user_id": user, "before": { "role": "member" }, "revoked_api_keys": [] })
        );
        let all = json!(entries).to_string();
        assert!(!all.contains(email.as_str()) && !all.contains("Lou"));
    }

    #[tokio::test]
    async fn whoever_had_asked_to_be_forgotten_is() {
        let tenant = Tenant::start().await;
        let (user, ..) = tenant.joins(Role::Member).await;
        let now = tenant.test.app.clock.now();
        let later = now.saturating_add(jiff::SignedDuration::from_hours(700)).unwrap();
        tenant
            .organization
            .sql(
                "insert into gdpr_requests (id, organization_id, user_id, request_type, scheduled_at, created_at, updated_at)
                 values ($1, $2, $1, 'data_deletion', $3, $4, $4)",
                &[&user, &tenant.organization.id, &later, &now],
            )
            .await;
        tenant.admin.delete(&one(user)).await.expect(204);
        let entries = tenant.entries().await;
        let removal = entries.last().unwrap();
        assert_eq!(
            removal["details"],
            json!({ "before": { "role": "member" }, "revoked_api_keys": [], "reason": "deletion_requested" })
        );
        assert_eq!(removal["user_id"], json!(tenant.organization.admin));
        assert!(!json!(entries).to_string().contains(&user.to_string()));
    }

    #[tokio::test]
    async fn as_member_it_is_forbidden_even_of_oneself() {
        let tenant = Tenant::start().await;
        for user in [tenant.organization.member, tenant.organization.admin] {
            tenant
                .member
                .delete(&one(user))
                .await
                .expect_problem(403, "admin_required");
        }
    }

    #[tokio::test]
    async fn an_administrator_leaves_as_long_as_another_stays() {
        let tenant = Tenant::start().await;
        tenant
            .admin
            .delete(&one(tenant.organization.admin))
            .await
            .expect_problem(409, "last_admin");
        tenant.second_admin().await;
        tenant
            .admin
            .delete(&one(tenant.organization.admin))
            .await
            .expect(204);
        assert_eq!(tenant.role_of(tenant.organization.admin).await, None);
    }

    #[tokio::test]
    async fn of_two_who_remove_each_other_at_once_one_stays() {
        for _ in 0..5 {
            let tenant = Tenant::start().await;
            let second: Client = tenant.second_admin().await;
            let (one_path, other_path) = (one(tenant.organization.member), one(tenant.organization.admin));
            let (a, b) = tokio::join!(tenant.admin.delete(&one_path), second.delete(&other_path));
            let (won, lost) = if a.status == 204 { (a, b) } else { (b, a) };
            won.expect(204);
            lost.expect_problem(409, "last_admin");
        }
    }

    #[tokio::test]
    async fn the_database_itself_keeps_the_last_administrator() {
        let tenant = Tenant::start().await;
        let outcome = tenant
            .organization
            .rows(
                "select has_function_privilege('zencall_app', 'zencall.remove_member(uuid, timestamptz)', 'execute') as may",
                &[],
            )
            .await;
        assert_eq!(outcome[0]["may"], true);
        tenant
            .organization
            .sql(
                "select zencall.remove_member($1, $2)",
                &[&tenant.organization.admin, &tenant.test.app.clock.now()],
            )
            .await;
        assert_eq!(
            tenant.role_of(tenant.organization.admin).await.as_deref(),
            Some("admin")
        );
        // Nor may another tenant's transaction remove anybody here.
        let other = tenant.test.organization().await;
        other
            .sql(
                "select zencall.remove_member($1, $2)",
                &[&tenant.organization.member, &tenant.test.app.clock.now()],
            )
            .await;
        assert_eq!(
            tenant.role_of(tenant.organization.member).await.as_deref(),
            Some("member")
        );
    }
}
