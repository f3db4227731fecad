//! Reading calls, through the real router and the real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use testkit::{Client, CountingProxy, TestApp, TestOrganization};
use zencall::kernel::ids::CallId;

async fn start() -> (TestApp, TestOrganization, Client) {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let member = organization.member(test.serving(calls::routes())).await;
    (test, organization, member)
}

/// A call with these columns besides the obligatory ones.
async fn call(test: &TestApp, organization: &TestOrganization, columns: &str, values: &str) -> CallId {
    let id = CallId::new(&test.app.clock);
    organization
        .sql(
            &format!(
                "insert into calls (id, organization_id, created_at, updated_at, {columns}) values ($1, $2, $3, $3, {values})"
            ),
            &[&id, &organization.id, &test.app.clock.now()],
        )
        .await;
    id
}

fn ids(list: &Value) -> Vec<String> {
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call["id"].as_str().unwrap().to_owned())
        .collect()
}

mod list {
    use super::*;

    #[tokio::test]
    async fn every_filter_lets_its_own_through() {
        let (test, organization, member) = start().await;
        let contact = organization.contact("+33639980001").await;
        let assistant = organization.assistant().await;
        let campaign = organization.campaign(assistant, &[contact]).await;
        let columns = "direction, status, sentiment, started_at, campaign_id";
        let first = call(
            &test,
            &organization,
            columns,
            &format!("'outbound', 'ended', 'positive', '2026-11-01T10:00Z', '{campaign}'"),
        )
        .await;
        let second = call(
            &test,
            &organization,
            columns,
            "'inbound', 'in_progress', null, '2026-11-02T10:00Z', null",
        )
        .await;
        for (query, expected) in [
            ("", vec![second, first]),
            (&format!("campaign_id={campaign}"), vec![first]),
            ("status=in_progress", vec![second]),
            ("sentiment=positive", vec![first]),
            ("sentiment=unknown", vec![second]),
            ("direction=inbound&status=", vec![second]),
            ("from=2026-11-02T00:00:00Z", vec![second]),
            ("to=2026-11-02T10:00:00Z", vec![first]),
            (
                "from=2026-11-01T11:00:00%2B01:00&to=2026-11-02T00:00:00Z",
                vec![first],
            ),
            ("direction=inbound&sentiment=positive", vec![]),
        ] {
            let list = member
                .get(&format!("/api/v1/calls?{query}"))
                .await
                .expect(200)
                .json();
            let mut expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
            let mut found = ids(&list);
            // Two calls of one millisecond have no order.
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{query}");
        }
    }

    #[tokio::test]
    async fn every_bad_filter_is_named_at_once() {
        let (_test, _, member) = start().await;
        let query = "campaign_id=7&status=done&sentiment=angry&direction=up&from=yesterday&to=%00";
        let reply = member.get(&format!("/api/v1/calls?{query}")).await.expect(422);
        let codes: Vec<_> = reply
            .faults()
            .into_iter()
            .map(|(field, code)| format!("{field}: {code}"))
            .collect();
        assert_eq!(
            codes,
            [
                "campaign_id: id_invalid",
                "direction: direction_invalid",
                "from: timestamp_invalid",
                "sentiment: sentiment_invalid",
                "status: status_invalid",
                "to: timestamp_invalid",
            ]
        );
        let reply = member
            .get("/api/v1/calls?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z")
            .await
            .expect(422);
        assert_eq!(reply.faults(), [("to".to_owned(), "range_invalid".to_owned())]);
        member
            .get("/api/v1/calls?limit=201")
            .await
            .expect_problem(422, "invalid");
    }

    #[tokio::test]
    async fn page_by_page_and_only_ones_own() {
        let (test, organization, member) = start().await;
        for _ in 0..3 {
            call(&test, &organization, "direction, status", "'outbound', 'queued'").await;
        }
        let first = member.get("/api/v1/calls?limit=2").await.expect(200).json();
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = member
            .get(&format!("/api/v1/calls?limit=2&cursor={cursor}"))
            .await
            .expect(200)
            .json();
        assert_eq!((ids(&first).len(), ids(&second).len()), (2, 1));
        assert!(second["next_cursor"].is_null());
        let stranger = test
            .organization()
            .await
            .admin(test.serving(calls::routes()))
            .await;
        assert!(ids(&stranger.get("/api/v1/calls").await.expect(200).json()).is_empty());
        let nobody = Client::anonymous(test.serving(calls::routes()));
        nobody
            .get("/api/v1/calls")
            .await
            .expect_problem(401, "unauthenticated");
    }
}

mod read {
    use super::*;

    #[tokio::test]
    async fn with_what_was_said_and_what_happened() {
        let (test, organization, member) = start().await;
        let id = call(
            &test,
            &organization,
            "vapi_call_id, direction, phone, status, outcome, ended_reason, started_at, ended_at, duration_seconds, cost,
             sentiment, sentiment_score, sentiment_source, summary, recording_available",
            &format!(
                "'{}', 'outbound', '+33639980001', 'ended', 'answered', 'customer-ended-call', '2026-11-02T10:00Z',
                 '2026-11-02T10:01Z', 60, 0.1234, 'neutral', 0.5, 'structured_output', 'Rien à signaler.', true",
                organization.session
            ),
        )
        .await;
        for (second, role, text) in [(2, "user", "Oui ?"), (1, "assistant", "Bonjour.")] {
            organization
                .sql(
                    "insert into call_turns (organization_id, call_id, at, role, text_hash, text)
                     values ($1, $2, '2026-11-02T10:00Z'::timestamptz + $3 * interval '1 second', $4, decode('00', 'hex'), $5)",
                    &[&organization.id, &id, &second, &role, &text],
                )
                .await;
        }
        for (minute, key, event) in [
            (1, "b", Some("call-ended")),
            (0, "a", Some("call-started")),
            (0, "c", None),
        ] {
            organization
                .sql(
                    "insert into provider_events (id, organization_id, month, provider, dedupe_key, kind, event, call_id,
                                                  occurred_at, received_at, projection)
                     values ($1, $2, date_trunc('month', $3)::date, 'vapi', $4, 'k', $5, $6,
                             '2026-11-02T10:00Z'::timestamptz + $7 * interval '1 minute', $3, '{}')",
                    &[&test.app.clock.uuid(), &organization.id, &test.app.clock.now(), &key, &event, &id, &minute],
                )
                .await;
        }
        let reply = member
            .get(&format!("/api/v1/calls/{id}"))
            .await
            .expect(200)
            .json();
        assert_eq!(
            reply,
            json!({ "call": {
                "id": id, "vapi_call_id": organization.session, "campaign_id": null, "contact_id": null,
                "assistant_id": null, "direction": "outbound", "phone": "+33639980001", "status": "ended",
                "outcome": "answered", "ended_reason": "customer-ended-call", "started_at": "2026-11-02T10:00:00Z",
                "ended_at": "2026-11-02T10:01:00Z", "duration_seconds": 60,
                "cost": { "amount": "0.1234", "currency": "USD" }, "sentiment": "neutral", "sentiment_score": 0.5,
                "sentiment_source": "structured_output", "summary": "Rien à signaler.",
                "turns": [
                    { "role": "assistant", "text": "Bonjour.", "at": "2026-11-02T10:00:01Z" },
                    { "role": "user", "text": "Oui ?", "at": "2026-11-02T10:00:02Z" },
                ],
                "timeline": [
                    { "event": "call-started", "at": "2026-11-02T10:00:00Z", "provider": "vapi" },
                    { "event": "call-ended", "at": "2026-11-02T10:01:00Z", "provider": "vapi" },
                ],
                "recording": { "available": true }, "transfer": null, "disclosures": null,
            } })
        );
        let found = json!({
            "ai": "found", "identity": "found", "purpose": "missing", "commercial": "not_applicable",
            "recording": "not_applicable", "objection": "found",
        });
        // As it was found when nobody looked for the commercial nature.
        let mut older = found.clone();
        older.as_object_mut().unwrap().remove("commercial");
        let sql = "update calls set disclosures = $2 where id = $1";
        organization.sql(sql, &[&id, &older]).await;
        let reply = member.get(&format!("/api/v1/calls/{id}")).await.expect(200);
        assert_eq!(reply.json()["call"]["disclosures"], found);
    }

    #[tokio::test]
    async fn a_call_that_has_only_begun_is_mostly_null() {
        let (test, organization, member) = start().await;
        let id = call(&test, &organization, "direction, status", "'inbound', 'queued'").await;
        let call = member
            .get(&format!("/api/v1/calls/{id}"))
            .await
            .expect(200)
            .json()["call"]
            .clone();
        for absent in [
            "cost",
            "recording",
            "sentiment",
            "outcome",
            "phone",
            "summary",
            "started_at",
        ] {
            assert!(call.get(absent).unwrap().is_null(), "{absent}");
        }
        assert_eq!((&call["turns"], &call["timeline"]), (&json!([]), &json!([])));
    }

    #[tokio::test]
    async fn as_stranger_is_not_found() {
        let (test, organization, _) = start().await;
        let id = call(&test, &organization, "direction, status", "'inbound', 'queued'").await;
        let stranger = test
            .organization()
            .await
            .admin(test.serving(calls::routes()))
            .await;
        for id in [
            id.to_string(),
            CallId::new(&test.app.clock).to_string(),
            "7".to_owned(),
            "%00".to_owned(),
        ] {
            stranger
                .get(&format!("/api/v1/calls/{id}"))
                .await
                .expect_problem(404, "call_not_found");
        }
    }
}

#[tokio::test]
async fn one_round_trip_each() {
    let (proxy, options) = CountingProxy::in_front_of_the_database().await;
    let test = TestApp::with(options).await;
    let organization = test.organization().await;
    let member = organization.member(test.serving(calls::routes())).await;
    let id = call(&test, &organization, "direction, status", "'inbound', 'queued'").await;
    assert_eq!(proxy.count(member.get("/api/v1/calls?status=queued")).await.1, 1);
    let (reply, round_trips) = proxy.count(member.get(&format!("/api/v1/calls/{id}"))).await;
    reply.expect(200);
    assert_eq!(round_trips, 1);
}
