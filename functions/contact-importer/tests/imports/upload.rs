//! Asking for an import, the link, and how the job learns of the file.

use serde_json::{Value, json};
use testkit::{QueueKind, TestApp};
use zencall::adapters::storage::Storage;
use zencall::imports::{self, Notice};
use zencall::worker::Message;

use crate::support::{Tenant, put};

#[tokio::test]
async fn the_bucket_tells_the_queue_and_the_job_begins() {
    // A bucket of its own, since one tells one queue.
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    let bucket = format!("zencall-test-{}", test.app.clock.uuid().simple());
    let endpoint = testkit::Environment::get().await.aws_endpoint();
    let region = test.app.aws().await.region().unwrap().to_string();
    let queue = test.queues.url(QueueKind::Imports).rsplit('/').next().unwrap();
    let arn = format!("arn:aws:sqs:{region}:000000000000:{queue}");
    let client = zencall::adapters::http_client();
    let made = format!(
        "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
    );
    for (path, body) in [
        (bucket.clone(), made),
        (
            format!("{bucket}?notification"),
            local::emulator::notification(&arn),
        ),
    ] {
        let answer = client
            .put(format!("{endpoint}/{path}"))
            .body(body)
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success(),
            "{path}: {}",
            answer.text().await.unwrap()
        );
    }
    let storage = Storage::new(test.app.aws().await, &bucket).unwrap();
    let asked = tenant.ask().await;
    let link = storage
        .signed_upload(&tenant.key(&asked), imports::UPLOAD_LIFETIME)
        .await
        .unwrap();
    put(&link, b"phone\n0199000001\n").await;
    let mut heard = Vec::new();
    for body in told(&test).await {
        let message = Message {
            id: "message".to_owned(),
            body: body.to_string(),
            receive_count: 1,
            sent_at: None,
        };
        let notice: Notice = message.parse().unwrap();
        heard.extend(notice.imports());
        contact_importer::handle(&test.app, &storage, &message)
            .await
            .unwrap();
    }
    assert_eq!(heard, [tenant.message(&asked)]);
    assert_eq!(tenant.read(&asked).await["status"], "completed");
}

/// What the bucket says: that it was told whom to tell, and the upload, which it tells a moment later.
async fn told(test: &TestApp) -> Vec<Value> {
    let mut told = Vec::new();
    for _ in 0..100 {
        told.extend(test.queues.take(QueueKind::Imports).await);
        if told.iter().any(|body| body.get("Records").is_some()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    told
}

#[tokio::test]
async fn what_a_file_is_called_is_one_line() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    for body in [
        json!({}),
        json!({ "file_name": " " }),
        json!({ "file_name": 7 }),
        json!({ "file_name": "a\nb" }),
    ] {
        let reply = tenant
            .member
            .post("/api/v1/contacts/imports", body)
            .await
            .expect(422);
        assert_eq!(reply.faults()[0].0, "file_name");
    }
}

#[tokio::test]
async fn as_stranger_an_import_is_not_found() {
    let test = TestApp::start().await;
    let (tenant, stranger) = (Tenant::of(&test).await, Tenant::of(&test).await);
    let asked = tenant.ask().await;
    let one = format!("/api/v1/contacts/imports/{}", asked.id);
    stranger
        .member
        .get(&one)
        .await
        .expect_problem(404, "import_not_found");
    stranger
        .member
        .post(&format!("{one}/cancel"), json!(null))
        .await
        .expect_problem(404, "import_not_found");
    let list = stranger
        .member
        .get("/api/v1/contacts/imports")
        .await
        .expect(200)
        .json();
    assert_eq!(list["data"], json!([]));
    let list = tenant
        .member
        .get("/api/v1/contacts/imports")
        .await
        .expect(200)
        .json();
    assert_eq!(list["data"][0]["id"], json!(asked.id));
    tenant
        .member
        .get("/api/v1/contacts/imports/x")
        .await
        .expect_problem(404, "import_not_found");
}

#[tokio::test]
async fn twenty_imports_may_be_open_at_once() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    let first = tenant.ask().await;
    for _ in 1..20 {
        tenant.ask().await;
    }
    let body = json!({ "file_name": "clients.csv" });
    let refused = tenant.member.post("/api/v1/contacts/imports", body).await;
    refused.expect_problem(409, "too_many_imports");
    // One that is stopped and put away makes room.
    let path = format!("/api/v1/contacts/imports/{}/cancel", first.id);
    tenant.member.post(&path, json!(null)).await.expect(200);
    tenant.turn(&first).await.unwrap();
    tenant.ask().await;
}
