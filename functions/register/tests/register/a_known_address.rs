//! An address that is known gets the same answer as any other.

use testkit::CountingProxy;

use super::*;

#[tokio::test]
async fn gets_the_same_answer_and_is_told_by_mail() {
    let visitor = Visitor::arrives().await;
    let first = visitor.signs_up(visitor.company()).await.expect(202);
    visitor.mails().await;
    let form = visitor.company_with(json!({
        "email": visitor.email.to_uppercase(), "full_name": "Somebody Else", "company_name": "Another",
    }));
    let second = visitor.signs_up(form).await.expect(202);
    assert_eq!(first.json(), second.json());
    let names = |reply: &Reply| {
        let mut names: Vec<_> = reply.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(names(&first), names(&second));

    let profiles = visitor.rows("select * from profiles").await;
    assert_eq!(profiles.len(), 1);
    assert_eq!(profiles[0]["full_name"], "Jeanne d'Arc");
    let mails = visitor.mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["kind"], "address_known");
    assert_eq!(mails[0]["user_id"], profiles[0]["id"]);
    let audit = visitor.rows("select action, user_id from gdpr_audit_logs").await;
    assert!(
        audit.contains(&json!({ "action": "user.register_again", "user_id": null })),
        "{audit:?}"
    );
}

#[tokio::test]
async fn costs_as_many_steps_as_a_new_one() {
    let (proxy, options) = CountingProxy::in_front_of_the_database().await;
    let visitor = Visitor::arrives_at(TestApp::with(options).await);
    visitor.test.app.db.ping().await.unwrap();
    let (_, new) = proxy.count(visitor.signs_up(visitor.company())).await;
    let (_, known) = proxy.count(visitor.signs_up(visitor.company())).await;
    assert_eq!(new, known);
    assert_eq!(new, 4, "look-up, everything in one packet, commit, outbox");
}

#[tokio::test]
async fn twice_at_the_same_moment_is_one_organisation() {
    let visitor = Visitor::arrives().await;
    let (one, other) = tokio::join!(
        visitor.signs_up(visitor.company()),
        visitor.signs_up(visitor.company())
    );
    assert_eq!(one.expect(202).json(), other.expect(202).json());
    let mut kinds: Vec<_> = visitor
        .mails()
        .await
        .iter()
        .map(|mail| mail["kind"].clone())
        .collect();
    kinds.sort_by_key(Value::to_string);
    assert_eq!(kinds, ["address_known", "confirm_email"]);
    assert_eq!(visitor.rows("select * from profiles").await.len(), 1);
}
