//! What is understood, and what is refused.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(arguments: Value) -> Result<Wish, Refusal> {
    let home = Home {
        timezone: &Timezone::paris(),
        country: Country::FR,
        knows_number: false,
    };
    Wish::read(Some(&arguments), home, "2026-11-23T09:00:00Z".parse().unwrap())
}

fn starts(arguments: Value) -> String {
    read(arguments.clone())
        .unwrap_or_else(|refusal| panic!("{arguments}: {refusal:?}"))
        .slot
        .starts_at
        .to_string()
}

#[test]
fn a_date_and_a_time_are_understood_however_they_are_written() {
    for arguments in [
        json!({ "date": "2026-11-24", "time": "14:00" }),
        json!({ "date": "24/11/2026", "time": "14h" }),
        json!({ "Date": "2026-11-24T00:00:00", "Time": "14 h 00" }),
        json!({ "date": "2026-11-24", "time": "2:00 PM" }),
        json!({ "date": "2026-11-24", "time": "02 p.m." }),
        json!({ "date": "2026-11-24", "time": "14:00:00Z" }),
        json!({ "date": "2026-11-24T14:00" }),
        json!({ "starts_at": "2026-11-24T14:00" }),
        json!({ "startsAt": "2026-11-24 14:00:00" }),
        json!({ "start": "2026-11-24T13:00:00Z" }),
        json!({ "dateTime": "2026-11-24T14:00:00+01:00" }),
        json!({ "date": "2026-11-24", "start_time": "14:00" }),
    ] {
        assert_eq!(starts(arguments.clone()), "2026-11-24T13:00:00Z", "{arguments}");
    }
}

#[test]
fn how_long_it_takes_may_be_said() {
    let minutes = |more: Value| {
        let mut arguments = json!({ "starts_at": "2026-11-24T14:00" });
        for (name, value) in more.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        let slot = read(arguments)?.slot;
        Ok(slot.ends_at.duration_since(slot.starts_at).as_mins())
    };
    assert_eq!(minutes(json!({})), Ok(30));
    assert_eq!(minutes(json!({ "duration_minutes": 45 })), Ok(45));
    assert_eq!(minutes(json!({ "duration": "60 minutes" })), Ok(60));
    assert_eq!(minutes(json!({ "ends_at": "2026-11-24T15:30" })), Ok(90));
    for odd in [
        json!(0),
        json!(-30),
        json!("long"),
        json!(9_999_999_999_999_i64),
        json!(500),
    ] {
        assert_eq!(
            minutes(json!({ "duration_minutes": odd })),
            Err(Refusal::Length),
            "{odd}"
        );
    }
}

#[test]
fn who_comes_is_kept_as_given() {
    let wish = read(json!({
        "starts_at": "2026-11-24T14:00", "name": " Zoé\nMüller\u{0} ", "phone": "06 39 98 12 34",
        "email": "zoe@exemple.example", "notes": "Devis; urgent",
    }))
    .unwrap();
    assert_eq!(wish.name.as_deref(), Some("Zoé Müller"));
    assert_eq!(wish.phone.unwrap().as_str(), "+33639981234");
    assert_eq!(wish.email.as_deref(), Some("zoe@exemple.example"));
    assert_eq!(wish.notes.as_deref(), Some("Devis; urgent"));
    let misheard = json!({ "starts_at": "2026-11-24T14:00", "email": "zoé arobase", "firstName": "Zoé", "lastName": "M" });
    let wish = read(misheard).unwrap();
    assert_eq!((wish.email, wish.notes.as_deref()), (None, Some("zoé arobase")));
    assert_eq!(wish.name.as_deref(), Some("Zoé M"));
    let number = json!({ "starts_at": "2026-11-24T14:00", "phone": "douze" });
    assert_eq!(read(number).unwrap_err(), Refusal::Phone);
}

#[test]
fn nonsense_is_refused_with_its_reason() {
    use Refusal::{OffGrid, Past, TooFar, Unreadable};
    for (arguments, refusal) in [
        (json!({}), Unreadable),
        (json!([]), Unreadable),
        (json!({ "date": "2026-11-24" }), Unreadable),
        (json!({ "time": "14:00" }), Unreadable),
        (json!({ "date": "demain", "time": "14:00" }), Unreadable),
        (json!({ "date": "2026-11-31", "time": "14:00" }), Unreadable),
        (json!({ "date": "2026-11-24", "time": "25:00" }), Unreadable),
        (json!({ "date": "2026-11-24", "time": "14" }), Unreadable),
        (json!({ "date": "2026-11-24", "time": "13 pm" }), Unreadable),
        (json!({ "date": 7, "time": true }), Unreadable),
        (json!({ "starts_at": { "day": 1 } }), Unreadable),
        (json!({ "starts_at": "x".repeat(10_000) }), Unreadable),
        // The night when clocks go forward in Paris: half past two does not exist.
        (json!({ "starts_at": "2027-03-28T02:30" }), Unreadable),
        (json!({ "starts_at": "2026-11-23T09:55" }), Past),
        (json!({ "date": "1999-01-01", "time": "14:00" }), Past),
        (json!({ "starts_at": "2028-11-24T14:00" }), TooFar),
        (json!({ "starts_at": "2026-11-24T14:03" }), OffGrid),
        (json!({ "starts_at": "2026-11-24T14:00:30" }), OffGrid),
    ] {
        assert_eq!(read(arguments.clone()).unwrap_err(), refusal, "{arguments}");
    }
    let home = Home {
        timezone: &Timezone::paris(),
        country: Country::FR,
        knows_number: true,
    };
    assert_eq!(Wish::read(None, home, Timestamp::UNIX_EPOCH), Err(Unreadable));
}

#[test]
fn an_hour_that_comes_twice_is_the_first() {
    assert_eq!(
        starts(json!({ "starts_at": "2027-10-31T02:30" })),
        "2027-10-31T00:30:00Z"
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_stumble(day in ".{0,20}", hour in ".{0,20}", whole in ".{0,40}", length in ".{0,10}") {
        let _ = read(json!({ "date": day, "time": hour, "starts_at": whole, "duration": length }));
        let _ = read(json!({ "date": day, "time": hour, "name": whole, "phone": length, "email": whole, "notes": whole }));
    }
}
