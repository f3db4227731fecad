//! The deployment step, on the database that the tests run on: `make test` has brought it up to date.

use testkit::{Options, TestApp};

#[tokio::test]
async fn a_database_that_is_up_to_date_stays_as_it_is() {
    let test = TestApp::start().await;
    for _ in 0..2 {
        let answer = migrate::run(&test.app).await.unwrap();
        assert!(answer.applied.is_empty(), "{answer:?}");
    }
    test.app.db.ping().await.unwrap();
}

#[tokio::test]
async fn without_a_database_the_deployment_fails() {
    let environment = testkit::Environment::get().await;
    for url in [
        "postgres://nobody:x@127.0.0.1:1/none",
        "not an address",
        "postgres://a\"b:x@127.0.0.1:1/none",
    ] {
        let name = environment.store_secret(url).await;
        let configure = move |config: &mut zencall::config::Config| config.owner_database_secret = name;
        let test = TestApp::with(Options {
            configure: Some(Box::new(configure)),
            ..Options::default()
        })
        .await;
        let failed = migrate::run(&test.app).await.unwrap_err();
        assert!(!failed.to_string().contains("nobody"), "{failed}");
    }
}

#[tokio::test]
async fn the_functions_login_must_be_a_plain_name_with_a_password() {
    let environment = testkit::Environment::get().await;
    for url in [
        "postgres://zencall_functions@127.0.0.1/x",
        "postgres://a%22b:x@127.0.0.1/x",
    ] {
        let name = environment.store_secret(url).await;
        let configure = move |config: &mut zencall::config::Config| config.database_secret = name;
        let test = TestApp::with(Options {
            configure: Some(Box::new(configure)),
            ..Options::default()
        })
        .await;
        assert!(migrate::run(&test.app).await.is_err());
    }
}
