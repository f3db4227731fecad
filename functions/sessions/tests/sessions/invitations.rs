//! POST /api/v1/auth/invitations/accept.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Client, QueueKind, Reply, TestApp, TestOrganization};
use zencall::identity::{self, InvitationMail, InvitationNotice};
use zencall::kernel::{Email, Role};

const PASSWORD: &str = "trois petits chats gris";

/// Somebody who was invited.
struct Guest {
    test: TestApp,
    organization: TestOrganization,
    client: Client,
    email: String,
    token: String,
    id: String,
}

impl Guest {
    async fn invited() -> Self {
        Self::invited_on(TestApp::start().await).await
    }

    async fn invited_on(test: TestApp) -> Self {
        let organization = test.organization().await;
        let email = format!("Lou.{}@exemple.fr", test.app.clock.uuid().simple());
        let invitation = invite(&test, &organization, &email).await;
        let token = notice(&test).await.unwrap().token().unwrap().to_owned();
        Self {
            client: Client::anonymous(test.serving(sessions::routes())),
            id: invitation,
            organization,
            email,
            token,
            test,
        }
    }

    fn form(&self) -> Value {
        json!({
            "token": self.token, "full_name": "Lou Fèvre", "password": PASSWORD,
            "terms_accepted": true, "privacy_accepted": true,
        })
    }

    async fn sends(&self, form: Value) -> Reply {
        self.client.post("/api/v1/auth/invitations/accept", form).await
    }

    async fn accepts(&self) -> Reply {
        self.sends(self.form()).await
    }

    async fn people(&self) -> usize {
        self.organization.rows("select id from profiles", &[]).await.len()
    }
}

async fn invite(test: &TestApp, organization: &TestOrganization, email: &str) -> String {
    let email = Email::parse(email).unwrap();
    let invitation = identity::invite(&test.app, &organization.caller(), &email, Role::Member).await;
    invitation.unwrap().id.to_string()
}

/// The mail that the queue's one message asks for.
async fn notice(test: &TestApp) -> Option<InvitationNotice> {
    let messages = test.queues.take(QueueKind::Mail).await;
    assert_eq!(messages.len(), 1, "{messages:?}");
    let message: InvitationMail = serde_json::from_value(messages[0].clone()).unwrap();
    identity::compose_invitation(&test.app, &message).await.unwrap()
}

#[tokio::test]
async fn as_guest_one_joins_confirmed_and_logged_in() {
    let guest = Guest::invited().await;
    let session = guest.accepts().await.expect(200).json();
    assert_eq!(session["token_type"], "bearer");
    assert_eq!(session["user"]["email"], guest.email);
    assert_eq!(session["user"]["full_name"], "Lou Fèvre");
    assert_eq!(session["user"]["role"], "member");
    assert_eq!(session["organization"]["id"], json!(guest.organization.id));

    let token = session["access_token"].as_str().unwrap();
    let client = Client::bearer(guest.test.serving(sessions::routes()), token);
    let me = client.get("/api/v1/auth/me").await.expect(200).json();
    assert!(me["user"]["terms_accepted_at"].is_string());
    assert!(me["user"]["gdpr_consent_at"].is_string());
    assert_eq!(me["user"]["marketing_consent"], false);
    let login = json!({ "email": guest.email, "password": PASSWORD });
    guest.client.post("/api/v1/auth/login", login).await.expect(200);
    let refresh = json!({ "refresh_token": session["refresh_token"] });
    guest
        .client
        .post("/api/v1/auth/refresh", refresh)
        .await
        .expect(200);
}

#[tokio::test]
async fn the_consents_are_in_the_ledger_and_the_audit_says_who_joined_by_which_invitation() {
    let guest = Guest::invited().await;
    let session = guest.accepts().await.expect(200).json();
    let user = &session["user"]["id"];
    let consents = guest
        .organization
        .rows(
            "select consent_type, consent_given from gdpr_consents order by consent_type",
            &[],
        )
        .await;
    assert_eq!(
        consents,
        [
            json!({ "consent_type": "privacy", "consent_given": true }),
            json!({ "consent_type": "terms", "consent_given": true })
        ]
    );
    let entries = guest
        .organization
        .rows(
            "select user_id, details from gdpr_audit_logs where action = 'invitation.accept'",
            &[],
        )
        .await;
    assert_eq!(
        entries,
        [json!({
            "user_id": user,
            "details": { "user_id": user, "invitation_id": guest.id, "after": { "role": "member" } },
        })]
    );
    let invitations = guest
        .organization
        .rows("select email, user_id from invitations", &[])
        .await;
    assert_eq!(invitations, [json!({ "email": null, "user_id": user })]);
}

#[tokio::test]
async fn of_two_at_once_one_joins() {
    let guest = Guest::invited().await;
    let (one, other) = tokio::join!(guest.accepts(), guest.accepts());
    let (won, lost) = if one.status == 200 {
        (one, other)
    } else {
        (other, one)
    };
    won.expect(200);
    lost.expect_problem(422, "link_used");
    assert_eq!(guest.people().await, 3);
}

#[tokio::test]
async fn a_link_works_once() {
    let guest = Guest::invited().await;
    guest.accepts().await.expect(200);
    guest.accepts().await.expect_problem(422, "link_used");
}

#[tokio::test]
async fn every_fault_is_told_at_once_and_nobody_joins() {
    let guest = Guest::invited().await;
    let form =
        json!({ "full_name": "", "password": "court", "terms_accepted": false, "privacy_accepted": "yes" });
    let fields: Vec<_> = guest
        .sends(form)
        .await
        .expect(422)
        .faults()
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert_eq!(
        fields,
        [
            "full_name",
            "password",
            "privacy_accepted",
            "terms_accepted",
            "token"
        ]
    );
    // The invitation knows the address; the form does not say it.
    let mut form = guest.form();
    form["password"] = json!(guest.email);
    let reply = guest.sends(form).await.expect(422);
    assert_eq!(reply.faults()[0].0, "password");
    assert_eq!(guest.people().await, 2);
    guest.accepts().await.expect(200);
}

#[tokio::test]
async fn a_forged_link_leads_nowhere() {
    let guest = Guest::invited().await;
    let id = guest.id.replace('-', "");
    for token in ["", "x", &guest.token[..guest.token.len() - 1], &id] {
        let mut form = guest.form();
        form["token"] = json!(token);
        guest.sends(form).await.expect_problem(422, "link_invalid");
    }
    // A link for one thing opens no other.
    let confirm = json!({ "token": guest.token });
    guest
        .client
        .post("/api/v1/auth/confirm", confirm)
        .await
        .expect_problem(422, "link_invalid");
    assert_eq!(guest.people().await, 2);
}

#[tokio::test]
async fn a_link_expires_after_seven_days() {
    let held = TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await;
    let guest = Guest::invited_on(held).await;
    let clock = &guest.test.app.clock;
    clock.advance(SignedDuration::from_hours(7 * 24));
    guest.accepts().await.expect_problem(422, "link_expired");
    let held = TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await;
    let guest = Guest::invited_on(held).await;
    let almost = SignedDuration::from_secs(7 * 24 * 3600 - 1);
    guest.test.app.clock.advance(almost);
    guest.accepts().await.expect(200);
}

#[tokio::test]
async fn a_withdrawn_or_replaced_link_says_so() {
    let guest = Guest::invited().await;
    identity::revoke_invitation(&guest.test.app, &guest.organization.caller(), &guest.id)
        .await
        .unwrap();
    guest.accepts().await.expect_problem(422, "link_revoked");

    let guest = Guest::invited().await;
    invite(&guest.test, &guest.organization, &guest.email).await;
    guest.accepts().await.expect_problem(422, "link_revoked");
    let newer = notice(&guest.test).await.unwrap();
    let mut form = guest.form();
    form["token"] = json!(newer.token().unwrap());
    guest.sends(form).await.expect(200);
}

#[tokio::test]
async fn whoever_got_an_account_meanwhile_is_told_that_one_person_belongs_to_one_organisation() {
    let guest = Guest::invited().await;
    let other = guest.test.organization().await;
    invite(&guest.test, &other, &guest.email).await;
    let token = notice(&guest.test).await.unwrap().token().unwrap().to_owned();
    guest.accepts().await.expect(200);
    let mut form = guest.form();
    form["token"] = json!(token);
    guest.sends(form).await.expect_problem(409, "address_has_account");
    assert_eq!(other.rows("select id from profiles", &[]).await.len(), 2);
    // The mail of a third invitation says it at once, and has no link.
    let third = guest.test.organization().await;
    invite(&guest.test, &third, &guest.email).await;
    assert!(notice(&guest.test).await.unwrap().token().is_none());
}
