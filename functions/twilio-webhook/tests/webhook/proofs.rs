//! Who is believed to be Twilio, and for which organisation.

use super::*;

const OTHER_ACCOUNT: &str = "AC00000000000000000000000000000002";

#[tokio::test]
async fn a_request_of_one_organisation_is_nothing_at_anothers_address() {
    // also where both have the same account, whose token is the same.
    let door = Door::start().await;
    let (a, b) = (door.tenant().await, door.tenant().await);
    door.post(&path(&b), &path(&a), TWILIO_AUTH_TOKEN, &STATUS)
        .await
        .expect_problem(403, "webhook_refused");
    door.store(&b, OTHER_ACCOUNT, OTHER_TOKEN).await;
    // Signed by its own token, and yet another account's.
    door.post(&path(&a), &path(&a), OTHER_TOKEN, &STATUS)
        .await
        .expect(403);
    let mut foreign = STATUS;
    foreign[0].1 = OTHER_ACCOUNT;
    door.post(&path(&a), &path(&a), TWILIO_AUTH_TOKEN, &foreign)
        .await
        .expect(403);
    assert!(door.events().await.is_empty());
}

#[tokio::test]
async fn forged_and_misaddressed_requests_are_refused_alike() {
    let door = Door::start().await;
    let organization = door.tenant().await;
    let target = path(&organization);
    let wrong = "00000000000000000000000000000000";
    door.post(&target, &target, wrong, &STATUS).await.expect(403);
    let unsigned = Request::post(&target)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(encode(&STATUS)))
        .unwrap();
    door.client
        .request(unsigned)
        .await
        .expect_problem(403, "webhook_refused");
    for id in ["nonsense", "019ab000-0000-7000-8000-000000000001"] {
        let target = format!("/api/v1/twilio/webhook/{id}");
        door.post(&target, &target, TWILIO_AUTH_TOKEN, &STATUS)
            .await
            .expect_problem(403, "webhook_refused");
    }
    // Signed for the address with the query, sent without it.
    let signed_for = format!("{target}?message_id=1");
    door.post(&target, &signed_for, TWILIO_AUTH_TOKEN, &STATUS)
        .await
        .expect(403);
    assert!(door.events().await.is_empty());
}

#[tokio::test]
async fn the_bare_address_finds_the_organisations_of_the_account() {
    let door = Door::start().await;
    let organization = door.tenant().await;
    let other = door.tenant().await;
    door.store(&other, TWILIO_ACCOUNT_SID, OTHER_TOKEN).await;
    // An account of its own: five organisations at most are tried, and tests share one account.
    for (tenant, token) in [(&organization, TWILIO_AUTH_TOKEN), (&other, OTHER_TOKEN)] {
        let account = format!("AC{}", organization.id.0.simple());
        door.store(tenant, &account, token).await;
        let sql = "update organizations set twilio_account_sid = $2 where id = $1";
        tenant.sql(sql, &[&tenant.id, &account]).await;
    }
    let account = format!("AC{}", organization.id.0.simple());
    let mut form = STATUS;
    form[0].1 = &account;
    for target in [
        "/api/v1/twilio/webhook",
        "/api/twilio/webhook",
        "/twilio/webhook",
        "/",
    ] {
        door.post(target, target, TWILIO_AUTH_TOKEN, &form)
            .await
            .expect(204);
        let events = door.events().await;
        assert_eq!(events.len(), 1, "{target}");
        assert_eq!(events[0]["organization_id"], organization.id.to_string());
        assert_eq!(events[0]["shared"], true);
    }
    let wrong = "00000000000000000000000000000000";
    door.post("/", "/", wrong, &form).await.expect(403);
}
