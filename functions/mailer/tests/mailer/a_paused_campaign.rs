//! The mail about a campaign that stopped by itself.

use testkit::TestOrganization;

use super::*;

async fn paused(post: &Post, reason: Option<&str>, language: &str) -> (TestOrganization, Value) {
    let organization = post.test.organization().await;
    let assistant = organization.assistant().await;
    let campaign = organization.campaign(assistant, &[]).await;
    let user = post.test.app.clock.uuid();
    organization
        .sql(
            "insert into profiles (id, organization_id, email, full_name, role, language, email_confirmed_at, created_at,
                                   updated_at)
             values ($1, $2, $3, 'Lou', 'admin', $4, now(), now(), now())",
            &[&user, &organization.id, &post.email, &language],
        )
        .await;
    organization
        .sql(
            "update campaigns set status = 'paused', pause_reason = $1",
            &[&reason],
        )
        .await;
    let wanted = json!({ "v": 1, "kind": "campaign_paused", "organization_id": organization.id,
                         "campaign_id": campaign, "user_id": user });
    (organization, wanted)
}

#[tokio::test]
async fn is_told_in_the_language_of_whoever_is_to_know() {
    //
    for (language, reason, subject, words) in [
        (
            "fr",
            "budget_exhausted",
            "Une campagne est en pause",
            "coût maximal",
        ),
        ("en", "budget_exhausted", "A campaign is paused", "maximum cost"),
        (
            "fr",
            "provider_failures",
            "Une campagne est en pause",
            "chez un fournisseur",
        ),
        (
            "en",
            "provider_failures",
            "A campaign is paused",
            "half of its latest calls",
        ),
        (
            "fr",
            "assistant_not_compliant",
            "Une campagne est en pause",
            "Synchronisez les assistants",
        ),
        ("en", "vapi_credit", "A campaign is paused", "(vapi_credit)"),
    ] {
        let post = Post::opens().await;
        let (_, wanted) = paused(&post, Some(reason), language).await;
        post.handle(&wanted).await.unwrap();
        let sent = post.sent().await;
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].subject, subject);
        assert!(sent[0].text.contains(words), "{}", sent[0].text);
        assert!(sent[0].text.contains("Rappel de rendez-vous"));
        let link = format!("/campaigns/{}", wanted["campaign_id"].as_str().unwrap());
        assert!(sent[0].text.contains(&link));
    }
}

#[tokio::test]
async fn that_goes_on_by_now_is_not_told() {
    let post = Post::opens().await;
    let (organization, wanted) = paused(&post, Some("budget_exhausted"), "fr").await;
    organization
        .sql(
            "update campaigns set status = 'running', pause_reason = null",
            &[],
        )
        .await;
    post.handle(&wanted).await.unwrap();
    assert!(post.sent().await.is_empty());
}

#[tokio::test]
async fn is_told_once() {
    let post = Post::opens().await;
    let (_, mut wanted) = paused(&post, Some("budget_exhausted"), "fr").await;
    wanted["outbox_id"] = json!(post.test.app.clock.uuid());
    for _ in 0..3 {
        post.handle(&wanted).await.unwrap();
    }
    assert_eq!(post.sent().await.len(), 1);
}
