//! `/do-not-call`: who puts numbers on the list and takes them off, and what follows at once.

use serde_json::json;
use testkit::vapi::message;
use testkit::{CallingOrganization, Client, TestApp};

const PATH: &str = "/api/v1/do-not-call";

#[tokio::test]
async fn as_member_a_number_is_added_once_and_listed() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let member = organization.member(test.serving(contacts::routes())).await;
    let request = json!({ "phone": "06 39 98 12 34", "reason": "Par courrier", "source": "letter" });
    let entry = member.post(PATH, request.clone()).await.expect(201).json()["do_not_call"].clone();
    assert_eq!(entry["phone"], "+33639981234");
    assert_eq!(entry["reason"], "Par courrier");
    assert_eq!(entry["source"], "letter");
    let again = member.post(PATH, request).await.expect(200).json();
    assert_eq!(again["do_not_call"], entry);
    let manual = json!({ "phone": "+33639980001" });
    let manual = member.post(PATH, manual).await.expect(201).json();
    assert_eq!(manual["do_not_call"]["source"], "manual");
    let listed = member.get(PATH).await.expect(200).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    assert_eq!(listed["data"][1], entry);
    let one = member
        .get(&format!("{PATH}?phone=%2B33639981234"))
        .await
        .expect(200)
        .json();
    assert_eq!(one["data"], json!([entry]));
    let audit = organization
        .rows(
            "select action, details::text as details from gdpr_audit_logs",
            &[],
        )
        .await;
    assert_eq!(audit.len(), 2);
    assert!(!audit[0].to_string().contains("3998"), "{audit:?}");
}

#[tokio::test]
async fn every_fault_is_reported_at_once() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let member = organization.member(test.serving(contacts::routes())).await;
    let wrong = json!({ "phone": "12", "reason": "x".repeat(501), "source": 7 });
    let reply = member.post(PATH, wrong).await.expect(422);
    let fields: Vec<_> = reply.faults().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["phone", "reason", "source"]);
}

#[tokio::test]
async fn only_an_administrator_of_the_organisation_takes_a_number_off() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let (admin, member) = (
        organization.admin(test.serving(contacts::routes())).await,
        organization.member(test.serving(contacts::routes())).await,
    );
    let entry = member
        .post(PATH, json!({ "phone": "+33639981234" }))
        .await
        .expect(201)
        .json();
    let path = format!("{PATH}/{}", entry["do_not_call"]["id"].as_str().unwrap());
    member.delete(&path).await.expect_problem(403, "admin_required");
    let other = test.organization().await;
    let other = other.admin(test.serving(contacts::routes())).await;
    other
        .delete(&path)
        .await
        .expect_problem(404, "do_not_call_not_found");
    assert_eq!(other.get(PATH).await.expect(200).json()["data"], json!([]));
    admin.delete(&path).await.expect(204);
    admin
        .delete(&path)
        .await
        .expect_problem(404, "do_not_call_not_found");
    let stranger = Client::anonymous(test.serving(contacts::routes()));
    stranger.get(PATH).await.expect(401);
}

#[tokio::test]
async fn a_queued_call_to_the_number_is_not_dialled_any_more() {
    let test = TestApp::start().await;
    let calling = CallingOrganization::create(&test).await;
    let organization = &calling.organization;
    let (_, queued) = calling.running(&test, 1).await;
    let phone = organization.rows("select phone from contacts", &[]).await[0]["phone"].clone();
    let member = organization.member(test.serving(contacts::routes())).await;
    member.post(PATH, json!({ "phone": phone })).await.expect(201);
    let attempts = calling.attempts("status, released_reason").await;
    assert_eq!(attempts[0]["status"], "released");
    assert_eq!(attempts[0]["released_reason"], "suppressed");
    assert_eq!(calling.slots(&test).await, 0);
    call_dialer::handle(&test.app, &message(&queued[0]))
        .await
        .unwrap();
    assert!(test.placed_calls().await.is_empty());
}
