//! Why a link in a mail leads nowhere.

use super::store::LinkState;
use crate::kernel::class::{Class, Classify, Failure};

/// A link leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefused {
    /// It is none of ours, or its person is gone.
    #[error("not a link of ours")]
    Invalid,
    /// Its time has passed.
    #[error("the link has expired")]
    Expired,
    /// It was followed before, or something else made it useless.
    #[error("the link was used")]
    Used,
}

impl LinkRefused {
    /// Why this link cannot be followed; `None` where it can.
    pub(super) fn of(state: Option<LinkState>) -> Option<Self> {
        match state {
            Some(LinkState::Open | LinkState::Mailed) => None,
            Some(LinkState::Used) => Some(Self::Used),
            Some(LinkState::Expired) => Some(Self::Expired),
            None => Some(Self::Invalid),
        }
    }
}

impl Classify for LinkRefused {
    fn failure(&self) -> Failure {
        match self {
            Self::Invalid => Failure::new(
                Class::Invalid,
                "link_invalid",
                "Ce lien n'est pas valide.",
                "This link is not valid.",
            ),
            Self::Expired => Failure::new(
                Class::Invalid,
                "link_expired",
                "Ce lien a expiré. Demandez-en un nouveau.",
                "This link has expired. Ask for a new one.",
            ),
            Self::Used => Failure::new(
                Class::Invalid,
                "link_used",
                "Ce lien a déjà servi. Connectez-vous.",
                "This link was used before. Please log in.",
            ),
        }
    }
}
