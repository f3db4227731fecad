//! Withdrawing everything, everywhere: the number goes on the platform's list, which binds everybody at once, also those who do
//! not know it yet; then one transaction in each organisation that knows it, the same as for any objection. Whoever is
//! interrupted asks again: what is done stays done.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::read::prove;
use super::{ProofError, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Bytes, Claims};
use crate::do_not_call::{self, Suppression};
use crate::kernel::proof_code::Code;
use crate::kernel::{Origin, PhoneNumber};
use crate::oppositions::platform;

/// What was withdrawn.
#[derive(Debug, Serialize, ToSchema)]
pub struct Withdrawn {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub withdrawn_at: Timestamp,
    /// Who will neither call nor text this number any more.
    pub organizations: Vec<String>,
}

/// Withdraws whatever the holder of this number agreed to, for whoever shows the code that came to it.
pub async fn withdraw(
    app: &App,
    origin: &Origin,
    phone: &PhoneNumber,
    code: &Code,
) -> Result<Withdrawn, ProofError> {
    let (id, organizations) = prove(app, origin, phone, code).await?;
    let (now, clock, actor) = (app.clock.now(), &app.clock, &Actor::nobody(origin));
    let evidence = json!({ "proof_code_id": id });
    let key = &*app.number_key().await?;
    let (hash, fingerprint) = (platform::hash(key, phone), Bytes(key.fingerprint().to_vec()));
    // First, so that it binds everybody, whatever comes after it.
    if !app.db.suppress_everywhere(id, &hash, &fingerprint, now).await? {
        return Err(ProofError::NotProven);
    }
    let suppression = &Suppression::on_proof_page(phone, evidence);
    let mut names = Vec::with_capacity(organizations.len());
    for organization in organizations {
        let name = app
            .db
            .write("proof.withdraw", &Claims::platform(organization), async |tx| {
                let (entry, new) = do_not_call::suppress(tx, clock, suppression, now).await?;
                if new {
                    let details = json!({ "do_not_call_id": entry.id, "source": entry.source });
                    audit::record(tx, clock, actor, "do_not_call.add", details).await?;
                }
                store::name(tx).await
            })
            .await?;
        tracing::info!(%organization, "somebody withdrew everything on the proof page");
        names.push(name);
    }
    names.sort();
    Ok(Withdrawn {
        withdrawn_at: now,
        organizations: names,
    })
}
