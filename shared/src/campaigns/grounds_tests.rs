//! Contracts and requests to be called back: how long they last.

use super::*;
use crate::assistants::Compliance;
use crate::campaigns::windows::CallWindows;
use crate::campaigns::{Advertiser, Sector};
use crate::consents::Entry;
use crate::contacts::{CallbackRequest, Contract};
use crate::kernel::ids::ConsentId;
use crate::kernel::{Country, PhoneNumber};

fn at(typed: &str) -> Timestamp {
    typed.parse().unwrap()
}

fn contact() -> GateContact {
    GateContact {
        phone: PhoneNumber::parse("06 39 98 00 01", Country::FR).unwrap(),
        is_business: false,
        do_not_call: false,
        objected_at: None,
        timezone: None,
        postal_code: None,
        consents: Vec::new(),
        contract: Some(Contract {
            reference: "C-1".to_owned(),
            object: "Entretien".to_owned(),
            ends_at: at("2026-12-31T00:00:00Z"),
        }),
        callback_request: None,
    }
}

fn asked_on(requested_at: &str) -> GateContact {
    GateContact {
        callback_request: Some(CallbackRequest {
            requested_at: at(requested_at),
            object: "Devis  toiture".to_owned(),
            evidence: "form 12".to_owned(),
        }),
        ..contact()
    }
}

fn campaign(legal_basis: LegalBasis) -> GateCampaign {
    GateCampaign {
        legal_basis,
        advertiser: Advertiser {
            name: "Atelier Horizon".to_owned(),
            siren: None,
        },
        object: "devis toiture".to_owned(),
        sector: Sector::Other,
        call_windows: CallWindows::default(),
        timezone: Timezone::paris(),
        caller_number: None,
        max_attempts: 3,
        budget: None,
        assistant: Compliance::checked(at("2026-11-23T10:00:00Z")),
    }
}

fn prove_at(contact: &GateContact, basis: LegalBasis, now: &str) -> Result<Ground, RefusalCode> {
    let zones = Zones::one(Timezone::paris());
    prove(contact, &campaign(basis), &zones, at(now)).map_err(|refusal| refusal.code)
}

#[test]
fn a_contract_counts_until_it_ends() {
    let proved = |now| prove_at(&contact(), LegalBasis::Contract, now);
    assert!(proved("2026-12-30T23:59:59Z").is_ok());
    assert_eq!(proved("2026-12-31T00:00:00Z"), Err(RefusalCode::ContractEnded));
}

#[test]
fn a_request_is_answered_on_the_fifth_working_day_and_not_on_the_sixth() {
    for (asked, last, late) in [
        // A Monday: until the Monday after, at midnight in Paris.
        (
            "2026-11-16T10:00:00Z",
            "2026-11-23T22:59:59Z",
            "2026-11-23T23:00:00Z",
        ),
        // Over 11 November.
        (
            "2026-11-09T10:00:00Z",
            "2026-11-17T22:59:59Z",
            "2026-11-17T23:00:00Z",
        ),
        // On a Sunday, by whose end nothing has begun.
        (
            "2026-11-15T10:00:00Z",
            "2026-11-20T22:59:59Z",
            "2026-11-20T23:00:00Z",
        ),
    ] {
        let proved = |now| prove_at(&asked_on(asked), LegalBasis::CallbackRequest, now);
        assert!(proved(last).is_ok(), "{asked}");
        assert_eq!(proved(late), Err(RefusalCode::CallbackLate), "{asked}");
    }
}

#[test]
fn a_request_is_for_its_own_object_and_not_from_the_future() {
    let mut other = asked_on("2026-11-16T10:00:00Z");
    if let Some(request) = &mut other.callback_request {
        request.object = "Isolation".to_owned();
    }
    for contact in [other, asked_on("2026-11-18T10:00:00Z")] {
        assert_eq!(
            prove_at(&contact, LegalBasis::CallbackRequest, "2026-11-17T10:00:00Z"),
            Err(RefusalCode::NoLegalBasis)
        );
    }
}

#[test]
fn whoever_refused_is_left_alone_unless_they_ask_again() {
    let refused = |mut contact: GateContact, at_time: &str| {
        contact.consents = vec![Entry::Withdrawn {
            withdraws: None,
            recorded_at: at(at_time),
        }];
        contact
    };
    let now = "2026-11-17T10:00:00Z";
    assert_eq!(
        prove_at(
            &refused(contact(), "2026-11-01T10:00:00Z"),
            LegalBasis::Contract,
            now
        ),
        Err(RefusalCode::ConsentWithdrawn)
    );
    // After the silence too, until they agree to something.
    let long_ago = refused(contact(), "2026-09-01T10:00:00Z");
    assert_eq!(
        prove_at(&long_ago, LegalBasis::Contract, now),
        Err(RefusalCode::ConsentWithdrawn)
    );
    let mut since = long_ago;
    since.consents.push(Entry::Given {
        id: ConsentId(uuid::Uuid::from_u128(1)),
        purposes: Vec::new(),
        object: "Contrôle annuel".to_owned(),
        advertiser_name: "Atelier Horizon".to_owned(),
        advertiser_siren: None,
        collected_at: at("2026-10-01T10:00:00Z"),
        valid_until: at("2027-10-01T10:00:00Z"),
        special_slot_from: None,
        special_slot_until: None,
        evidence: true,
    });
    assert!(prove_at(&since, LegalBasis::Contract, now).is_ok());
    let asked = asked_on("2026-11-16T10:00:00Z");
    assert!(
        prove_at(
            &refused(asked.clone(), "2026-11-01T10:00:00Z"),
            LegalBasis::CallbackRequest,
            now
        )
        .is_ok()
    );
    assert_eq!(
        prove_at(
            &refused(asked, "2026-11-16T11:00:00Z"),
            LegalBasis::CallbackRequest,
            now
        ),
        Err(RefusalCode::ConsentWithdrawn)
    );
}
