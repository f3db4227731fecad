//! What a sign-up form sends, and what may be wrong with it.

use serde::Deserialize;
use utoipa::ToSchema;
use zencall::http::Member;
use zencall::identity::{NewPassword, SignUp};
use zencall::kernel::{CompanyRegistration, Email, Faults, Invalid, Language, Name, VatNumber};
use zencall::organizations::OrganizationType;

const NOT_ACCEPTED: Invalid = Invalid::new(
    "not_accepted",
    "Vous devez l'accepter pour vous inscrire.",
    "You must accept this to sign up.",
);

// Without `Debug`, which would print the password.
/// A sign-up form; camelCase members are read too.
#[derive(Default, Deserialize, ToSchema)]
pub struct RegisterRequest {
    /// The person's address.
    #[serde(default)]
    #[schema(value_type = String, format = Email, required)]
    email: Member<String>,
    /// 12 characters or more, of any kind.
    #[serde(default)]
    #[schema(value_type = String, format = Password, min_length = 12, required)]
    password: Member<String>,
    /// The person's name.
    #[serde(default)]
    #[schema(value_type = String, max_length = 200, required)]
    full_name: Member<String>,
    /// `b2b` or `b2c`.
    #[serde(default)]
    #[schema(value_type = String, required)]
    organization_type: Member<String>,
    /// Required of a company; a person's organisation is called as they are.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    company_name: Member<String>,
    /// SIREN or SIRET; required of a company.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    company_registration: Member<String>,
    /// Must be that company's.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    vat_number: Member<String>,
    /// Must be true.
    #[serde(default)]
    #[schema(value_type = bool, required)]
    terms_accepted: Member<bool>,
    /// Must be true.
    #[serde(default)]
    #[schema(value_type = bool, required)]
    privacy_accepted: Member<bool>,
    /// Whether they want to hear of offers; default: no.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    marketing_consent: Member<bool>,
}

impl RegisterRequest {
    /// The sign-up, or everything that is wrong with it. Nothing is asked of the database, so that the answer cannot
    /// depend on whether the address is known.
    pub fn check(self, language: Language) -> Result<SignUp, Faults> {
        let mut faults = Faults::default();
        let personal = [
            given(&self.email),
            given(&self.full_name),
            given(&self.company_name),
        ];
        let personal: Vec<&str> = personal.iter().map(String::as_str).collect();
        let email = self
            .email
            .required("email", &mut faults, |typed| Email::parse(&typed));
        let password = self.password.required("password", &mut faults, |typed| {
            NewPassword::parse(&typed, &personal)
        });
        let full_name = self
            .full_name
            .required("full_name", &mut faults, |typed| Name::parse(&typed));
        let kind = self
            .organization_type
            .required("organization_type", &mut faults, |typed| {
                OrganizationType::parse(&typed)
            });
        let (name, registration, vat_number) = (
            unless_blank(self.company_name),
            unless_blank(self.company_registration),
            unless_blank(self.vat_number),
        );
        let parse_name = |typed: String| Name::parse(&typed);
        let parse_registration = |typed: String| CompanyRegistration::parse(&typed);
        let (company_name, company_registration) = if kind == Some(OrganizationType::B2b) {
            (
                name.required("company_name", &mut faults, parse_name),
                registration.required("company_registration", &mut faults, parse_registration),
            )
        } else {
            (
                name.optional("company_name", &mut faults, parse_name),
                registration.optional("company_registration", &mut faults, parse_registration),
            )
        };
        let vat_number = vat_number.optional("vat_number", &mut faults, |typed| VatNumber::parse(&typed));
        if let (Some(vat_number), Some(registration)) = (&vat_number, &company_registration)
            && !vat_number.matches(&registration.siren())
        {
            faults.add("vat_number", VatNumber::mismatch());
        }
        self.terms_accepted
            .required("terms_accepted", &mut faults, accepted);
        self.privacy_accepted
            .required("privacy_accepted", &mut faults, accepted);
        let marketing_consent = self
            .marketing_consent
            .optional("marketing_consent", &mut faults, Ok);
        faults.finish(|| {
            Some(SignUp {
                email: email?,
                password: password?,
                full_name: full_name?,
                organization_type: kind?,
                company_name,
                company_registration,
                vat_number,
                marketing_consent: marketing_consent.unwrap_or(false),
                language,
            })
        })
    }
}

fn accepted(accepted: bool) -> Result<(), Invalid> {
    if accepted { Ok(()) } else { Err(NOT_ACCEPTED) }
}

fn given(member: &Member<String>) -> String {
    match member {
        Member::Given(text) => text.clone(),
        _ => String::new(),
    }
}

/// Forms send what was not filled in as an empty text.
fn unless_blank(member: Member<String>) -> Member<String> {
    match member {
        Member::Given(text) if text.trim().is_empty() => Member::Absent,
        member => member,
    }
}
