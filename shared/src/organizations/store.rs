//! The SQL of organisations.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::{CallerNumberMandate, NewOrganization, Organization, OrganizationType};
use crate::db::{DbError, TenantTx};
use crate::kernel::{Country, Language, Timezone};

pub(super) async fn insert(tx: &TenantTx, now: Timestamp, new: &NewOrganization) -> Result<(), DbError> {
    tx.execute(
        "-- organizations.insert
         insert into organizations (id, name, organization_type, company_registration, vat_number, language,
                                    created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
        &[
            &new.id,
            &new.name.as_str(),
            &new.organization_type.as_str(),
            &new.company_registration.as_ref().map(|number| number.as_str()),
            &new.vat_number.as_ref().map(|number| number.as_str()),
            &new.language.as_str(),
            &now,
        ],
    )
    .await
    .map(drop)
}

pub(super) async fn find(tx: &TenantTx) -> Result<Option<Organization>, DbError> {
    let row = tx
        .query_opt(
            "-- organizations.find
             select id, name, organization_type, company_registration, vat_number, country, timezone, language,
                    concurrent_calls_limit, twilio_configured, caller_number_mandate, caller_number_mandate_signed_on
               from organizations",
            &[],
        )
        .await?;
    row.as_ref().map(Organization::try_from).transpose()
}

/// The same, held until the transaction ends: of two changes at once, the second sees the first.
pub(super) async fn lock(tx: &TenantTx) -> Result<Option<Organization>, DbError> {
    let row = tx
        .query_opt(
            "-- organizations.lock
             select id, name, organization_type, company_registration, vat_number, country, timezone, language,
                    concurrent_calls_limit, twilio_configured, caller_number_mandate, caller_number_mandate_signed_on
               from organizations where id = $1 for no key update",
            &[&tx.organization()],
        )
        .await?;
    row.as_ref().map(Organization::try_from).transpose()
}

/// Writes what an administrator may change.
pub(super) async fn update(
    tx: &TenantTx,
    now: Timestamp,
    organization: &Organization,
) -> Result<(), DbError> {
    let mandate = organization.caller_number_mandate.as_ref();
    tx.execute(
        "-- organizations.update
         update organizations
            set name = $2, organization_type = $3, company_registration = $4, vat_number = $5, country = $6,
                timezone = $7, language = $8, caller_number_mandate = $9, caller_number_mandate_signed_on = $10,
                updated_at = $11
          where id = $1",
        &[
            &tx.organization(),
            &organization.name,
            &organization.organization_type.as_str(),
            &organization.company_registration,
            &organization.vat_number,
            &organization.country.as_str(),
            &organization.timezone.as_str(),
            &organization.language.as_str(),
            &mandate.map(|mandate| mandate.reference.as_str()),
            &mandate.map(|mandate| mandate.signed_on),
            &now,
        ],
    )
    .await
    .map(drop)
}

impl TryFrom<&Row> for Organization {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let text = |column: &str| row.try_get::<_, String>(column).map_err(DbError::Statement);
        let reference: Option<String> = row.try_get("caller_number_mandate").map_err(DbError::Statement)?;
        let signed_on = row
            .try_get("caller_number_mandate_signed_on")
            .map_err(DbError::Statement)?;
        // Values that a later version wrote and this one does not know fall back to the default of their column.
        Ok(Self {
            id: row.try_get("id").map_err(DbError::Statement)?,
            name: text("name")?,
            organization_type: OrganizationType::parse(&text("organization_type")?)
                .unwrap_or(OrganizationType::B2b),
            company_registration: row.try_get("company_registration").map_err(DbError::Statement)?,
            vat_number: row.try_get("vat_number").map_err(DbError::Statement)?,
            country: Country::parse(&text("country")?).unwrap_or(Country::FR),
            timezone: Timezone::parse(&text("timezone")?).unwrap_or_else(|_| Timezone::paris()),
            language: Language::parse(&text("language")?).unwrap_or_default(),
            concurrent_calls_limit: row
                .try_get("concurrent_calls_limit")
                .map_err(DbError::Statement)?,
            twilio_configured: row.try_get("twilio_configured").map_err(DbError::Statement)?,
            caller_number_mandate: reference
                .zip(signed_on)
                .map(|(reference, signed_on)| CallerNumberMandate { reference, signed_on }),
        })
    }
}
