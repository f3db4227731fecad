//! What is answered during a call.

use super::*;

#[tokio::test]
async fn every_shape_of_a_tool_call_is_answered_in_order() {
    let test = TestApp::start().await;
    let calls = json!([
        { "id": "1", "type": "function", "function": { "name": "book", "arguments": "{\"day\":\"mon\"}" } },
        { "id": "2", "type": "function", "function": { "name": "book", "arguments": { "day": "mon" } } },
        { "id": "3", "name": "book", "arguments": { "day": "mon" } },
        { "id": "4", "name": "book", "parameters": { "day": "mon" } },
        { "id": "5", "name": "book", "arguments": "{ malformed" },
    ]);
    let reply = say(&test, json!({ "type": "tool-calls", "toolCallList": calls }))
        .await
        .expect(200)
        .json();
    let results = reply["results"].as_array().unwrap();
    let ids: Vec<_> = results
        .iter()
        .map(|result| result["toolCallId"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["1", "2", "3", "4", "5"]);
    for result in results {
        assert_eq!(result["name"], "book");
        assert!(!result["error"].as_str().unwrap().contains('\n'));
    }
    assert_ne!(results[0]["error"], results[4]["error"]);
    let kept = test.queues.take(QueueKind::Events).await;
    assert_eq!(
        kept[0]["fact"]["tool_calls"]["ids"],
        json!(["1", "2", "3", "4", "5"])
    );
}

#[tokio::test]
async fn tool_calls_without_a_list_get_an_empty_one() {
    let test = TestApp::start().await;
    let reply = say(&test, json!({ "type": "tool-calls" })).await.expect(200);
    assert_eq!(reply.json(), json!({ "results": [] }));
}

#[tokio::test]
async fn the_others_have_a_safe_answer_in_time() {
    //
    let test = TestApp::start().await;
    let started = Instant::now();
    let ask = async |kind: &str| say(&test, json!({ "type": kind })).await.expect(200).json();
    assert!(
        ask("assistant-request").await["error"]
            .as_str()
            .unwrap()
            .starts_with("Bonjour")
    );
    assert!(ask("transfer-destination-request").await["error"].is_string());
    assert_eq!(ask("campaign.predial").await, json!({ "eligible": false }));
    assert!(ask("function-call").await["result"].is_string());
    assert!(started.elapsed() < Duration::from_secs(7));
}
