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
/// The person and the campaign as every version has stored them.
const CONTACT: &str = r#"{"callback_request":null,"consents":[{"advertiser_name":"Atelier Horizon","advertiser_siren":"732829320","collected_at":"2026-11-01T09:00:00Z","evidence":true,"id":"00000000-0000-0000-0000-000000000001","kind":"given","object":"contrôle annuel","purposes":["phone","automated_voice"],"special_slot_from":null,"special_slot_until":null,"valid_until":"2027-11-01T09:00:00Z"}],"contract":null,"do_not_call":false,"is_business":false,"phone":"+33639980001","postal_code":"75001","timezone":null}"#;
const CAMPAIGN: &str = r#""budget":null,"call_windows":[{"days":["mon","tue"],"end":"20:00","start":"08:00"}],"caller_number":"+33162000001","legal_basis":"consent","max_attempts":3,"object":"Contrôle annuel","sector":"other","timezone":"Europe/Paris"}"#;
const ADVERTISER: &str = r#""advertiser":{"name":"Atelier Horizon","siren":"732829320"},"#;
const ASSISTANT: &str =
    r#""assistant":{"checked_at":"2026-11-24T10:55:00Z","drifted_at":null,"version":1,"wanted":1},"#;

/// What lies in the database of each version, to the letter: a field that is named anew breaks this test, and not the
/// decisions of three years.
#[test]
fn every_stored_version_is_read_to_the_letter() {
    let stored = |version: u8, assistant: &str, history: &str| {
        format!(
            r#"{{"campaign":{{{ADVERTISER}{assistant}{CAMPAIGN},"contact":{CONTACT},"history":{history},"now":"2026-11-24T11:00:00Z","v":{version}}}"#
        )
    };
    let versions = [
        stored(2, "", r#"{"campaign_attempts":0,"solicitations":[],"spent":"0"}"#),
        stored(
            3,
            ASSISTANT,
            r#"{"campaign_attempts":0,"next_call":"0.3","solicitations":[],"spent":"0"}"#,
        ),
        stored(
            4,
            ASSISTANT,
            r#"{"campaign_attempts":0,"line":{"held_until":"2026-11-24T11:05:00Z"},"next_call":"0.3","solicitations":[],"spent":"0"}"#,
        ),
    ];
    let lunch = "2026-11-24T12:00:00Z".parse().unwrap();
    for text in &versions {
        let asked: Value = serde_json::from_str(text).unwrap();
        assert_eq!(
            replay(&asked),
            Some(Decision::Allow { until: Some(lunch) }),
            "{text}"
        );
    }
    // The hash is of the text as it stands here: sorted and without blanks, which any other program can write.
    let [.., newest] = &versions;
    let asked: Value = serde_json::from_str(newest).unwrap();
    assert_eq!(inputs_hash(&asked), hex(&Sha256::digest(newest)));
}
