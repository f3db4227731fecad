//! Who is believed to be Vapi.

use super::*;

const BODY: &str = r#"{"message":{"type":"hang"}}"#;
const NOW: i64 = 1_795_000_000;
/// Timestamps with the signature of `BODY` under the tests' secret, computed with Python's hmac module.
const SIGNED: [(&str, &str, bool); 8] = [
    (
        "1794999699",
        "2ed4309e1684c38a68e6d651b62a89d86b5b7b857a4fa0abef8f0f6145e24938",
        false,
    ),
    (
        "1794999699000",
        "6b73bd84e975934752b9d6300f9670d1db18e1ba7ceba65457f717dc0071b2de",
        false,
    ),
    (
        "1794999701",
        "ff4ee314b72e120da3f9bc9655a5ba9e8d70cf4c6c61bc065594bc076593315d",
        true,
    ),
    (
        "1794999701000",
        "3a61a8b4f215cf2b0550a2e27f48b4b2a1d5c9a9819c75a0783d3de381e73bbc",
        true,
    ),
    (
        "1795000299",
        "ebf9e1dc2dbaa8bab27a49b2b6021f97014a88d3a6263dbee86584d4922583e9",
        true,
    ),
    (
        "1795000299000",
        "cfb949ac55761cd1580fb2945c56593eac83c0e6d63e7483deae37e53c062f62",
        true,
    ),
    (
        "1795000301",
        "2162de2b20ee3248856b6b2280f5c83b468e410a318d831777bb687c0eb901d8",
        false,
    ),
    (
        "1795000301000",
        "906b41dee0fb6d3a9adcc7c489a406892adbdd06359e9117acab8cc24d2c8782",
        false,
    ),
];

async fn signing() -> TestApp {
    TestApp::with(Options {
        held_at: Some(jiff::Timestamp::from_second(NOW).unwrap()),
        configure: Some(Box::new(|config| {
            config.vapi_credential_id = Some("credential".to_owned())
        })),
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn a_fresh_signature_is_accepted_and_an_old_one_refused() {
    // A-22, A-23
    let test = signing().await;
    let client = anonymous(&test);
    for (timestamp, signature, fresh) in SIGNED {
        let headers = [("x-timestamp", timestamp), ("x-signature", signature)];
        let reply = post(&client, PATH, &headers, BODY).await;
        reply.expect(if fresh { 200 } else { 401 });
        let tampered = format!("{BODY} ");
        post(&client, PATH, &headers, tampered).await.expect(401);
        let cut = [("x-timestamp", timestamp), ("x-signature", &signature[..62])];
        post(&client, PATH, &cut, BODY).await.expect(401);
    }
    assert_eq!(test.queues.take(QueueKind::Events).await.len(), 4);
}

#[tokio::test]
async fn a_token_does_where_it_is_configured_and_nowhere_else() {
    let token = format!("Bearer {VAPI_WEBHOOK_SECRET}");
    let bearing = TestApp::start().await;
    post(&anonymous(&bearing), PATH, &[("authorization", &token)], BODY)
        .await
        .expect(200);
    post(
        &anonymous(&bearing),
        PATH,
        &[("authorization", "Bearer wrong")],
        BODY,
    )
    .await
    .expect(401);
    post(&anonymous(&bearing), PATH, &[], BODY).await.expect(401);
    let signing = signing().await;
    post(&anonymous(&signing), PATH, &[("authorization", &token)], BODY)
        .await
        .expect(401);
}

#[tokio::test]
async fn both_secrets_are_good_during_a_rotation() {
    // A-24
    let secret = Environment::get()
        .await
        .store_secret("new-secret\nold-secret\n")
        .await;
    let test = TestApp::with(Options {
        configure: Some(Box::new(move |config| config.vapi_webhook_secret = secret)),
        ..Options::default()
    })
    .await;
    let client = anonymous(&test);
    for (token, status) in [
        ("new-secret", 200),
        ("old-secret", 200),
        ("older-secret", 401),
        ("", 401),
    ] {
        let token = format!("Bearer {token}");
        post(&client, PATH, &[("authorization", &token)], BODY)
            .await
            .expect(status);
    }
}

#[tokio::test]
async fn nothing_is_read_before_them() {
    let test = TestApp::start().await;
    for body in [&b"\xff\xfe"[..], b"{", b"", b"[[[[["] {
        post(&anonymous(&test), PATH, &[], body)
            .await
            .expect_problem(401, "webhook_refused");
    }
}
