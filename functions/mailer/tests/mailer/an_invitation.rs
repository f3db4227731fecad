//! The mail of an invitation.

use testkit::TestOrganization;
use zencall::kernel::Role;

use super::*;

impl Post {
    async fn invite(&self, organization: &TestOrganization) -> Value {
        let email = Email::parse(&self.email).unwrap();
        identity::invite(&self.test.app, &organization.caller(), &email, Role::Member)
            .await
            .unwrap();
        self.take().await
    }
}

#[tokio::test]
async fn names_the_inviters_address_and_carries_a_link_and_nothing_else_that_somebody_typed() {
    let post = Post::opens().await;
    let organization = post.test.organization().await;
    organization
        .sql(
            "update organizations set name = 'http://evil.example Gagnez 1 000 €' where id = $1",
            &[&organization.id],
        )
        .await;
    let message = post.invite(&organization).await;
    for _ in 0..3 {
        post.handle(&message).await.unwrap();
    }
    let sent = post.sent().await;
    assert_eq!(sent.len(), 1, "once, however often the queue hands it out");
    assert_eq!(sent[0].subject, "Vous êtes invité sur Zencall");
    let token = sent[0].token().unwrap();
    let line = format!("{}/auth/invitation?token={token}", post.test.app.config.app_url);
    assert!(
        sent[0].text.lines().any(|found| found == line),
        "{}",
        sent[0].text
    );
    let inviter = format!("{}@zencall.example", organization.admin);
    assert!(sent[0].text.contains(&inviter));
    assert!(!sent[0].text.contains("evil"));
}

#[tokio::test]
async fn tells_whoever_has_an_account_elsewhere_and_has_no_link() {
    let post = Post::opens().await;
    post.sign_up(Language::Fr).await;
    let organization = post.test.organization().await;
    organization
        .sql(
            "update organizations set language = 'en' where id = $1",
            &[&organization.id],
        )
        .await;
    let message = post.invite(&organization).await;
    post.handle(&message).await.unwrap();
    let sent = post.sent().await;
    assert_eq!(
        sent[0].subject,
        "You are invited to Zencall, but you already have an account"
    );
    assert_eq!(sent[0].token(), None);
}
