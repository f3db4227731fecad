//! The deployment step, on the database that the tests run on: `make test` has brought it up to date.

use serde_json::json;
use testkit::{Environment, Options, TestApp};
use zencall::consents::{self, NewWithdrawal};
use zencall::db::Claims;
use zencall::kernel::PhoneNumber;

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

#[tokio::test]
async fn a_ledger_of_which_one_byte_was_flipped_is_named_with_its_link() {
    //
    let environment = Environment::get().await;
    let own = environment.own_database().await;
    let test = TestApp::with(Options {
        database_url: Some(own.clone()),
        ..Options::default()
    })
    .await;
    let mut chains = Vec::new();
    for _ in 0..3 {
        let organization = test.organization().await;
        let phone = &PhoneNumber::from_database("+33639980001".to_owned());
        for channel in ["sms_stop", "call", "sms_stop"] {
            let withdrawal = &NewWithdrawal {
                channel: Some(channel.to_owned()),
                quote: Some("Stop".to_owned()),
                evidence: None,
            };
            let (clock, now) = (&test.app.clock, test.app.clock.now());
            test.app
                .db
                .write("tests.withdraw", &Claims::platform(organization.id), async |tx| {
                    consents::withdraw_all(tx, clock, phone, withdrawal, now).await
                })
                .await
                .unwrap();
        }
        let chain = organization
            .rows("select id from consent_people", &[])
            .await
            .remove(0);
        chains.push((organization.id, chain["id"].clone()));
    }
    let verify = async || {
        let done = migrate::handle(&test.app, json!({ "task": "verify-consents" }))
            .await
            .unwrap();
        serde_json::to_value(done).unwrap()
    };
    assert_eq!(
        verify().await,
        json!({ "organizations": 3, "chains": 3, "links": 9, "broken": [] })
    );
    let (organization, chain) = &chains[1];
    // What nobody can but who owns the tables.
    let flip = format!(
        "alter table consents disable row level security;
         update consents set quote = 'Stoq' where organization_id = '{organization}' and sequence = 2;
         alter table consents enable row level security;"
    );
    environment.run_as_owner(&own, &flip).await;
    let report = verify().await;
    let named =
        json!({ "organization_id": organization, "person_id": chain, "sequence": 2, "fault": "content" });
    assert_eq!(report["broken"], json!([named]));
    assert!(
        migrate::handle(&test.app, json!({ "task": "make-tea" }))
            .await
            .is_err()
    );
}
