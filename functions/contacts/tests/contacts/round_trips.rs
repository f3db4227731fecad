//! What each route costs in round trips to the database: the same for one row as for thousands.

use axum::http::Request;
use serde_json::json;
use testkit::{Client, CountingProxy, TestApp};

async fn import(proxy: &CountingProxy, member: &Client, rows: usize) -> usize {
    let rows: Vec<_> = (0..rows)
        .map(|row| json!({ "phone": format!("063998{row:04}") }))
        .collect();
    let request = Request::post("/api/v1/contacts/import").header("content-type", "application/json");
    let request = request.body(json!(rows).to_string().into()).unwrap();
    let (reply, round_trips) = proxy.count(member.request(request)).await;
    reply.expect(200);
    round_trips
}

#[tokio::test]
async fn one_to_read_and_three_or_four_to_write() {
    let (proxy, options) = CountingProxy::in_front_of_the_database().await;
    let test = TestApp::with(options).await;
    let organization = test.organization().await;
    let member = organization.member(test.serving(contacts::routes())).await;
    let make = async |phone: &str| {
        member
            .post("/api/v1/contacts", json!({ "phone": phone }))
            .await
            .expect(201)
            .json()
    };
    // The country in which a number is read, the row, the commit.
    let (made, round_trips) = proxy.count(make("0639980001")).await;
    assert_eq!(round_trips, 3);
    let one = super::path(&made["contact"]);

    let list = proxy.count(member.get("/api/v1/contacts?q=a&tag=b")).await;
    assert_eq!((list.0.status.as_u16(), list.1), (200, 1));
    assert_eq!(proxy.count(member.get(&one)).await.1, 1);
    let change = member.patch(&one, json!({ "last_name": "Roy" }));
    // The country, the row before and after, the audit entry that compares them, the commit.
    assert_eq!(proxy.count(change).await.1, 4);
    assert_eq!(import(&proxy, &member, 10).await, 4);
    assert_eq!(import(&proxy, &member, 2500).await, 4);
    assert_eq!(proxy.count(member.delete(&one)).await.1, 2);
}
