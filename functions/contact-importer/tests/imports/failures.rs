//! Files that cannot be read, and why, in words.

use jiff::SignedDuration;
use serde_json::json;
use testkit::TestApp;
use zencall::imports::Worked;

use crate::support::Tenant;

#[tokio::test]
async fn a_file_that_cannot_be_read_says_why() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    for (file, code, word) in [
        (b"".as_slice(), "file_empty", "vide"),
        (b"\n\n \n", "file_empty", "vide"),
        (b"PK\x03\x04[Content_Types].xml", "not_csv", "CSV"),
        (b"phone\n\0\0", "not_csv", "CSV"),
        (b"nom;ville\nAna;Lyon\n", "phone_column_missing", "nom, ville"),
        ("phone;téléphone\n1;2\n".as_bytes(), "column_twice", "phone"),
        (b"\xef\xbb\xbfphone;nom\n0199000001;\xe9\n", "not_utf8", "UTF-8"),
    ] {
        let asked = tenant.upload(file).await;
        tenant.handle(&asked).await;
        let import = tenant.read(&asked).await;
        assert_eq!(import["status"], "failed", "{import}");
        assert_eq!(import["reason"]["code"], code);
        assert!(
            import["reason"]["message"].as_str().unwrap().contains(word),
            "{import}"
        );
        assert_eq!(import["outcome_url"], json!(null));
        assert!(tenant.storage.look(&tenant.key(&asked)).await.unwrap().is_none());
    }
    assert_eq!(tenant.contacts().await, 0);
}

#[tokio::test]
async fn a_file_that_is_too_large_is_not_read() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    let asked = tenant.upload(&vec![b'\n'; 1_000_001]).await;
    tenant.handle(&asked).await;
    assert_eq!(tenant.read(&asked).await["reason"]["code"], "too_many_rows");
    let asked = tenant.upload(&vec![b'x'; 64 * 1024 * 1024 + 1]).await;
    tenant.handle(&asked).await;
    assert_eq!(tenant.read(&asked).await["reason"]["code"], "file_too_large");
}

#[tokio::test]
async fn a_file_without_rows_is_imported_and_empty() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    let asked = tenant.upload(b"phone;nom\n").await;
    tenant.handle(&asked).await;
    let import = tenant.read(&asked).await;
    assert_eq!(
        (&import["status"], &import["rows_read"]),
        (&json!("completed"), &json!(0))
    );
}

#[tokio::test]
async fn whoever_never_uploads_is_told_after_the_hour_and_what_nobody_told_of_is_found() {
    let test = TestApp::alone().await;
    let tenant = Tenant::of(&test).await;
    let (never, untold) = (tenant.ask().await, tenant.upload(b"phone\n0199000001\n").await);
    assert_eq!(tenant.turn(&never).await.unwrap(), Worked::Waits);
    let now = test.app.clock.now();
    assert_eq!(zencall::imports::remind(&test.app, now).await.unwrap(), 0);
    let long_ago = now - SignedDuration::from_mins(71);
    tenant
        .organization
        .sql(
            "update contact_imports set created_at = $2 where organization_id = $1",
            &[&tenant.organization.id, &long_ago],
        )
        .await;
    assert_eq!(tenant.read(&never).await["upload_url"], json!(null));
    assert_eq!(zencall::imports::remind(&test.app, now).await.unwrap(), 2);
    let mut sent = tenant.messages().await;
    sent.sort_by_key(ToString::to_string);
    let mut expected = [&never, &untold].map(|asked| json!(tenant.message(asked)));
    expected.sort_by_key(ToString::to_string);
    assert_eq!(sent, expected);
    for asked in [&never, &untold] {
        tenant.turn(asked).await.unwrap();
    }
    let import = tenant.read(&never).await;
    assert_eq!(
        (&import["status"], &import["reason"]["code"]),
        (&json!("failed"), &json!("not_uploaded"))
    );
    assert_eq!(tenant.read(&untold).await["status"], "completed");
    assert_eq!(zencall::imports::remind(&test.app, now).await.unwrap(), 0);
}

#[tokio::test]
async fn an_import_of_which_nothing_is_heard_is_gone_on_with() {
    let test = TestApp::alone().await;
    let tenant = Tenant::of(&test).await;
    let asked = tenant.upload(&crate::support::numbers(1500)).await;
    tenant.turn(&asked).await.unwrap();
    tenant.messages().await;
    let now = test.app.clock.now();
    assert_eq!(zencall::imports::remind(&test.app, now).await.unwrap(), 0);
    let later = now + SignedDuration::from_mins(11);
    assert_eq!(zencall::imports::remind(&test.app, later).await.unwrap(), 1);
    assert_eq!(tenant.messages().await, [json!(tenant.message(&asked))]);
}
