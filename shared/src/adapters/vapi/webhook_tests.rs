//! Which messages are believed to come from Vapi.

use http::HeaderValue;
use proptest::prelude::*;

use super::*;

const BODY: &[u8] = br#"{"message":{"type":"hang"}}"#;
const SECONDS: &str = "1795000000";
const MILLISECONDS: &str = "1795000000123";
/// Computed with Python's hmac module, key `s3cret`.
const SIGNATURE_OF_SECONDS: &str = "50b52950555f384b3c621e6a25f33bbd8e91eaa822cc643b5b8293064003a9c5";
const SIGNATURE_OF_MILLISECONDS: &str = "2925812af302c98204f3f8bae659772dd5ae24b9a70d5bbf35e3fc69c7ff94a4";

const BOTH: Proofs = Proofs {
    hmac: true,
    bearer: true,
};

fn secrets(secrets: &[&str]) -> Vec<SecretString> {
    secrets.iter().map(|secret| SecretString::from(*secret)).collect()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap()
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

fn signed(timestamp: &str, signature: &str) -> HeaderMap {
    headers(&[("x-timestamp", timestamp), ("x-signature", signature)])
}

fn check(headers: &HeaderMap) -> Result<(), Refused> {
    check_body(headers, BODY)
}

fn check_body(headers: &HeaderMap, body: &[u8]) -> Result<(), Refused> {
    verify(
        BOTH,
        &secrets(&["s3cret"]),
        headers,
        Bytes::copy_from_slice(body),
        now(),
    )
    .map(drop)
}

/// Signs as Vapi does; the two vectors above tie it to another implementation.
fn sign(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    let bytes = mac.finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

mod signatures {
    use super::*;

    #[test]
    fn vectors_hold_in_both_units() {
        assert_eq!(check(&signed(SECONDS, SIGNATURE_OF_SECONDS)), Ok(()));
        assert_eq!(check(&signed(MILLISECONDS, SIGNATURE_OF_MILLISECONDS)), Ok(()));
        assert_eq!(
            check(&signed(SECONDS, &SIGNATURE_OF_SECONDS.to_uppercase())),
            Ok(())
        );
        assert_eq!(
            check(&signed(SECONDS, SIGNATURE_OF_MILLISECONDS)),
            Err(Refused::WrongSignature)
        );
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        // A-22
        for position in 0..64 {
            for bit in 0..8 {
                let mut signature = SIGNATURE_OF_SECONDS.as_bytes().to_vec();
                signature[position] ^= 1 << bit;
                if signature.eq_ignore_ascii_case(SIGNATURE_OF_SECONDS.as_bytes()) {
                    continue;
                }
                let Ok(value) = HeaderValue::from_bytes(&signature) else {
                    continue;
                };
                let mut headers = headers(&[("x-timestamp", SECONDS)]);
                headers.insert("x-signature", value);
                assert!(check(&headers).is_err(), "{position} {bit}");
            }
        }
        for position in 0..BODY.len() {
            let mut body = BODY.to_vec();
            body[position] ^= 1;
            let headers = signed(SECONDS, SIGNATURE_OF_SECONDS);
            assert_eq!(
                check_body(&headers, &body),
                Err(Refused::WrongSignature),
                "{position}"
            );
        }
    }

    #[test]
    fn what_is_malformed_is_refused_for_its_cause() {
        // A-22
        let base64 = "2FwOwQ1kW7m0v7cX5bNf0Yl9Q5XoG3Vt0m6c9Q2n8aE=";
        let prefixed = format!("sha256={SIGNATURE_OF_SECONDS}");
        let too_long = format!("{SIGNATURE_OF_SECONDS}00");
        let no_hex = "zz".repeat(32);
        for signature in [
            "",
            "00",
            &SIGNATURE_OF_SECONDS[..63],
            &too_long,
            base64,
            &prefixed,
            &no_hex,
        ] {
            assert_eq!(
                check(&signed(SECONDS, signature)),
                Err(Refused::MalformedSignature),
                "{signature}"
            );
        }
        for timestamp in [
            "",
            "now",
            "-1795000000",
            "+1795000000",
            "1795000000.0",
            " 1795000000",
            "1".repeat(16).as_str(),
        ] {
            let signature = sign("s3cret", timestamp, BODY);
            assert_eq!(
                check(&signed(timestamp, &signature)),
                Err(Refused::MalformedTimestamp),
                "{timestamp:?}"
            );
        }
        let no_timestamp = headers(&[("x-signature", SIGNATURE_OF_SECONDS)]);
        assert_eq!(check(&no_timestamp), Err(Refused::MalformedTimestamp));
        let no_signature = headers(&[("x-timestamp", SECONDS)]);
        assert_eq!(check(&no_signature), Err(Refused::NoProof));
        let mut twice = signed(SECONDS, SIGNATURE_OF_SECONDS);
        twice.append("x-signature", HeaderValue::from_static("00"));
        assert_eq!(check(&twice), Err(Refused::MalformedSignature));
        let mut not_text = headers(&[("x-timestamp", SECONDS)]);
        not_text.insert("x-signature", HeaderValue::from_bytes(&[0xe9; 64]).unwrap());
        assert_eq!(check(&not_text), Err(Refused::MalformedSignature));
    }

    #[test]
    fn five_minutes_either_way_are_fresh() {
        // A-23
        for (offset, fresh) in [
            (-301, false),
            (-300, true),
            (-299, true),
            (0, true),
            (299, true),
            (300, true),
            (301, false),
        ] {
            let seconds = now().as_second() + offset;
            for timestamp in [seconds.to_string(), (seconds * 1000).to_string()] {
                let signature = sign("s3cret", &timestamp, BODY);
                let expected = if fresh { Ok(()) } else { Err(Refused::Stale) };
                assert_eq!(check(&signed(&timestamp, &signature)), expected, "{timestamp}");
            }
        }
    }

    #[test]
    fn a_signature_is_not_made_good_by_a_token() {
        let mut both = signed(SECONDS, &"0".repeat(64));
        both.insert("authorization", HeaderValue::from_static("Bearer s3cret"));
        assert_eq!(check(&both), Err(Refused::WrongSignature));
    }
}

mod tokens {
    use super::*;

    fn token(value: &str) -> Result<(), Refused> {
        check(&headers(&[("authorization", value)]))
    }

    #[test]
    fn the_secret_is_the_token() {
        assert_eq!(token("Bearer s3cret"), Ok(()));
        assert_eq!(token("bearer s3cret"), Ok(()));
        for wrong in [
            "Bearer s3cre",
            "Bearer s3cret ",
            "Bearer S3cret",
            "Bearer  s3cret",
            "Bearer ",
        ] {
            assert_eq!(token(wrong), Err(Refused::WrongToken), "{wrong}");
        }
        for malformed in ["s3cret", "Basic s3cret", "", "Bearer"] {
            assert_eq!(token(malformed), Err(Refused::MalformedToken), "{malformed}");
        }
    }
}

mod configuration {
    use super::*;

    #[test]
    fn during_a_rotation_both_secrets_are_good_and_a_third_never() {
        // A-24
        let check = |secret: &str, accepted: &[&str]| {
            let signed = signed(SECONDS, &sign(secret, SECONDS, BODY));
            let carried = headers(&[("authorization", &format!("Bearer {secret}"))]);
            [signed, carried].map(|headers| {
                verify(
                    BOTH,
                    &secrets(accepted),
                    &headers,
                    Bytes::from_static(BODY),
                    now(),
                )
                .is_ok()
            })
        };
        assert_eq!(check("old", &["old"]), [true, true]);
        assert_eq!(check("old", &["new", "old"]), [true, true]);
        assert_eq!(check("new", &["new", "old"]), [true, true]);
        assert_eq!(check("old", &["new"]), [false, false]);
        assert_eq!(check("oldest", &["new", "old", "oldest"]), [false, false]);
        assert_eq!(check("", &[""]), [false, false]);
        assert_eq!(check("any", &[]), [false, false]);
    }

    #[test]
    fn only_configured_kinds_are_accepted() {
        let check = |hmac, bearer, headers: &HeaderMap| {
            let proofs = Proofs { hmac, bearer };
            verify(
                proofs,
                &secrets(&["s3cret"]),
                headers,
                Bytes::from_static(BODY),
                now(),
            )
            .map(drop)
        };
        let signed = signed(SECONDS, SIGNATURE_OF_SECONDS);
        let carried = headers(&[("authorization", "Bearer s3cret")]);
        assert_eq!(check(true, false, &signed), Ok(()));
        assert_eq!(check(true, false, &carried), Err(Refused::NoProof));
        assert_eq!(check(false, true, &carried), Ok(()));
        assert_eq!(check(false, true, &signed), Err(Refused::NoProof));
    }

    #[test]
    fn a_credential_signs_and_a_laptop_accepts_both() {
        assert_eq!(
            Proofs::of("production", Some("c")),
            Proofs {
                hmac: true,
                bearer: false
            }
        );
        assert_eq!(
            Proofs::of("production", None),
            Proofs {
                hmac: false,
                bearer: true
            }
        );
        assert_eq!(Proofs::of("local", Some("c")), BOTH);
        assert_eq!(Proofs::of("local", None), BOTH);
    }
}

proptest! {
    #[test]
    fn no_header_and_no_body_is_a_panic(
        signature in proptest::collection::vec(any::<u8>(), 0..80),
        timestamp in proptest::collection::vec(any::<u8>(), 0..24),
        token in proptest::collection::vec(any::<u8>(), 0..40),
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in [("x-signature", signature), ("x-timestamp", timestamp), ("authorization", token)] {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.insert(name, value);
            }
        }
        prop_assert!(check_body(&headers, &body).is_err());
        // Proven bytes of any kind are read or refused, and what is read can be kept.
        if let Ok(message) = Verified::attest(Bytes::from(body)).parse() {
            serde_json::to_vec(&message.get().project(now())).unwrap();
        }
    }
}
