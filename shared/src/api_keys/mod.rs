//! API keys: what programs of an organisation authenticate with. How a key is put together and proven is
//! `kernel::api_key` and the edge's business; here is what their organisation knows of them.

use jiff::Timestamp;

use crate::kernel::ids::{ApiKeyId, UserId};
use crate::kernel::{Invalid, Name, Scope, api_key};

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
