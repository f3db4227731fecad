//! Brute force is stopped without locking the owner out; mails are bounded. Nothing tells whether an address is
//! known.

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::json;
use testkit::{Client, Options, Reply, some_address};
use zencall::http::with_edge;
use zencall::kernel::{Email, Origin};
use zencall::limits::{self, Limit};

use crate::people::{PASSWORD, Person};

async fn held() -> Person {
    let options = Options {
        held_at: Some("2026-11-24T10:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let person = Person::signed_up_with(options).await;
    person.confirms(&person.token).await.expect(200);
    person
}

fn at(person: &Person, address: &str) -> Client {
    Client::anonymous(person.test.serving(sessions::routes())).at(address)
}

async fn tries(client: &Client, email: &str, password: &str) -> Reply {
    let body = json!({ "email": email, "password": password });
    client.post("/api/v1/auth/login", body).await
}

/// Counts so many wrong passwords, without the work of comparing them.
async fn counted(person: &Person, email: &str, address: &str, wrong: usize) {
    let email = Email::parse(email).unwrap();
    for _ in 0..wrong {
        let origin = Origin {
            ip_address: Some(address.to_owned()),
            ..Origin::default()
        };
        limits::spend(&person.test.app, &origin, &[Limit::Password(&email)])
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn ten_wrong_passwords_for_an_account_from_an_address() {
    let person = held().await;
    let (guesser, owner) = (at(&person, &some_address()), at(&person, &some_address()));
    for left in (0..10).rev() {
        let reply = tries(&guesser, &person.email, "trois petits chiens").await;
        assert_eq!(reply.headers["ratelimit-limit"], "10");
        assert_eq!(reply.headers["ratelimit-remaining"], left.to_string().as_str());
        reply.expect_problem(401, "invalid_credentials");
    }
    person.test.app.clock.advance(SignedDuration::from_mins(5));
    // The right password is not compared either, in this container or another.
    let elsewhere = with_edge(sessions::routes(), person.test.another_container());
    let reply = guesser.clone().on(elsewhere);
    let reply = tries(&reply, &person.email.to_uppercase(), PASSWORD).await;
    assert_eq!(reply.headers["retry-after"], "600");
    reply.expect_problem(429, "rate_limited");
    tries(&owner, &person.email, PASSWORD).await.expect(200);
    person.test.app.clock.advance(SignedDuration::from_mins(10));
    tries(&guesser, &person.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn of_many_guesses_at_once_ten_are_compared() {
    let person = held().await;
    let guesser = at(&person, &some_address());
    let guesses = (0..25).map(|_| tries(&guesser, &person.email, "trois petits chiens"));
    let replies = join_all(guesses).await;
    let of = |status| replies.iter().filter(|reply| reply.status == status).count();
    assert_eq!((of(401), of(429)), (10, 15));
}

#[tokio::test]
async fn the_right_password_is_not_counted() {
    let person = held().await;
    let owner = at(&person, &some_address());
    for _ in 0..12 {
        tries(&owner, &person.email, PASSWORD).await.expect(200);
    }
}

#[tokio::test]
async fn a_hundred_for_an_account_stop_strangers_and_not_its_owner() {
    let person = held().await;
    let home = at(&person, "2001:db8:1:2::7");
    tries(&home, &person.email, PASSWORD).await.expect(200);
    for _ in 0..10 {
        counted(&person, &person.email, &some_address(), 10).await;
    }
    let stranger = at(&person, &some_address());
    tries(&stranger, &person.email, PASSWORD)
        .await
        .expect_problem(429, "rate_limited");
    // From another address of the network where the password was right.
    let home = at(&person, "2001:db8:1:2::8");
    tries(&home, &person.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn what_is_refused_does_not_use_up_what_others_have_left() {
    let person = held().await;
    let address = some_address();
    counted(&person, &person.email, &address, 10).await;
    let hammer = at(&person, &address);
    for _ in 0..95 {
        tries(&hammer, &person.email, "x").await.expect(429);
    }
    let stranger = at(&person, &some_address());
    tries(&stranger, &person.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn two_hundred_from_an_address_whatever_the_account() {
    let person = held().await;
    let address = some_address();
    for account in 0..20 {
        let email = format!("{account}.{}", person.email);
        counted(&person, &email, &address, 10).await;
    }
    tries(&at(&person, &address), &person.email, PASSWORD)
        .await
        .expect_problem(429, "rate_limited");
    tries(&at(&person, &some_address()), &person.email, PASSWORD)
        .await
        .expect(200);
}

#[tokio::test]
async fn an_unknown_address_is_limited_just_so() {
    let person = held().await;
    let (email, address) = (format!("nobody.{}", person.email), some_address());
    counted(&person, &email, &address, 10).await;
    let guesser = at(&person, &address);
    let reply = tries(&guesser, &email, PASSWORD).await;
    assert_eq!(reply.headers["retry-after"], "900");
    reply.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn five_mails_of_a_kind_to_an_address_in_an_hour() {
    let person = held().await;
    for email in [person.email.clone(), format!("nobody.{}", person.email)] {
        let ask = async || {
            let client = at(&person, &some_address());
            let body = json!({ "email": email });
            client.post("/api/v1/auth/confirm/resend", body).await
        };
        for left in (0..5).rev() {
            let reply = ask().await;
            assert_eq!(reply.headers["ratelimit-remaining"], left.to_string().as_str());
            reply.expect(202);
        }
        let reply = ask().await;
        assert_eq!(reply.headers["retry-after"], "3600");
        reply.expect_problem(429, "rate_limited");
    }
}

#[tokio::test]
async fn tokens_and_requests_for_mails_are_counted_by_address() {
    let person = held().await;
    let email = json!({ "email": person.email });
    for (limit, allowed, path, body) in [
        (Limit::Link, 100, "confirm", json!({ "token": person.token })),
        (Limit::Session, 600, "refresh", json!({ "refresh_token": "none" })),
        (Limit::Session, 600, "logout", json!({ "refresh_token": "none" })),
        (Limit::AskForMail, 100, "confirm/resend", email.clone()),
        (Limit::AskForMail, 100, "password/forgot", email),
    ] {
        let address = some_address();
        for _ in 0..allowed {
            let origin = Origin {
                ip_address: Some(address.clone()),
                ..Origin::default()
            };
            let spent = limits::spend(&person.test.app, &origin, &[limit]).await;
            spent.unwrap();
        }
        let path = format!("/api/v1/auth/{path}");
        let reply = at(&person, &address).post(&path, body.clone()).await;
        reply.expect_problem(429, "rate_limited");
        // Elsewhere it is answered as ever.
        let elsewhere = at(&person, &some_address()).post(&path, body).await;
        assert_ne!(elsewhere.status, 429, "{path}");
    }
}
