//! An administrator changes what is known of the organisation. What a company must have is held to as at sign-up: the
//! registration of a company, and a VAT number that can be that company's.

use futures_util::future::try_join;
use serde_json::{Value, json};

use super::{CallerNumberMandate, Organization, OrganizationError, OrganizationType, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::Claims;
use crate::kernel::{
    Caller, CompanyRegistration, Country, Faults, Invalid, Language, Name, Timezone, VatNumber,
};

const NO_CALLER_NUMBER: Invalid = Invalid::new(
    "no_caller_number",
    "Un mandat porte sur un numéro : connectez d'abord votre compte Twilio.",
    "A mandate is about a number: connect your Twilio account first.",
);
const REGISTRATION_REQUIRED: Invalid = Invalid::new(
    "required",
    "Une entreprise a un numéro SIREN ou SIRET.",
    "A company has a SIREN or SIRET number.",
);

/// What changes; `None` stays as it is, `Some(None)` is cleared.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// What it is called.
    pub name: Option<Name>,
    /// Company or person.
    pub organization_type: Option<OrganizationType>,
    /// SIREN or SIRET.
    pub company_registration: Option<Option<CompanyRegistration>>,
    /// Its VAT number.
    pub vat_number: Option<Option<VatNumber>>,
    /// Where national telephone numbers are read.
    pub country: Option<Country>,
    /// Its own zone.
    pub timezone: Option<Timezone>,
    /// The language that it is spoken to in.
    pub language: Option<Language>,
    /// What entitles it to the number that it presents; goes when another number is connected.
    pub caller_number_mandate: Option<Option<CallerNumberMandate>>,
}

/// Changes the caller's organisation.
pub async fn change(
    app: &App,
    caller: &Caller,
    changes: &Changes,
) -> Result<Organization, OrganizationError> {
    let (now, actor) = (app.clock.now(), &Actor::from(caller));
    app.db
        .write("organizations.change", &Claims::from(caller), async |tx| {
            let before = store::lock(tx).await?.ok_or(OrganizationError::Gone)?;
            let after = changes.apply(before.clone());
            changes.check(&after)?;
            let (then, thereafter) = (told(&before), told(&after));
            if then == thereafter {
                return Ok(before);
            }
            // The name and the numbers of a private person's organisation are the person's, and so are its papers.
            let private: &[&str] = match (before.organization_type, after.organization_type) {
                (OrganizationType::B2b, OrganizationType::B2b) => &[],
                _ => &[
                    "name",
                    "company_registration",
                    "vat_number",
                    "caller_number_mandate",
                ],
            };
            let details = audit::difference(json!({}), &then, &thereafter, private);
            try_join(
                store::update(tx, now, &after),
                audit::record(tx, &app.clock, actor, "organization.change", details),
            )
            .await?;
            Ok(after)
        })
        .await
}

impl Changes {
    fn apply(&self, mut organization: Organization) -> Organization {
        if let Some(name) = &self.name {
            name.as_str().clone_into(&mut organization.name);
        }
        if let Some(kind) = self.organization_type {
            organization.organization_type = kind;
        }
        if let Some(registration) = &self.company_registration {
            organization.company_registration =
                registration.as_ref().map(|number| number.as_str().to_owned());
        }
        if let Some(vat_number) = &self.vat_number {
            organization.vat_number = vat_number.as_ref().map(|number| number.as_str().to_owned());
        }
        if let Some(country) = self.country {
            organization.country = country;
        }
        if let Some(timezone) = &self.timezone {
            organization.timezone = timezone.clone();
        }
        if let Some(language) = self.language {
            organization.language = language;
        }
        if let Some(mandate) = &self.caller_number_mandate {
            organization.caller_number_mandate.clone_from(mandate);
        }
        organization
    }

    /// What the members that change mean together with those that stay.
    fn check(&self, after: &Organization) -> Result<(), Faults> {
        let mut faults = Faults::default();
        let touched = self.company_registration.is_some();
        let is_company = after.organization_type == OrganizationType::B2b;
        if (touched || self.organization_type.is_some()) && is_company && after.company_registration.is_none()
        {
            faults.add("company_registration", REGISTRATION_REQUIRED);
        }
        // What stands in the database was parsed before it was stored.
        let registration = after
            .company_registration
            .as_deref()
            .map(CompanyRegistration::parse);
        let vat_number = after.vat_number.as_deref().map(VatNumber::parse);
        if (touched || self.vat_number.is_some())
            && let (Some(Ok(registration)), Some(Ok(vat_number))) = (registration, vat_number)
            && !vat_number.matches(&registration.siren())
        {
            faults.add("vat_number", VatNumber::mismatch());
        }
        if let Some(Some(_)) = self.caller_number_mandate
            && !after.twilio_configured
        {
            faults.add("caller_number_mandate", NO_CALLER_NUMBER);
        }
        faults.finish(|| Some(()))
    }
}

/// What may change, as the audit log tells it.
fn told(organization: &Organization) -> Value {
    let mandate = organization.caller_number_mandate.as_ref();
    json!({
        "name": organization.name,
        "organization_type": organization.organization_type,
        "company_registration": organization.company_registration,
        "vat_number": organization.vat_number,
        "country": organization.country,
        "timezone": organization.timezone.as_str(),
        "language": organization.language,
        "caller_number_mandate": mandate.map(|mandate| {
            json!({ "reference": mandate.reference, "signed_on": mandate.signed_on })
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Clock;
    use crate::kernel::ids::OrganizationId;

    fn agency() -> Organization {
        Organization {
            id: OrganizationId::new(&Clock::system()),
            name: "Agence".to_owned(),
            organization_type: OrganizationType::B2b,
            company_registration: Some("732829320".to_owned()),
            vat_number: Some("FR44732829320".to_owned()),
            country: Country::FR,
            timezone: Timezone::paris(),
            language: Language::Fr,
            concurrent_calls_limit: 10,
            twilio_configured: false,
            caller_number_mandate: None,
        }
    }

    fn faults(changes: &Changes) -> Vec<(String, &'static str)> {
        let after = changes.apply(agency());
        let faults = changes.check(&after).err().unwrap_or_default();
        faults
            .iter()
            .map(|fault| (fault.field.clone(), fault.invalid.code))
            .collect()
    }

    #[test]
    fn a_company_keeps_a_registration_and_a_vat_number_of_its_own() {
        let cleared = Changes {
            company_registration: Some(None),
            ..Changes::default()
        };
        assert_eq!(
            faults(&cleared),
            [("company_registration".to_owned(), "required")]
        );
        let another = Changes {
            company_registration: Some(CompanyRegistration::parse("552100554").ok()),
            ..Changes::default()
        };
        assert_eq!(
            faults(&another),
            [("vat_number".to_owned(), VatNumber::mismatch().code)]
        );
        let both = Changes {
            vat_number: Some(None),
            ..another
        };
        assert_eq!(faults(&both), []);
        let a_person = Changes {
            organization_type: Some(OrganizationType::B2c),
            ..cleared
        };
        assert_eq!(faults(&a_person), []);
    }

    #[test]
    fn what_does_not_change_is_not_held_against_a_change_of_something_else() {
        let changes = Changes {
            name: Name::parse("Cabinet").ok(),
            ..Changes::default()
        };
        let mut old = agency();
        old.company_registration = None;
        assert!(changes.check(&changes.apply(old)).is_ok());
    }
}
