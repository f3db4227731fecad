//! Whom the gate lets call, and whom not.

use jiff::SignedDuration;

use super::*;

#[tokio::test]
async fn whom_the_gate_lets_call_may_be_dialled_in_under_a_second_and_counts() {
    let fixture = Fixture::start().await;
    // The first connects, as a cold start does.
    assert!(fixture.eligible(fixture.question()).await);
    let decisions = fixture.decisions().await;
    assert_eq!(decisions.len(), 1);
    assert_eq!(
        (&decisions[0]["allowed"], &decisions[0]["stage"]),
        (&json!(true), &json!("predial"))
    );
    let again = zencall::campaigns::evidence::replay(&decisions[0]["inputs"]).unwrap();
    assert!(matches!(again, zencall::campaigns::gate::Decision::Allow { .. }));
    assert_eq!(fixture.attempts().await, 1);

    // A lost answer is asked for again: one attempt. A-34: p95, generously.
    let mut slow = 0;
    for _ in 0..20 {
        let asked = Instant::now();
        assert!(fixture.eligible(fixture.question()).await);
        slow += usize::from(asked.elapsed() > Duration::from_secs(1));
    }
    assert!(slow <= 1, "{slow} of 20 took more than a second");
    assert_eq!(fixture.attempts().await, 1);

    // The campaign calls three times at most.
    for allowed in [true, true, false] {
        fixture.test.app.clock.advance(SignedDuration::from_mins(2));
        fixture.let_the_delay_pass().await;
        assert_eq!(fixture.eligible(fixture.question()).await, allowed);
    }
    assert_eq!(fixture.attempts().await, 3);
    let last = fixture.decisions().await.pop().unwrap();
    assert_eq!(last["code"], "campaign_attempts_exhausted");
}

#[tokio::test]
async fn without_consent_nobody_is_dialled_and_with_it_four_times_in_thirty_days() {
    let fixture = Fixture::start().await;
    fixture.canvass().await;
    assert!(!fixture.eligible(fixture.question()).await);
    assert_eq!(fixture.decisions().await[0]["code"], "consent_missing");
    assert_eq!(fixture.attempts().await, 0);
    fixture.agree().await;
    for _ in 0..4 {
        assert!(fixture.eligible(fixture.question()).await);
        fixture.test.app.clock.advance(SignedDuration::from_mins(2));
        assert!(
            !fixture.eligible(fixture.question()).await,
            "before the retry delay is over"
        );
        fixture.let_the_delay_pass().await;
    }
    assert!(!fixture.eligible(fixture.question()).await);
    let last = fixture.decisions().await.pop().unwrap();
    assert_eq!(last["code"], "attempts_exhausted");
    // It is the law's count, which our own dialler reads too.
    let sql = "update campaigns set legal_basis = 'service'";
    fixture.organization.sql(sql, &[]).await;
    assert!(fixture.eligible(fixture.question()).await);
}

#[tokio::test]
async fn who_told_everybody_to_leave_them_alone_is_not_dialled() {
    let fixture = Fixture::with(Options {
        alone: true,
        ..Options::default()
    })
    .await;
    fixture.test.object_everywhere(PERSON).await;
    assert!(!fixture.eligible(fixture.question()).await);
    assert_eq!(fixture.decisions().await[0]["code"], "suppressed");
    assert_eq!(fixture.attempts().await, 0);
}

#[tokio::test]
async fn where_there_is_a_budget_vapi_dials_nobody_for_nobody_tells_what_it_costs() {
    let fixture = Fixture::start().await;
    let limit = "update campaigns set max_cost = 1000";
    fixture.organization.sql(limit, &[]).await;
    assert!(!fixture.eligible(fixture.question()).await);
    assert_eq!(fixture.decisions().await[0]["code"], "budget_exhausted");
    assert_eq!(fixture.attempts().await, 0);
    let no_limit = "update campaigns set max_cost = null";
    fixture.organization.sql(no_limit, &[]).await;
    assert!(fixture.eligible(fixture.question()).await);
}

#[tokio::test]
async fn whom_nobody_waits_to_call_is_not_dialled() {
    let fixture = Fixture::start().await;
    for (not_so, so) in [
        (
            "update campaigns set status = 'paused'",
            "update campaigns set status = 'running'",
        ),
        (
            "update campaign_contacts set status = 'active'",
            "update campaign_contacts set status = 'waiting'",
        ),
        (
            "update campaign_contacts set status = 'cancelled'",
            "update campaign_contacts set status = 'waiting'",
        ),
        (
            "update contacts set do_not_call = true",
            "update contacts set do_not_call = false",
        ),
        (
            "update assistants set drifted_at = now()",
            "update assistants set drifted_at = null",
        ),
        (
            "update organizations set twilio_phone_number = '+33199001234'",
            "update organizations set twilio_phone_number = '+33162000001'",
        ),
    ] {
        fixture.organization.sql(not_so, &[]).await;
        assert!(!fixture.eligible(fixture.question()).await, "{not_so}");
        fixture.organization.sql(so, &[]).await;
    }
    let mut stranger = fixture.question();
    stranger["contact"]["number"] = "+33639989999".into();
    assert!(!fixture.eligible(stranger).await);
    assert!(fixture.eligible(fixture.question()).await);
}

#[tokio::test]
async fn two_campaigns_of_one_person_are_told_apart_by_name_or_not_at_all() {
    let fixture = Fixture::start().await;
    let contact = fixture.organization.rows("select id from contacts", &[]).await[0]["id"].clone();
    let contact = zencall::kernel::ids::ContactId::parse(contact.as_str().unwrap()).unwrap();
    fixture.organization.campaign(fixture.assistant, &[contact]).await;
    fixture
        .organization
        .sql("update campaigns set status = 'running'", &[])
        .await;
    assert!(!fixture.eligible(fixture.question()).await);
    let mut named = fixture.question();
    named["contact"]["assistantOverrides"] = json!({ "metadata": { "campaign_id": fixture.campaign } });
    assert!(fixture.eligible(named).await);
    // A contact's overrides may stand in the place of what is written on the assistant.
    let mut named = fixture.question();
    named["assistant"] = json!({ "metadata": { "campaign_id": fixture.campaign } });
    named["contact"]["assistantOverrides"] = json!({ "metadata": {
        "campaign_id": fixture.campaign, "organization_id": fixture.organization.id, "assistant_id": fixture.assistant,
    } });
    assert!(fixture.eligible(named).await);
    let sql = "select distinct campaign_id from gate_decisions";
    let decisions = fixture.organization.rows(sql, &[]).await;
    assert_eq!(decisions, [json!({ "campaign_id": fixture.campaign })]);
}

#[tokio::test]
async fn the_assistant_is_found_by_vapis_own_ids_and_must_be_the_one_that_we_wrote_on_it() {
    let fixture = Fixture::start().await;
    let sql = "select vapi_assistant_id from assistants";
    let vapi_id = fixture.organization.rows(sql, &[]).await[0]["vapi_assistant_id"].clone();
    let mut question = fixture.question();
    question["assistant"] = json!({ "id": vapi_id });
    assert!(fixture.eligible(question).await);
    let other = fixture.test.organization().await;
    for (member, value) in [
        ("organization_id", other.id.to_string()),
        ("assistant_id", other.assistant().await.to_string()),
    ] {
        for with_id in [false, true] {
            let mut question = fixture.question();
            question["assistant"]["metadata"][member] = value.clone().into();
            if with_id {
                question["assistant"]["id"] = vapi_id.clone();
            }
            assert!(!fixture.eligible(question).await, "{member} {with_id}");
        }
    }
}
