//! The file for a calendar.

use super::*;

#[tokio::test]
async fn with_credentials_it_says_whom_one_meets() {
    let tenant = Tenant::start().await;
    let id = tenant.appointment("2026-11-24T13:00:00Z").await;
    let reply = tenant
        .member
        .get(&format!("{PATH}/{id}/calendar"))
        .await
        .expect(200);
    assert_eq!(
        reply.headers["content-type"],
        "text/calendar; charset=utf-8; method=PUBLISH"
    );
    let text = reply.text();
    assert!(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && text.ends_with("END:VCALENDAR\r\n"));
    for line in [
        &*format!("UID:{id}@zencall"),
        "METHOD:PUBLISH",
        "SEQUENCE:0",
        "DTSTART:20261124T130000Z",
        "DTEND:20261124T133000Z",
        "SUMMARY:Rendez-vous : Zoé Müller",
        "DESCRIPTION:Devis\\; urgent",
    ] {
        assert!(text.contains(&format!("{line}\r\n")), "{line}: {text}");
    }
}

#[tokio::test]
async fn the_link_of_a_text_message_opens_its_own_and_no_other() {
    let tenant = Tenant::start().await;
    let id = tenant.appointment("2026-11-24T13:00:00Z").await;
    let other = tenant.appointment("2026-11-25T13:00:00Z").await;
    tenant
        .patch(&id, json!({ "status": "cancelled" }))
        .await
        .expect(200);
    let texts = tenant.texts().await;
    let (_, link) = texts[0].split_once(&tenant.test.app.config.api_url).unwrap();
    let nobody = Client::anonymous(tenant.test.serving(calls::routes()));
    let reply = nobody.get(link).await.expect(200);
    assert_eq!(
        reply.headers["content-type"],
        "text/calendar; charset=utf-8; method=CANCEL"
    );
    assert_eq!(reply.headers["cache-control"], "no-store");
    let text = reply.text();
    assert!(text.contains("STATUS:CANCELLED\r\n") && text.contains("SEQUENCE:1\r\n"));
    // The person is not told what the organisation noted, nor their own name by whoever finds the telephone.
    assert!(!text.contains("Devis") && !text.contains("Zoé"));
    for forged in [
        link.replace(&id, &other),
        link[..link.len() - 1].to_owned(),
        format!("{link}A"),
        format!("{PATH}/{id}/calendar?token="),
        format!("{PATH}/{id}/calendar?token=%00"),
    ] {
        nobody.get(&forged).await.expect_problem(401, "link_invalid");
    }
    nobody
        .get(&format!("{PATH}/{id}/calendar"))
        .await
        .expect_problem(401, "unauthenticated");
    // A week after its end it is over.
    tenant
        .test
        .app
        .clock
        .advance(jiff::SignedDuration::from_hours(24 * 9));
    nobody.get(link).await.expect_problem(401, "link_expired");
}
