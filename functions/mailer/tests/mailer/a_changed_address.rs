//! The mails about another address.

use super::*;

#[tokio::test]
async fn is_mailed_to_both_and_the_old_one_hears_of_it_again_when_it_is_done() {
    for (language, wanted) in [
        (
            Language::Fr,
            [
                "Confirmez votre nouvelle adresse e-mail",
                "Un changement d'adresse a été demandé",
                "L'adresse de votre compte a changé",
            ],
        ),
        (
            Language::En,
            [
                "Confirm your new e-mail address",
                "A change of address was requested",
                "The address of your account was changed",
            ],
        ),
    ] {
        let post = Post::opens().await;
        let caller = post.confirmed(language).await;
        let app = &post.test.app;
        let new = format!("new.{}", post.email);
        let typed = Email::parse(&new).unwrap();
        let password = "trois petits chats".to_owned();
        identity::change_email(app, &caller, password, &typed)
            .await
            .unwrap();
        post.delivers().await;
        let to_new = post.test.mails_to(&new).await;
        assert_eq!(subjects(&to_new), [wanted[0]]);
        let token = to_new[0].token().unwrap();
        let line = format!("{}/auth/confirm?token={token}", app.config.app_url);
        assert!(to_new[0].text.lines().any(|found| found == line));
        let to_old = post.sent().await;
        assert_eq!(subjects(&to_old)[1..], [wanted[1]]);
        assert!(to_old[1].token().is_none() && !to_old[1].text.contains(&new));

        identity::confirm(app, &Origin::default(), token).await.unwrap();
        post.delivers().await;
        assert_eq!(subjects(&post.sent().await)[1..], wanted[1..]);
        assert_eq!(post.test.mails_to(&new).await.len(), 1);
    }
}

#[tokio::test]
async fn that_is_somebody_s_is_told_to_that_person_without_a_token() {
    let (post, owner) = (Post::opens().await, Post::opens().await);
    let caller = post.confirmed(Language::Fr).await;
    owner.sign_up(Language::En).await;
    let taken = Email::parse(&owner.email).unwrap();
    let password = "trois petits chats".to_owned();
    identity::change_email(&post.test.app, &caller, password, &taken)
        .await
        .unwrap();
    post.delivers().await;
    let sent = owner.sent().await;
    assert_eq!(subjects(&sent), ["This address is that of your account already"]);
    assert!(sent[0].token().is_none());
}
