//! Who the bearer of a genuine token is here.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::supabase::{KeyServer, Signer};
use testkit::{CountingProxy, Environment, Options, TestApp, TestOrganization};
use uuid::Uuid;

use crate::arrival::{self, accepting, but, claims, is, link, me};

/// What Supabase's hook writes into a token.
fn speaking_for(organization: &TestOrganization, role: &str) -> Value {
    json!({ "app_metadata": {
        "provider": "email", "organization_id": organization.id, "org_role": role, "profile_id": organization.admin,
    } })
}

async fn one_signer() -> (Signer, KeyServer) {
    let signer = Signer::es256("curve");
    let server = KeyServer::with(&[&signer]).await;
    (signer, server)
}

/// An application that makes people of whoever has confirmed the same address at Supabase.
async fn linking(server: &KeyServer) -> TestApp {
    arrival::start(server, Options::default(), |config| {
        config.supabase_link_by_email = true
    })
    .await
}

fn address_of(organization: &TestOrganization) -> String {
    format!("{}@zencall.example", organization.member)
}

#[tokio::test]
async fn whom_the_token_itself_names_cost_no_look_up_and_the_others_one_a_minute() {
    let (signer, server) = one_signer().await;
    let (proxy, url) = CountingProxy::in_front_of(&Environment::get().await.database_url).await;
    let options = Options {
        held_at: Some("2026-03-02T09:00:00Z".parse().unwrap()),
        database_url: Some(url),
        ..Options::default()
    };
    let test = arrival::start(&server, options, |_| {}).await;
    let organization = test.organization().await;
    let user = link(&organization, organization.admin).await;
    let now = test.app.clock.now();
    let spoken = but(claims(user, now), speaking_for(&organization, "admin"));
    let (reply, alone) = proxy.count(me(&test, &signer.sign(&spoken))).await;
    is(reply, organization.admin);
    let silent = signer.sign(&claims(user, now));
    for look_ups in [1, 0, 0] {
        let (reply, round_trips) = proxy.count(me(&test, &silent)).await;
        is(reply, organization.admin);
        assert_eq!(round_trips, alone + look_ups);
    }
    test.app.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(proxy.count(me(&test, &silent)).await.1, alone + 1);
}

#[tokio::test]
async fn who_are_removed_are_out_within_a_minute() {
    let (signer, server) = one_signer().await;
    let options = Options {
        held_at: Some("2026-03-02T09:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let test = arrival::start(&server, options, |_| {}).await;
    let organization = test.organization().await;
    let user = link(&organization, organization.member).await;
    let token = signer.sign(&claims(user, test.app.clock.now()));
    is(me(&test, &token).await, organization.member);
    organization
        .sql(
            "update profiles set supabase_user_id = null where organization_id = $1 and id = $2",
            &[&organization.id, &organization.member],
        )
        .await;
    test.app.clock.advance(SignedDuration::from_secs(60));
    me(&test, &token).await.expect_problem(403, "account_not_linked");
    // Somebody who is brought over need not wait as long.
    link(&organization, organization.member).await;
    test.app.clock.advance(SignedDuration::from_secs(10));
    is(me(&test, &token).await, organization.member);
}

#[tokio::test]
async fn whose_token_names_them_are_believed_as_long_as_one_of_ours() {
    let (signer, server) = one_signer().await;
    let test = accepting(&server).await;
    let organization = test.organization().await;
    // Nobody's user: only the token says who it is.
    let user = Uuid::from_u128(test.app.clock.uuid().as_u128());
    let now = test.app.clock.now();
    let spoken = but(claims(user, now), speaking_for(&organization, "admin"));
    is(me(&test, &signer.sign(&spoken)).await, organization.admin);
    for doubtful in [
        json!({ "iat": now.as_second() - 15 * 60 }),
        json!({ "iat": now.as_second() + 3600 }),
        json!({ "iat": null }),
    ] {
        let token = signer.sign(&but(spoken.clone(), doubtful));
        me(&test, &token).await.expect_problem(403, "account_not_linked");
    }
    for missing in ["organization_id", "org_role", "profile_id"] {
        let mut token = spoken.clone();
        token["app_metadata"].as_object_mut().unwrap().remove(missing);
        me(&test, &signer.sign(&token))
            .await
            .expect_problem(403, "account_not_linked");
        token["app_metadata"][missing] = "owner".into();
        me(&test, &signer.sign(&token))
            .await
            .expect_problem(403, "account_not_linked");
    }
}

#[tokio::test]
async fn what_people_write_about_themselves_is_not_read() {
    let (signer, server) = one_signer().await;
    let test = linking(&server).await;
    let (ours, theirs) = (test.organization().await, test.organization().await);
    let user = link(&ours, ours.member).await;
    let mut token = claims(user, test.app.clock.now());
    token["user_metadata"] = speaking_for(&theirs, "admin")["app_metadata"].clone();
    token["user_metadata"]["email"] = address_of(&theirs).into();
    token["organization_id"] = theirs.id.0.to_string().into();
    token["org_role"] = "admin".into();
    let reply = me(&test, &signer.sign(&token)).await.expect(200).json();
    assert_eq!(reply["organization"]["id"], ours.id.0.to_string());
    assert_eq!(reply["user"]["role"], "member");
    // Nor is it of whoever has no profile here.
    token["sub"] = test.app.clock.uuid().to_string().into();
    token["email"] = "stranger@exemple.fr".into();
    me(&test, &signer.sign(&token))
        .await
        .expect_problem(403, "account_not_linked");
}

#[tokio::test]
async fn who_kept_their_id_when_they_were_brought_over_need_no_link() {
    let (signer, server) = one_signer().await;
    let test = accepting(&server).await;
    let organization = test.organization().await;
    let token = signer.sign(&claims(organization.member.0, test.app.clock.now()));
    is(me(&test, &token).await, organization.member);
}

#[tokio::test]
async fn who_did_not_say_who_they_are_are_nobody() {
    let (signer, server) = one_signer().await;
    let test = accepting(&server).await;
    let organization = test.organization().await;
    let user = link(&organization, organization.admin).await;
    let anonymous = but(
        claims(user, test.app.clock.now()),
        json!({ "is_anonymous": true }),
    );
    me(&test, &signer.sign(&anonymous))
        .await
        .expect_problem(403, "account_not_linked");
}

#[tokio::test]
async fn with_the_same_address_are_the_same_person_only_where_the_platform_says_so() {
    let (signer, server) = one_signer().await;
    let (strict, linking) = (accepting(&server).await, linking(&server).await);
    let organization = linking.organization().await;
    let now = linking.app.clock.now();
    let address = address_of(&organization).to_uppercase();
    let by_address = |user: u128| but(claims(Uuid::from_u128(user), now), json!({ "email": address }));
    let user = linking.app.clock.uuid().as_u128();
    let token = signer.sign(&by_address(user));
    me(&strict, &token)
        .await
        .expect_problem(403, "account_not_linked");
    is(me(&linking, &token).await, organization.member);
    let entries = organization
        .rows(
            "select user_id, details from gdpr_audit_logs where action = 'user.link_supabase'",
            &[],
        )
        .await;
    let expected = json!([{
        "user_id": organization.member, "details": { "supabase_user_id": Uuid::from_u128(user) },
    }]);
    assert_eq!(json!(entries), expected);
    // From now on it is the user who counts, not the address: not for another user, and not where it changed.
    me(&linking, &signer.sign(&by_address(user + 1)))
        .await
        .expect_problem(403, "account_not_linked");
    let moved = but(
        claims(Uuid::from_u128(user), now),
        json!({ "email": "new@exemple.fr" }),
    );
    for test in [&linking, &accepting(&server).await] {
        is(me(test, &signer.sign(&moved)).await, organization.member);
    }
}

#[tokio::test]
async fn whose_address_nobody_has_confirmed_are_not_linked() {
    let (signer, server) = one_signer().await;
    let test = linking(&server).await;
    let now = test.app.clock.now();
    // Here: whoever signed up with it may be anybody.
    let unconfirmed = test.organization().await;
    unconfirmed
        .sql(
            "update profiles set email_confirmed_at = null where organization_id = $1",
            &[&unconfirmed.id],
        )
        .await;
    let confirmed = test.organization().await;
    for (organization, change) in [
        (&unconfirmed, json!({})),
        // There: a company's own identity provider may say any address, and who gave none has none.
        (&confirmed, json!({ "app_metadata": { "provider": "sso:0f4c" } })),
        (&confirmed, json!({ "app_metadata": {} })),
        (&confirmed, json!({ "app_metadata": null })),
        (&confirmed, json!({ "is_anonymous": true })),
        (&confirmed, json!({ "email": "" })),
        (&confirmed, json!({ "email": null })),
        (&confirmed, json!({ "email": ["a@exemple.fr"] })),
    ] {
        let stranger = claims(test.app.clock.uuid(), now);
        let token = but(stranger, json!({ "email": address_of(organization) }));
        me(&test, &signer.sign(&but(token, change)))
            .await
            .expect_problem(403, "account_not_linked");
    }
    let linked = confirmed
        .rows("select id from profiles where supabase_user_id is not null", &[])
        .await;
    assert_eq!(linked, Vec::<Value>::new());
}
