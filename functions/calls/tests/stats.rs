//! What calls come to, and listening to one, through the real router and the real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use testkit::{CallingOrganization, Client, CountingProxy, TestApp, TestOrganization, VAPI_API_KEY};
use zencall::kernel::ids::CallId;

async fn call(test: &TestApp, organization: &TestOrganization, columns: &str, values: &str) -> CallId {
    let id = CallId::new(&test.app.clock);
    organization
        .sql(
            &format!(
                "insert into calls (id, organization_id, status, created_at, updated_at, {columns})
                 values ($1, $2, 'ended', $3, $3, {values})"
            ),
            &[&id, &organization.id, &test.app.clock.now()],
        )
        .await;
    id
}

mod stats {
    use super::*;

    async fn read(member: &Client, query: &str) -> Value {
        let reply = member.get(&format!("/api/v1/calls/stats?{query}")).await;
        reply.expect(200).json()["stats"].clone()
    }

    #[tokio::test]
    async fn a_day_begins_at_midnight_on_the_organisations_clock() {
        let test = TestApp::start().await;
        let organization = test.organization().await;
        let member = organization.member(test.serving(calls::routes())).await;
        let columns = "direction, outcome, started_at, duration_seconds, cost, sentiment";
        for values in [
            // In Paris, the 25th of October has 25 hours.
            "'outbound', 'answered', '2026-10-24T21:59:59Z', 10, 0.1, 'positive'",
            "'outbound', 'answered', '2026-10-24T22:00:00Z', 60, 0.25, 'negative'",
            "'inbound', 'transferred', '2026-10-25T22:59:59Z', 30, 0.05, null",
            "'outbound', 'busy', '2026-10-25T12:00:00Z', 0, 0, null",
            "'outbound', null, '2026-10-25T23:00:00Z', null, null, null",
        ] {
            call(&test, &organization, columns, values).await;
        }
        let stats = read(
            &member,
            "from=2026-10-24T22:00:00Z&to=2026-10-27T23:00:00Z&bucket=day",
        )
        .await;
        assert_eq!(stats["timezone"], "Europe/Paris");
        let buckets = stats["buckets"].as_array().unwrap();
        let starts: Vec<_> = buckets
            .iter()
            .map(|bucket| bucket["starts_at"].as_str().unwrap())
            .collect();
        assert_eq!(
            starts,
            [
                "2026-10-24T22:00:00Z",
                "2026-10-25T23:00:00Z",
                "2026-10-26T23:00:00Z"
            ]
        );
        let counts: Vec<_> = buckets
            .iter()
            .map(|bucket| bucket["calls"].as_i64().unwrap())
            .collect();
        assert_eq!(counts, [3, 1, 0]);
        let day = &buckets[0];
        assert_eq!(
            json!([
                day["inbound"],
                day["outbound"],
                day["answered"],
                day["transferred"],
                day["busy"]
            ]),
            json!([1, 2, 1, 1, 1])
        );
        assert_eq!(day["duration_seconds"], 90);
        assert_eq!(day["average_duration_seconds"], 45.0);
        assert!((day["answer_rate"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-9);
        assert_eq!(day["cost"], json!({ "amount": "0.3000", "currency": "USD" }));
        assert_eq!(
            day["sentiment"],
            json!({ "positive": 0, "neutral": 0, "negative": 1, "unknown": 1 })
        );
        assert_eq!(buckets[2]["answer_rate"], json!(null));
        assert_eq!(stats["total"]["calls"], 4);
    }

    #[tokio::test]
    async fn weeks_and_months_are_the_calendars() {
        let test = TestApp::start().await;
        let organization = test.organization().await;
        let member = organization.member(test.serving(calls::routes())).await;
        call(
            &test,
            &organization,
            "direction, started_at",
            "'outbound', '2026-11-01T10:00:00Z'",
        )
        .await;
        for (bucket, starts) in [
            ("week", vec!["2026-10-25T23:00:00Z", "2026-11-01T23:00:00Z"]),
            ("month", vec!["2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"]),
        ] {
            let query = format!("from=2026-10-31T00:00:00Z&to=2026-11-02T12:00:00Z&bucket={bucket}");
            let stats = read(&member, &query).await;
            let found = stats["buckets"].as_array().unwrap();
            let found: Vec<_> = found
                .iter()
                .map(|bucket| bucket["starts_at"].as_str().unwrap())
                .collect();
            assert_eq!(found, starts, "{bucket}");
            assert_eq!(stats["total"]["calls"], 1);
        }
    }

    #[tokio::test]
    async fn without_a_word_the_last_thirty_days_and_nobody_elses() {
        let test = TestApp::start().await;
        let (organization, stranger) = (test.organization().await, test.organization().await);
        let member = organization.member(test.serving(calls::routes())).await;
        call(&test, &organization, "direction", "'inbound'").await;
        call(&test, &stranger, "direction", "'inbound'").await;
        call(
            &test,
            &organization,
            "direction, started_at",
            "'inbound', '2020-01-01T00:00Z'",
        )
        .await;
        let stats = read(&member, "").await;
        assert_eq!(stats["bucket"], "day");
        assert_eq!(stats["total"]["calls"], 1);
        assert_eq!(stats["total"]["inbound"], 1);
    }

    #[tokio::test]
    async fn what_cannot_be_meant_is_named() {
        let test = TestApp::start().await;
        let organization = test.organization().await;
        let member = organization.member(test.serving(calls::routes())).await;
        let reply = member
            .get("/api/v1/calls/stats?from=x&bucket=hour")
            .await
            .expect(422);
        let faults: Vec<_> = reply.faults().into_iter().map(|(field, _)| field).collect();
        assert_eq!(faults, ["bucket", "from"]);
    }

    #[tokio::test]
    async fn it_takes_one_round_trip() {
        let (proxy, options) = CountingProxy::in_front_of_the_database().await;
        let test = TestApp::with(options).await;
        let organization = test.organization().await;
        let member = organization.member(test.serving(calls::routes())).await;
        member.get("/api/v1/calls/stats").await.expect(200);
        let (reply, round_trips) = proxy.count(member.get("/api/v1/calls/stats")).await;
        assert_eq!((reply.status.as_u16(), round_trips), (200, 1));
    }
}

mod recording {
    use super::*;

    /// A call that Vapi's stand-in has placed, and that is over.
    async fn recorded(test: &TestApp, calling: &CallingOrganization) -> String {
        test.set_behaviour(json!({ "outcomes": { "answered": 1 }, "call_seconds": 1, "speed": 1000 }))
            .await;
        let rows = calling
            .organization
            .rows(
                "select a.vapi_assistant_id, o.vapi_phone_number_id
                   from assistants a join organizations o on o.id = a.organization_id where a.id = $1",
                &[&calling.assistant],
            )
            .await;
        let client = zencall::adapters::http_client();
        let url = format!("{}/vapi/call", test.sandbox.url());
        let body = json!({
            "assistantId": rows[0]["vapi_assistant_id"], "phoneNumberId": rows[0]["vapi_phone_number_id"],
            "customer": { "number": "+33639980001" },
        });
        let ask = async |request: axum::http::Method, url: &str, body: Option<&Value>| -> Value {
            let mut request = client.request(request, url).bearer_auth(VAPI_API_KEY);
            if let Some(body) = body {
                request = request.json(body);
            }
            let text = request.send().await.unwrap().text().await.unwrap();
            serde_json::from_str(&text).unwrap()
        };
        let placed = ask(axum::http::Method::POST, &url, Some(&body)).await;
        let id = placed["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{placed}"))
            .to_owned();
        for _ in 0..200 {
            let call = ask(axum::http::Method::GET, &format!("{url}/{id}"), None).await;
            if call["artifact"]["recording"].is_object() {
                return id;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the call is not over");
    }

    #[tokio::test]
    async fn leads_to_an_address_that_holds_for_a_short_time_and_is_written_down() {
        let test = TestApp::start().await;
        let calling = CallingOrganization::create(&test).await;
        let organization = &calling.organization;
        let member = organization.member(test.serving(calls::routes())).await;
        let vapi_call_id = recorded(&test, &calling).await;
        let values = format!("'outbound', '{vapi_call_id}', true");
        let id = call(
            &test,
            organization,
            "direction, vapi_call_id, recording_available",
            &values,
        )
        .await;
        let reply = member
            .get(&format!("/api/v1/calls/{id}/recording"))
            .await
            .expect(302);
        assert_eq!(reply.headers["cache-control"], "no-store");
        let link = reply.headers["location"].to_str().unwrap();
        assert!(link.starts_with(&test.sandbox.url()), "{link}");
        let heard = zencall::adapters::http_client().get(link).send().await.unwrap();
        assert_eq!(heard.headers()["content-type"], "audio/wav");
        let written = organization
            .rows(
                "select user_id, details from gdpr_audit_logs where organization_id = $1 and action = 'call.listen'",
                &[&organization.id],
            )
            .await;
        assert_eq!(
            written,
            [json!({ "user_id": organization.member, "details": { "call_id": id } })]
        );
    }

    #[tokio::test]
    async fn is_not_found_where_there_is_none() {
        let test = TestApp::start().await;
        let (organization, stranger) = (test.organization().await, test.organization().await);
        let member = organization.member(test.serving(calls::routes())).await;
        let columns = "direction, vapi_call_id, recording_available";
        let silent = call(&test, &organization, columns, "'outbound', null, false").await;
        let unknown = format!("'outbound', '{}', true", test.app.clock.uuid());
        let forgotten = call(&test, &organization, columns, &unknown).await;
        for id in [silent, forgotten] {
            let reply = member.get(&format!("/api/v1/calls/{id}/recording")).await;
            reply.expect_problem(404, "recording_not_found");
        }
        let stranger = stranger.member(test.serving(calls::routes())).await;
        for id in [silent.to_string(), "x".to_owned()] {
            let reply = stranger.get(&format!("/api/v1/calls/{id}/recording")).await;
            reply.expect_problem(404, "call_not_found");
        }
    }

    #[tokio::test]
    async fn is_a_bad_gateway_while_vapi_is_broken() {
        let test = TestApp::start().await;
        let organization = test.organization().await;
        let member = organization.member(test.serving(calls::routes())).await;
        let values = format!("'outbound', '{}', true", test.app.clock.uuid());
        let columns = "direction, vapi_call_id, recording_available";
        let id = call(&test, &organization, columns, &values).await;
        test.set_behaviour(json!({ "api": { "status": 500 } })).await;
        let reply = member.get(&format!("/api/v1/calls/{id}/recording")).await;
        assert_eq!(reply.status.as_u16(), 502, "{}", reply.text());
    }
}
