//! Which tokens are genuine.

use secrecy::SecretString;
use serde_json::json;
use testkit::supabase::{KeyServer, Signer};
use testkit::{Client, Environment, Options, TestApp};
use uuid::Uuid;

use crate::arrival::{self, ISSUER, accepting, but, claims, is, link, me, signers};

const SECRET: &str = "a shared secret of a project, long enough for HS256";

/// An application whose project still signs with a secret.
async fn accepting_the_secret(server: &KeyServer, public_keys_too: bool) -> TestApp {
    let name = Environment::get().await.store_secret(SECRET).await;
    arrival::start(server, Options::default(), move |config| {
        config.supabase_jwt_secret = Some(name);
        if !public_keys_too {
            config.supabase_jwks_url = None;
        }
    })
    .await
}

#[tokio::test]
async fn signed_with_each_kind_of_key_opens_the_door_to_the_own_profile() {
    let [curve, rivest] = signers();
    let server = KeyServer::with(&[&curve, &rivest]).await;
    let test = accepting_the_secret(&server, true).await;
    let organization = test.organization().await;
    let user = link(&organization, organization.member).await;
    for signer in [&curve, &rivest, &Signer::secret(SECRET)] {
        let token = signer.sign(&claims(user, test.app.clock.now()));
        let me = me(&test, &token).await.expect(200).json();
        assert_eq!(me["user"]["id"], organization.member.0.to_string());
        assert_eq!(me["user"]["role"], "member", "{}", signer.algorithm());
        assert_eq!(me["organization"]["id"], organization.id.0.to_string());
    }
    // Ours are still ours.
    let client = organization.admin(test.serving(sessions::routes())).await;
    client.get("/api/v1/auth/me").await.expect(200);
}

#[tokio::test]
async fn as_a_member_has_the_rights_of_a_member() {
    let [curve, _] = signers();
    let test = accepting(&KeyServer::with(&[&curve]).await).await;
    let organization = test.organization().await;
    for (person, may) in [(organization.admin, true), (organization.member, false)] {
        let user = link(&organization, person).await;
        let token = curve.sign(&claims(user, test.app.clock.now()));
        let client = Client::bearer(test.serving(integrations::routes()), token);
        let reply = client.delete("/api/v1/integrations/twilio").await;
        assert_eq!(reply.text().contains("admin_required"), !may, "{}", reply.text());
        assert_eq!(reply.status == 403, !may);
    }
}

#[tokio::test]
async fn past_or_before_its_time_is_refused_as_ours_would_be() {
    let [curve, rivest] = signers();
    let server = KeyServer::with(&[&curve, &rivest]).await;
    let test = accepting_the_secret(&server, true).await;
    let organization = test.organization().await;
    let user = link(&organization, organization.admin).await;
    let now = test.app.clock.now();
    let at = now.as_second();
    for signer in [&curve, &rivest, &Signer::secret(SECRET)] {
        for times in [
            json!({ "exp": at - 6 }),
            json!({ "nbf": at + 60 }),
            json!({ "exp": 0 }),
        ] {
            let token = signer.sign(&but(claims(user, now), times));
            me(&test, &token).await.expect_problem(401, "token_expired");
        }
        let just = but(claims(user, now), json!({ "exp": at + 1, "nbf": at + 4 }));
        is(me(&test, &signer.sign(&just)).await, organization.admin);
    }
}

#[tokio::test]
async fn that_does_not_say_what_it_must_is_refused() {
    let [curve, rivest] = signers();
    let server = KeyServer::with(&[&curve, &rivest]).await;
    let test = accepting_the_secret(&server, true).await;
    let organization = test.organization().await;
    let user = link(&organization, organization.admin).await;
    for signer in [&curve, &rivest, &Signer::secret(SECRET)] {
        for change in [
            json!({ "iss": "https://another.supabase.example/auth/v1" }),
            json!({ "iss": [ISSUER] }),
            json!({ "iss": null }),
            json!({ "aud": "anon" }),
            json!({ "aud": null }),
            json!({ "role": "service_role" }),
            json!({ "role": "anon" }),
            json!({ "role": null }),
            json!({ "sub": null }),
            json!({ "sub": "me" }),
            json!({ "exp": null }),
            json!({ "exp": "tomorrow" }),
        ] {
            let token = signer.sign(&but(claims(user, test.app.clock.now()), change.clone()));
            let reply = me(&test, &token).await;
            assert_eq!(reply.status, 401, "{change} {}", reply.text());
            assert_eq!(reply.headers["www-authenticate"], "Bearer");
            reply.expect_problem(401, "token_invalid");
        }
    }
}

#[tokio::test]
async fn signed_by_anybody_else_is_refused() {
    let [curve, rivest] = signers();
    let server = KeyServer::with(&[&curve, &rivest]).await;
    let test = accepting_the_secret(&server, true).await;
    let organization = test.organization().await;
    let user = link(&organization, organization.admin).await;
    let claims = claims(user, test.app.clock.now());
    let [other_curve, other_rivest] = signers();
    for signer in [
        &other_curve,
        &other_rivest,
        &Signer::secret("another secret that is also long enough for HS256"),
    ] {
        let token = signer.sign(&claims);
        me(&test, &token).await.expect_problem(401, "token_invalid");
    }
    for signer in [&curve, &rivest, &Signer::secret(SECRET)] {
        let token = signer.sign(&claims);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let cut = &signature[..signature.len() - 4];
        for token in [
            format!("{message}."),
            format!("{message}.{cut}"),
            message.to_owned(),
        ] {
            me(&test, &token).await.expect_problem(401, "token_invalid");
        }
    }
}

#[tokio::test]
async fn under_another_algorithm_than_its_key_s_is_refused() {
    // RFC 8725, 2.1: a public key used as the secret, a signature of none, keys mixed up.
    let [curve, rivest] = signers();
    let server = KeyServer::with(&[&curve, &rivest]).await;
    let public_only = accepting(&server).await;
    let secret_only = accepting_the_secret(&server, false).await;
    let both = accepting_the_secret(&server, true).await;
    let user = Uuid::from_u128(1);
    let claims = claims(user, both.app.clock.now());
    let mut forged = Vec::new();
    for published in [curve.public(), rivest.public()] {
        let id = published["kid"].clone();
        for text in [
            published.to_string(),
            published["x"].to_string(),
            published["n"].to_string(),
        ] {
            let text = text.trim_matches('"');
            for alg in ["HS256", "HS384", "HS512"] {
                let header = json!({ "alg": alg, "kid": id, "typ": "JWT" });
                forged.push(Signer::secret(text).sign_under(&header, &claims));
            }
        }
        for alg in ["none", "None", "", "ES384", "PS256", "RS512", "EdDSA"] {
            forged.push(curve.sign_under(&json!({ "alg": alg, "kid": id }), &claims));
        }
    }
    forged.push(curve.sign_under(&json!({ "alg": "ES256", "kid": "rivest" }), &claims));
    forged.push(curve.sign_under(&json!({ "alg": "RS256", "kid": "curve" }), &claims));
    forged.push(rivest.sign_under(&json!({ "alg": "RS256", "kid": "curve" }), &claims));
    forged.push(curve.sign_under(&json!({ "alg": "ES256" }), &claims));
    // A key that the token brings with it.
    let own = Signer::es256("own");
    let header = json!({ "alg": "ES256", "kid": "own", "jwk": own.public(), "jku": server.url });
    forged.push(own.sign_under(&header, &claims));
    for test in [&public_only, &secret_only, &both] {
        for token in &forged {
            me(test, token).await.expect_problem(401, "token_invalid");
        }
    }
    // Each kind of key is accepted where it is configured, and only there.
    let genuine = |signer: &Signer| signer.sign(&claims);
    for (test, signer, code) in [
        (&public_only, &curve, "account_not_linked"),
        (&public_only, &Signer::secret(SECRET), "token_invalid"),
        (&secret_only, &Signer::secret(SECRET), "account_not_linked"),
        (&secret_only, &curve, "token_invalid"),
        (&secret_only, &rivest, "token_invalid"),
    ] {
        let problem = me(test, &genuine(signer)).await.json();
        assert_eq!(problem["code"], code, "{}", signer.algorithm());
    }
}

#[tokio::test]
async fn means_nothing_where_no_issuer_is_configured() {
    let [curve, _] = signers();
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let user = link(&organization, organization.admin).await;
    for signer in [&curve, &Signer::secret(SECRET)] {
        let token = signer.sign(&claims(user, test.app.clock.now()));
        me(&test, &token).await.expect_problem(401, "token_invalid");
    }
}

#[tokio::test]
async fn of_a_secret_that_was_rotated_is_accepted_without_a_restart() {
    let server = KeyServer::with(&[]).await;
    let name = Environment::get().await.store_secret(SECRET).await;
    let options = Options {
        held_at: Some("2026-03-02T09:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let secret_name = name.clone();
    let test = arrival::start(&server, options, move |config| {
        config.supabase_jwt_secret = Some(secret_name);
        config.supabase_jwks_url = None;
    })
    .await;
    let clock = &test.app.clock;
    let organization = test.organization().await;
    let user = link(&organization, organization.admin).await;
    let (old, new) = (
        Signer::secret(SECRET),
        Signer::secret("the next secret, as long as the one before it"),
    );
    is(
        me(&test, &old.sign(&claims(user, clock.now()))).await,
        organization.admin,
    );
    let both = format!("the next secret, as long as the one before it\n{SECRET}\n");
    let secrets = test.app.secrets().await;
    secrets.put(&name, &SecretString::from(both)).await.unwrap();
    clock.advance(jiff::SignedDuration::from_secs(61));
    for signer in [&new, &old] {
        is(
            me(&test, &signer.sign(&claims(user, clock.now()))).await,
            organization.admin,
        );
    }
    // Too short to be a secret: nothing is believed, rather than anything.
    secrets.put(&name, &SecretString::from("short")).await.unwrap();
    clock.advance(jiff::SignedDuration::from_mins(6));
    let token = Signer::secret("short").sign(&claims(user, clock.now()));
    me(&test, &token).await.expect_problem(503, "unavailable");
}
