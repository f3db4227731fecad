//! What an API key may do: words that an administrator chooses when the key is made.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Invalid;

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)+) => {
        /// One thing that an API key may do. A key without the scope of a route is refused there; a route without a
        /// scope takes no key at all.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        pub enum Scope {
            $($(#[$doc])* #[serde(rename = $word)] $name,)+
        }

        impl Scope {
            /// Every scope that there is.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// As in requests, in the database and in the table of rights.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

scopes! {
    /// Reading assistants.
    AssistantsRead = "assistants:read";
    /// Making, changing and deleting assistants.
    AssistantsWrite = "assistants:write";
    /// Reading contacts and the numbers never to be called.
    ContactsRead = "contacts:read";
    /// Making, importing, changing and deleting contacts; adding numbers never to be called.
    ContactsWrite = "contacts:write";
    /// Reading campaigns, their contacts, decisions and reports.
    CampaignsRead = "campaigns:read";
    /// Making, changing, starting and stopping campaigns.
    CampaignsWrite = "campaigns:write";
    /// Reading calls.
    CallsRead = "calls:read";
    /// Reading appointments.
    AppointmentsRead = "appointments:read";
    /// Changing appointments.
    AppointmentsWrite = "appointments:write";
    /// Reading text messages.
    MessagesRead = "messages:read";
    /// Sending text messages.
    MessagesWrite = "messages:write";
}

impl Scope {
    /// Reads a scope of a request or of the database.
    pub fn parse(word: &str) -> Result<Self, Invalid> {
        Self::ALL
            .iter()
            .copied()
            .find(|scope| scope.as_str() == word)
            .ok_or(UNKNOWN)
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

const UNKNOWN: Invalid = Invalid::new(
    "scope_unknown",
    "Ce droit d'accès n'existe pas.",
    "There is no such scope.",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_as_it_is_written_and_nothing_else_is() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Ok(*scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
        }
        for wrong in ["", "contacts", "contacts:*", "Contacts:read", "contacts:read "] {
            assert!(Scope::parse(wrong).is_err(), "{wrong}");
        }
    }
}
