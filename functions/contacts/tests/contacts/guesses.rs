//! Guessing an API key is bounded as guessing a password is, and whoever has a good one is not stopped by strangers who
//! share their address.

use futures_util::future::join_all;
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use serde_json::json;
use testkit::{Client, CountingProxy, Environment, Options, Reply, TestApp, TestOrganization, some_address};
use zencall::kernel::Scope;

const PATH: &str = "/api/v1/contacts";
const SCOPES: [Scope; 2] = [Scope::ContactsRead, Scope::ContactsWrite];

struct Guessing {
    test: TestApp,
    organization: TestOrganization,
    key: String,
}

impl Guessing {
    async fn with(options: Options) -> Self {
        let test = TestApp::with(Options {
            held_at: Some("2026-11-24T10:00:00Z".parse().unwrap()),
            ..options
        })
        .await;
        let organization = test.organization().await;
        let key = organization.api_key(&SCOPES).await.1.expose_secret().to_owned();
        Self {
            test,
            organization,
            key,
        }
    }

    async fn start() -> Self {
        Self::with(Options::default()).await
    }

    fn shows(&self, key: &str, address: &str) -> Client {
        Client::bearer(self.test.serving(contacts::routes()), key).at(address)
    }

    /// Another secret under the ids of a key: 44 characters and a bit are ids.
    async fn guess(&self) -> String {
        let other = self.organization.api_key(&SCOPES).await.1;
        format!("{}{}", &self.key[..60], &other.expose_secret()[60..])
    }

    /// Refuses so many different keys of nobody at this address.
    async fn refused(&self, address: &str, keys: usize) {
        for _ in 0..keys {
            let nobody = zencall::kernel::api_key::ApiKey::new(&self.test.app.clock, self.organization.id);
            let nobody = nobody.text();
            let reply = self.shows(nobody.expose_secret(), address).get(PATH).await;
            reply.expect_problem(401, "api_key_invalid");
        }
    }
}

fn left(reply: &Reply) -> &str {
    reply.headers["ratelimit-remaining"].to_str().unwrap()
}

#[tokio::test]
async fn ten_refusals_of_a_key_at_an_address() {
    let guessing = Guessing::start().await;
    let (here, there) = (some_address(), some_address());
    let guess = guessing.guess().await;
    for count in (0..10).rev() {
        // Reading and writing, whatever is asked.
        let client = guessing.shows(&guess, &here);
        let reply = match count % 3 {
            0 => client.get(PATH).await,
            1 => client.post(PATH, json!({ "phone": "0639980001" })).await,
            _ => client.get("/api/v1/contacts/nonsense").await,
        };
        assert_eq!(reply.headers["ratelimit-limit"], "10");
        assert_eq!(left(&reply), count.to_string());
        reply.expect_problem(401, "api_key_invalid");
    }
    guessing.test.app.clock.advance(SignedDuration::from_mins(5));
    // Not even the right one is taken there, or the answer would tell it from the wrong ones.
    for key in [&guess, &guessing.key] {
        for method in ["GET", "POST"] {
            let body = (method == "POST").then(|| json!({ "phone": "0639980001" }));
            let reply = guessing.shows(key, &here).send(method, PATH, body).await;
            assert_eq!(reply.headers["retry-after"], "600");
            assert_eq!(reply.headers["ratelimit-reset"], "600");
            assert_eq!(left(&reply), "0");
            reply.expect_problem(429, "rate_limited");
        }
    }
    let made = guessing.organization.rows("select 1 from contacts", &[]).await;
    assert!(made.is_empty());
    guessing.shows(&guessing.key, &there).get(PATH).await.expect(200);
    guessing.test.app.clock.advance(SignedDuration::from_mins(10));
    guessing.shows(&guessing.key, &here).get(PATH).await.expect(200);
}

#[tokio::test]
async fn of_many_guesses_at_once_ten_are_answered() {
    let guessing = Guessing::start().await;
    let (here, guess) = (some_address(), guessing.guess().await);
    let guesses = (0..25).map(|_| {
        let client = guessing.shows(&guess, &here);
        async move { client.get(PATH).await }
    });
    let replies = join_all(guesses).await;
    let of = |status| replies.iter().filter(|reply| reply.status == status).count();
    assert_eq!((of(401), of(429)), (10, 15));
}

#[tokio::test]
async fn two_hundred_refusals_at_an_address_stop_strangers_and_not_who_is_known_there() {
    let guessing = Guessing::start().await;
    let (here, there) = ("2001:db8:7:7::1", some_address());
    let newcomer = guessing.organization.api_key(&SCOPES).await.1;
    let newcomer = newcomer.expose_secret();
    guessing.shows(&guessing.key, here).get(PATH).await.expect(200);
    guessing.refused("2001:db8:7:7::2", 200).await;
    // Another address of the network where the key was good.
    let here = "2001:db8:7:7::3";
    for number in ["0639980001", "0639980002"] {
        let client = guessing.shows(&guessing.key, here);
        client.get(PATH).await.expect(200);
        client.post(PATH, json!({ "phone": number })).await.expect(201);
        let reply = guessing.shows(newcomer, here).get(PATH).await;
        assert_eq!(reply.headers["ratelimit-limit"], "200");
        assert_eq!(reply.headers["retry-after"], "900");
        reply.expect_problem(429, "rate_limited");
    }
    guessing.shows(newcomer, &there).get(PATH).await.expect(200);
    guessing.test.app.clock.advance(SignedDuration::from_mins(15));
    guessing.shows(newcomer, here).get(PATH).await.expect(200);
}

#[tokio::test]
async fn a_key_that_is_used_is_known_where_it_was_good_within_thirty_days() {
    let guessing = Guessing::start().await;
    let here = some_address();
    for days in [29, 29, 31] {
        guessing.shows(&guessing.key, &here).get(PATH).await.expect(200);
        let clock = &guessing.test.app.clock;
        clock.advance(SignedDuration::from_hours(24 * days));
    }
    guessing.refused(&here, 200).await;
    guessing
        .shows(&guessing.key, &here)
        .get(PATH)
        .await
        .expect_problem(429, "rate_limited");
    guessing.test.app.clock.advance(SignedDuration::from_mins(15));
    guessing.shows(&guessing.key, &here).get(PATH).await.expect(200);
    guessing
        .test
        .app
        .clock
        .advance(SignedDuration::from_hours(24 * 29));
    guessing.refused(&here, 200).await;
    guessing.shows(&guessing.key, &here).get(PATH).await.expect(200);
}

#[tokio::test]
async fn a_refusal_costs_one_round_trip_and_what_is_no_key_none() {
    let (proxy, url) = CountingProxy::in_front_of(&Environment::get().await.database_url).await;
    let guessing = Guessing::with(Options {
        database_url: Some(url),
        ..Options::default()
    })
    .await;
    let guess = guessing.guess().await;
    let here = some_address();
    for (key, expected) in [(guess.as_str(), 1), ("zc_nonsense", 0), (&guess[..80], 0)] {
        let client = guessing.shows(key, &here);
        let (reply, round_trips) = proxy.count(client.get(PATH)).await;
        assert_eq!(round_trips, expected, "{key}");
        reply.expect_problem(401, "api_key_invalid");
        let post = client.post(PATH, json!({ "phone": "0639980001" }));
        let (reply, round_trips) = proxy.count(post).await;
        assert_eq!(round_trips, expected, "{key}");
        reply.expect_problem(401, "api_key_invalid");
    }
}
