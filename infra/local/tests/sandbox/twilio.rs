//! Twilio's API: credentials, accounts, numbers, messages.

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use serde_json::{Value, json};

use super::support::{ACCOUNT, NUMBER, TOKEN, World};

const KEY: &str = "SK00000000000000000000000000000001";

#[tokio::test]
async fn credentials_are_checked() {
    let world = World::start().await;
    let (status, account) = world.twilio("GET", ".json", &[]).await;
    assert_eq!(status, 200);
    assert_eq!(account["status"], "active");
    assert_eq!(account["type"], "Full");
    assert_eq!(account["auth_token"], TOKEN, "as the real one does");

    for (user, password) in [(ACCOUNT, "f"), ("ACx", TOKEN), ("", "")] {
        let (status, error) = world.twilio_as(user, password, "GET", ".json", &[]).await;
        assert_eq!((status, &error["code"]), (401, &json!(20003)));
        assert_eq!(error["status"], 401);
        assert_eq!(error["more_info"], "https://www.twilio.com/docs/errors/20003");
    }
    let other = "AC00000000000000000000000000000002";
    let body = json!({ "auth_token": "a".repeat(32), "numbers": [] });
    world
        .control("PUT", &format!("/twilio/accounts/{other}"), Some(body))
        .await;
    let (status, error) = world.twilio_as(other, &"a".repeat(32), "GET", ".json", &[]).await;
    assert_eq!((status, &error["code"]), (404, &json!(20404)));
}

#[tokio::test]
async fn a_suspended_account_shows_itself_and_nothing_else() {
    let world = World::start().await;
    for status in ["suspended", "closed"] {
        let path = format!("/twilio/accounts/{ACCOUNT}");
        world
            .control("PUT", &path, Some(json!({ "status": status })))
            .await;
        let (code, account) = world.twilio("GET", ".json", &[]).await;
        assert_eq!((code, &account["status"]), (200, &json!(status)));
        let (code, error) = world.twilio("GET", "/IncomingPhoneNumbers.json", &[]).await;
        assert_eq!((code, &error["code"]), (403, &json!(20403)));
        let (code, _) = world
            .vapi("POST", "/phone-number", Some(super::support::import()))
            .await;
        assert_eq!(code, 400);
    }
}

#[tokio::test]
async fn api_keys_reach_numbers_but_not_the_account() {
    let world = World::start().await;
    let body = json!({ "api_keys": { KEY: "secret" } });
    world
        .control("PUT", &format!("/twilio/accounts/{ACCOUNT}"), Some(body))
        .await;
    let numbers = "/IncomingPhoneNumbers.json";
    assert_eq!(world.twilio_as(KEY, "secret", "GET", numbers, &[]).await.0, 200);
    assert_eq!(world.twilio_as(KEY, "other", "GET", numbers, &[]).await.0, 401);
    let (status, error) = world.twilio_as(KEY, "secret", "GET", ".json", &[]).await;
    assert_eq!((status, &error["code"]), (403, &json!(70051)));
}

#[tokio::test]
async fn numbers_are_found_by_part_and_in_pages() {
    let world = World::start().await;
    let numbers = json!([NUMBER, "+33939000002", "+33939000003", { "number": "+33939000004", "sms": false }]);
    world
        .control(
            "PUT",
            &format!("/twilio/accounts/{ACCOUNT}"),
            Some(json!({ "numbers": numbers })),
        )
        .await;
    let list = async |query: &str| {
        let path = format!("/IncomingPhoneNumbers.json?{query}");
        world.twilio("GET", &path, &[]).await.1
    };
    let count = |page: &Value| page["incoming_phone_numbers"].as_array().unwrap().len();
    assert_eq!(count(&list("").await), 4);
    assert_eq!(count(&list("PhoneNumber=%2B33939000001").await), 1);
    assert_eq!(count(&list("PhoneNumber=39000").await), 4);
    assert_eq!(count(&list("PhoneNumber=%2B3393900000*").await), 4);
    assert_eq!(count(&list("PhoneNumber=%2B33100000000").await), 0);
    let first = list("PageSize=3").await;
    assert_eq!(count(&first), 3);
    let next = first["next_page_uri"].as_str().unwrap();
    assert!(next.starts_with(&format!("/2010-04-01/Accounts/{ACCOUNT}/")));
    let second = list(next.split_once('?').unwrap().1).await;
    assert_eq!(count(&second), 1);
    assert_eq!(second["next_page_uri"], Value::Null);
    let last = &second["incoming_phone_numbers"][0];
    assert_eq!(last["capabilities"]["sms"], false);
    assert_eq!(last["capabilities"]["voice"], true);
}

#[tokio::test]
async fn webhooks_of_a_number_can_be_set_with_forms_only() {
    let world = World::start().await;
    let list = world.twilio("GET", "/IncomingPhoneNumbers.json", &[]).await.1;
    let sid = list["incoming_phone_numbers"][0]["sid"].as_str().unwrap();
    let path = format!("/IncomingPhoneNumbers/{sid}.json");
    let (status, number) = world
        .twilio(
            "POST",
            &path,
            &[("SmsUrl", "https://example.com/sms?a=b"), ("SmsMethod", "POST")],
        )
        .await;
    assert_eq!(status, 200);
    assert_eq!(number["sms_url"], "https://example.com/sms?a=b");
    for wrong in [("SmsUrl", "nowhere"), ("SmsMethod", "PUT")] {
        assert_eq!(world.twilio("POST", &path, &[wrong]).await.0, 400);
    }
    let url = format!(
        "{}/twilio/2010-04-01/Accounts/{ACCOUNT}{path}",
        world.sandbox.url()
    );
    let json = super::support::client()
        .post(url)
        .basic_auth(ACCOUNT, Some(TOKEN))
        .json(&json!({ "SmsUrl": "https://example.com" }));
    assert_eq!(json.send().await.unwrap().status(), 400);
    let (status, error) = world.twilio("GET", "/Nothing.json", &[]).await;
    assert_eq!((status, &error["code"]), (404, &json!(20404)));
    assert_eq!(
        world.twilio("DELETE", "/IncomingPhoneNumbers.json", &[]).await.0,
        405
    );
}

#[tokio::test]
async fn messages_are_checked() {
    let world = World::start().await;
    let (from, body) = (("From", NUMBER), ("Body", "Bonjour"));
    let long = "x".repeat(1601);
    let cases: &[(&[(&str, &str)], u32)] = &[
        (&[from, body], 21604),
        (&[("To", "0612345678"), from, body], 21211),
        (&[("To", "+33123456789"), from, body], 21614),
        (&[("To", "+33612345678"), body], 21603),
        (&[("To", "+33612345678"), from], 21602),
        (&[("To", "+33612345678"), ("From", "+33939000009"), body], 21606),
        (&[("To", "+33612345678"), ("From", "trop long pour"), body], 21212),
        (&[("To", "+33612345678"), from, ("Body", &long)], 21617),
        (
            &[
                ("To", "+33612345678"),
                from,
                body,
                ("StatusCallback", "https://a_b.example.com/"),
            ],
            21609,
        ),
    ];
    for (form, code) in cases {
        let (status, error) = world.twilio("POST", "/Messages.json", form).await;
        assert_eq!((status, &error["code"]), (400, &json!(code)), "{form:?}");
    }
}

#[tokio::test]
async fn a_message_is_delivered_told_redacted_and_deleted() {
    let world = World::start().await;
    world.behave(json!({ "speed": 100 })).await;
    let (sender, mut callbacks) = tokio::sync::mpsc::unbounded_channel();
    let app = Router::new().route(
        "/status",
        post(
            async |State(sender): State<tokio::sync::mpsc::UnboundedSender<(HeaderMap, Bytes)>>,
                   headers: HeaderMap,
                   body: Bytes| {
                sender.send((headers, body)).unwrap();
            },
        ),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let callback = format!("http://{}/status?org=1#rc=2", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app.with_state(sender)).await.unwrap() });
    let (status, message) = world
        .twilio(
            "POST",
            "/Messages.json",
            &[
                ("To", "+33612345678"),
                ("From", "Zencall"),
                ("Body", "À jeudi !"),
                ("StatusCallback", &callback),
                ("Unknown", "is ignored"),
            ],
        )
        .await;
    assert_eq!(status, 201);
    assert_eq!(message["status"], "queued");
    assert_eq!(message["num_segments"], "1");
    for expected in ["sent", "delivered"] {
        let (headers, body) = callbacks.recv().await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains(&format!("MessageStatus={expected}")), "{body}");
        assert_eq!(headers["x-twilio-signature"].len(), 28);
    }
    let sid = message["sid"].as_str().unwrap();
    let path = format!("/Messages/{sid}.json");
    assert_eq!(world.twilio("GET", &path, &[]).await.1["status"], "delivered");
    let (_, list) = world
        .twilio(
            "GET",
            "/Messages.json?To=%2B33612345678&DateSent%3E=2020-01-01",
            &[],
        )
        .await;
    assert_eq!(list["messages"].as_array().unwrap().len(), 1);
    let (status, redacted) = world.twilio("POST", &path, &[("Body", "")]).await;
    assert_eq!((status, &redacted["body"]), (200, &json!("")));
    assert_eq!(world.twilio("DELETE", &path, &[]).await.0, 204);
    assert_eq!(world.twilio("GET", &path, &[]).await.0, 404);
    let (_, requests) = world.control("GET", "/requests?provider=twilio", None).await;
    assert_eq!(requests[0]["body"]["Unknown"], "is ignored");
}

mod writing {
    //! Somebody writes to a number of the account.

    use super::*;

    const PERSON: &str = "+33639980001";

    async fn write(world: &World, body: &str) -> Value {
        let written = json!({ "from": PERSON, "to": NUMBER, "body": body });
        let (status, answer) = world.control("POST", "/twilio/inbound", Some(written)).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    async fn send(world: &World) -> (u16, Value) {
        let form = [("To", PERSON), ("From", NUMBER), ("Body", "Bonjour")];
        world.twilio("POST", "/Messages.json", &form).await
    }

    #[tokio::test]
    async fn the_words_that_twilio_knows_are_answered_once_and_block_what_comes() {
        let world = World::start().await;
        assert_eq!(write(&world, "ARRET").await["replies"], json!([]));
        assert_eq!(send(&world).await.0, 201);
        assert_eq!(
            write(&world, " stop ").await["replies"].as_array().unwrap().len(),
            1
        );
        assert_eq!(write(&world, "STOP").await["replies"], json!([]));
        let (status, error) = send(&world).await;
        assert_eq!((status, &error["code"]), (400, &json!(21610)));
        // From another number of the account they are still reached, and START lifts the block.
        let form = [("To", PERSON), ("From", "Zencall"), ("Body", "Bonjour")];
        assert_eq!(world.twilio("POST", "/Messages.json", &form).await.0, 201);
        write(&world, "START").await;
        assert_eq!(send(&world).await.0, 201);
        let (_, listed) = world
            .twilio("GET", "/Messages.json?From=%2B33639980001", &[])
            .await;
        assert_eq!(listed["messages"].as_array().unwrap().len(), 4);
    }

    #[tokio::test]
    async fn a_webhook_is_tried_again_as_its_address_asks_for() {
        let world = World::start().await;
        let (sender, mut calls) = tokio::sync::mpsc::unbounded_channel();
        let app = Router::new().route(
            "/sms",
            post(
                async |State(sender): State<tokio::sync::mpsc::UnboundedSender<String>>, body: String| {
                    sender.send(body).unwrap();
                    axum::http::StatusCode::SERVICE_UNAVAILABLE
                },
            ),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app.with_state(sender)).await.unwrap() });
        let list = world.twilio("GET", "/IncomingPhoneNumbers.json", &[]).await.1;
        let sid = list["incoming_phone_numbers"][0]["sid"].as_str().unwrap();
        let path = format!("/IncomingPhoneNumbers/{sid}.json");
        for (fragment, tries) in [("", 1), ("#rc=2&rp=ct,rt,5xx", 3), ("#rc=2&rp=ct", 1)] {
            let url = format!("{origin}/sms{fragment}");
            assert_eq!(world.twilio("POST", &path, &[("SmsUrl", &url)]).await.0, 200);
            assert_eq!(write(&world, "Bonjour").await["webhook_status"], 503);
            for _ in 0..tries {
                assert!(calls.recv().await.unwrap().contains("Body=Bonjour"));
            }
            assert!(calls.try_recv().is_err(), "{fragment}");
        }
        for wrong in ["#rc=9", "#retries=2", "#rp=sometimes"] {
            let url = format!("{origin}/sms{wrong}");
            let (status, error) = world.twilio("POST", &path, &[("SmsUrl", &url)]).await;
            assert_eq!((status, &error["code"]), (400, &json!(21502)), "{wrong}");
        }
        let form = [("SmsApplicationSid", "nonsense")];
        assert_eq!(world.twilio("POST", &path, &form).await.0, 400);
    }
}
