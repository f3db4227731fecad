//! Which numbers an automated system may show to the people it calls in France: those of [`Terms::caller_ids`].
//!
//! [`Terms::caller_ids`]: crate::law::Terms::caller_ids

use jiff::Timestamp;

use crate::kernel::phone::PhoneNumber;
use crate::law::{self, CALLER_ID};

/// The provision behind a refusal.
const RULE: &str = CALLER_ID.article;

/// Why a number must not be shown by an automated system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerIdRefusal {
    /// `caller_id_not_allowed`.
    pub code: &'static str,
    /// The provision.
    pub rule: &'static str,
}

/// Whether an automated call may present the number by the law of that day. Only the verified polyvalent numbers (NPV) and
/// those of technical platforms (NPUEPT) are known to be lawful; geographic, mobile and ordinary 09 numbers are forbidden,
/// and a number from elsewhere is refused because nothing shows that it may be presented. The exceptions of the
/// decision (five numbers in 30 days, balanced traffic) never fit a campaign.
pub fn automated_call_allowed(number: &PhoneNumber, now: Timestamp) -> Result<(), CallerIdRefusal> {
    let mut ranges = law::terms(now).caller_ids.iter().copied().flatten();
    if !law::is_in_force(&CALLER_ID, now) || ranges.any(|range| range.contains(number.e164())) {
        return Ok(());
    }
    Err(CallerIdRefusal {
        code: "caller_id_not_allowed",
        rule: RULE,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::country::Country;

    fn shown(number: &PhoneNumber) -> Result<(), CallerIdRefusal> {
        automated_call_allowed(number, "2026-11-24T10:00:00Z".parse().unwrap())
    }

    fn allowed(typed: &str) -> bool {
        shown(&PhoneNumber::parse(typed, Country::FR).unwrap()).is_ok()
    }

    #[test]
    fn verified_and_technical_numbers_may_be_shown() {
        //
        for typed in ["+33162000001", "+33948000001", "+33947500001", "+33937000001"] {
            assert!(allowed(typed), "{typed}");
        }
        for prefix in [
            "0162", "0163", "0270", "0271", "0377", "0378", "0424", "0425", "0568", "0569", "0948", "0949",
            "0938",
        ] {
            assert!(allowed(&format!("{prefix}000001")), "{prefix}");
        }
        for prefix in [
            "09475", "09476", "09477", "09478", "09479", "09390", "09391", "09392", "09393", "09394",
        ] {
            assert!(allowed(&format!("{prefix}00001")), "{prefix}");
        }
        for typed in [
            "+590947500001",
            "+594947600001",
            "+596947700001",
            "+262947800001",
            "+262947900001",
        ] {
            assert!(allowed(typed), "{typed}");
        }
    }

    #[test]
    fn every_other_number_is_refused() {
        //
        for typed in [
            "+33612345678",
            "+33756789012",
            "+33142000000",
            "+33970000000",
            "+32470123456",
            "+14155550123",
            "+262692123456",
            "+33199001234",
            "+33639981234",
            "+33800123456",
        ] {
            let number = PhoneNumber::from_database(typed.to_owned());
            let refusal = shown(&number).unwrap_err();
            assert_eq!(refusal.code, "caller_id_not_allowed", "{typed}");
            assert_eq!(refusal.rule, RULE);
        }
        // A withheld number is no number: it does not parse, and whatever got stored is refused.
        assert!(PhoneNumber::parse("anonymous", Country::FR).is_err());
        assert!(shown(&PhoneNumber::from_database("anonymous".to_owned())).is_err());
        // The verified range of Guadeloupe is not Réunion's.
        assert!(shown(&PhoneNumber::from_database("+262947500001".to_owned())).is_err());
    }

    proptest! {
        #[test]
        fn no_mobile_number_is_ever_shown(rest in "[67][0-9]{8}") {
            let number = PhoneNumber::from_database(format!("+33{rest}"));
            prop_assert!(shown(&number).is_err());
        }
    }
}
