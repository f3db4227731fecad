//! Who is put through to a person.

use super::*;

#[tokio::test]
async fn people_are_put_through_to_the_number_of_our_rows() {
    let tenant = Tenant::start().await;
    let ask = async |assistant: &str| {
        let mut message = tenant.message("call", json!({ "type": "transfer-destination-request" }));
        message["call"]["assistantId"] = json!(assistant);
        message["assistant"] = json!({ "model": { "tools": [{ "type": "transferCall",
            "destinations": [{ "type": "number", "number": "+33199009999" }] }] } });
        post(&tenant.test, message).await
    };
    let nobody = json!({ "error": "Je ne peux pas transférer votre appel pour le moment." });
    assert_eq!(ask(&tenant.vapi_assistant).await, nobody);
    tenant
        .organization
        .sql(
            "update assistants set transfer_number = '+33199001234' where id = $1",
            &[&tenant.assistant],
        )
        .await;
    assert_eq!(
        ask(&tenant.vapi_assistant).await,
        json!({ "destination": {
            "type": "number", "number": "+33199001234",
            "message": "Je vous mets en relation, un instant s'il vous plaît.",
        } })
    );
    assert_eq!(ask("unheard-of").await, nobody);
}

#[tokio::test]
async fn without_a_database_nobody_is_put_through() {
    let test = TestApp::with(Options {
        database_url: Some("postgres://nobody@127.0.0.1:1/nowhere".to_owned()),
        ..Options::default()
    })
    .await;
    let answer = post(
        &test,
        json!({ "type": "transfer-destination-request", "call": { "id": "c", "assistantId": "a" } }),
    )
    .await;
    assert_eq!(
        answer,
        json!({ "error": "Je ne peux pas transférer votre appel pour le moment." })
    );
}
