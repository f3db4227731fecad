//! What a message has done outside the database is marked under its id, so that it is done once, however often a queue hands
//! the message out.
//!
//! What is left: a container that is killed between the mail service's answer and the mark, and two that have the same
//! message at the same moment. Then a mail comes twice; the other way round, one would be lost.

use jiff::SignedDuration;
use serde::Deserialize;

use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::ids::{OrganizationId, OutboxId};

/// SQS keeps a message for 14 days at most ("MessageRetentionPeriod"); nothing older is handed out again.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(15 * 24);

/// By what a message of the outbox is known again: members that it carries besides its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Delivery {
    organization_id: OrganizationId,
    outbox_id: OutboxId,
}

impl Delivery {
    /// Whether the message has done what it is for. One round trip.
    pub async fn is_done(&self, app: &App) -> Result<bool, DbError> {
        let (claims, id) = (self.claims(), self.outbox_id);
        let found: Result<_, DbError> = app
            .db
            .read("outbox.is_delivered", &claims, async |tx| {
                tx.query_opt(
                    "-- outbox.is_delivered
                     select 1 from outbox_deliveries where organization_id = $1 and outbox_id = $2",
                    &[&tx.organization(), &id],
                )
                .await
            })
            .await;
        Ok(found?.is_some())
    }

    /// Marks that it has, and forgets marks that no message can meet any more. One round trip.
    pub async fn mark(&self, app: &App) -> Result<(), DbError> {
        let (claims, id, now) = (self.claims(), self.outbox_id, app.clock.now());
        let forgotten = now.saturating_sub(REMEMBERED).unwrap_or(now);
        app.db
            .write_at_once("outbox.mark_delivered", &claims, async |tx| {
                tx.execute(
                    "-- outbox.mark_delivered
                     with forgotten as (
                       delete from outbox_deliveries where organization_id = $1 and delivered_at < $4
                     )
                     insert into outbox_deliveries (organization_id, outbox_id, delivered_at) values ($1, $2, $3)
                     on conflict do nothing",
                    &[&tx.organization(), &id, &now, &forgotten],
                )
                .await
                .map(drop)
            })
            .await
    }

    fn claims(&self) -> Claims {
        Claims::platform(self.organization_id)
    }
}
