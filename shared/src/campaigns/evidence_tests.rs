//! What the gate was asked is asked again, with the same answer.

use super::*;
use crate::campaigns::gate::decide;
use crate::campaigns::gate::tests::{TUESDAY_NOON, campaign, consented, contact, nothing};
use crate::law::LegalBasis;

#[test]
fn what_was_decided_before_the_gate_asked_for_the_assistant_and_the_line_is_recomputed_as_then() {
    let now = TUESDAY_NOON.parse().unwrap();
    for basis in [LegalBasis::Service, LegalBasis::Contract] {
        let campaign = campaign(basis);
        let mut asked = inputs(&contact(), &campaign, &nothing(), now);
        asked["history"].as_object_mut().unwrap().remove("line");
        asked["v"] = 3.into();
        assert_eq!(
            replay(&asked),
            Some(decide(&contact(), &campaign, &nothing(), now))
        );
        asked["v"] = 2.into();
        asked["campaign"].as_object_mut().unwrap().remove("assistant");
        assert_eq!(
            replay(&asked),
            Some(decide(&contact(), &campaign, &nothing(), now))
        );
        // Without them, today's version is nothing that can be recomputed.
        asked["v"] = 4.into();
        assert_eq!(replay(&asked), None);
    }
}

#[test]
fn the_stored_inputs_give_the_same_answer_again() {
    for (contact, basis, now) in [
        (contact(), LegalBasis::Service, TUESDAY_NOON),
        (consented(), LegalBasis::Consent, TUESDAY_NOON),
        (consented(), LegalBasis::Consent, "2026-11-29T10:00:00Z"),
        (consented(), LegalBasis::Contract, TUESDAY_NOON),
    ] {
        let (campaign, now) = (campaign(basis), now.parse().unwrap());
        let asked = inputs(&contact, &campaign, &nothing(), now);
        assert_eq!(
            replay(&asked),
            Some(decide(&contact, &campaign, &nothing(), now)),
            "{basis}"
        );
        let read_back: serde_json::Value = serde_json::from_str(&asked.to_string()).unwrap();
        assert_eq!(
            inputs_hash(&asked),
            inputs_hash(&read_back),
            "as the database gives them back"
        );
        let mut other = asked.clone();
        other["history"]["campaign_attempts"] = 1.into();
        assert_ne!(inputs_hash(&asked), inputs_hash(&other));
        assert_eq!(inputs_hash(&asked).len(), 64);
    }
    assert_eq!(replay(&serde_json::json!({ "v": 1 })), None);
}
