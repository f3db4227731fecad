//! The dossier: everything about one contact in one answer, and a note that somebody read it.

use serde_json::json;

use crate::Fixture;

#[tokio::test]
async fn holds_consents_attempts_decisions_and_the_outcome_and_reading_it_is_noted() {
    let fixture = Fixture::start().await;
    let contacts = fixture.organization.contacts(2).await;
    let campaign = fixture.organization.campaign(fixture.assistant, &contacts).await;
    let (organization, attempt) = (fixture.organization.id, fixture.test.app.clock.uuid());
    fixture
        .organization
        .sql(
            "insert into call_attempts (id, organization_id, campaign_id, contact_id, assistant_id, number, status, outcome,
                                        queued_at, dialing_at, ended_at)
             values ($1, $2, $3, $4, $5, 1, 'ended', 'answered', now(), now(), now())",
            &[&attempt, &organization, &campaign, &contacts[0], &fixture.assistant],
        )
        .await;
    fixture
        .organization
        .sql(
            "insert into calls (id, organization_id, campaign_id, contact_id, attempt_id, direction, status, outcome,
                                duration_seconds, cost, ended_reason, created_at, updated_at)
             values ($1, $2, $3, $4, $1, 'outbound', 'ended', 'answered', 61, 0.25, 'customer-ended-call', now(), now())",
            &[&attempt, &organization, &campaign, &contacts[0]],
        )
        .await;
    fixture
        .organization
        .sql(
            "insert into gate_decisions (id, organization_id, campaign_id, contact_id, stage, allowed, code, rule, inputs,
                                         inputs_hash, decided_at)
             values ($1, $2, $3, $4, 'release', false, 'outside_hours', 'D223-9', '{}', 'x', now())",
            &[&fixture.test.app.clock.uuid(), &organization, &campaign, &contacts[0]],
        )
        .await;
    fixture
        .organization
        .sql(
            "update campaign_contacts set status = 'completed', last_outcome = 'answered', attempts = 1 where contact_id = $1",
            &[&contacts[0]],
        )
        .await;
    fixture
        .organization
        .sql(
            "update contacts set first_name = 'Lou' where id = $1",
            &[&contacts[0]],
        )
        .await;
    let address = |contact| format!("/api/v1/campaigns/{campaign}/contacts/{contact}/dossier");

    let answer = fixture.member.get(&address(contacts[0])).await.expect(200).json();

    let dossier = &answer["dossier"];
    assert_eq!(dossier["campaign"]["id"], campaign.to_string());
    assert_eq!(dossier["person"]["first_name"], "Lou");
    assert_eq!(dossier["standing"]["last_outcome"], "answered");
    assert_eq!(dossier["consents"], json!([]));
    assert_eq!(dossier["attempts"][0]["id"], attempt.to_string());
    assert_eq!(dossier["attempts"][0]["duration_seconds"], 61);
    assert_eq!(
        dossier["attempts"][0]["cost"]["amount"], "0.2500",
        "the cost of a call is booked on its attempt"
    );
    assert_eq!(dossier["decisions"][0]["code"], "outside_hours");
    assert_eq!(fixture.actions().await, [json!("campaign.read_dossier")]);

    // What broke is told as the list of contacts tells it.
    fixture
        .organization
        .sql(
            "update campaign_contacts set status = 'failed', last_outcome = 'failed' where contact_id = $1",
            &[&contacts[0]],
        )
        .await;
    let failed = fixture.member.get(&address(contacts[0])).await.expect(200).json();
    assert_eq!(
        failed["dossier"]["standing"]["failure_reason"],
        "customer-ended-call"
    );

    // Who is in no campaign has no dossier there, and nothing is noted.
    let other = fixture.organization.contact("+33639989999").await;
    fixture
        .member
        .get(&address(other))
        .await
        .expect_problem(404, "campaign_not_found");
    fixture.member.get(&address(contacts[1])).await.expect(200);
    assert_eq!(fixture.actions().await.len(), 3);
}
