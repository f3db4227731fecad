//! Which organisations have work waiting: asked by the schedule, before a tenant is known.

use jiff::Timestamp;

use super::edge::get;
use super::{Db, DbError};
use crate::kernel::ids::{ImportId, OrganizationId};

/// The lines of the platform that are free, and who has something to do, in their order.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    /// How many lines campaigns may use now.
    pub free: i32,
    /// Those with the fewest calls under way first, of equals whoever waited longest for a line.
    pub due: Vec<DueOrganization>,
}

/// An organisation with contacts to call, or with a campaign to begin or to complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueOrganization {
    /// Which.
    pub organization: OrganizationId,
    /// How many calls it has under way.
    pub leases: i32,
    /// How many more it may be given now.
    pub room: i32,
    /// Whether it could make calls now.
    pub wants_lines: bool,
    /// Whether a moment ago nobody could be called for any of its campaigns: the others come first.
    pub rests: bool,
}

impl Db {
    /// Organisations with something to do: as many as lines are free and at least `at_least`, and `own` if a campaign of its
    /// is through.
    pub async fn due_organizations(
        &self,
        now: Timestamp,
        at_least: i32,
        own: Option<OrganizationId>,
    ) -> Result<Offer, DbError> {
        let rows = self
            .lookup(
                "edge.due_organizations",
                "-- edge.due_organizations
                 select organization_id, leases, room, wants_lines, rests, free from zencall.due_organizations($1, $2, $3)",
                &[&now, &at_least, &own],
            )
            .await?;
        let mut offer = Offer::default();
        for row in &rows {
            offer.free = get(row, 5)?;
            offer.due.push(DueOrganization {
                organization: get(row, 0)?,
                leases: get(row, 1)?,
                room: get(row, 2)?,
                wants_lines: get(row, 3)?,
                rests: get(row, 4)?,
            });
        }
        Ok(offer)
    }

    /// Forgets whose turn it was, and how fast accounts dialled, before this time.
    pub async fn forget_turns(&self, before: Timestamp) -> Result<(), DbError> {
        self.lookup(
            "edge.forget_turns",
            "-- edge.forget_turns
             select zencall.forget_turns($1)",
            &[&before],
        )
        .await
        .map(drop)
    }

    /// Organisations with text messages that are due and on no queue, or were queued too long ago.
    pub async fn organizations_with_due_messages(
        &self,
        now: Timestamp,
        queued_before: Timestamp,
        at_most: i32,
    ) -> Result<Vec<OrganizationId>, DbError> {
        self.lookup_column(
            "edge.organizations_with_due_messages",
            "-- edge.organizations_with_due_messages
             select zencall.organizations_with_due_messages($1, $2, $3)",
            &[&now, &queued_before, &at_most],
        )
        .await
    }

    /// Organisations with calls whose report has to be asked for, those that have waited longest first.
    pub async fn organizations_with_unreported_calls(
        &self,
        now: Timestamp,
        at_most: i32,
    ) -> Result<Vec<OrganizationId>, DbError> {
        self.lookup_column(
            "edge.organizations_with_unreported_calls",
            "-- edge.organizations_with_unreported_calls
             select zencall.organizations_with_unreported_calls($1, $2)",
            &[&now, &at_most],
        )
        .await
    }

    /// Organisations whose campaigns need some upkeep.
    pub async fn organizations_to_look_after(
        &self,
        now: Timestamp,
        at_most: i32,
    ) -> Result<Vec<OrganizationId>, DbError> {
        self.lookup_column(
            "edge.organizations_to_look_after",
            "-- edge.organizations_to_look_after
             select zencall.organizations_to_look_after($1, $2)",
            &[&now, &at_most],
        )
        .await
    }

    /// Organisations with campaigns that are calling, or will be before `starting_before`, whose assistant was last
    /// checked before `checked_before`, or was not as it should be.
    pub async fn organizations_with_unchecked_assistants(
        &self,
        checked_before: Timestamp,
        starting_before: Timestamp,
        at_most: i32,
    ) -> Result<Vec<OrganizationId>, DbError> {
        self.lookup_column(
            "edge.organizations_with_unchecked_assistants",
            "-- edge.organizations_with_unchecked_assistants
             select zencall.organizations_with_unchecked_assistants($1, $2, $3)",
            &[&checked_before, &starting_before, &at_most],
        )
        .await
    }

    /// Organisations that text from this number, twenty at most.
    pub async fn organizations_of_twilio_number(&self, number: &str) -> Result<Vec<OrganizationId>, DbError> {
        self.lookup_column(
            "edge.organizations_of_twilio_number",
            "-- edge.organizations_of_twilio_number
             select zencall.organizations_of_twilio_number($1)",
            &[&number],
        )
        .await
    }

    /// Imports whose upload was never announced, or whose worker has gone silent, the oldest first.
    pub async fn left_contact_imports(
        &self,
        waiting_before: Timestamp,
        silent_before: Timestamp,
        at_most: i32,
    ) -> Result<Vec<(OrganizationId, ImportId)>, DbError> {
        let rows = self
            .lookup(
                "edge.left_contact_imports",
                "-- edge.left_contact_imports
                 select organization_id, id from zencall.left_contact_imports($1, $2, $3)",
                &[&waiting_before, &silent_before, &at_most],
            )
            .await?;
        rows.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?))).collect()
    }
}
