//! `GET /vapi/assistants` and `GET /vapi/assistants/{id}`.

use serde_json::json;

use super::{ALIAS, PATH, Tenant, minimal, path};

#[tokio::test]
async fn as_member_pages_through_the_newest_first() {
    let tenant = Tenant::start().await;
    for name in ["un", "deux", "trois"] {
        let mut body = minimal();
        body["name"] = name.into();
        tenant.make(body).await;
    }
    let first = tenant
        .member
        .get(&format!("{PATH}?limit=2"))
        .await
        .expect(200)
        .json();
    assert_eq!(first["data"][0]["name"], "trois");
    assert_eq!(first["data"][1]["name"], "deux");
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = tenant
        .member
        .get(&format!("{ALIAS}?limit=2&cursor={cursor}"))
        .await
        .expect(200)
        .json();
    assert_eq!(second["data"].as_array().unwrap().len(), 1);
    assert_eq!(second["next_cursor"], serde_json::Value::Null);
}

#[tokio::test]
async fn as_stranger_sees_and_changes_nothing() {
    let tenant = Tenant::start().await;
    let assistant = tenant.make(minimal()).await;
    let vapi_id = assistant["vapi_assistant_id"].as_str().unwrap();
    let stranger = tenant.stranger().await;
    assert_eq!(stranger.get(PATH).await.expect(200).json()["data"], json!([]));
    let change = json!({ "name": "Volé" });
    let named = json!({ "name": "Volé", "vapi_assistant_id": vapi_id });
    stranger
        .get(&path(&assistant))
        .await
        .expect_problem(404, "assistant_not_found");
    stranger
        .patch(&path(&assistant), change)
        .await
        .expect_problem(404, "assistant_not_found");
    stranger
        .patch(PATH, named)
        .await
        .expect_problem(404, "assistant_not_found");
    stranger
        .delete(&path(&assistant))
        .await
        .expect_problem(404, "assistant_not_found");
    let by_query = format!("{PATH}?id={vapi_id}");
    stranger
        .delete(&by_query)
        .await
        .expect_problem(404, "assistant_not_found");
    assert_eq!(tenant.at_vapi().await[0]["name"], "Accueil");
}

#[tokio::test]
async fn what_is_no_id_is_nobody() {
    let tenant = Tenant::start().await;
    for id in ["1", "%00", "%F0%9F%91%8D", "00000000-0000-0000-0000-000000000000"] {
        let path = format!("{PATH}/{id}");
        tenant
            .member
            .get(&path)
            .await
            .expect_problem(404, "assistant_not_found");
        tenant
            .member
            .delete(&path)
            .await
            .expect_problem(404, "assistant_not_found");
    }
}

#[tokio::test]
async fn another_method_is_not_allowed() {
    let tenant = Tenant::start().await;
    let reply = tenant.member.put(PATH, json!({})).await.expect(405);
    assert!(reply.headers.contains_key("allow"));
}
