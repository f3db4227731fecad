//! Putting a number on the list.

use serde_json::json;

use super::{Entry, MANUAL, Suppression, suppress};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::shown::shows;
use crate::kernel::{Caller, Invalid, PhoneNumber};

/// The longest reason, and the longest source, in characters.
const LONGEST_REASON: usize = 500;
const LONGEST_SOURCE: usize = 50;

/// A number that somebody wants on the list.
#[derive(Clone)]
pub struct NewEntry {
    /// Which.
    pub phone: PhoneNumber,
    /// Why.
    pub reason: Option<String>,
    /// Who said so; `manual` where nothing is said.
    pub source: Option<String>,
}

shows!(NewEntry, phone, source);

/// An entry, and whether it is new.
#[derive(Debug)]
pub struct Added {
    /// The entry.
    pub entry: Entry,
    /// False where the number was on the list already.
    pub new: bool,
}

impl NewEntry {
    /// Reads a reason of 1 to 500 characters; spaces around it do not count.
    pub fn parse_reason(typed: &str) -> Result<String, Invalid> {
        fits(typed, LONGEST_REASON)
    }

    /// Reads a source.
    pub fn parse_source(typed: &str) -> Result<String, Invalid> {
        fits(typed, LONGEST_SOURCE)
    }
}

fn fits(typed: &str, longest: usize) -> Result<String, Invalid> {
    let typed = typed.trim();
    if typed.is_empty() || typed.chars().count() > longest || typed.contains('\0') {
        return Err(Invalid::new(
            "text_invalid",
            "Ce texte est vide ou trop long (raison : 500 caractères, source : 50).",
            "This text is empty or too long (reason: 500 characters, source: 50).",
        ));
    }
    Ok(typed.to_owned())
}

/// Puts a number on the list; when this returns, nothing that starts from now on reaches it.
pub async fn add(app: &App, caller: &Caller, new: &NewEntry) -> Result<Added, DbError> {
    let (now, actor, clock) = (app.clock.now(), &Actor::from(caller), &app.clock);
    let suppression = &Suppression {
        reason: new.reason.as_deref(),
        created_by: caller.user(),
        ..Suppression::by(new.source.as_deref().unwrap_or(MANUAL), &new.phone)
    };
    app.db
        .write("do_not_call.add", &Claims::from(caller), async |tx| {
            let (entry, new) = suppress(tx, clock, suppression, now).await?;
            if new {
                let details = json!({ "do_not_call_id": entry.id, "source": entry.source });
                audit::record(tx, clock, actor, "do_not_call.add", details).await?;
            }
            Ok::<_, DbError>(Added { entry, new })
        })
        .await
}
