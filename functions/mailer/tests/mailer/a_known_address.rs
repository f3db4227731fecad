//! The mail to an address that has an account.

use super::*;

#[tokio::test]
async fn is_told_so_without_a_token() {
    for (language, subject) in [
        (Language::Fr, "Vous avez déjà un compte"),
        (Language::En, "You already have an account"),
    ] {
        let post = Post::opens().await;
        post.sign_up(language).await;
        let message = post.sign_up(Language::Fr).await;
        assert_eq!(message["kind"], "address_known");
        post.handle(&message).await.unwrap();
        let sent = post.sent().await;
        assert_eq!(sent[0].subject, subject);
        assert!(sent[0].token().is_none());
    }
}
