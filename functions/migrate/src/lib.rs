//! `migrate`: the deployment step that brings the database up to date, before the new functions take over. It has the
//! database's 15 minutes, so it also verifies the ledgers of consents and the decisions of the gate where it is asked to (`make verify-consents`,
//! `make verify-decisions`).

use serde::{Deserialize, Serialize};
use zencall::App;
use zencall::campaigns::verify::{self as decisions, DecisionReport};
use zencall::consents::verify::{self as consents, FullReport};
use zencall::kernel::class::{Class, Classify, Failure};
use zencall::worker::NotHandled;

/// What a run did.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The versions that were applied, in order; empty where there was nothing to do.
    pub applied: Vec<String>,
}

/// What is asked for; nothing means to migrate.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    task: Option<String>,
}

/// What was done.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Done {
    /// The database is up to date.
    Migrated(Answer),
    /// The ledgers are whole, or not.
    Verified(FullReport),
    /// The decisions are what the gate answers, or not.
    Recomputed(DecisionReport),
}

/// Nobody knows that task.
#[derive(Debug, thiserror::Error)]
#[error("there is no such task")]
struct UnknownTask;

impl Classify for UnknownTask {
    fn failure(&self) -> Failure {
        Failure::new(
            Class::Unreadable,
            "task_unknown",
            "Cette tâche n'existe pas.",
            "There is no such task.",
        )
    }
}

/// Does what the event asks for.
pub async fn handle(app: &App, event: serde_json::Value) -> Result<Done, NotHandled> {
    let asked: Asked = serde_json::from_value(event).unwrap_or_default();
    match asked.task.as_deref() {
        None => Ok(Done::Migrated(run(app).await?)),
        Some("verify-consents") => Ok(Done::Verified(consents::verify_all(&app.db).await?)),
        Some("verify-decisions") => Ok(Done::Recomputed(decisions::verify_all(&app.db).await?)),
        Some(_) => Err(UnknownTask.into()),
    }
}

/// Brings the database up to date. Doing it twice changes nothing.
pub async fn run(app: &App) -> Result<Answer, NotHandled> {
    let applied = app.migrate().await?;
    tracing::info!(applied = applied.len(), "the database is up to date");
    Ok(Answer { applied })
}
