//! Another tenant's id is an id that nobody has.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::bodies::Schemas;
use crate::visitor::{Visitor, check_problem};

fn without_id(mut problem: Value) -> Value {
    problem["request_id"] = Value::Null;
    problem
}

#[tokio::test]
async fn an_id_of_another_tenant_is_not_found_like_one_that_nobody_has() {
    //
    let visitor = Visitor::start().await;
    let schemas = Schemas::of(&visitor.document);
    let owner = visitor.inhabitant().await;
    let stranger = visitor.inhabitant().await;
    let mut asked = 0;
    for route in visitor
        .routes
        .iter()
        .filter(|route| route.has_id() && !route.is_public())
    {
        let body = route.takes_json().then(|| schemas.plausible(schemas.body(route)));
        let ask = async |id: &str| {
            let reply = visitor
                .send(route, Some(&stranger), &route.address(id), body.as_ref())
                .await;
            let what = format!("{} of {id}", route.name());
            let problem = check_problem(&what, &reply);
            assert_eq!(reply.status, 404, "{what}: {problem}");
            (without_id(problem), reply.headers.len())
        };
        let unknown = ask(&Uuid::now_v7().to_string()).await;
        assert_eq!(ask(&owner.row.to_string()).await, unknown, "{}", route.name());
        // What is no id at all.
        for id in [
            "x",
            "00000000-0000-0000-0000-000000000000",
            "%00",
            "%F0%9F%A6%8A",
            "1%27%20or%201=1",
        ] {
            assert_eq!(ask(id).await.0, unknown.0, "{}", route.name());
        }
        asked += 1;
    }
    assert!(asked > 15);
    // The rows were there: their owner finds them.
    for route in visitor
        .routes
        .iter()
        .filter(|route| route.has_id() && !route.is_public())
    {
        if route.method == "GET" {
            let reply = visitor
                .send(route, Some(&owner), &route.address(&owner.row.to_string()), None)
                .await;
            // The call is there; it was not recorded.
            let is_missing = reply.status == 404 && reply.json()["code"] != "recording_not_found";
            assert!(!is_missing, "{}: {}", route.name(), reply.text());
        }
    }
}

#[tokio::test]
async fn an_id_of_another_tenant_in_a_body_is_not_found_either() {
    let visitor = Visitor::start().await;
    let owner = visitor.inhabitant().await;
    let stranger = visitor.inhabitant().await;
    let named = [
        ("POST", "/api/v1/campaigns/start", "campaign_id"),
        ("PATCH", "/api/v1/vapi/assistants", "vapi_assistant_id"),
    ];
    for (method, path, member) in named {
        let route = visitor
            .routes
            .iter()
            .find(|route| route.method == method && route.path == path)
            .unwrap();
        let ask = async |id: Uuid| {
            let body = json!({ member: id });
            let reply = visitor.send(route, Some(&stranger), path, Some(&body)).await;
            assert_eq!(reply.status, 404, "{path}: {}", reply.text());
            without_id(check_problem(path, &reply))
        };
        assert_eq!(ask(owner.row).await, ask(Uuid::now_v7()).await, "{path}");
    }
    // A wall that leaked would have changed something.
    assert_ne!(owner.id, stranger.id);
}
