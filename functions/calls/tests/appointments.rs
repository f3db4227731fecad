//! `/appointments`: who sees them, who changes them, and what follows.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use testkit::{Client, CountingProxy, Environment, Options, QueueKind, TestApp, TestOrganization};
use zencall::kernel::ids::AppointmentId;

const PATH: &str = "/api/v1/appointments";
const NOW: &str = "2026-11-23T09:00:00Z";
const PHONE: &str = "+33639980001";

struct Tenant {
    test: TestApp,
    organization: TestOrganization,
    member: Client,
}

impl Tenant {
    async fn start() -> Self {
        Self::with(Options::default()).await
    }

    async fn with(options: Options) -> Self {
        let test = TestApp::with(Options {
            held_at: Some(NOW.parse().unwrap()),
            ..options
        })
        .await;
        let organization = test.organization().await;
        organization.connect_twilio().await;
        let member = organization.member(test.serving(calls::routes())).await;
        Self {
            test,
            organization,
            member,
        }
    }

    /// An appointment of half an hour in the organisation's own calendar.
    async fn appointment(&self, starts_at: &str) -> String {
        let id = AppointmentId::new(&self.test.app.clock);
        self.organization
            .sql(
                "insert into appointments (id, organization_id, calendar_id, status, starts_at, ends_at, timezone, language,
                                           name, phone, notes, created_at, updated_at)
                 values ($1, $2, $2, 'scheduled', $3::text::timestamptz, $3::text::timestamptz + interval '30 minutes',
                         'Europe/Paris', 'fr', 'Zoé Müller', $4, 'Devis; urgent', now(), now())",
                &[&id, &self.organization.id, &starts_at, &PHONE],
            )
            .await;
        self.organization
            .sql(
                "insert into appointment_slots (organization_id, calendar_id, at, appointment_id)
                 select $1, $1, step, $2
                   from generate_series($3::text::timestamptz, $3::text::timestamptz + interval '25 minutes', '5 minutes') step",
                &[&self.organization.id, &id, &starts_at],
            )
            .await;
        id.to_string()
    }

    async fn patch(&self, id: &str, change: Value) -> testkit::Reply {
        self.member.patch(&format!("{PATH}/{id}"), change).await
    }

    async fn texts(&self) -> Vec<String> {
        let rows = self
            .organization
            .rows("select body from messages order by created_at, id", &[])
            .await;
        rows.iter()
            .map(|row| row["body"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn slots(&self) -> usize {
        self.organization
            .rows("select at from appointment_slots", &[])
            .await
            .len()
    }

    async fn audit(&self) -> Vec<String> {
        let sql = "select action, user_id from gdpr_audit_logs order by action";
        let rows = self.organization.rows(sql, &[]).await;
        rows.iter()
            .map(|row| row["action"].as_str().unwrap().to_owned())
            .collect()
    }
}

mod list {
    use super::*;

    #[tokio::test]
    async fn every_filter_lets_its_own_through() {
        let tenant = Tenant::start().await;
        let first = tenant.appointment("2026-11-24T13:00:00Z").await;
        let second = tenant.appointment("2026-11-25T13:00:00Z").await;
        tenant
            .patch(&second, json!({ "status": "confirmed" }))
            .await
            .expect(200);
        for (query, expected) in [
            ("", vec![&first, &second]),
            ("from=2026-11-25T00:00:00Z", vec![&second]),
            ("to=2026-11-25T13:00:00Z", vec![&first]),
            (
                "from=2026-11-24T14:00:00%2B01:00&to=2026-11-24T13:00:01Z",
                vec![&first],
            ),
            ("status=confirmed", vec![&second]),
            ("status=cancelled", vec![]),
            ("status=&from=", vec![&first, &second]),
        ] {
            let list = tenant
                .member
                .get(&format!("{PATH}?{query}"))
                .await
                .expect(200)
                .json();
            let mut found: Vec<_> = list["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["id"].as_str().unwrap())
                .collect();
            found.sort_unstable();
            let mut expected = expected;
            expected.sort();
            assert_eq!(found, expected, "{query}");
        }
        let first = tenant
            .member
            .get(&format!("{PATH}?limit=1"))
            .await
            .expect(200)
            .json();
        let cursor = first["next_cursor"].as_str().unwrap();
        let rest = tenant
            .member
            .get(&format!("{PATH}?limit=1&cursor={cursor}"))
            .await
            .expect(200)
            .json();
        assert_eq!(
            (rest["data"].as_array().unwrap().len(), &rest["next_cursor"]),
            (1, &Value::Null)
        );
        let wrong = tenant
            .member
            .get(&format!("{PATH}?status=done&from=soon&to=later"))
            .await
            .expect(422);
        assert_eq!(wrong.faults().len(), 3);
    }

    #[tokio::test]
    async fn a_stranger_sees_and_changes_nothing() {
        let tenant = Tenant::start().await;
        let id = tenant.appointment("2026-11-24T13:00:00Z").await;
        let stranger = tenant
            .test
            .organization()
            .await
            .admin(tenant.test.serving(calls::routes()))
            .await;
        assert_eq!(stranger.get(PATH).await.expect(200).json()["data"], json!([]));
        for path in [
            format!("{PATH}/{id}"),
            format!("{PATH}/{id}/calendar"),
            format!("{PATH}/7"),
            format!("{PATH}/%00"),
        ] {
            stranger
                .get(&path)
                .await
                .expect_problem(404, "appointment_not_found");
        }
        let path = format!("{PATH}/{id}");
        stranger
            .patch(&path, json!({ "status": "cancelled" }))
            .await
            .expect_problem(404, "appointment_not_found");
        let nobody = Client::anonymous(tenant.test.serving(calls::routes()));
        for path in [PATH, &path, &format!("{path}/calendar")] {
            nobody.get(path).await.expect_problem(401, "unauthenticated");
        }
        nobody.patch(&path, json!({})).await.expect(401);
        assert_eq!(tenant.slots().await, 6);
    }

    #[tokio::test]
    async fn one_round_trip_each() {
        let (proxy, url) = CountingProxy::in_front_of(&Environment::get().await.database_url).await;
        let tenant = Tenant::with(Options {
            database_url: Some(url),
            ..Options::default()
        })
        .await;
        let id = tenant.appointment("2026-11-24T13:00:00Z").await;
        for path in [
            PATH.to_owned(),
            format!("{PATH}/{id}"),
            format!("{PATH}/{id}/calendar"),
        ] {
            let (reply, round_trips) = proxy.count(tenant.member.get(&path)).await;
            reply.expect(200);
            assert_eq!(round_trips, 1, "{path}");
        }
    }
}

mod change {
    use super::*;

    #[tokio::test]
    async fn another_time_is_told_to_whoever_made_it() {
        let tenant = Tenant::start().await;
        let id = tenant.appointment("2026-11-24T13:00:00Z").await;
        let moved = json!({ "starts_at": "2026-11-25T15:00:00+01:00", "notes": "Apporter le dossier" });
        let appointment = tenant.patch(&id, moved.clone()).await.expect(200).json()["appointment"].clone();
        assert_eq!(appointment["starts_at"], "2026-11-25T14:00:00Z");
        assert_eq!(appointment["ends_at"], "2026-11-25T14:30:00Z");
        assert_eq!(appointment["sequence"], 1);
        assert_eq!(appointment["notes"], "Apporter le dossier");
        let texts = tenant.texts().await;
        assert_eq!(texts.len(), 1);
        assert!(
            texts[0].contains("est déplacé au 25/11/2026 à 15:00"),
            "{texts:?}"
        );
        assert_eq!(tenant.test.queues.take(QueueKind::Messages).await.len(), 1);
        // The same again changes nothing, and nobody hears of it.
        let again = tenant.patch(&id, moved).await.expect(200).json()["appointment"].clone();
        assert_eq!(again, appointment);
        assert_eq!(tenant.texts().await.len(), 1);
        assert_eq!(tenant.audit().await, ["appointment.move"]);
        assert_eq!(tenant.slots().await, 6);
        // Its former time is free again.
        let other = tenant.appointment("2026-11-26T13:00:00Z").await;
        tenant
            .patch(&other, json!({ "starts_at": "2026-11-24T13:00:00Z" }))
            .await
            .expect(200);
        let longer = json!({ "ends_at": "2026-11-24T14:00:00Z" });
        tenant.patch(&other, longer).await.expect(200);
        assert_eq!(tenant.slots().await, 18);
    }

    #[tokio::test]
    async fn a_cancellation_frees_the_time_and_is_final() {
        let tenant = Tenant::start().await;
        let id = tenant.appointment("2026-11-24T13:00:00Z").await;
        let taken = tenant.appointment("2026-11-24T14:00:00Z").await;
        tenant
            .patch(&taken, json!({ "starts_at": "2026-11-24T13:25:00Z" }))
            .await
            .expect_problem(409, "appointment_slot_taken");
        assert_eq!(tenant.slots().await, 12);
        let cancelled = tenant
            .patch(&id, json!({ "status": "cancelled" }))
            .await
            .expect(200)
            .json();
        assert_eq!(cancelled["appointment"]["status"], "cancelled");
        assert!(tenant.texts().await[0].contains("du 24/11/2026 à 14:00 est annulé"));
        tenant
            .patch(&taken, json!({ "starts_at": "2026-11-24T13:25:00Z" }))
            .await
            .expect(200);
        for change in [
            json!({ "status": "scheduled" }),
            json!({ "status": "confirmed" }),
            json!({ "starts_at": "2026-11-27T13:00:00Z" }),
        ] {
            tenant
                .patch(&id, change)
                .await
                .expect_problem(409, "appointment_state");
        }
        // Saying so again is no change; notes may always be made.
        tenant
            .patch(&id, json!({ "status": "cancelled" }))
            .await
            .expect(200);
        tenant.patch(&id, json!({ "notes": null })).await.expect(200);
        assert_eq!(
            tenant.audit().await,
            ["appointment.cancel", "appointment.change", "appointment.move"]
        );
        assert_eq!(tenant.texts().await.len(), 2);
    }

    #[tokio::test]
    async fn states_follow_each_other_as_life_does() {
        let tenant = Tenant::start().await;
        for (end, nothing_more) in [("completed", "no_show"), ("no_show", "cancelled")] {
            let day = if end == "completed" { 24 } else { 25 };
            let id = tenant.appointment(&format!("2026-11-{day}T13:00:00Z")).await;
            for status in ["confirmed", end] {
                let shown = tenant
                    .patch(&id, json!({ "status": status }))
                    .await
                    .expect(200)
                    .json();
                assert_eq!(shown["appointment"]["status"], status);
            }
            tenant
                .patch(&id, json!({ "status": nothing_more }))
                .await
                .expect_problem(409, "appointment_state");
        }
        assert!(tenant.texts().await.is_empty());
    }

    #[tokio::test]
    async fn every_fault_is_named() {
        let tenant = Tenant::start().await;
        let id = tenant.appointment("2026-11-24T13:00:00Z").await;
        let wrong = json!({ "starts_at": "soon", "ends_at": null, "status": "done", "notes": 7 });
        let reply = tenant.patch(&id, wrong).await.expect(422);
        assert_eq!(reply.faults().len(), 4, "{}", reply.text());
        for (change, code) in [
            (json!({ "starts_at": "2026-11-22T13:00:00Z" }), "in_the_past"),
            (json!({ "starts_at": "2029-11-22T13:00:00Z" }), "too_far_ahead"),
            (
                json!({ "starts_at": "2026-11-24T13:01:00Z" }),
                "not_on_five_minutes",
            ),
            (json!({ "ends_at": "2026-11-24T12:00:00Z" }), "length_invalid"),
            (json!({ "ends_at": "2026-11-25T12:00:00Z" }), "length_invalid"),
            (json!({ "notes": "x".repeat(2001) }), "text_invalid"),
            (json!({ "notes": "\u{0}" }), "text_invalid"),
        ] {
            let reply = tenant.patch(&id, change.clone()).await.expect(422);
            assert_eq!(reply.faults()[0].1, code, "{change}");
        }
        assert!(tenant.audit().await.is_empty());
    }

    #[tokio::test]
    async fn of_two_who_want_one_time_at_once_one_gets_it() {
        let tenant = Tenant::start().await;
        let mut appointments = Vec::new();
        for hour in 8..14 {
            appointments.push(tenant.appointment(&format!("2026-11-24T{hour:02}:00:00Z")).await);
        }
        let moves = appointments.iter().enumerate().map(|(number, id)| {
            let starts_at = format!("2026-11-26T10:{:02}:00Z", 5 * number);
            tenant.patch(id, json!({ "starts_at": starts_at }))
        });
        let replies = futures_util::future::join_all(moves).await;
        let moved = replies.iter().filter(|reply| reply.status == 200).count();
        let refused = replies.iter().filter(|reply| reply.status == 409).count();
        assert!(moved >= 1 && moved + refused == 6, "{moved} {refused}");
        assert_eq!(tenant.texts().await.len(), moved);
        assert_eq!(tenant.slots().await, 36);
        let overlapping = "select a.id from appointments a join appointments b
                             on a.id < b.id and a.starts_at < b.ends_at and b.starts_at < a.ends_at";
        assert!(tenant.organization.rows(overlapping, &[]).await.is_empty());
    }
}

mod calendar {
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
        assert!(
            text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && text.ends_with("END:VCALENDAR\r\n")
        );
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
}
