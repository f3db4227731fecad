//! The mail that confirms an address.

use jiff::SignedDuration;

use super::*;

#[tokio::test]
async fn carries_a_link_alone_on_its_line_that_confirms() {
    let post = Post::opens().await;
    let message = post.sign_up(Language::Fr).await;
    post.handle(&message).await.unwrap();
    let sent = post.sent().await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].subject, "Confirmez votre adresse e-mail");
    let token = sent[0].token().unwrap();
    let line = format!("{}/auth/confirm?token={token}", post.test.app.config.app_url);
    assert!(
        sent[0].text.lines().any(|found| found == line),
        "{}",
        sent[0].text
    );
    assert!(
        !sent[0].text.contains("evil"),
        "nobody writes to others through us"
    );
    let session = identity::confirm(&post.test.app, &Origin::default(), token).await;
    assert_eq!(session.unwrap().profile.email, Email::parse(&post.email).unwrap());
}

#[tokio::test]
async fn is_written_in_english_to_those_who_chose_it_and_in_french_to_all_others() {
    for (language, subject) in [
        (Language::En, "Confirm your e-mail address"),
        (Language::Es, "Confirmez votre adresse e-mail"),
    ] {
        let post = Post::opens().await;
        let message = post.sign_up(language).await;
        post.handle(&message).await.unwrap();
        assert_eq!(post.sent().await[0].subject, subject);
    }
}

#[tokio::test]
async fn is_sent_once_however_often_the_queue_hands_it_out() {
    let post = Post::opens().await;
    let message = post.sign_up(Language::Fr).await;
    for _ in 0..3 {
        post.handle(&message).await.unwrap();
    }
    assert_eq!(post.sent().await.len(), 1);
}

#[tokio::test]
async fn is_dropped_once_the_link_was_followed_or_has_expired() {
    let post = Post::opens_with(Options {
        held_at: Some("2026-11-23T09:00:00Z".parse().unwrap()),
        ..Options::default()
    })
    .await;
    let message = post.sign_up(Language::Fr).await;
    post.test.app.clock.advance(SignedDuration::from_hours(24));
    post.handle(&message).await.unwrap();
    assert!(post.sent().await.is_empty());

    let email = Email::parse(&post.email).unwrap();
    identity::resend(&post.test.app, &testkit::some_origin(), &email)
        .await
        .unwrap();
    let again = post.take().await;
    post.handle(&again).await.unwrap();
    let sent = post.sent().await;
    let token = sent[0].token().unwrap();
    identity::confirm(&post.test.app, &Origin::default(), token)
        .await
        .unwrap();
    post.handle(&again).await.unwrap();
    assert_eq!(post.sent().await.len(), 1);
}
