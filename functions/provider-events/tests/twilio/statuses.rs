//! What Twilio says of messages that we sent.

use super::*;

#[tokio::test]
async fn the_first_end_counts_whatever_comes_in_which_order() {
    // every order of four events, each twice.
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let words = ["queued", "sent", "delivered", "undelivered"];
    for first in 0..4 {
        for second in (0..4).filter(|index| *index != first) {
            let id = sending(&test, &organization).await;
            let rest = (0..4).filter(|index| *index != first && *index != second);
            let order: Vec<_> = [first, second].into_iter().chain(rest).collect();
            for index in order.iter().chain(&order) {
                apply(&test, &status(&organization, id, words[*index], None)).await;
            }
            let end = order.iter().find(|index| **index >= 2).unwrap();
            let row = row(&organization, id).await;
            assert_eq!(row["status"], words[*end], "{order:?}");
            assert_eq!(row["dispatch"], "done");
            let sql = "select status from message_history where message_id = $1";
            assert_eq!(organization.rows(sql, &[&id]).await.len(), 4);
        }
    }
}

#[tokio::test]
async fn a_callback_that_is_faster_than_the_answer_names_the_message() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let id = sending(&test, &organization).await;
    apply(&test, &status(&organization, id, "sent", None)).await;
    let row = row(&organization, id).await;
    assert_eq!(row["twilio_message_sid"], format!("SM{}", id.0.simple()));
}

#[tokio::test]
async fn a_status_of_another_organisations_message_changes_nothing() {
    //
    let test = TestApp::start().await;
    let (a, b) = (test.organization().await, test.organization().await);
    let id = sending(&test, &a).await;
    apply(&test, &status(&b, id, "delivered", None)).await;
    assert_eq!(row(&a, id).await["status"], "sending");
}

#[tokio::test]
async fn unknown_words_are_stored_and_change_nothing() {
    //
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let id = sending(&test, &organization).await;
    apply(&test, &status(&organization, id, "teleported", None)).await;
    assert_eq!(row(&organization, id).await["status"], "sending");
    let sql = "select dedupe_key from provider_events where provider = 'twilio'";
    assert_eq!(organization.rows(sql, &[]).await.len(), 1);
}

#[tokio::test]
async fn errors_have_their_consequences() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    // The telephone was off: twice again, later.
    let mut id = sending(&test, &organization).await;
    for retries in 1..=3 {
        apply(&test, &status(&organization, id, "undelivered", Some("30003"))).await;
        assert_eq!(row(&organization, id).await["error_code"], "30003");
        let sql =
            "select id, due_at > now() + interval '29 minutes' as later from messages where retry_of = $1";
        let repeated = organization.rows(sql, &[&id]).await;
        assert_eq!(repeated.len(), usize::from(retries < 3));
        if let Some(repeated) = repeated.first() {
            assert_eq!(repeated["later"], true);
            id = MessageId::parse(repeated["id"].as_str().unwrap()).unwrap();
        }
    }
    // Filtered: nothing is tried again.
    let id = sending(&test, &organization).await;
    apply(&test, &status(&organization, id, "undelivered", Some("30007"))).await;
    let sql = "select id from messages where retry_of = $1";
    assert!(organization.rows(sql, &[&id]).await.is_empty());
    assert!(list(&organization).await.is_empty());
    // Opted out at Twilio.
    let id = sending(&test, &organization).await;
    apply(&test, &status(&organization, id, "failed", Some("21610"))).await;
    assert_eq!(
        list(&organization).await,
        [json!({ "phone": RECIPIENT, "source": "twilio_opt_out" })]
    );
    // Suspended.
    let id = sending(&test, &organization).await;
    apply(&test, &status(&organization, id, "failed", Some("30002"))).await;
    let sql = "select twilio_rejected_at is not null as rejected from organizations";
    assert_eq!(organization.rows(sql, &[]).await[0]["rejected"], true);
}
