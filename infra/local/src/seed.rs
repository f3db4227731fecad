//! Two organisations to try things with, made through the public API as a person would make them. Doing it twice changes
//! nothing; a step that fails says which.

use anyhow::{Context, bail};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Api, Session, SignUp, now};
use crate::settings::{Ports, Secrets, TWILIO_NUMBER};

/// A seeded organisation.
#[derive(Debug)]
pub struct Organisation {
    /// Its admin's address.
    pub email: &'static str,
    full_name: &'static str,
    company_name: &'static str,
    siren: &'static str,
    assistant: &'static str,
    contacts: [(&'static str, &'static str, &'static str); 3],
}

/// Both. People and numbers are invented; the numbers are of the range that France keeps for fiction.
pub const ORGANISATIONS: [Organisation; 2] = [
    Organisation {
        email: "alice@agence-alpha.example",
        full_name: "Alice Lefèvre",
        company_name: "Agence Alpha",
        siren: "732829320",
        assistant: "Prise de rendez-vous",
        contacts: [
            ("06 39 98 71 01", "Éloïse", "Martin"),
            ("06 39 98 71 02", "Noël", "Bernard"),
            ("06 39 98 71 03", "Zoé", "D'Angelo"),
        ],
    },
    Organisation {
        email: "bruno@bureau-beta.example",
        full_name: "Bruno Müller",
        company_name: "Bureau Bêta",
        siren: "404833048",
        assistant: "Rappel de rendez-vous",
        contacts: [
            ("06 39 98 72 01", "Chloé", "Petit"),
            ("06 39 98 72 02", "Jérôme", "Roux"),
            ("06 39 98 72 03", "Anaïs", "Nguyen"),
        ],
    },
];

/// Makes what is missing of both.
pub async fn plant(ports: &Ports, secrets: &Secrets) -> anyhow::Result<()> {
    let api = Api::new(ports)?;
    for organisation in &ORGANISATIONS {
        let made = plant_one(&api, organisation, secrets).await;
        made.with_context(|| format!("cannot make the organisation {}", organisation.company_name))?;
    }
    Ok(())
}

/// The administrator of the first organisation, logged in.
pub async fn administrator(api: &Api, secrets: &Secrets) -> anyhow::Result<Session> {
    api.login(ORGANISATIONS[0].email, &secrets.seed_password).await
}

async fn plant_one(api: &Api, organisation: &Organisation, secrets: &Secrets) -> anyhow::Result<()> {
    let session = enter(api, organisation, &secrets.seed_password)
        .await
        .context("sign-up")?;
    connect_twilio(&session, secrets).await.context("Twilio")?;
    let assistant = assistant(&session, organisation).await.context("assistant")?;
    let contacts = contacts(&session, organisation).await.context("contacts")?;
    campaign(&session, &assistant, &contacts)
        .await
        .context("campaign")
}

/// Logs in; signs up first if nobody of that address is known.
async fn enter(api: &Api, organisation: &Organisation, password: &str) -> anyhow::Result<Session> {
    let email = organisation.email;
    let since = now();
    let answer = api.try_login(email, password).await?;
    match (answer.status, answer.code()) {
        (200, _) => return api.session(answer.body),
        (403, "email_not_confirmed") => {
            api.open(
                Method::POST,
                "/auth/confirm/resend",
                Some(&json!({ "email": email })),
            )
            .await?
            .expect(202)?;
        }
        (401, _) => {
            let vat_number = vat_number(organisation.siren)?;
            api.register(&SignUp {
                email,
                password,
                full_name: organisation.full_name,
                company_name: organisation.company_name,
                siren: organisation.siren,
                vat_number: &vat_number,
            })
            .await?;
        }
        (status, _) => bail!("the login answered {status}: {}", answer.body),
    }
    api.confirm(email, since).await?;
    api.login(email, password).await
}

/// The French VAT number of a SIREN.
pub fn vat_number(siren: &str) -> anyhow::Result<String> {
    let number: u64 = siren.parse().context("a SIREN is digits")?;
    Ok(format!("FR{:02}{siren}", (12 + 3 * (number % 97)) % 97))
}

/// Connects the stand-in's account, unless one is connected.
async fn connect_twilio(session: &Session, secrets: &Secrets) -> anyhow::Result<()> {
    if session.get("/integrations/twilio").await?["configured"] == true {
        return Ok(());
    }
    session
        .put("/integrations/twilio", &twilio_account(secrets))
        .await?;
    Ok(())
}

/// What connects the stand-in's account.
pub fn twilio_account(secrets: &Secrets) -> Value {
    json!({
        "account_sid": secrets.twilio_account_sid,
        "auth_token": secrets.twilio_auth_token,
        "phone_number": TWILIO_NUMBER,
    })
}

async fn assistant(session: &Session, organisation: &Organisation) -> anyhow::Result<String> {
    if let Some(assistant) = session.list("/vapi/assistants").await?.first() {
        return id(assistant);
    }
    let wanted = json!({ "name": organisation.assistant, "type": "rdv", "language": "fr" });
    id(&session.post("/vapi/assistants", &wanted, 201).await?["assistant"])
}

async fn contacts(session: &Session, organisation: &Organisation) -> anyhow::Result<Vec<String>> {
    let mut ids = session
        .list("/contacts")
        .await?
        .iter()
        .map(id)
        .collect::<anyhow::Result<Vec<_>>>()?;
    if ids.len() >= organisation.contacts.len() {
        return Ok(ids);
    }
    ids.clear();
    for (phone, first_name, last_name) in organisation.contacts {
        let contact = json!({ "phone": phone, "first_name": first_name, "last_name": last_name, "postal_code": "75011" });
        ids.push(id(&session.post("/contacts", &contact, 201).await?["contact"])?);
    }
    Ok(ids)
}

async fn campaign(session: &Session, assistant: &str, contacts: &[String]) -> anyhow::Result<()> {
    if !session.list("/campaigns").await?.is_empty() {
        return Ok(());
    }
    let wanted = json!({
        "name": "Confirmation des rendez-vous",
        "assistant_id": assistant,
        "object": "confirmer votre rendez-vous de la semaine",
        "legal_basis": "service",
        "contact_ids": contacts,
    });
    session.post("/campaigns", &wanted, 201).await?;
    Ok(())
}

/// The id of a resource.
pub fn id(resource: &Value) -> anyhow::Result<String> {
    resource["id"]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no id in {resource}"))
}

#[cfg(test)]
mod tests {
    use super::{ORGANISATIONS, vat_number};

    #[test]
    fn vat_numbers_are_those_of_the_rules() {
        let numbers = ORGANISATIONS
            .each_ref()
            .map(|organisation| vat_number(organisation.siren).unwrap());
        assert_eq!(numbers, ["FR44732829320", "FR83404833048"]);
    }
}
