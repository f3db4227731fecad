//! Who may be called on the ground of a consent, and why not.

use uuid::Uuid;

use super::*;

const CALL: &[Purpose] = &[Purpose::Phone, Purpose::AutomatedVoice];

fn at(typed: &str) -> Timestamp {
    typed.parse().unwrap()
}

fn given(collected_at: &str) -> Entry {
    given_as(1, collected_at)
}

fn given_as(id: u128, collected_at: &str) -> Entry {
    Entry::Given {
        id: ConsentId(Uuid::from_u128(id)),
        purposes: CALL.to_vec(),
        object: "Contrôle annuel".to_owned(),
        advertiser_name: "Atelier Horizon".to_owned(),
        advertiser_siren: Some("732829320".to_owned()),
        collected_at: at(collected_at),
        valid_until: Timestamp::MAX,
        special_slot_from: None,
        special_slot_until: None,
        evidence: true,
    }
}

fn withdrawn(withdraws: Option<u128>, recorded_at: &str) -> Entry {
    Entry::Withdrawn {
        withdraws: withdraws.map(|id| ConsentId(Uuid::from_u128(id))),
        recorded_at: at(recorded_at),
    }
}

fn wanted() -> Wanted<'static> {
    Wanted {
        advertiser_name: "ATELIER  horizon",
        advertiser_siren: Some("732829320"),
        object: "contrôle annuel",
        purposes: CALL,
    }
}

fn refused(entries: &[Entry], wanted: &Wanted<'_>, now: &str) -> Standing {
    standing(entries, wanted, at(now)).unwrap_err()
}

#[test]
fn a_consent_counts_on_day_365_and_no_more_on_day_366() {
    for (collected, last, after) in [
        (
            "2026-03-01T09:00:00Z",
            "2027-03-01T09:00:00Z",
            "2027-03-02T09:00:00Z",
        ),
        // 365 days where the year has 366.
        (
            "2027-06-01T09:00:00Z",
            "2028-05-31T09:00:00Z",
            "2028-06-01T09:00:00Z",
        ),
        (
            "2028-02-29T09:00:00Z",
            "2029-02-28T09:00:00Z",
            "2029-03-01T09:00:00Z",
        ),
    ] {
        assert!(
            standing(&[given(collected)], &wanted(), at(last)).is_ok(),
            "{collected}"
        );
        assert_eq!(refused(&[given(collected)], &wanted(), after), Standing::Expired);
    }
}

#[test]
fn each_lack_has_its_own_name() {
    let now = "2026-11-23T10:00:00Z";
    let consent = given("2026-10-01T09:00:00Z");
    assert_eq!(refused(&[], &wanted(), now), Standing::Missing);
    assert_eq!(
        refused(&[given("2026-11-24T09:00:00Z")], &wanted(), now),
        Standing::Missing
    );
    for other in [
        Wanted {
            advertiser_siren: Some("404833048"),
            ..wanted()
        },
        Wanted {
            advertiser_siren: None,
            ..wanted()
        },
        Wanted {
            object: "Pompe à chaleur",
            ..wanted()
        },
        Wanted {
            purposes: &[Purpose::Phone, Purpose::Sms],
            ..wanted()
        },
    ] {
        assert_eq!(
            refused(std::slice::from_ref(&consent), &other, now),
            Standing::Mismatch
        );
    }
    let mut unproven = consent.clone();
    if let Entry::Given { evidence, .. } = &mut unproven {
        *evidence = false;
    }
    assert_eq!(refused(&[unproven], &wanted(), now), Standing::Unproven);
    let taken_back = [consent.clone(), withdrawn(Some(1), "2026-10-02T09:00:00Z")];
    assert_eq!(
        refused(&taken_back, &wanted(), now),
        Standing::Withdrawn { retry_at: None }
    );
    let another_one = [consent, withdrawn(Some(2), "2026-10-02T09:00:00Z")];
    assert!(standing(&another_one, &wanted(), at(now)).is_ok());
}

#[test]
fn what_was_taken_back_or_has_expired_is_agreed_to_no_more() {
    let since = at("2026-10-01T09:00:00Z");
    let agreed = given("2026-10-01T09:00:00Z");
    let has = |entries: &[Entry], now: &str| has_agreed_since(entries, since, at(now));
    assert!(has(std::slice::from_ref(&agreed), "2026-10-01T09:00:00Z"));
    assert!(has(std::slice::from_ref(&agreed), "2027-10-01T09:00:00Z"));
    assert!(!has(std::slice::from_ref(&agreed), "2027-10-01T09:00:01Z"));
    assert!(!has(std::slice::from_ref(&agreed), "2026-10-01T08:59:59Z"));
    assert!(!has(&[given("2026-10-01T08:59:59Z")], "2026-10-02T09:00:00Z"));
    for withdraws in [Some(1), None] {
        let entries = [agreed.clone(), withdrawn(withdraws, "2026-10-02T09:00:00Z")];
        assert!(!has(&entries, "2026-10-03T09:00:00Z"));
    }
    let another_one = [agreed, withdrawn(Some(2), "2026-10-02T09:00:00Z")];
    assert!(has(&another_one, "2026-10-03T09:00:00Z"));
}

#[test]
fn a_consent_that_names_no_siren_is_given_to_whoever_bears_the_name() {
    let now = "2026-11-23T10:00:00Z";
    let mut consent = given("2026-10-01T09:00:00Z");
    if let Entry::Given { advertiser_siren, .. } = &mut consent {
        *advertiser_siren = None;
    }
    let entries = [consent];
    assert!(standing(&entries, &wanted(), at(now)).is_ok());
    let other = Wanted {
        advertiser_name: "Autre",
        ..wanted()
    };
    assert_eq!(refused(&entries, &other, now), Standing::Mismatch);
}

#[test]
fn what_was_taken_back_stays_so_however_often_it_is_recorded() {
    let now = "2027-02-01T10:00:00Z";
    for withdraws in [Some(1), None] {
        let entries = |collected_at: &str| {
            [
                given_as(1, "2026-10-01T09:00:00Z"),
                withdrawn(withdraws, "2026-11-01T09:00:00Z"),
                given_as(2, collected_at),
            ]
        };
        // The same form, sent in once more by whoever keeps two lists alike.
        for recorded_again in ["2026-10-01T09:00:00Z", "2026-10-31T09:00:00Z"] {
            assert_eq!(
                refused(&entries(recorded_again), &wanted(), now),
                Standing::Withdrawn { retry_at: None }
            );
        }
        let anew = entries("2026-11-02T09:00:00Z");
        assert!(standing(&anew, &wanted(), at(now)).is_ok(), "{withdraws:?}");
    }
}

#[test]
fn a_new_consent_does_not_shorten_the_silence_that_a_refusal_is_owed() {
    let entries = [
        given("2026-09-01T09:00:00Z"),
        withdrawn(None, "2026-10-01T09:00:00Z"),
        given("2026-10-15T09:00:00Z"),
    ];
    let silent_until = at("2026-11-30T09:00:00Z");
    assert_eq!(
        refused(&entries, &wanted(), "2026-11-23T10:00:00Z"),
        Standing::Withdrawn {
            retry_at: Some(silent_until)
        }
    );
    assert!(standing(&entries, &wanted(), silent_until).is_ok());
}

#[test]
fn an_agreed_time_is_told_until_it_is_over() {
    let mut agreed = given("2026-10-01T09:00:00Z");
    if let Entry::Given {
        special_slot_from,
        special_slot_until,
        ..
    } = &mut agreed
    {
        (*special_slot_from, *special_slot_until) =
            (Some(at("2026-11-22T19:00:00Z")), Some(at("2026-11-22T20:00:00Z")));
    }
    let slot = |now: &str| {
        standing(std::slice::from_ref(&agreed), &wanted(), at(now))
            .unwrap()
            .special_slot
            .map(|slot| slot.ends_at)
    };
    assert_eq!(slot("2026-11-22T08:00:00Z"), Some(at("2026-11-22T20:00:00Z")));
    assert_eq!(slot("2026-11-22T19:59:59Z"), Some(at("2026-11-22T20:00:00Z")));
    assert_eq!(slot("2026-11-22T20:00:00Z"), None);
}
