//! API keys: what programs of an organisation authenticate with. How a key is put together and proven is
//! `kernel::api_key` and the edge's business; here is what their organisation knows of them.

mod create;
mod list;
mod revoke;
mod store;

use jiff::Timestamp;

use crate::kernel::ids::{ApiKeyId, UserId};
use crate::kernel::{Invalid, Name, Scope, api_key, instant};

pub use create::{CreateError, MadeApiKey, create};
pub use list::list;
pub use revoke::{RevokeError, revoke, revoke_those_of};

/// A key that is to be made.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// What its owner calls it.
    pub name: Name,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Until when.
    pub expires_at: Option<Timestamp>,
}

/// A key as its organisation sees it: never the key.
#[derive(Debug, Clone)]
pub struct ApiKeyRecord {
    /// Its id.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Who made it, unless they have been forgotten.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// Until when it is good; `None` until it is revoked.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKeyRecord {
    /// What the key begins with, by which its owner knows it again.
    pub fn prefix(&self) -> String {
        api_key::prefix(self.id)
    }
}

/// Reads what a key is called: a name of at most 100 characters.
pub fn parse_name(typed: &str) -> Result<Name, Invalid> {
    let name = Name::parse(typed)?;
    if name.as_str().chars().count() > LONGEST_NAME {
        return Err(NAME_TOO_LONG);
    }
    Ok(name)
}

/// Reads until when a key is good: an instant to come.
pub fn parse_expiry(typed: &str, now: Timestamp) -> Result<Timestamp, Invalid> {
    let expires_at = instant::parse(typed)?;
    if expires_at <= now {
        return Err(IN_THE_PAST);
    }
    Ok(expires_at)
}

/// Reads scopes: at least one, each known, each once.
pub fn parse_scopes(words: &[String]) -> Result<Vec<Scope>, Invalid> {
    let mut scopes = Vec::with_capacity(words.len().min(Scope::ALL.len()));
    for word in words {
        let scope = Scope::parse(word)?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    if scopes.is_empty() {
        return Err(NO_SCOPE);
    }
    Ok(scopes)
}

const NO_SCOPE: Invalid = Invalid::new(
    "scopes_required",
    "Choisissez au moins un droit d'accès.",
    "Choose at least one scope.",
);
/// As the table has it.
const LONGEST_NAME: usize = 100;
const NAME_TOO_LONG: Invalid = Invalid::new("too_long", "100 caractères au plus.", "100 characters at most.");
const IN_THE_PAST: Invalid = Invalid::new(
    "in_the_past",
    "Cette date est passée.",
    "This instant has passed.",
);
