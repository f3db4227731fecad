//! Tools that are called during a call.

use super::*;

#[tokio::test]
async fn tools_are_called_and_their_answers_kept() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    world.behave(json!({ "outcomes": { "answered": 1 } })).await;
    let mut with_tool = assistant(&receiver, &world);
    with_tool["model"]["tools"] = json!([{ "type": "function", "function": { "name": "book_appointment", "parameters": { "type": "object", "properties": { "starts_at": { "type": "string", "format": "date-time" } } } } }]);
    world.call(&with_tool, CUSTOMER).await;
    let report = receiver.report().await;
    let asked = receiver
        .wait_for(1, |message| message["type"] == "tool-calls")
        .await;
    assert_eq!(
        asked[0]["toolCallList"][0]["function"]["name"],
        "book_appointment"
    );
    let messages = report["artifact"]["messages"].as_array().unwrap();
    let result = messages
        .iter()
        .find(|message| message["role"] == "tool_call_result")
        .unwrap();
    assert_eq!(result["result"], "jeudi 14 h");
}

#[tokio::test]
async fn who_books_is_answered_to_the_letter_or_it_is_noted() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let mut books = assistant(&receiver, &world);
    let text = json!({ "type": "string" });
    books["model"]["tools"] = json!([{ "type": "function", "function": { "name": "book_appointment", "parameters":
        { "type": "object", "properties": { "date": text, "time": text } } } }]);
    // Nobody wants an appointment unless it is said.
    world.behave(json!({ "outcomes": { "answered": 1 } })).await;
    world.call(&books, CUSTOMER).await;
    receiver.report().await;
    assert_eq!(world.control("GET", "/tool-calls", None).await.1, json!([]));
    let wishes = json!({ "share": 1, "nonsense": 1, "repeat": 1 });
    world
        .behave(json!({ "outcomes": { "answered": 1 }, "bookings": wishes }))
        .await;
    world.call(&books, CUSTOMER).await;
    let asked = receiver
        .wait_for(2, |message| message["type"] == "tool-calls")
        .await;
    assert_eq!(asked[0]["toolCallList"], asked[1]["toolCallList"]);
    world.finished().await;
    let (_, noted) = world.control("GET", "/tool-calls", None).await;
    assert_eq!(
        (&noted[0]["booked"], &noted[0]["said"]),
        (&json!(true), &json!("jeudi 14 h"))
    );
    // The receiver of these tests answers for a tool of another name.
    assert_eq!(noted[0]["faults"], json!(["results[0].name is another"]));
}
