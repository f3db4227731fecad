//! What the holder of a number may ask about it, before a tenant is known.

use jiff::Timestamp;
use uuid::Uuid;

use super::edge::get;
use super::{Bytes, Db, DbError};
use crate::kernel::PhoneNumber;
use crate::kernel::ids::OrganizationId;
use crate::kernel::meter::Meter;

impl Db {
    /// Organisations that have a ledger of consents, in the order of their ids.
    pub async fn organizations_with_consents(
        &self,
        after: Option<OrganizationId>,
        at_most: i32,
    ) -> Result<Vec<OrganizationId>, DbError> {
        self.lookup_column(
            "edge.organizations_with_consents",
            "-- edge.organizations_with_consents
             select zencall.organizations_with_consents($1, $2)",
            &[&after, &at_most],
        )
        .await
    }

    /// Organisations that have campaigns, in the order of their ids.
    pub async fn organizations_with_campaigns(
        &self,
        after: Option<OrganizationId>,
        at_most: i32,
    ) -> Result<Vec<OrganizationId>, DbError> {
        self.lookup_column(
            "edge.organizations_with_campaigns",
            "-- edge.organizations_with_campaigns
             select zencall.organizations_with_campaigns($1, $2)",
            &[&after, &at_most],
        )
        .await
    }

    /// Notes that a code was asked for. The limits that `meter` owes are paid in the same packet; over one, or where they
    /// cannot be counted, nothing is noted.
    pub async fn ask_proof_code(
        &self,
        meter: &Meter,
        id: Uuid,
        phone: &PhoneNumber,
        hash: &Bytes,
        (now, until): (Timestamp, Timestamp),
    ) -> Result<(), DbError> {
        self.counted_lookup(
            "edge.ask_proof_code",
            meter,
            "-- edge.ask_proof_code
             select zencall.ask_proof_code($1, $2, $3, $4, $5)",
            &[&id, &phone.as_str(), hash, &now, &until],
        )
        .await
        .map(drop)
    }

    /// Whose account sends a code, and to which number; `None` where no organisation knows the number, or the code has
    /// expired.
    pub async fn sender_of_proof_code(
        &self,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Option<(OrganizationId, PhoneNumber)>, DbError> {
        let rows = self
            .lookup(
                "edge.sender_of_proof_code",
                "-- edge.sender_of_proof_code
                 select organization_id, phone from zencall.sender_of_proof_code($1, $2)",
                &[&id, &now],
            )
            .await?;
        rows.first()
            .map(|row| Ok((get(row, 0)?, PhoneNumber::from_database(get(row, 1)?))))
            .transpose()
    }

    /// The code with this hash, if it is the number's latest, still valid and not tried too often; with limits as
    /// [`Db::ask_proof_code`].
    pub async fn prove_code(
        &self,
        meter: &Meter,
        phone: &PhoneNumber,
        hash: &Bytes,
        now: Timestamp,
    ) -> Result<Option<Uuid>, DbError> {
        let rows = self
            .counted_lookup(
                "edge.prove_code",
                meter,
                "-- edge.prove_code
                 select zencall.prove_code($1, $2, $3)",
                &[&phone.as_str(), hash, &now],
            )
            .await?;
        rows.first().map_or(Ok(None), |row| get(row, 0))
    }

    /// Organisations that know the number of a code that was shown.
    pub async fn proven_organizations(
        &self,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Vec<OrganizationId>, DbError> {
        self.lookup_column(
            "edge.proven_organizations",
            "-- edge.proven_organizations
             select zencall.proven_organizations($1, $2)",
            &[&id, &now],
        )
        .await
    }

    /// Puts the number of a code that was shown on the platform's list, by its hash and the fingerprint of the key under which
    /// that was made; `false` where the code is good no more.
    pub async fn suppress_everywhere(
        &self,
        id: Uuid,
        hash: &Bytes,
        fingerprint: &Bytes,
        now: Timestamp,
    ) -> Result<bool, DbError> {
        let suppressed = self
            .lookup_column(
                "edge.suppress_everywhere",
                "-- edge.suppress_everywhere
                 select zencall.suppress_everywhere($1, $2, $3, $4)",
                &[&id, hash, fingerprint, &now],
            )
            .await?;
        Ok(suppressed.first().copied().unwrap_or_default())
    }

    /// Empties entries of the ledger whose time of proof is over; returns how many.
    pub async fn forget_old_consents(&self, before: Timestamp, at_most: i32) -> Result<i32, DbError> {
        self.lookup_count(
            "edge.forget_old_consents",
            "-- edge.forget_old_consents
             select zencall.forget_old_consents($1, $2)",
            &[&before, &at_most],
        )
        .await
    }

    /// Forgets codes that ran out; returns how many.
    pub async fn forget_proof_codes(&self, before: Timestamp, at_most: i32) -> Result<i32, DbError> {
        self.lookup_count(
            "edge.forget_proof_codes",
            "-- edge.forget_proof_codes
             select zencall.forget_proof_codes($1, $2)",
            &[&before, &at_most],
        )
        .await
    }
}
