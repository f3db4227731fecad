//! Another tenant's campaign does not exist, and without credentials nothing does.

use serde_json::json;
use testkit::Client;

use crate::Fixture;

#[tokio::test]
async fn as_stranger_is_not_found_and_anonymous_is_not_known() {
    let fixture = Fixture::start().await;
    let contacts = fixture.organization.contacts(1).await;
    let campaign = fixture.organization.campaign(fixture.assistant, &contacts).await;
    let router = fixture.test.serving(campaigns::routes());
    let stranger = fixture.test.organization().await.admin(router.clone()).await;
    let anonymous = Client::anonymous(router);
    let of_the_campaign = [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/contacts"),
        ("POST", "/contacts"),
        ("GET", "/report"),
        ("POST", "/forecast"),
        ("POST", "/pause"),
        ("POST", "/resume"),
        ("POST", "/cancel"),
    ];
    let decisions = format!("/contacts/{}/decisions", contacts[0]);
    let dossier = format!("/contacts/{}/dossier", contacts[0]);
    let of_a_contact = [("GET", decisions.as_str()), ("GET", dossier.as_str())];
    let all = of_the_campaign.into_iter().chain(of_a_contact);
    for (method, rest) in all {
        let body = (method != "GET" && method != "DELETE").then(|| json!({ "tags": ["a"] }));
        for id in [
            campaign.to_string(),
            "seven".to_owned(),
            fixture.test.app.clock.uuid().to_string(),
        ] {
            let address = format!("/api/v1/campaigns/{id}{rest}");
            let reply = stranger.send(method, &address, body.clone()).await;
            assert_eq!(reply.status, 404, "{method} {address}: {}", reply.text());
            assert_eq!(
                anonymous.send(method, &address, body.clone()).await.status,
                401,
                "{method} {address}"
            );
        }
    }
    for method in ["GET", "POST"] {
        let reply = anonymous.send(method, "/api/v1/campaigns", Some(json!({}))).await;
        assert_eq!(reply.status, 401);
    }
    let listed = stranger.get("/api/v1/campaigns").await.expect(200).json();
    assert_eq!(listed, json!({ "data": [], "next_cursor": null }));
    let rows = fixture
        .organization
        .rows("select status from campaigns", &[])
        .await;
    assert_eq!(rows, [json!({ "status": "draft" })]);
}
