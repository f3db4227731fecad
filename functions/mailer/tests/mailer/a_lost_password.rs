//! The mail for a lost password.

use super::*;

#[tokio::test]
async fn is_replaced_with_the_link_of_one_mail() {
    for (language, subject) in [
        (Language::Fr, "Choisissez un nouveau mot de passe"),
        (Language::En, "Choose a new password"),
    ] {
        let post = Post::opens().await;
        post.sign_up(language).await;
        let app = &post.test.app;
        let email = Email::parse(&post.email).unwrap();
        identity::forgot(app, &testkit::some_origin(), &email)
            .await
            .unwrap();
        let message = post.take().await;
        for _ in 0..2 {
            post.handle(&message).await.unwrap();
        }
        let sent = post.sent().await;
        assert_eq!(subjects(&sent), [subject]);
        let token = sent[0].token().unwrap();
        let line = format!("{}/auth/password/reset?token={token}", app.config.app_url);
        assert!(sent[0].text.lines().any(|found| found == line));
        let next = NewPassword::parse("quatre gros chiens", &[]).unwrap();
        identity::reset_password(app, &Origin::default(), token, &next)
            .await
            .unwrap();
        post.delivers().await;
        let told = match language {
            Language::En => "Your password was changed",
            _ => "Votre mot de passe a changé",
        };
        assert_eq!(subjects(&post.sent().await), [subject, told]);
    }
}
