//! `make bench-enumeration`: how long known and unknown addresses are answered. A measurement, not a test: what must be
//! equal is counted by the tests of each route.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use serde_json::json;
use testkit::Options;

use crate::people::{PASSWORD, Person};

const ROUNDS: usize = 21;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test]
#[ignore = "a measurement: make bench-enumeration"]
async fn known_and_unknown_addresses_take_as_long() {
    let options = Options {
        held_at: Some("2026-11-23T09:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let person = Person::signed_up_with(options).await;
    person.confirms(&person.token).await.expect(200);
    eprintln!(
        "route                       known     unknown   difference (medians of {ROUNDS}, in ms; the aim: below 5 %)"
    );
    for (path, member, value) in [
        ("login", "password", "trois petits chiens"),
        ("password/forgot", "ignored", ""),
        ("confirm/resend", "ignored", ""),
    ] {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            // Limits count within an hour.
            person.test.app.clock.advance(SignedDuration::from_mins(61));
            let stranger = format!("nobody{round}.{}", person.email);
            // After an hour the platform's secrets are fetched anew: whoever comes first pays for it, and is not timed.
            let first = format!("first{round}.{}", person.email);
            person.post(path, json!({ "email": first, member: value })).await;
            for (email, times) in [(&person.email, &mut known), (&stranger, &mut unknown)] {
                let began = Instant::now();
                person.post(path, json!({ "email": email, member: value })).await;
                times.push(began.elapsed());
            }
        }
        let (known, unknown) = (median(known), median(unknown));
        let (known, unknown) = (known.as_secs_f64() * 1e3, unknown.as_secs_f64() * 1e3);
        let difference = (known - unknown).abs() / known.max(unknown) * 100.0;
        eprintln!("{path:<24} {known:>8.1} {unknown:>11.1} {difference:>9.1} %");
    }
    person.test.app.clock.advance(SignedDuration::from_mins(61));
    person.logs_in(PASSWORD).await.expect(200);
}
