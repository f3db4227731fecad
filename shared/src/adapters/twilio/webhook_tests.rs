//! Whose webhooks are believed: vectors of Twilio's own algorithm, and what differs from them by a little.

use http::HeaderValue;
use secrecy::SecretString;

use super::*;

const ACCOUNT: &str = "AC00000000000000000000000000000001";

fn credentials(token: &str) -> TwilioCredentials {
    TwilioCredentials {
        account_sid: AccountSid::parse(ACCOUNT).unwrap(),
        auth_token: SecretString::from(token),
        api_key: None,
    }
}

/// As Twilio's library computes it.
fn sign(token: &str, address: &str, parameters: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(address.as_bytes());
    mac.update(parameters.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

struct Post<'a> {
    origin: &'a str,
    target: &'a str,
    kind: &'a str,
    body: &'a str,
    signature: String,
}

impl Post<'_> {
    fn verify(&self) -> Result<(), Refused> {
        self.verify_with("token", &[])
    }

    fn verify_with(&self, token: &str, more: &[(HeaderName, &str)]) -> Result<(), Refused> {
        let (path, query) = self.target.split_once('?').unwrap_or((self.target, ""));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, self.kind.parse().unwrap());
        headers.insert(SIGNATURE, HeaderValue::from_str(&self.signature).unwrap());
        for (name, value) in more {
            headers.append(name, value.parse().unwrap());
        }
        let method = if self.kind == "get" {
            Method::GET
        } else {
            Method::POST
        };
        let envelope = Envelope::take(Received {
            method: &method,
            origin: self.origin,
            path,
            query,
            headers: &headers,
            body: Bytes::copy_from_slice(self.body.as_bytes()),
        })?;
        envelope.verify(&credentials(token)).map(drop)
    }
}

const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

fn form<'a>(target: &'a str, body: &'a str, address: &str, parameters: &str) -> Post<'a> {
    Post {
        origin: "https://api.zencall.example",
        target,
        kind: FORM,
        body,
        signature: sign("token", address, parameters),
    }
}

#[test]
fn the_known_answer_of_twilios_documentation() {
    // The known answer of Twilio's documentation. It has no AccountSid: the signature holds, and the account is asked for next.
    let post = Post {
        origin: "https://example.com",
        target: "/myapp.php?foo=1&bar=2",
        kind: FORM,
        body: "Digits=1234&To=%2B18005551212&From=%2B14158675310&Caller=%2B14158675310&CallSid=CA1234567890ABCDE",
        signature: "L/OH5YylLD5NRKLltdqwSvS0BnU=".to_owned(),
    };
    assert_eq!(post.verify_with("12345", &[]), Err(Refused::WrongAccount));
    assert_eq!(post.verify_with("12346", &[]), Err(Refused::WrongSignature));
}

#[test]
fn every_parameter_counts_empty_repeated_and_unknown_ones_too() {
    let body = format!("MediaUrl=b&MediaUrl=a&MediaUrl=b&FromCity=&New=%2B+x&AccountSid={ACCOUNT}");
    let address = "https://api.zencall.example/hook";
    let signed = format!("AccountSid{ACCOUNT}FromCityMediaUrlaMediaUrlbNew+ x");
    assert_eq!(form("/hook", &body, address, &signed).verify(), Ok(()));
    let without_empty = format!("AccountSid{ACCOUNT}MediaUrlaMediaUrlbNew+ x");
    let forged = form("/hook", &body, address, &without_empty);
    assert_eq!(forged.verify(), Err(Refused::WrongSignature));
    let cut = body.replace("FromCity=&", "");
    let cut = form("/hook", &cut, address, &signed);
    assert_eq!(cut.verify(), Err(Refused::WrongSignature));
}

#[test]
fn the_query_is_signed_as_it_was_sent() {
    let body = format!("AccountSid={ACCOUNT}");
    let signed = format!("AccountSid{ACCOUNT}");
    let target = "/hook?b=2&a=%2b1&a=";
    let address = format!("https://api.zencall.example{target}");
    assert_eq!(form(target, &body, &address, &signed).verify(), Ok(()));
    let sorted = "https://api.zencall.example/hook?a=%2b1&a=&b=2";
    let other = form(target, &body, sorted, &signed);
    assert_eq!(other.verify(), Err(Refused::WrongSignature));
}

#[test]
fn the_port_may_be_signed_or_not() {
    let body = format!("AccountSid={ACCOUNT}");
    let signed = format!("AccountSid{ACCOUNT}");
    for (origin, address) in [
        (
            "https://api.zencall.example",
            "https://api.zencall.example:443/hook",
        ),
        (
            "https://api.zencall.example:443",
            "https://api.zencall.example/hook",
        ),
        (
            "https://api.zencall.example:8443",
            "https://api.zencall.example:8443/hook",
        ),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/hook"),
        (
            "https://user:password@api.zencall.example",
            "https://api.zencall.example/hook",
        ),
    ] {
        let post = Post {
            origin,
            ..form("/hook", &body, address, &signed)
        };
        assert_eq!(post.verify(), Ok(()), "{origin}");
    }
}

#[test]
fn a_get_is_signed_by_its_address_alone() {
    let target = format!("/hook?AccountSid={ACCOUNT}&Body=Bonjour");
    let address = format!("https://api.zencall.example{target}");
    let get = Post {
        kind: "get",
        ..form(&target, "", &address, "")
    };
    assert_eq!(get.verify(), Ok(()));
}

#[test]
fn a_json_body_is_the_one_whose_hash_is_in_the_address() {
    let body = format!("{{\"AccountSid\":\"{ACCOUNT}\"}}");
    let hash: String = Sha256::digest(&body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let target = format!("/hook?bodySHA256={hash}");
    let address = format!("https://api.zencall.example{target}");
    let json = |body| Post {
        kind: "application/json",
        ..form(&target, body, &address, "")
    };
    assert_eq!(json(&body).verify(), Ok(()));
    assert_eq!(json("{}").verify(), Err(Refused::WrongBody));
    let unsigned = Post {
        kind: "application/json",
        ..form("/hook", &body, "https://api.zencall.example/hook", "")
    };
    assert_eq!(unsigned.verify(), Err(Refused::WrongBody));
    // A form is signed with its parameters, whatever stands in the address.
    let form_body = format!("AccountSid={ACCOUNT}");
    let signed = format!("AccountSid{ACCOUNT}");
    assert_eq!(form(&target, &form_body, &address, &signed).verify(), Ok(()));
    let address_only = form(&target, &form_body, &address, "");
    assert_eq!(address_only.verify(), Err(Refused::WrongSignature));
}

#[test]
fn what_is_no_signature_is_refused_before_any_token_is_wanted() {
    let body = format!("AccountSid={ACCOUNT}");
    for signature in ["", "abc", "////", &"A".repeat(29), &STANDARD.encode([1; 32])] {
        let post = Post {
            signature: signature.to_owned(),
            ..form("/hook", &body, "", "")
        };
        assert_eq!(post.verify(), Err(Refused::MalformedSignature), "{signature}");
    }
    let twice = form("/hook", &body, "", "");
    let again = [(SIGNATURE, twice.signature.as_str())];
    assert_eq!(
        twice.verify_with("token", &again),
        Err(Refused::MalformedSignature)
    );
}

#[test]
fn an_unknown_algorithm_is_refused() {
    let body = format!("AccountSid={ACCOUNT}");
    let signed = format!("AccountSid{ACCOUNT}");
    let post = form("/hook", &body, "https://api.zencall.example/hook", &signed);
    let settings = |value| [(SETTINGS, value)];
    assert_eq!(
        post.verify_with("token", &settings("key=1,algorithm=HMAC_SHA256")),
        Err(Refused::OtherAlgorithm)
    );
    assert_eq!(post.verify_with("token", &settings("key=1")), Ok(()));
}

#[test]
fn an_empty_token_proves_nothing() {
    let body = format!("AccountSid={ACCOUNT}");
    let signed = format!("AccountSid{ACCOUNT}");
    let post = Post {
        signature: sign("", "https://api.zencall.example/hook", &signed),
        ..form("/hook", &body, "", "")
    };
    assert_eq!(post.verify_with("", &[]), Err(Refused::WrongSignature));
}
