//! Writing an archive: every table in pages, each as JSON and as CSV, and a manifest with their sums; a zip on the disk,
//! then in the bucket. Memory holds one page, whatever the number of rows.

mod archive;
pub mod catalogue;
mod scratch;
mod store;
mod withheld;

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;

use super::mail::{GdprMail, GdprMailKind};
use super::store as requests;
use super::work::{Turn, WorkError, Worked};
use super::{RequestType, Scope, legal};
use crate::adapters::storage::Storage;
use crate::audit::{self, Actor};
use crate::kernel::Language;
use crate::kernel::caller::Role;
use crate::outbox::{self, Destination};
use archive::Archive;
use scratch::scratch_file;
use store::PAGE;

/// How long an archive lies in the bucket, whose own rule deletes it then.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a link to an archive can be followed.
pub const LINK_LIFETIME: Duration = Duration::from_secs(15 * 60);

pub(super) async fn run(storage: &Storage, turn: &mut Turn<'_>) -> Result<Worked, WorkError> {
    // Between asking and now they may have lost the role.
    if turn.claim.request.scope == Scope::Organization && turn.claim.role != Role::Admin {
        turn.end("rejected", "admin_required").await?;
        return Ok(Worked::Rejected);
    }
    let mut archive = Archive::create(scratch_file(&turn.app.clock)?, turn.app.clock.now());
    let mut rows = 0;
    for table in catalogue::tables(turn.claim.request.scope) {
        rows += write_table(turn, &mut archive, table).await?;
    }
    if turn.claim.request.request_type == RequestType::DataAccess {
        add_information(&mut archive)?;
    }
    let mut file = archive.finish(&manifest(turn))?;
    turn.keep().await?;
    let (key, name) = (object_key(turn), format!("zencall-{}.zip", turn.claim.request.id));
    storage.upload_zip(&key, &name, &mut file).await?;
    complete(turn, &key, rows).await?;
    Ok(Worked::Exported(rows))
}

/// Writes one table; returns how many rows it has.
async fn write_table(
    turn: &mut Turn<'_>,
    archive: &mut Archive,
    table: catalogue::Table,
) -> Result<u64, WorkError> {
    let request = &turn.claim.request;
    // Nobody's where the database has neither, which its constraints rule out.
    let subject = request
        .contact
        .map(|contact| contact.0)
        .or(request.user.map(|user| user.0))
        .unwrap_or_default();
    let spill = scratch_file(&turn.app.clock)?;
    let mut files = archive.begin(table.name, table.columns().map(|(name, _)| name).collect(), spill)?;
    let mut after: Option<Vec<String>> = None;
    loop {
        turn.keep().await?;
        let page = store::page(turn.app, turn.claims, &table, subject, after.as_deref()).await?;
        for row in &page {
            files.write(&row.members)?;
        }
        // A page that is not full is the last one.
        let is_last = page.len() < PAGE;
        after = page.into_iter().next_back().map(|row| row.key);
        if is_last {
            return Ok(files.finish()?);
        }
    }
}

/// What the law wants told with the data (RGPD, article 15(1)) stands in the privacy policy.
fn add_information(archive: &mut Archive) -> std::io::Result<()> {
    let Some(policy) = legal::find("privacy", None) else {
        return Ok(());
    };
    for language in [Language::Fr, Language::En] {
        let (language, text) = policy.text(language);
        archive.add_text(&format!("information.{}.md", language.as_str()), text)?;
    }
    Ok(())
}

fn manifest(turn: &Turn<'_>) -> serde_json::Value {
    let request = &turn.claim.request;
    json!({
        "format": "zencall-export/1",
        "request_id": request.id,
        "request_type": request.request_type.as_str(),
        "scope": request.scope.as_str(),
        "organization_id": turn.claims.organization(),
        "user_id": request.user,
        "contact_id": request.contact,
        "requested_at": request.created_at,
        "written_at": turn.app.clock.now(),
        "csv": "UTF-8, comma. A text that a spreadsheet would take for a formula, or that begins with an apostrophe, \
                has an apostrophe before it.",
    })
}

/// The same at every attempt, so that a second one writes over the first.
fn object_key(turn: &Turn<'_>) -> String {
    format!(
        "exports/{}/{}.zip",
        turn.claims.organization(),
        turn.claim.request.id
    )
}

async fn complete(turn: &Turn<'_>, key: &str, rows: u64) -> Result<(), WorkError> {
    let (app, claim, now) = (turn.app, &turn.claim, turn.app.clock.now());
    let id = claim.request.id;
    let expires_at = now.saturating_add(KEPT).unwrap_or(now);
    let data_url = &format!("{}/api/v1/gdpr/export/{id}", app.config.api_url);
    let mail = &GdprMail::new(GdprMailKind::ExportReady, turn.claims.organization(), id);
    let actor = &Actor {
        user: claim.request.user,
        ..Actor::default()
    };
    let details = &json!({ "request_id": id, "scope": claim.request.scope.as_str(), "rows": rows });
    let promise = app
        .db
        .write("gdpr.complete_export", turn.claims, async |tx| {
            if !requests::complete_export(tx, claim, now, (key, data_url, expires_at)).await? {
                return Err(WorkError::ClaimLost);
            }
            audit::record(tx, &app.clock, actor, "gdpr.export", details.clone()).await?;
            Ok(outbox::promise(tx, app, Destination::Mail, mail).await?)
        })
        .await?;
    outbox::keep(app, &[promise]).await;
    Ok(())
}
