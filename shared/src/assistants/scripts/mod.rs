//! What assistants say and are told, in every language of the product. Data alone: what must be said, and where, is decided
//! in `disclosure.rs`.
//!
//! `{{advertiser}}`, `{{object}}`, `{{commercial_notice}}`, `{{first_name}}` and `{{last_name}}` are filled in by Vapi for each call.

mod ar;
mod en;
mod es;
mod fr;
mod nl;

use super::AssistantType;
use crate::kernel::Language;

/// The texts of one language.
pub(super) struct Script {
    /// The first sentence: what speaks, on whose behalf, why (AI Act art. 50(1); L221-16).
    pub(super) opening: &'static str,
    /// Spoken next where something may be sold: that the call is a commercial one (L221-16).
    pub(super) commercial: &'static str,
    /// Spoken next where the call is recorded.
    pub(super) recording: &'static str,
    /// Spoken next: the right to object (GDPR art. 21(4)).
    pub(super) objection: &'static str,
    /// Instructions that stand above all others.
    pub(super) rules: &'static str,
    /// The instruction where the call is recorded.
    pub(super) recording_rule: &'static str,
    /// The instruction where the call may be transferred.
    pub(super) transfer_rule: &'static str,
    /// The instruction where the assistant books appointments; it names the tool and today's date.
    pub(super) booking_rule: &'static str,
    /// The heading of the organisation's own instructions.
    pub(super) own_rules: &'static str,
    /// Said before a transfer.
    pub(super) transferring: &'static str,
    /// Said where nobody can be put through.
    pub(super) nobody_there: &'static str,
    /// Said while an appointment is being booked.
    pub(super) checking: &'static str,
    /// Said while an objection is being noted.
    pub(super) noting: &'static str,
    /// Said where it is.
    pub(super) noted: &'static str,
    /// Said where it is kept, and will be noted.
    pub(super) noted_later: &'static str,
    /// Said where it is not.
    pub(super) not_noted: &'static str,
    /// Said where nobody knows which number it is about.
    pub(super) hidden_number: &'static str,
    /// Said at the end.
    pub(super) goodbye: &'static str,
    /// The instructions of each type.
    pub(super) roles: Roles,
    /// What each type says after the opening.
    pub(super) questions: Roles,
}

/// One text for each type.
pub(super) struct Roles {
    pub(super) astreinte: &'static str,
    pub(super) rdv: &'static str,
    pub(super) info: &'static str,
    pub(super) outbound: &'static str,
}

impl Roles {
    pub(super) fn of(&self, assistant_type: AssistantType) -> &'static str {
        match assistant_type {
            AssistantType::Astreinte => self.astreinte,
            AssistantType::Rdv => self.rdv,
            AssistantType::Info => self.info,
            AssistantType::Outbound => self.outbound,
        }
    }
}

/// The texts of a language.
pub(super) fn script(language: Language) -> &'static Script {
    match language {
        Language::Fr => &fr::SCRIPT,
        Language::En => &en::SCRIPT,
        Language::Es => &es::SCRIPT,
        Language::Nl => &nl::SCRIPT,
        Language::Ar => &ar::SCRIPT,
    }
}
