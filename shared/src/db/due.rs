//! Who has something to be looked after: asked by the clock, before a tenant is known.

use jiff::Timestamp;

use super::edge::get;
use super::{Db, DbError};
use crate::kernel::ids::{ImportId, OrganizationId};

impl Db {
    /// Organisations with text messages that are due and on no queue, or were put there too long ago.
    pub async fn organizations_with_due_messages(
        &self,
        now: Timestamp,
        queued_before: Timestamp,
        at_most: i32,
    ) -> Result<Vec<OrganizationId>, DbError> {
        let rows = self
            .lookup(
                "edge.organizations_with_due_messages",
                "-- edge.organizations_with_due_messages
                 select zencall.organizations_with_due_messages($1, $2, $3)",
                &[&now, &queued_before, &at_most],
            )
            .await?;
        rows.iter().map(|row| get(row, 0)).collect()
    }

    /// Organisations with calls whose report is to be asked for, those that have waited longest first.
    pub async fn organizations_with_unreported_calls(
        &self,
        now: Timestamp,
        at_most: i32,
    ) -> Result<Vec<OrganizationId>, DbError> {
        let rows = self
            .lookup(
                "edge.organizations_with_unreported_calls",
                "-- edge.organizations_with_unreported_calls
                 select zencall.organizations_with_unreported_calls($1, $2)",
                &[&now, &at_most],
            )
            .await?;
        rows.iter().map(|row| get(row, 0)).collect()
    }

    /// Organisations that text from this number, twenty at most.
    pub async fn organizations_of_twilio_number(&self, number: &str) -> Result<Vec<OrganizationId>, DbError> {
        let rows = self
            .lookup(
                "edge.organizations_of_twilio_number",
                "-- edge.organizations_of_twilio_number
                 select zencall.organizations_of_twilio_number($1)",
                &[&number],
            )
            .await?;
        rows.iter().map(|row| get(row, 0)).collect()
    }

    /// Imports whose file nobody told of, or of which nothing is heard any more, the oldest first.
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
