//! What became of a call, from the reason that Vapi gives for its end. Vapi knows some 600 reasons and adds more
//! without notice: the few that tell about the person called are listed, the many that tell about a fault are read
//! by family, and what nobody has seen before is a failure, never a conversation.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fault::Invalid;

/// How a call ended for the campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A conversation took place.
    Answered,
    /// The person was handed over to somebody.
    Transferred,
    /// Nobody answered.
    NoAnswer,
    /// The line was busy.
    Busy,
    /// A machine answered.
    Voicemail,
    /// Something broke.
    Failed,
    /// We took the call back.
    Cancelled,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 7] = [
        Self::Answered,
        Self::Transferred,
        Self::NoAnswer,
        Self::Busy,
        Self::Voicemail,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Reads the name of the contract.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == typed)
            .ok_or(Invalid::new(
                "outcome_invalid",
                "Cette issue d'appel n'existe pas.",
                "There is no such outcome of a call.",
            ))
    }

    /// The name of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Transferred => "transferred",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Voicemail => "voicemail",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What the end of a call asks of the campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nothing: the contact is done.
    None,
    /// The campaign's policy decides on another attempt; this one counts.
    Redial,
    /// A fault of the platform or a provider: again, and this attempt counts only if the call had started.
    Requeue,
    /// Configuration, quota or billing: whoever is called next fails likewise. Pause and tell somebody.
    StopCampaign,
    /// The number does not exist.
    BadNumber,
}

/// What a reason means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedReason {
    /// How the call ended.
    pub outcome: Outcome,
    /// What is to be done.
    pub action: Action,
    /// Whether the reason, or its family, had been seen when this was written; count those that had not.
    pub known: bool,
}

const CONVERSATIONS: [&str; 16] = [
    "assistant-ended-call",
    "assistant-ended-call-after-message-spoken",
    "assistant-ended-call-with-hangup-task",
    "assistant-said-end-call-phrase",
    "call.ending.hook-executed-say",
    "call.in-progress.sip-completed-call",
    "call.in-progress.twilio-completed-call",
    "call.ringing.hook-executed-say",
    "customer-ended-call",
    "customer-ended-call-after-warm-transfer-attempt",
    "customer-ended-call-before-warm-transfer",
    "customer-ended-call-during-transfer",
    "exceeded-max-duration",
    "silence-timed-out",
    "vonage-completed",
    "vonage-disconnected",
];

const TRANSFERS: [&str; 4] = [
    "assistant-forwarded-call",
    "assistant-request-returned-forwarding-phone-number",
    "call.ending.hook-executed-transfer",
    "call.ringing.hook-executed-transfer",
];

const NO_ANSWERS: [&str; 4] = [
    "call.in-progress.error-providerfault-outbound-sip-408-request-timeout",
    "call.in-progress.error-providerfault-outbound-sip-480-temporarily-unavailable",
    "call.ringing.sip-inbound-caller-hungup-before-call-connect",
    "customer-did-not-answer",
];

const CANCELLATIONS: [&str; 3] = ["call-deleted", "manually-canceled", "scheduled-call-deleted"];

/// Faults outside the families that pass by themselves.
const PASSING_FAULTS: [&str; 9] = [
    "assistant-join-timed-out",
    "call.start.error-get-customer",
    "call.start.error-get-transport",
    "call.start.error-subscription-concurrency-limit-reached",
    "customer-did-not-give-microphone-permission",
    "twilio-failed-to-connect-call",
    "vonage-failed-to-connect-call",
    "vonage-rejected",
    "worker-shutdown",
];

/// Families of faults before a call exists: nearly all of them are configuration or billing.
const START_FAMILIES: [&str; 4] = [
    "call.start.",
    "call-start-error-",
    "assistant-request-",
    "assistant-not-",
];

/// Families of faults within a call: nearly all of them pass.
const CALL_FAMILIES: [&str; 5] = [
    "pipeline-error-",
    "call.in-progress.error-",
    "call.ringing.error-",
    "call.forwarding.",
    "phone-call-provider-",
];

/// Within a call, what will not pass by itself: refused credentials, an empty purse, a voice or model that does not
/// exist. A plain 429 is not among them, it passes.
const LASTING_FAULTS: [&str; 16] = [
    "-400-bad-request-validation-failed",
    "-400-no-such-model-language-tier-combination",
    "-401-",
    "-403-",
    "-404-not-found",
    "-407-proxy-authentication-required",
    "-429-exceeded-quota",
    "-insufficent-funds",
    "-invalid-api-key",
    "-invalid-voice-samples",
    "-out-of-credits",
    "-paid-only-feature",
    "-playht-invalid-voice",
    "-quota-exceeded",
    "-unauthorized-",
    "-voice-not-found",
];

impl EndedReason {
    /// Reads Vapi's `endedReason`.
    pub fn read(reason: &str) -> Self {
        let known = |outcome, action| Self {
            outcome,
            action,
            known: true,
        };
        if CONVERSATIONS.contains(&reason) {
            return known(Outcome::Answered, Action::None);
        }
        if TRANSFERS.contains(&reason) {
            return known(Outcome::Transferred, Action::None);
        }
        if NO_ANSWERS.contains(&reason) {
            return known(Outcome::NoAnswer, Action::Redial);
        }
        if CANCELLATIONS.contains(&reason) {
            return known(Outcome::Cancelled, Action::None);
        }
        match reason {
            "customer-busy" => known(Outcome::Busy, Action::Redial),
            "voicemail" => known(Outcome::Voicemail, Action::Redial),
            "twilio-reported-customer-misdialed" => known(Outcome::Failed, Action::BadNumber),
            _ => match fault(reason) {
                Some(action) => known(Outcome::Failed, action),
                // An attempt that counts: a new reason must not become a loop of calls.
                None => Self {
                    outcome: Outcome::Failed,
                    action: Action::Redial,
                    known: false,
                },
            },
        }
    }
}

/// What a fault asks for, if its family is known.
fn fault(reason: &str) -> Option<Action> {
    let belongs = |families: &[&str]| families.iter().any(|family| reason.starts_with(family));
    if PASSING_FAULTS.contains(&reason) {
        return Some(Action::Requeue);
    }
    if belongs(&START_FAMILIES) {
        let passes = reason.starts_with("call.start.error-vapifault-");
        return Some(if passes {
            Action::Requeue
        } else {
            Action::StopCampaign
        });
    }
    if belongs(&CALL_FAMILIES) {
        let lasts = LASTING_FAULTS.iter().any(|fault| reason.contains(fault));
        return Some(if lasts {
            Action::StopCampaign
        } else {
            Action::Requeue
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(outcome: Outcome, action: Action) -> EndedReason {
        EndedReason {
            outcome,
            action,
            known: true,
        }
    }

    #[test]
    fn reasons_about_the_person_called() {
        for (reason, outcome, action) in [
            ("customer-ended-call", Outcome::Answered, Action::None),
            ("assistant-ended-call", Outcome::Answered, Action::None),
            ("exceeded-max-duration", Outcome::Answered, Action::None),
            ("silence-timed-out", Outcome::Answered, Action::None),
            ("assistant-forwarded-call", Outcome::Transferred, Action::None),
            ("customer-did-not-answer", Outcome::NoAnswer, Action::Redial),
            ("customer-busy", Outcome::Busy, Action::Redial),
            ("voicemail", Outcome::Voicemail, Action::Redial),
            ("manually-canceled", Outcome::Cancelled, Action::None),
            (
                "twilio-reported-customer-misdialed",
                Outcome::Failed,
                Action::BadNumber,
            ),
        ] {
            assert_eq!(EndedReason::read(reason), known(outcome, action), "{reason}");
        }
    }

    #[test]
    fn faults_that_pass_are_tried_again() {
        for reason in [
            "pipeline-error-openai-429-rate-limit-reached",
            "pipeline-error-eleven-labs-voice-failed",
            "call.in-progress.error-vapifault-worker-died",
            "call.in-progress.error-providerfault-outbound-sip-503-service-unavailable",
            "call.in-progress.error-sip-outbound-call-failed-to-connect",
            "call.start.error-vapifault-database-error",
            "call.start.error-subscription-concurrency-limit-reached",
            "call.forwarding.no-answer",
            "twilio-failed-to-connect-call",
            "worker-shutdown",
        ] {
            assert_eq!(
                EndedReason::read(reason),
                known(Outcome::Failed, Action::Requeue),
                "{reason}"
            );
        }
    }

    #[test]
    fn faults_that_last_stop_the_campaign() {
        for reason in [
            "call-start-error-neither-assistant-nor-server-set",
            "call.start.error-subscription-insufficient-credits",
            "call.start.error-get-assistant",
            "assistant-not-found",
            "assistant-request-failed",
            "pipeline-error-openai-401-unauthorized",
            "call.in-progress.error-vapifault-anthropic-403-model-access-denied",
            "call.in-progress.error-vapifault-google-429-exceeded-quota",
            "pipeline-error-eleven-labs-voice-not-found",
            "pipeline-error-eleven-labs-unauthorized-access",
            "call.in-progress.error-providerfault-outbound-sip-403-forbidden",
        ] {
            assert_eq!(
                EndedReason::read(reason),
                known(Outcome::Failed, Action::StopCampaign),
                "{reason}"
            );
        }
    }

    #[test]
    fn what_nobody_has_seen_is_a_failure() {
        //
        for reason in [
            "",
            "hangup",
            "customer-ended-call-by-magic",
            "completed",
            "VOICEMAIL",
            "voicemail-error",
        ] {
            let read = EndedReason::read(reason);
            assert_eq!((read.outcome, read.known), (Outcome::Failed, false), "{reason}");
        }
    }

    #[test]
    fn names_round_trip() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()).unwrap(), outcome);
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
        assert_eq!(Outcome::parse("completed").unwrap_err().code, "outcome_invalid");
    }

    proptest! {
        #[test]
        fn only_listed_reasons_are_conversations(reason in "\\PC{0,60}") {
            let answered = EndedReason::read(&reason).outcome == Outcome::Answered;
            prop_assert_eq!(answered, CONVERSATIONS.contains(&reason.as_str()));
        }
    }
}
