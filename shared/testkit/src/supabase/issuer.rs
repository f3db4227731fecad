//! Supabase Auth's keys, and tokens that they sign. Written by hand, so that a test can also say what no library would.

use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{StatusCode, header};
use serde_json::{Value, json};

/// A key that signs tokens.
#[derive(Clone)]
pub struct Signer {
    id: String,
    key: Arc<Key>,
}

enum Key {
    Secret(String),
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl Signer {
    /// A shared secret (HS256).
    pub fn secret(text: &str) -> Self {
        Self::new("legacy", Key::Secret(text.to_owned()))
    }

    /// A new P-256 key of this name.
    pub fn es256(id: &str) -> Self {
        Self::new(
            id,
            Key::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()),
        )
    }

    /// A new RSA key of this name.
    pub fn rs256(id: &str) -> Self {
        Self::new(id, Key::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
    }

    fn new(id: &str, key: Key) -> Self {
        Self {
            id: id.to_owned(),
            key: Arc::new(key),
        }
    }

    /// The name of the algorithm that the key is for.
    pub fn algorithm(&self) -> &'static str {
        match *self.key {
            Key::Secret(_) => "HS256",
            Key::Es256(_) => "ES256",
            Key::Rs256(_) => "RS256",
        }
    }

    /// As a key set publishes it; null for a secret.
    pub fn public(&self) -> Value {
        match &*self.key {
            Key::Secret(_) => Value::Null,
            Key::Es256(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "key_ops": ["verify"], "ext": true,
                        "kid": self.id, "x": encode(&point[1..33]), "y": encode(&point[33..]) })
            }
            Key::Rs256(pair) => {
                let public = pair.public_key();
                let number = |positive: aws_lc_rs::io::Positive<'_>| {
                    encode(positive.big_endian_without_leading_zero())
                };
                json!({ "kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.id,
                        "n": number(public.modulus()), "e": number(public.exponent()) })
            }
        }
    }

    /// A token with these claims.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_under(
            &json!({ "alg": self.algorithm(), "kid": self.id, "typ": "JWT" }),
            claims,
        )
    }

    /// A token with this header, whatever it claims, signed with this key as the key signs.
    pub fn sign_under(&self, header: &Value, claims: &Value) -> String {
        let message = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let signature = match &*self.key {
            Key::Secret(text) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes());
                hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
            Key::Es256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
                signature.as_ref().to_vec()
            }
            Key::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    message.as_bytes(),
                    &mut signature,
                )
                .unwrap();
                signature
            }
        };
        format!("{message}.{}", encode(&signature))
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// How the key server answers.
#[derive(Clone)]
pub enum Answer {
    /// With these public keys.
    Keys(Vec<Value>),
    /// With this status and nothing else.
    Status(u16),
    /// With more than anybody reads.
    Large,
    /// By sending whoever asks elsewhere, where these keys are.
    Elsewhere(Vec<Value>),
    /// Never.
    Never,
}

/// The address where an issuer's public keys are.
pub struct KeyServer {
    /// Its key set.
    pub url: String,
    state: Arc<Mutex<(Answer, usize)>>,
}

impl KeyServer {
    /// A server that answers so.
    pub async fn start(answer: Answer) -> Self {
        let state = Arc::new(Mutex::new((answer, 0)));
        let routes = axum::Router::new()
            .route("/.well-known/jwks.json", get(answer_once))
            .route("/elsewhere", get(answer_elsewhere))
            .with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/.well-known/jwks.json", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, state }
    }

    /// A server with the public halves of these keys.
    pub async fn with(signers: &[&Signer]) -> Self {
        Self::start(Answer::Keys(
            signers.iter().map(|signer| signer.public()).collect(),
        ))
        .await
    }

    /// Answers so from now on.
    pub fn answer(&self, answer: Answer) {
        self.state.lock().unwrap().0 = answer;
    }

    /// How often it was asked.
    pub fn requests(&self) -> usize {
        self.state.lock().unwrap().1
    }
}

async fn answer_once(State(state): State<Arc<Mutex<(Answer, usize)>>>) -> Response {
    let answer = {
        let mut state = state.lock().unwrap();
        state.1 += 1;
        state.0.clone()
    };
    match answer {
        Answer::Keys(keys) => axum::Json(json!({ "keys": keys })).into_response(),
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Large => vec![b' '; 1024 * 1024].into_response(),
        Answer::Elsewhere(_) => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        Answer::Never => std::future::pending().await,
    }
}

async fn answer_elsewhere(State(state): State<Arc<Mutex<(Answer, usize)>>>) -> Response {
    match &state.lock().unwrap().0 {
        Answer::Elsewhere(keys) => axum::Json(json!({ "keys": keys })).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
