//! Why something could not be done to a campaign, and what is said about it.

use super::{Status, caller_id};
use crate::adapters::secrets::SecretsError;
use crate::db::DbError;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::{Faults, Invalid};

/// Why nobody can speak for a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotReady {
    /// The assistant was deleted since.
    Deleted,
    /// Nobody knows that it says what the law wants said.
    NotCompliant,
}

/// Why something could not be done to a campaign.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// There is none, or it is another organisation's.
    #[error("no such campaign")]
    NotFound,
    /// It is in a state that does not permit this.
    #[error("a {0:?} campaign does not permit this")]
    State(Status),
    /// Calls of it are under way.
    #[error("calls of the campaign are under way")]
    Calling,
    /// Nothing may be started from here.
    #[error("a {0:?} campaign cannot be started")]
    NotStartable(Status),
    /// The organisation has no Twilio account here.
    #[error("Twilio is not connected")]
    TwilioNotConfigured,
    /// Its number must not be presented by an automated system.
    #[error("the caller number is not lawful for automated calls")]
    CallerIdNotAllowed(caller_id::CallerIdRefusal),
    /// Its assistant was deleted since, or does not say what it must.
    #[error("the assistant is not ready: {0:?}")]
    AssistantNotReady(NotReady),
    /// There is nobody to call.
    #[error("the campaign has no contacts")]
    Empty,
    /// The assistant is not one of the organisation's.
    #[error("no such assistant")]
    AssistantNotFound,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The platform's pepper is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
}

impl Classify for CampaignError {
    fn failure(&self) -> Failure {
        let conflict = |code, fr, en| Failure::new(Class::Conflict, code, fr, en);
        match self {
            Self::NotFound => Failure::new(
                Class::NotFound,
                "campaign_not_found",
                "Cette campagne n'existe pas.",
                "There is no such campaign.",
            ),
            Self::State(status) => conflict("campaign_state", "", "").with_text(
                format!(
                    "L'état actuel de la campagne ({}) ne permet pas cette action.",
                    status.as_str()
                ),
                format!(
                    "The current state of the campaign ({}) does not permit this.",
                    status.as_str()
                ),
            ),
            Self::Calling => conflict(
                "campaign_calling",
                "Des appels de cette campagne sont en cours : réessayez quand ils seront terminés.",
                "Calls of this campaign are under way: try again when they are over.",
            ),
            Self::NotStartable(status) => conflict("campaign_not_startable", "", "").with_text(
                format!(
                    "Une campagne dans l'état {} ne peut pas être démarrée.",
                    status.as_str()
                ),
                format!("A campaign in the state {} cannot be started.", status.as_str()),
            ),
            Self::TwilioNotConfigured => conflict(
                "twilio_not_configured",
                "Connectez d'abord un compte Twilio.",
                "Connect a Twilio account first.",
            ),
            Self::CallerIdNotAllowed(refusal) => conflict("caller_id_not_allowed", "", "").with_text(
                format!(
                    "Le numéro présenté n'est pas autorisé pour des appels automatisés ({}).",
                    refusal.rule
                ),
                format!(
                    "The caller number is not allowed for automated calls ({}).",
                    refusal.rule
                ),
            ),
            Self::AssistantNotReady(NotReady::Deleted) => conflict(
                "assistant_not_ready",
                "L'assistant de cette campagne a été supprimé : choisissez-en un autre.",
                "The assistant of this campaign was deleted: choose another one.",
            ),
            Self::AssistantNotReady(NotReady::NotCompliant) => conflict(
                "assistant_not_ready",
                "L'assistant de cette campagne a été modifié chez le fournisseur vocal, ou n'a pas pu y être vérifié : \
                 synchronisez les assistants.",
                "The assistant of this campaign was changed at the voice provider, or could not be checked there: \
                 synchronise the assistants.",
            ),
            Self::Empty => conflict(
                "campaign_empty",
                "La campagne ne contient aucun contact.",
                "The campaign has no contacts.",
            ),
            Self::AssistantNotFound => {
                let mut faults = Faults::default();
                faults.add(
                    "assistant_id",
                    Invalid::new(
                        "assistant_not_found",
                        "Cet assistant n'existe pas.",
                        "There is no such assistant.",
                    ),
                );
                Failure::invalid(faults)
            }
            Self::Db(error) => error.failure(),
            Self::Secrets(error) => error.failure(),
        }
    }
}
