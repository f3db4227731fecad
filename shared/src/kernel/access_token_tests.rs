//! What forgers try (RFC 8725), and what must keep working.

use aws_lc_rs::rand::SystemRandom;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::kernel::Clock;

const ISSUER: &str = "https://api.zencall.example";

struct Platform {
    keys: TokenKeys,
    document: Vec<u8>,
    now: Timestamp,
}

fn stored(kid: &str, document: &[u8]) -> Value {
    json!({ "kid": kid, "pkcs8": STANDARD.encode(document) })
}

fn new_document() -> Vec<u8> {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    made.unwrap().as_ref().to_vec()
}

impl Platform {
    fn new() -> Self {
        let document = new_document();
        let secret = json!({ "keys": [stored("one", &document)] });
        Self {
            keys: TokenKeys::from_json(&secret.to_string(), ISSUER).unwrap(),
            document,
            now: "2026-11-23T09:00:00Z".parse().unwrap(),
        }
    }

    fn token(&self) -> String {
        let clock = Clock::system();
        self.keys
            .issue(
                UserId::new(&clock),
                OrganizationId::new(&clock),
                Role::Member,
                SessionId::new(&clock),
                self.now,
            )
            .unwrap()
    }

    fn claims(&self) -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part(&self.token(), 1)).unwrap()).unwrap()
    }

    /// A token with these claims, signed with the platform's own key.
    fn sign(&self, header: Header, claims: &Value) -> String {
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_ec_der(&self.document)).unwrap()
    }

    fn sign_changed(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims();
        claims[name] = value;
        self.sign(header(), &claims)
    }

    fn refused(&self, token: &str) -> TokenRefused {
        self.keys.verify(token, self.now).unwrap_err()
    }
}

fn header() -> Header {
    Header {
        kid: Some("one".to_owned()),
        ..Header::new(Algorithm::ES256)
    }
}

fn part(token: &str, index: usize) -> &str {
    token.split('.').nth(index).unwrap()
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn a_token_says_who_for_fifteen_minutes() {
    let platform = Platform::new();
    let token = platform.token();
    let claims = platform.keys.verify(&token, platform.now).unwrap();
    assert_eq!(claims.org_role, Role::Member);
    let after = |seconds| platform.now + SignedDuration::from_secs(seconds);
    assert!(platform.keys.verify(&token, after(15 * 60 - 1)).is_ok());
    let late = platform.keys.verify(&token, after(15 * 60 + 5)).unwrap_err();
    assert_eq!(late, TokenRefused::Expired);
}

#[test]
fn the_claims_are_those_of_the_contract() {
    let claims = Platform::new().claims();
    let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let wanted = [
        "aud",
        "exp",
        "iat",
        "iss",
        "org_role",
        "organization_id",
        "role",
        "session_id",
        "sub",
    ];
    assert_eq!(names, wanted);
    assert_eq!(claims["role"], "authenticated");
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        900
    );
}

#[test]
fn without_a_signature_nothing_is_believed() {
    let platform = Platform::new();
    let claims = encode(&platform.claims());
    for algorithm in ["none", "None", "NONE", "nOnE"] {
        let head = encode(&json!({ "alg": algorithm, "typ": "JWT", "kid": "one" }));
        assert_eq!(
            platform.refused(&format!("{head}.{claims}.")),
            TokenRefused::Forged
        );
    }
    let token = platform.token();
    let stripped = format!("{}.{}.", part(&token, 0), part(&token, 1));
    assert_eq!(platform.refused(&stripped), TokenRefused::Forged);
}

#[test]
fn the_public_key_is_no_secret_to_sign_with() {
    let platform = Platform::new();
    let public = &platform.keys.public_keys()[0];
    let raw = [
        vec![4],
        URL_SAFE_NO_PAD.decode(&public.x).unwrap(),
        URL_SAFE_NO_PAD.decode(&public.y).unwrap(),
    ]
    .concat();
    for (algorithm, secret) in [
        (Algorithm::HS256, raw.as_slice()),
        (Algorithm::HS256, public.x.as_bytes()),
        (Algorithm::HS512, raw.as_slice()),
    ] {
        let head = Header {
            alg: algorithm,
            ..header()
        };
        let forged =
            jsonwebtoken::encode(&head, &platform.claims(), &EncodingKey::from_secret(secret)).unwrap();
        assert_eq!(platform.refused(&forged), TokenRefused::Forged);
    }
}

#[test]
fn no_other_algorithm_is_believed_whatever_the_header_says() {
    // a key of one kind is never used as one of another.
    let platform = Platform::new();
    let token = platform.token();
    for algorithm in [
        "RS256", "RS384", "RS512", "PS256", "ES384", "ES512", "EdDSA", "HS256", "es256", "ES256K", "",
    ] {
        let head = encode(&json!({ "alg": algorithm, "typ": "JWT", "kid": "one" }));
        let forged = format!("{head}.{}.{}", part(&token, 1), part(&token, 2));
        assert_eq!(platform.refused(&forged), TokenRefused::Forged, "{algorithm}");
    }
}

#[test]
fn another_s_key_another_s_name_and_no_name_are_refused() {
    let platform = Platform::new();
    let claims = platform.claims();
    let stranger = EncodingKey::from_ec_der(&new_document());
    let forged = jsonwebtoken::encode(&header(), &claims, &stranger).unwrap();
    assert_eq!(platform.refused(&forged), TokenRefused::Forged);
    for kid in [None, Some("two"), Some(""), Some("../one"), Some("one'--")] {
        let head = Header {
            kid: kid.map(str::to_owned),
            ..header()
        };
        assert_eq!(
            platform.refused(&platform.sign(head, &claims)),
            TokenRefused::Forged
        );
    }
}

#[test]
fn keys_that_a_token_brings_along_are_not_looked_at() {
    let platform = Platform::new();
    let head = Header {
        jku: Some("https://evil.example/jwks.json".to_owned()),
        x5u: Some("https://evil.example/cert".to_owned()),
        ..header()
    };
    let stranger = EncodingKey::from_ec_der(&new_document());
    let forged = jsonwebtoken::encode(&head, &platform.claims(), &stranger).unwrap();
    assert_eq!(platform.refused(&forged), TokenRefused::Forged);
}

#[test]
fn a_token_for_another_service_or_of_another_is_refused() {
    let platform = Platform::new();
    for (name, value) in [
        ("aud", json!("anon")),
        ("aud", json!(null)),
        ("iss", json!("https://evil.example")),
        ("iss", json!(format!("{ISSUER}/"))),
        ("organization_id", json!("not-an-id")),
        ("org_role", json!("owner")),
        ("sub", json!(7)),
        ("exp", json!("never")),
    ] {
        let forged = platform.sign_changed(name, value);
        assert_eq!(platform.refused(&forged), TokenRefused::Forged, "{name}");
    }
    for name in [
        "aud",
        "iss",
        "exp",
        "sub",
        "session_id",
        "organization_id",
        "org_role",
    ] {
        let mut claims = platform.claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(
            platform.refused(&platform.sign(header(), &claims)),
            TokenRefused::Forged,
            "{name}"
        );
    }
}

#[test]
fn a_token_of_another_time_is_refused() {
    let platform = Platform::new();
    let now = platform.now.as_second();
    for (name, at) in [("exp", now - 6), ("exp", 0), ("nbf", now + 60), ("nbf", i64::MAX)] {
        let token = platform.sign_changed(name, json!(at));
        assert_eq!(platform.refused(&token), TokenRefused::Expired, "{name} {at}");
    }
    let forever = platform.sign_changed("exp", json!(i64::MAX));
    assert!(platform.keys.verify(&forever, platform.now).is_ok());
}

#[test]
fn one_changed_sign_is_noticed() {
    let platform = Platform::new();
    let token = platform.token();
    for index in [0, 1, 2] {
        let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        let middle = parts[index].len() / 2;
        let other = if &parts[index][middle..=middle] == "A" {
            "B"
        } else {
            "A"
        };
        parts[index].replace_range(middle..=middle, other);
        assert_eq!(platform.refused(&parts.join(".")), TokenRefused::Forged);
    }
    for text in ["", ".", "..", "a.b.c", "é.é.é", "eyJ", &"a".repeat(10_000)] {
        assert_eq!(platform.refused(text), TokenRefused::Forged);
    }
}

#[test]
fn a_new_key_is_brought_in_before_the_old_one_goes() {
    let old = Platform::new();
    let token = old.token();
    let (new, both) = (new_document(), |documents: &[(&str, &[u8])]| {
        let keys: Vec<_> = documents
            .iter()
            .map(|(kid, document)| stored(kid, document))
            .collect();
        TokenKeys::from_json(&json!({ "keys": keys }).to_string(), ISSUER).unwrap()
    });
    let rotated = both(&[("two", &new), ("one", &old.document)]);
    assert!(rotated.verify(&token, old.now).is_ok());
    assert_eq!(rotated.public_keys().len(), 2);
    let retired = both(&[("two", &new)]);
    assert_eq!(retired.verify(&token, old.now), Err(TokenRefused::Forged));
}

#[test]
fn unusable_secrets_are_refused_whole() {
    let good = stored("one", &new_document());
    for secret in [
        json!({}),
        json!({ "keys": [] }),
        json!({ "keys": [good, { "kid": "two", "pkcs8": "AAAA" }] }),
        json!({ "keys": [{ "kid": "one", "pkcs8": "%" }] }),
        json!("one"),
    ] {
        assert!(
            TokenKeys::from_json(&secret.to_string(), ISSUER).is_err(),
            "{secret}"
        );
    }
    assert!(TokenKeys::from_json("", ISSUER).is_err());
}
