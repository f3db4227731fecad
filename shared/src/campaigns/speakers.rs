//! Whether the assistants of campaigns still say what the law wants said. The gate decides on what our rows know of it; here
//! it is looked at, and campaigns whose assistant somebody has changed at Vapi are stopped.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::gate::RefusalCode;
use super::store;
use crate::App;
use crate::assistants::{self, AssistantError, Checked};
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::ids::{AssistantId, OrganizationId};

/// How many organisations' assistants one round looks at, and for how long.
const ORGANIZATIONS: i32 = 200;
const TIME: Duration = Duration::from_secs(20);
/// How long before a scheduled campaign begins its assistant is looked at.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// A round of looks was not finished.
#[derive(Debug, thiserror::Error)]
pub enum CheckFailed {
    /// An assistant could not be looked at.
    #[error(transparent)]
    Assistant(#[from] AssistantError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Looks at the assistants of campaigns that call whose last look is too old; returns how many.
pub async fn check_assistants(app: &App) -> Result<usize, CheckFailed> {
    let (now, deadline) = (app.clock.now(), Instant::now() + TIME);
    let starting_before = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let organizations = app
        .db
        .organizations_with_unchecked_assistants(
            assistants::too_old_at(app, now),
            starting_before,
            ORGANIZATIONS,
        )
        .await?;
    let mut looked_at = 0;
    for organization in organizations {
        for assistant in assistants::unchecked(app, organization, starting_before).await? {
            if Instant::now() >= deadline {
                return Ok(looked_at);
            }
            // Where Vapi does not answer for one, it does not answer for the next.
            let found = assistants::check(app, organization, assistant).await?;
            looked_at += 1;
            if found == (Checked::Drifted { confirmed: true }) {
                stop(app, organization, assistant).await?;
            }
        }
    }
    Ok(looked_at)
}

/// Pauses what calls with this assistant: its queued calls come back, those in progress end.
async fn stop(app: &App, organization: OrganizationId, assistant: AssistantId) -> Result<(), DbError> {
    let (now, actor, reason) = (
        app.clock.now(),
        &Actor::default(),
        RefusalCode::AssistantNotCompliant.as_str(),
    );
    app.db
        .write(
            "campaigns.stop_speaking",
            &Claims::platform(organization),
            async |tx| {
                for campaign in store::lifecycle::stop_speaking(tx, assistant, reason, now).await? {
                    store::lifecycle::release_queued(tx, campaign, reason, now).await?;
                    let details = json!({
                        "campaign_id": campaign, "assistant_id": assistant, "reason": reason,
                        "before": { "status": "running" }, "after": { "status": "paused" },
                    });
                    audit::record(tx, &app.clock, actor, "campaign.stop", details).await?;
                }
                Ok(())
            },
        )
        .await
}
