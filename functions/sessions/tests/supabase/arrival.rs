//! An application that accepts Supabase's tokens, and somebody who brings one.

use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::supabase::{KeyServer, Signer};
use testkit::{Client, Options, Reply, TestApp, TestOrganization};
use uuid::Uuid;
use zencall::config::Config;
use zencall::kernel::ids::UserId;

pub(crate) const ISSUER: &str = "https://project.supabase.example/auth/v1";

/// An application that accepts the tokens of these keys.
pub(crate) async fn accepting(server: &KeyServer) -> TestApp {
    start(server, Options::default(), |_| {}).await
}

/// The same, which differs further.
pub(crate) async fn start(
    server: &KeyServer,
    options: Options,
    configure: impl FnOnce(&mut Config) + 'static,
) -> TestApp {
    let url = server.url.clone();
    TestApp::with(Options {
        configure: Some(Box::new(move |config| {
            config.supabase_issuer = Some(ISSUER.to_owned());
            config.supabase_jwks_url = Some(url);
            configure(config);
        })),
        ..options
    })
    .await
}

/// Makes this person a user of Supabase, whose id is returned.
pub(crate) async fn link(organization: &TestOrganization, user: UserId) -> Uuid {
    let supabase_user = Uuid::from_u128(user.0.as_u128() ^ (1 << 100));
    organization
        .sql(
            "update profiles set supabase_user_id = $3 where organization_id = $1 and id = $2",
            &[&organization.id, &user, &supabase_user],
        )
        .await;
    supabase_user
}

/// What Supabase Auth writes into a token of this user at this time, an hour long.
pub(crate) fn claims(user: Uuid, now: Timestamp) -> Value {
    json!({
        "iss": ISSUER, "aud": "authenticated", "role": "authenticated", "sub": user,
        "iat": now.as_second(), "exp": now.as_second() + 3600, "aal": "aal1", "session_id": Uuid::from_u128(7),
        "email": "somebody@exemple.fr", "phone": "", "is_anonymous": false,
        "app_metadata": { "provider": "email", "providers": ["email"] },
        "user_metadata": { "email_verified": true, "full_name": "Somebody" },
        "amr": [{ "method": "password", "timestamp": now.as_second() }],
    })
}

/// The claims with these members in the place of theirs; null takes one away.
pub(crate) fn but(mut claims: Value, changes: Value) -> Value {
    let members = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    claims
}

/// Asks for the own profile with this token.
pub(crate) async fn me(test: &TestApp, token: &str) -> Reply {
    Client::bearer(test.serving(sessions::routes()), token)
        .get("/api/v1/auth/me")
        .await
}

/// Who a token opens the door to.
#[track_caller]
pub(crate) fn is(reply: Reply, user: UserId) {
    let me = reply.expect(200).json();
    assert_eq!(me["user"]["id"], user.0.to_string());
}

/// One key of each asymmetric kind.
pub(crate) fn signers() -> [Signer; 2] {
    [Signer::es256("curve"), Signer::rs256("rivest")]
}
