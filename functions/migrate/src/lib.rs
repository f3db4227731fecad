//! `migrate`: the deployment step that brings the database up to date, before the new functions take over.

use serde::Serialize;
use zencall::App;
use zencall::worker::NotHandled;

/// What a run did.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The versions that were applied, in order; empty where there was nothing to do.
    pub applied: Vec<String>,
}

/// Brings the database up to date. Doing it twice changes nothing.
pub async fn run(app: &App) -> Result<Answer, NotHandled> {
    let applied = app.migrate().await?;
    tracing::info!(applied = applied.len(), "the database is up to date");
    Ok(Answer { applied })
}
