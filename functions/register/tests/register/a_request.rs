//! Requests that are none, and what else may be down.

use super::*;

async fn sent(content_type: Option<&str>, body: impl Into<Body>) -> Reply {
    let visitor = Visitor::arrives().await;
    let mut request = Request::post(PATH);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    visitor.client.request(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn that_is_no_json_object_is_unreadable() {
    for body in ["", "{", "[]", "null", "7", "\"text\"", "{\"email\": }", "{}{}"] {
        sent(Some("application/json"), body)
            .await
            .expect_problem(400, "unreadable");
    }
    let bytes: &[u8] = b"{\"email\": \"\xff\"}";
    sent(Some("application/json"), bytes)
        .await
        .expect_problem(400, "unreadable");
    let deep = "[".repeat(100_000);
    sent(Some("application/json"), deep)
        .await
        .expect_problem(400, "unreadable");
}

#[tokio::test]
async fn of_another_media_type_is_refused() {
    for media_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some(""),
    ] {
        sent(media_type, "{}").await.expect_problem(415, "media_type");
    }
    sent(Some("application/json; charset=utf-8"), "{}")
        .await
        .expect_problem(422, "invalid");
}

#[tokio::test]
async fn above_one_mebibyte_is_too_large() {
    let filled = |size: usize| {
        let empty = json!({ "x": "" }).to_string().len();
        json!({ "x": "x".repeat(size - empty) }).to_string()
    };
    sent(Some("application/json"), filled(1024 * 1024 + 1))
        .await
        .expect_problem(413, "too_large");
    sent(Some("application/json"), filled(1024 * 1024))
        .await
        .expect_problem(422, "invalid");
}

#[tokio::test]
async fn of_another_method_hears_which_are_allowed() {
    let visitor = Visitor::arrives().await;
    let reply = visitor.client.get(PATH).await;
    assert_eq!(reply.headers["allow"], "POST");
    reply.expect_problem(405, "method_not_allowed");
}

#[tokio::test]
async fn that_finds_no_database_is_told_to_come_back() {
    let options = Options {
        database_url: Some("postgres://nobody:x@127.0.0.1:1/none".to_owned()),
        ..Options::default()
    };
    let visitor = Visitor::arrives_at(TestApp::with(options).await);
    let reply = visitor.signs_up(visitor.company()).await;
    assert!(reply.headers.contains_key("retry-after"));
    reply.expect_problem(503, "unavailable");
}

#[tokio::test]
async fn is_not_lost_when_the_queue_is_down() {
    let options = Options {
        configure: Some(Box::new(|config| {
            config.queue_mail_url = "http://127.0.0.1:1/none".to_owned()
        })),
        ..Options::default()
    };
    let visitor = Visitor::arrives_at(TestApp::with(options).await);
    visitor.signs_up(visitor.company()).await.expect(202);
    let left = visitor.rows("select queue, body from outbox").await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["queue"], "mail");
    assert_eq!(left[0]["body"]["kind"], "confirm_email");
}
