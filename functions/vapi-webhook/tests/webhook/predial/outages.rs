//! What cannot be read, proven or looked up dials nobody.

use super::*;
use crate::{PATH, anonymous, post};

#[tokio::test]
async fn what_cannot_be_read_dials_nobody() {
    let fixture = Fixture::start().await;
    let without = |member: &str| {
        let mut question = fixture.question();
        question.as_object_mut().unwrap().remove(member);
        question
    };
    let mut odd = vec![
        without("contact"),
        without("assistant"),
        json!({ "type": "campaign.predial" }),
    ];
    for number in [
        json!(null),
        json!(7),
        json!(""),
        json!("sip:x@y"),
        json!({}),
        json!("+3363998\u{0}0000"),
    ] {
        let mut question = fixture.question();
        question["contact"]["number"] = number;
        odd.push(question);
    }
    for metadata in [
        json!([]),
        json!({ "organization_id": 7 }),
        json!({ "organization_id": "x" }),
    ] {
        let mut question = fixture.question();
        question["assistant"]["metadata"] = metadata;
        odd.push(question);
    }
    for question in odd {
        assert!(!fixture.eligible(question.clone()).await, "{question}");
    }
    for body in [
        r#"{"message":{"type":"campaign.predial","contact":"#,
        r#"["campaign.predial"]"#,
        r#""campaign.predial""#,
        r#"{"message":"campaign.predial"}"#,
    ] {
        let answer = send(&fixture.test, body.to_owned()).await.expect(200).json();
        assert_eq!(answer, json!({ "eligible": false }), "{body}");
    }
    // What is no question at all is what it was.
    send(&fixture.test, "{".to_owned()).await.expect(400);
}

#[tokio::test]
async fn without_the_database_nobody_is_dialled() {
    let fixture = Fixture::start().await;
    let dead = Some("postgres://nobody:x@127.0.0.1:9/none".to_owned());
    let options = Options {
        database_url: dead,
        ..Options::default()
    };
    let without = TestApp::with(options).await;
    let body = json!({ "message": fixture.question() }).to_string();
    let answer = send(&without, body).await.expect(200).json();
    assert_eq!(answer, json!({ "eligible": false }));
}

#[tokio::test]
async fn a_database_that_is_slow_dials_nobody_and_vapi_does_not_wait() {
    let fixture = Fixture::start().await;
    let body = json!({ "message": fixture.question() }).to_string();
    let claims = zencall::db::Claims::platform(fixture.organization.id);
    let held = fixture
        .test
        .app
        .db
        .write("test.hold", &claims, async |tx| {
            tx.execute("-- test.hold\n select 1 from campaigns for update", &[])
                .await?;
            let asked = Instant::now();
            let answer = send(&fixture.test, body.clone()).await.expect(200).json();
            assert_eq!(answer, json!({ "eligible": false }));
            assert!(asked.elapsed() < Duration::from_secs(7));
            Ok::<_, zencall::db::DbError>(())
        })
        .await;
    held.unwrap();
}

#[tokio::test]
async fn without_proof_nothing_is_read() {
    let fixture = Fixture::start().await;
    let body = json!({ "message": fixture.question() }).to_string();
    let reply = post(&anonymous(&fixture.test), PATH, &[], body).await;
    reply.expect(401);
    assert!(fixture.decisions().await.is_empty());
}
