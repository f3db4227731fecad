//! Where the issuer's public keys come from, and when they are asked for.

use jiff::SignedDuration;
use testkit::supabase::{Answer, KeyServer, Signer};
use testkit::{Options, TestApp};
use uuid::Uuid;
use zencall::config::{Config, Need};

use crate::arrival::{self, claims, me};

async fn held(server: &KeyServer) -> TestApp {
    let options = Options {
        held_at: Some("2026-03-02T09:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    arrival::start(server, options, |_| {}).await
}

/// What a stranger with a token of this key is told: genuine, and nobody here; or what is wrong with it.
async fn told(test: &TestApp, signer: &Signer) -> String {
    let token = signer.sign(&claims(Uuid::from_u128(1), test.app.clock.now()));
    me(test, &token).await.json()["code"].as_str().unwrap().to_owned()
}

const GENUINE: &str = "account_not_linked";
const FORGED: &str = "token_invalid";
const AWAY: &str = "unavailable";

#[tokio::test]
async fn are_asked_for_once_and_again_after_ten_minutes() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let server = KeyServer::with(&[&old]).await;
    let test = held(&server).await;
    for _ in 0..3 {
        assert_eq!(told(&test, &old).await, GENUINE);
    }
    assert_eq!(server.requests(), 1);
    // The old one is withdrawn.
    server.answer(Answer::Keys(vec![new.public()]));
    test.app.clock.advance(SignedDuration::from_secs(599));
    assert_eq!(
        (told(&test, &old).await, server.requests()),
        (GENUINE.to_owned(), 1)
    );
    test.app.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(
        (told(&test, &old).await, server.requests()),
        (FORGED.to_owned(), 2)
    );
    assert_eq!(told(&test, &new).await, GENUINE);
}

#[tokio::test]
async fn are_asked_for_again_for_a_name_that_is_not_known_once_a_minute_at_most() {
    let (old, new) = (Signer::es256("old"), Signer::rs256("new"));
    let server = KeyServer::with(&[&old]).await;
    let test = held(&server).await;
    assert_eq!(told(&test, &old).await, GENUINE);
    server.answer(Answer::Keys(vec![new.public(), old.public()]));
    for _ in 0..5 {
        assert_eq!(told(&test, &new).await, FORGED);
    }
    assert_eq!(server.requests(), 1);
    test.app.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(told(&test, &new).await, GENUINE);
    assert_eq!(told(&test, &old).await, GENUINE);
    assert_eq!(server.requests(), 2);
    for number in 0..5 {
        assert_eq!(
            told(&test, &Signer::es256(&format!("made up {number}"))).await,
            FORGED
        );
    }
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn that_cannot_be_had_are_a_matter_of_the_service() {
    let signer = Signer::es256("curve");
    let server = KeyServer::start(Answer::Status(500)).await;
    let test = held(&server).await;
    for answer in [
        Answer::Status(500),
        Answer::Status(404),
        Answer::Large,
        Answer::Never,
        // Whoever can make the issuer redirect would bring keys of their own.
        Answer::Elsewhere(vec![signer.public()]),
    ] {
        server.answer(answer);
        let before = server.requests();
        assert_eq!(told(&test, &signer).await, AWAY);
        // And nobody waits for the same again at once.
        assert_eq!(told(&test, &signer).await, AWAY);
        assert_eq!(server.requests(), before + 1);
        test.app.clock.advance(SignedDuration::from_secs(5));
    }
    server.answer(Answer::Keys(vec![signer.public()]));
    assert_eq!(told(&test, &signer).await, GENUINE);
    // Known ones serve while the issuer is away, for an hour.
    server.answer(Answer::Status(503));
    test.app.clock.advance(SignedDuration::from_mins(59));
    assert_eq!(told(&test, &signer).await, GENUINE);
    test.app.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(told(&test, &signer).await, AWAY);
}

#[tokio::test]
async fn of_other_kinds_and_for_other_uses_are_left_out() {
    let (signer, other) = (Signer::es256("curve"), Signer::es256("other"));
    let mut for_encryption = other.public();
    for_encryption["use"] = "enc".into();
    let mut of_another_algorithm = other.public();
    of_another_algorithm["alg"] = "ES384".into();
    let secret = serde_json::json!({ "kty": "oct", "kid": "other", "alg": "HS256", "k": "c2VjcmV0" });
    let server = KeyServer::start(Answer::Keys(vec![
        serde_json::json!("not a key"),
        serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "kid": "other", "x": "AA" }),
        secret,
        for_encryption,
        of_another_algorithm,
        signer.public(),
    ]))
    .await;
    let test = held(&server).await;
    assert_eq!(told(&test, &signer).await, GENUINE);
    assert_eq!(told(&test, &other).await, FORGED);
    let as_secret = Signer::secret("secret").sign_under(
        &serde_json::json!({ "alg": "HS256", "kid": "other" }),
        &claims(Uuid::from_u128(1), test.app.clock.now()),
    );
    me(&test, &as_secret).await.expect_problem(401, FORGED);
}

#[test]
fn are_where_nobody_on_the_way_can_put_others() {
    let started = |issuer: &str, jwks: &str, secret: &str| {
        let settings = [
            ("TOKEN_KEYS_SECRET", "token-keys"),
            ("API_URL", "https://api.zencall.example"),
            ("SUPABASE_ISSUER", issuer),
            ("SUPABASE_JWKS_URL", jwks),
            ("SUPABASE_JWT_SECRET_NAME", secret),
        ];
        let value = |name: &str| settings.iter().find(|(known, _)| *known == name);
        let config = Config::from_lookup(|name| value(name).map(|(_, value)| (*value).to_owned())).unwrap();
        let checked = config.require(&[Need::TokenKeys]);
        checked.map(|()| (config.supabase_issuer, config.supabase_jwks_url))
    };
    let issuer = "https://project.supabase.co/auth/v1";
    let usual = "https://project.supabase.co/auth/v1/.well-known/jwks.json";
    let (named, from) = started(&format!("{issuer}/"), "", "").unwrap();
    assert_eq!((named.as_deref(), from.as_deref()), (Some(issuer), Some(usual)));
    // A project with a shared secret has no other keys unless that is said.
    assert_eq!(started(issuer, "", "secret").unwrap().1, None);
    assert_eq!(
        started(issuer, usual, "secret").unwrap().1.as_deref(),
        Some(usual)
    );
    assert_eq!(started("", "", "").unwrap(), (None, None));
    assert!(started(issuer, "http://127.0.0.1:54321/jwks.json", "").is_ok());
    for elsewhere in [
        "http://project.supabase.co/jwks.json",
        "http://127.0.0.1.example/jwks.json",
        "http://localhost.example/jwks.json",
        "ftp://project.supabase.co/jwks.json",
    ] {
        let refused = started(issuer, elsewhere, "").unwrap_err().to_string();
        assert!(refused.contains("SUPABASE_JWKS_URL"), "{elsewhere}: {refused}");
    }
    assert!(started("https://api.zencall.example", "", "").is_err());
}
