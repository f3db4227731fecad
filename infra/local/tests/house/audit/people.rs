//! The log on identity: accounts, members, passwords.

use secrecy::ExposeSecret as _;
use zencall::App;
use zencall::identity::NewPassword;
use zencall::kernel::Email;
use zencall::kernel::meter::Meter;

use super::*;

const ANOTHER_PASSWORD: &str = "un wagon de mirabelles bleues";
const THIRD_PASSWORD: &str = "quatre hiboux lisent le journal";

pub(super) async fn give_passwords(app: &App, organization: &TestOrganization) {
    let password = NewPassword::parse(PASSWORD, &[]).unwrap();
    let hash = password.hash(&app.clock).await.unwrap();
    for user in [organization.admin, organization.member] {
        organization
            .sql(
                "insert into credentials (user_id, organization_id, password_hash, updated_at) values ($1, $2, $3, $4)",
                &[&user, &organization.id, &hash.expose_secret(), &app.clock.now()],
            )
            .await;
    }
}

/// Somebody signs up, and comes and goes.
pub(super) async fn identity(story: &mut Story) {
    let email = format!("lou.{}@exemple.fr", story.test.app.clock.uuid().simple());
    let form = json!({
        "email": email, "password": PASSWORD, "full_name": "Lou Fèvre", "organization_type": "b2c",
        "terms_accepted": true, "privacy_accepted": true,
    });
    story
        .asks(
            &Who::Nobody,
            "POST /api/v1/auth/register",
            "/api/v1/auth/register",
            form,
        )
        .await;
    let address = Email::parse(&email).unwrap();
    let known = story
        .test
        .app
        .db
        .user_by_email(&Meter::default(), &address)
        .await
        .unwrap()
        .unwrap();
    story.tenant = known.organization;
    let entries = story.entries().await;
    assert_eq!(entries[0]["action"], "user.register");
    story.told.insert("POST /api/v1/auth/register".to_owned());

    let message: MailMessage = serde_json::from_value(story.mail().await).unwrap();
    let notice = identity::compose(&story.test.app, &message)
        .await
        .unwrap()
        .unwrap();
    let form = json!({ "token": notice.token().unwrap() });
    let route = "POST /api/v1/auth/confirm";
    story
        .step(
            Who::Nobody,
            route,
            "/api/v1/auth/confirm",
            form,
            "user.confirm_email",
        )
        .await;
    let form = json!({ "email": email, "password": PASSWORD });
    let route = "POST /api/v1/auth/login";
    let session = story
        .step(Who::Nobody, route, "/api/v1/auth/login", form, "session.login")
        .await;
    let bearer = || Who::Bearer(text(&session["access_token"]));
    let change = json!({ "language": "en", "marketing_consent": true });
    story
        .step(
            bearer(),
            "PATCH /api/v1/auth/me",
            "/api/v1/auth/me",
            change,
            "user.update",
        )
        .await;
    let route = "POST /api/v1/auth/password";
    let change = json!({ "current_password": PASSWORD, "password": ANOTHER_PASSWORD });
    story
        .step(
            bearer(),
            route,
            "/api/v1/auth/password",
            change,
            "user.change_password",
        )
        .await;
    let route = "POST /api/v1/auth/email";
    let change = json!({ "current_password": ANOTHER_PASSWORD, "email": format!("l{email}") });
    story
        .step(
            bearer(),
            route,
            "/api/v1/auth/email",
            change,
            "user.ask_email_change",
        )
        .await;
    let route = "POST /api/v1/auth/login";
    let form = json!({ "email": email, "password": ANOTHER_PASSWORD });
    story
        .step(Who::Nobody, route, "/api/v1/auth/login", form, "session.login")
        .await;
    let path = "/api/v1/auth/sessions";
    let list = story
        .asks(&bearer(), "GET /api/v1/auth/sessions", path, Value::Null)
        .await;
    // Newest first: the one that was opened last.
    let one = format!("{path}/{}", text(&list["data"][0]["id"]));
    let route = "DELETE /api/v1/auth/sessions/{id}";
    story
        .step(bearer(), route, &one, Value::Null, "session.revoke")
        .await;

    story.test.queues.take(QueueKind::Mail).await;
    let route = "POST /api/v1/auth/password/forgot";
    let form = json!({ "email": email });
    story
        .asks(&Who::Nobody, route, "/api/v1/auth/password/forgot", form)
        .await;
    let token = story.mailed_token().await;
    let route = "POST /api/v1/auth/password/reset";
    let form = json!({ "token": token, "password": THIRD_PASSWORD });
    story
        .step(
            Who::Nobody,
            route,
            "/api/v1/auth/password/reset",
            form,
            "user.reset_password",
        )
        .await;
    let form = json!({ "email": email, "password": THIRD_PASSWORD });
    let session = story
        .asks(
            &Who::Nobody,
            "POST /api/v1/auth/login",
            "/api/v1/auth/login",
            form,
        )
        .await;
    let bearer = Who::Bearer(text(&session["access_token"]));
    let route = "POST /api/v1/auth/logout";
    story
        .step(
            bearer,
            route,
            "/api/v1/auth/logout",
            Value::Null,
            "session.logout",
        )
        .await;
    let written = json!(story.entries().await).to_string();
    for secret in [&email, PASSWORD, ANOTHER_PASSWORD, THIRD_PASSWORD, "Lou"] {
        assert!(!written.contains(secret), "{secret} is in the audit log");
    }
}

/// At last, the member becomes an administrator and is removed.
pub(super) async fn members(story: &mut Story) {
    let one = format!("/api/v1/organization/members/{}", story.organization.member);
    let route = "PATCH /api/v1/organization/members/{id}";
    let role = json!({ "role": "admin" });
    story
        .step(Who::Admin, route, &one, role, "member.change_role")
        .await;
    let route = "DELETE /api/v1/organization/members/{id}";
    story
        .step(Who::Admin, route, &one, Value::Null, "member.remove")
        .await;
}
