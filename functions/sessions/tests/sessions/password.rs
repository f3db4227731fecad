//! POST /api/v1/auth/password, /forgot and /reset.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{CountingProxy, Environment, Options};
use zencall::identity::NoticeKind;

use crate::people::{PASSWORD, Person, kinds, mailed_token, notices};

const NEXT: &str = "quatre gros chiens";

impl Person {
    async fn changes_password(&self, session: &Value, current: &str, next: &str) -> testkit::Reply {
        let body = json!({ "current_password": current, "password": next });
        self.with(session).post("/api/v1/auth/password", body).await
    }

    async fn forgets(&self) -> String {
        self.post("password/forgot", json!({ "email": self.email }))
            .await
            .expect(202);
        mailed_token(&self.test).await.unwrap()
    }

    async fn resets(&self, token: &str, password: &str) -> testkit::Reply {
        self.post("password/reset", json!({ "token": token, "password": password }))
            .await
    }
}

fn field(code: &str) -> Vec<(String, String)> {
    vec![("password".to_owned(), code.to_owned())]
}

mod a_change {
    use super::*;

    #[tokio::test]
    async fn as_its_owner_ends_every_other_session_and_is_told_by_mail() {
        let (person, session) = Person::confirmed().await;
        let elsewhere = person.logs_in(PASSWORD).await.expect(200).json();
        let reply = person
            .changes_password(&session, PASSWORD, NEXT)
            .await
            .expect(204);
        assert!(reply.body.is_empty());
        let told = notices(&person.test).await;
        assert_eq!(kinds(&told), [NoticeKind::PasswordChanged]);
        assert_eq!(told[0].to.as_str(), person.email);
        person
            .logs_in(PASSWORD)
            .await
            .expect_problem(401, "invalid_credentials");
        person.logs_in(NEXT).await.expect(200);
        person
            .refreshes(&elsewhere)
            .await
            .expect_problem(401, "refresh_token_invalid");
        person.refreshes(&session).await.expect(200);
        assert!(
            person
                .actions()
                .await
                .contains(&"user.change_password".to_owned())
        );
    }

    #[tokio::test]
    async fn as_somebody_who_found_the_screen_unlocked_is_refused() {
        let (person, session) = Person::confirmed().await;
        let elsewhere = person.logs_in(PASSWORD).await.expect(200).json();
        for current in ["", "trois petits chiens", NEXT] {
            person
                .changes_password(&session, current, NEXT)
                .await
                .expect_problem(403, "wrong_password");
        }
        person.logs_in(PASSWORD).await.expect(200);
        person.refreshes(&elsewhere).await.expect(200);
        assert!(notices(&person.test).await.is_empty());
    }

    #[tokio::test]
    async fn to_what_can_be_guessed_is_refused_with_what_to_do() {
        //
        let (person, session) = Person::confirmed().await;
        for (next, code) in [
            ("tr0p c0urt", "password_too_short"),
            ("motdepasse1234", "password_guessable"),
            ("louloulouloulou", "password_guessable"),
            (&person.email, "password_personal"),
        ] {
            let reply = person.changes_password(&session, PASSWORD, next).await;
            assert_eq!(reply.faults(), field(code), "{next}");
            let problem = reply.expect_problem(422, "invalid");
            assert!(!problem["errors"][0]["message"].as_str().unwrap().is_empty());
            assert!(!problem.to_string().contains(next), "a password is never quoted");
        }
        person.logs_in(PASSWORD).await.expect(200);
    }

    #[tokio::test]
    async fn of_everything_that_is_wrong_hears_at_once() {
        let (person, session) = Person::confirmed().await;
        let reply = person
            .with(&session)
            .post("/api/v1/auth/password", json!({ "password": "x" }))
            .await;
        let pair = |field: &str, code: &str| (field.to_owned(), code.to_owned());
        let wanted = [
            pair("current_password", "required"),
            pair("password", "password_too_short"),
        ];
        assert_eq!(reply.faults(), wanted);
    }

    #[tokio::test]
    async fn makes_links_that_were_mailed_before_useless() {
        let (person, session) = Person::confirmed().await;
        let token = person.forgets().await;
        person
            .changes_password(&session, PASSWORD, NEXT)
            .await
            .expect(204);
        person
            .resets(&token, "cinq vieux canards")
            .await
            .expect_problem(422, "link_used");
    }

    #[tokio::test]
    async fn of_two_at_once_one_wins() {
        let (person, session) = Person::confirmed().await;
        let (one, other) = tokio::join!(
            person.changes_password(&session, PASSWORD, NEXT),
            person.changes_password(&session, PASSWORD, "cinq vieux canards")
        );
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 403]);
    }

    #[tokio::test]
    async fn leaves_no_login_behind_that_was_under_way_with_the_old_password() {
        let (person, session) = Person::confirmed().await;
        for (current, next) in [(PASSWORD, NEXT), (NEXT, PASSWORD), (PASSWORD, NEXT)] {
            let (changed, entered) = tokio::join!(
                person.changes_password(&session, current, next),
                person.logs_in(current)
            );
            changed.expect(204);
            if entered.status == 200 {
                person
                    .refreshes(&entered.json())
                    .await
                    .expect_problem(401, "refresh_token_invalid");
            }
        }
    }
}

mod a_reset {
    use super::*;

    #[tokio::test]
    async fn as_the_reader_of_the_address_s_mails_ends_every_session() {
        let (person, session) = Person::confirmed().await;
        let token = person.forgets().await;
        let reply = person.resets(&token, NEXT).await.expect(204);
        assert!(reply.body.is_empty());
        assert_eq!(kinds(&notices(&person.test).await), [NoticeKind::PasswordChanged]);
        person
            .refreshes(&session)
            .await
            .expect_problem(401, "refresh_token_invalid");
        person
            .logs_in(PASSWORD)
            .await
            .expect_problem(401, "invalid_credentials");
        person.logs_in(NEXT).await.expect(200);
        let actions = person.actions().await;
        for action in ["user.forgot_password", "user.reset_password"] {
            assert!(actions.contains(&action.to_owned()), "{actions:?}");
        }
    }

    #[tokio::test]
    async fn of_somebody_unconfirmed_confirms_the_address_too() {
        let person = Person::signed_up().await;
        let token = person.forgets().await;
        person.resets(&token, NEXT).await.expect(204);
        person.logs_in(NEXT).await.expect(200);
        // The link of the sign-up, which somebody else may have seen, opens nothing any more.
        person
            .confirms(&person.token)
            .await
            .expect_problem(422, "link_used");
    }

    #[tokio::test]
    async fn works_once() {
        let (person, _) = Person::confirmed().await;
        let (first, second) = (person.forgets().await, person.forgets().await);
        let (one, other) = tokio::join!(
            person.resets(&first, NEXT),
            person.resets(&first, "cinq vieux canards")
        );
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 422]);
        for token in [&first, &second] {
            person
                .resets(token, "six jeunes cygnes")
                .await
                .expect_problem(422, "link_used");
        }
    }

    #[tokio::test]
    async fn works_for_an_hour() {
        let options = Options {
            held_at: Some("2026-11-23T09:00:00Z".parse().unwrap()),
            ..Options::default()
        };
        let person = Person::signed_up_with(options).await;
        let token = person.forgets().await;
        let clock = &person.test.app.clock;
        clock.advance(SignedDuration::from_mins(59));
        person
            .resets(&token, "motdepasse1234")
            .await
            .expect_problem(422, "invalid");
        clock.advance(SignedDuration::from_mins(1));
        person
            .resets(&token, NEXT)
            .await
            .expect_problem(422, "link_expired");
    }

    #[tokio::test]
    async fn with_a_password_that_is_not_taken_leaves_the_link_as_it_is() {
        let (person, _) = Person::confirmed().await;
        let token = person.forgets().await;
        for (next, code) in [
            ("short", "password_too_short"),
            (person.email.as_str(), "password_personal"),
        ] {
            assert_eq!(person.resets(&token, next).await.faults(), field(code));
        }
        person.resets(&token, NEXT).await.expect(204);
    }

    #[tokio::test]
    async fn with_a_link_for_something_else_or_none_of_ours_is_refused() {
        let person = Person::signed_up().await;
        let token = person.forgets().await;
        for forged in ["", "x", &person.token, &token[1..]] {
            person
                .resets(forged, NEXT)
                .await
                .expect_problem(422, "link_invalid");
        }
        // And it confirms no address by itself.
        person.confirms(&token).await.expect_problem(422, "link_invalid");
    }
}

mod a_lost_password {
    use super::*;

    #[tokio::test]
    async fn of_nobody_gets_the_same_answer_in_as_many_steps_and_no_mail() {
        //
        let environment = Environment::get().await;
        let (proxy, url) = CountingProxy::in_front_of(&environment.database_url).await;
        let options = Options {
            database_url: Some(url),
            ..Options::default()
        };
        let person = Person::signed_up_with(options).await;
        let known = json!({ "email": person.email });
        let (known, steps) = proxy.count(person.post("password/forgot", known)).await;
        let unknown = json!({ "email": format!("nobody.{}", person.email) });
        let (unknown, same) = proxy.count(person.post("password/forgot", unknown)).await;
        assert_eq!(steps, same);
        let names = |reply: &testkit::Reply| {
            let mut names: Vec<_> = reply.headers.keys().map(ToString::to_string).collect();
            names.sort();
            names
        };
        assert_eq!(names(&known), names(&unknown));
        assert_eq!(known.expect(202).json(), unknown.expect(202).json());
        let mails = notices(&person.test).await;
        assert_eq!(kinds(&mails), [NoticeKind::ResetPassword]);
        assert_eq!(mails[0].to.as_str(), person.email);
    }

    #[tokio::test]
    async fn is_mailed_once_however_often_the_queue_hands_the_message_out() {
        let (person, _) = Person::confirmed().await;
        person
            .post("password/forgot", json!({ "email": person.email.to_uppercase() }))
            .await
            .expect(202);
        let messages = person.test.queues.take(testkit::QueueKind::Mail).await;
        let message = serde_json::from_value(messages[0].clone()).unwrap();
        let app = &person.test.app;
        let first = zencall::identity::compose(app, &message).await.unwrap().unwrap();
        let again = zencall::identity::compose(app, &message).await.unwrap().unwrap();
        assert_eq!(first.token(), again.token(), "one link, made once");
        zencall::identity::mark_sent(app, &first).await.unwrap();
        assert!(zencall::identity::compose(app, &message).await.unwrap().is_none());
        let asked = person.actions().await;
        let asked = asked.iter().filter(|action| *action == "user.forgot_password");
        assert_eq!(asked.count(), 1);
    }

    #[tokio::test]
    async fn is_mailed_five_times_an_hour_and_strangers_hear_the_same() {
        let (person, _) = Person::confirmed().await;
        let stranger = format!("nobody.{}", person.email);
        for email in [&person.email, &stranger] {
            for _ in 0..5 {
                person
                    .post("password/forgot", json!({ "email": email }))
                    .await
                    .expect(202);
            }
            let reply = person
                .post("password/forgot", json!({ "email": email.to_lowercase() }))
                .await;
            assert!(reply.headers.contains_key("retry-after"));
            assert_eq!(reply.status, 429, "{email}");
        }
        assert_eq!(notices(&person.test).await.len(), 5);
    }

    #[tokio::test]
    async fn of_no_address_is_invalid() {
        let person = Person::signed_up().await;
        for email in [Value::Null, json!("x"), json!(7)] {
            person
                .post("password/forgot", json!({ "email": email }))
                .await
                .expect_problem(422, "invalid");
        }
    }
}
