//! Whom nobody may call as they are: asked of the gate when contacts are imported, before there is a campaign.

use std::collections::HashMap;

use futures_util::future::join;
use jiff::Timestamp;

use super::calling_hours::CallingHours;
use super::gate::{GateContact, Refusal, RefusalCode, own_zones, reachable};
use super::objections;
use super::store;
use super::windows::CallWindows;
use crate::db::{DbError, TenantTx};
use crate::kernel::PhoneNumber;
use crate::kernel::number_key::NumberKey;
use crate::law::{CANVASSING_HOURS, Law, LegalBasis};
use crate::oppositions::platform;

/// Of the organisation's contacts with these numbers, those whom no campaign may call, by number, with the reason.
pub async fn refused(
    tx: &TenantTx,
    key: &NumberKey,
    phones: &[String],
    now: Timestamp,
) -> Result<HashMap<String, Refusal>, DbError> {
    let hash = |phone: &str| platform::hash(key, &PhoneNumber::from_database(phone.to_owned()));
    let numbers = phones.iter().map(|phone| (hash(phone), phone.as_str()));
    let (contacts, objections) = join(
        store::prospects::by_number(tx, phones),
        platform::among(tx, key, numbers),
    )
    .await;
    let (contacts, mut objections) = (contacts?, objections?);
    let refused = |mut contact: GateContact| {
        if !objections.is_empty() {
            let hash = platform::hash(key, &contact.phone);
            objections::tell(&mut contact, objections.remove(&hash.0));
        }
        let refusal = standing_refusal(&contact, now)?;
        Some((contact.phone.as_str().to_owned(), refusal))
    };
    Ok(contacts.into_iter().filter_map(refused).collect())
}

/// What stands in the way of every call to this person, as they are: the gate's steps that ask about nobody else. A
/// business may be called on the campaign's clock; whoever calls a consumer to sell needs theirs.
fn standing_refusal(contact: &GateContact, now: Timestamp) -> Option<Refusal> {
    let basis = if contact.is_business {
        LegalBasis::Business
    } else {
        LegalBasis::Consent
    };
    let (windows, zones) = (CallWindows::default(), own_zones(contact));
    let without_clock = || {
        let hours = CallingHours::new(&windows, basis, &zones);
        let closed = hours.without_clock().filter(|_| CANVASSING_HOURS.binds(basis))?;
        Some(Refusal::never(RefusalCode::ZoneUnknown, closed.rule))
    };
    reachable(contact, Law::at(now, basis), now)
        .err()
        .or_else(without_clock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Country;

    fn contact(phone: &str) -> GateContact {
        GateContact {
            phone: PhoneNumber::parse(phone, Country::FR).unwrap(),
            is_business: false,
            do_not_call: false,
            objected_at: None,
            timezone: None,
            postal_code: None,
            consents: Vec::new(),
            contract: None,
            callback_request: None,
        }
    }

    fn code(contact: &GateContact) -> Option<RefusalCode> {
        let now = "2026-11-24T11:00:00Z".parse().unwrap();
        standing_refusal(contact, now).map(|refusal| refusal.code)
    }

    #[test]
    fn only_what_no_campaign_could_mend_is_told() {
        let french = contact("01 99 00 12 34");
        assert_eq!(code(&french), None);
        let objected = GateContact {
            do_not_call: true,
            ..french
        };
        assert_eq!(code(&objected), Some(RefusalCode::Suppressed));
        assert_eq!(
            code(&contact("+44 20 7946 0958")),
            Some(RefusalCode::CountryNotAllowed)
        );
    }

    #[test]
    fn a_consumer_whose_clock_nobody_knows_is_told_and_a_business_is_not() {
        // A mobile may be anywhere from Cayenne to Nouméa.
        let nowhere = contact("06 39 98 00 01");
        assert_eq!(code(&nowhere), Some(RefusalCode::ZoneUnknown));
        let somewhere = GateContact {
            postal_code: Some("75011".to_owned()),
            ..nowhere.clone()
        };
        assert_eq!(code(&somewhere), None);
        let business = GateContact {
            is_business: true,
            ..nowhere
        };
        assert_eq!(code(&business), None);
    }
}
