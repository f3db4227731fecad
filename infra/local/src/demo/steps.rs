//! What the agency does before its campaign runs.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::json;

use super::MAX_ATTEMPTS;
use super::appointments::TRANSFER_NUMBER;
use super::ledger::Ledger;
use super::people::{LINES, Spreadsheet};
use super::show::fact;
use crate::client::{Api, Session, SignUp, now};
use crate::emulator;
use crate::seed::{id, twilio_account, vat_number};
use crate::settings::hex;
use crate::stack::Stack;

/// So many of the imported people have asked not to be called.
pub(super) const OPPOSED: usize = 5;
/// The invented company's number, right by its check digit.
const SIREN: &str = "123456782";

pub(super) async fn sign_up(stack: &Stack, email: &str) -> anyhow::Result<Session> {
    let api = Api::new(&stack.ports)?;
    let password = &stack.secrets.seed_password;
    let since = now();
    let vat_number = vat_number(SIREN)?;
    let company_name = "Atelier Horizon";
    api.register(&SignUp {
        email,
        password,
        full_name: "Hélène Garçon",
        company_name,
        siren: SIREN,
        vat_number: &vat_number,
    })
    .await?;
    fact(format!(
        "{company_name} registered (SIREN {SIREN}, VAT {vat_number})"
    ));
    let refused = api.try_login(email, password).await?;
    ensure!(
        refused.status == 403,
        "a login before the confirmation answered {}: {}",
        refused.status,
        refused.body
    );
    api.confirm(email, since).await?;
    fact("confirmed with the link in the mail that was sent");
    let session = api.login(email, password).await?;
    let me = session.get("/auth/me").await?;
    ensure!(
        me["user"]["role"] == "admin",
        "the first user is {}, not admin",
        me["user"]["role"]
    );
    fact(format!(
        "logged in as {} of {}",
        me["user"]["role"], me["organization"]["name"]
    ));
    Ok(session)
}

pub(super) async fn connect_twilio(stack: &Stack, session: &Session) -> anyhow::Result<()> {
    let mut wrong = twilio_account(&stack.secrets);
    wrong["auth_token"] = json!(hex(16)?);
    let refused = session
        .send(Method::PUT, "/integrations/twilio", Some(&wrong))
        .await?;
    ensure!(
        refused.status == 422,
        "a wrong token was answered with {}: {}",
        refused.status,
        refused.body
    );
    fact(format!("a wrong token is refused ({})", refused.code()));
    session
        .put("/integrations/twilio", &twilio_account(&stack.secrets))
        .await?;
    let shown = session.get("/integrations/twilio").await?;
    ensure!(shown["configured"] == true, "not connected: {shown}");
    ensure!(
        !shown.to_string().contains(&stack.secrets.twilio_auth_token),
        "the token is shown"
    );
    fact(format!(
        "{} connected, automated calls allowed: {}",
        shown["phone_number"], shown["automated_calls"]["allowed"]
    ));
    let name = format!("zencall/local/organizations/{}/twilio", session.organization);
    let secrets = aws_sdk_secretsmanager::Client::new(&emulator::sdk_config(&stack.ports).await);
    let kept = secrets
        .get_secret_value()
        .secret_id(&name)
        .send()
        .await
        .with_context(|| format!("no secret {name}"))?;
    let kept = kept.secret_string().unwrap_or_default();
    ensure!(
        kept.contains(&stack.secrets.twilio_auth_token),
        "the secret {name} does not hold the token"
    );
    fact("the token lies in Secrets Manager, and nowhere else");
    Ok(())
}

pub(super) async fn create_assistant(session: &Session) -> anyhow::Result<String> {
    let wanted = json!({
        "name": "Confirmation de livraison",
        "type": "outbound",
        "language": "fr",
        "transfer_number": TRANSFER_NUMBER,
    });
    let made = session.post("/vapi/assistants", &wanted, 201).await?;
    fact(format!(
        "{} is known to Vapi as {}",
        made["assistant"]["name"], made["vapi_assistant_id"]
    ));
    id(&made["assistant"])
}

/// Imports the file and notes who asked not to be called: the numbers that may be called, and every contact's id.
pub(super) async fn import(
    session: &Session,
    ledger: &mut Ledger,
) -> anyhow::Result<(BTreeSet<String>, Vec<String>)> {
    let sheet = Spreadsheet::write();
    let found = session
        .upload(
            "/contacts/import",
            "text/csv; charset=utf-8",
            sheet.csv.clone().into_bytes(),
        )
        .await?;
    fact(format!(
        "{} lines: {} imported, {} repeated a number, {} refused",
        LINES, found["imported"], found["updated"], found["rejected"]
    ));
    let count = |member: &str| found[member].as_u64().unwrap_or(u64::MAX);
    ledger.equal("imported", count("imported"), sheet.numbers.len() as u64);
    ledger.equal("updated", count("updated"), sheet.repeated as u64);
    ledger.equal("rejected", count("rejected"), sheet.bad_lines.len() as u64);
    let errors = found["errors"].as_array().cloned().unwrap_or_default();
    let lines: BTreeSet<u64> = errors.iter().filter_map(|error| error["line"].as_u64()).collect();
    ledger.holds(lines == sheet.bad_lines.iter().copied().collect(), || {
        format!("refused lines: {lines:?}, expected {:?}", sheet.bad_lines)
    });
    if let Some(error) = errors.first() {
        fact(format!(
            "for example line {}: {}",
            error["line"], error["message"]
        ));
    }
    let again = session
        .upload(
            "/contacts/import",
            "text/csv; charset=utf-8",
            sheet.csv.clone().into_bytes(),
        )
        .await?;
    ledger.equal(
        "imported by the same file again",
        again["imported"].as_u64().unwrap_or(u64::MAX),
        0,
    );
    let contacts = session.list("/contacts").await?;
    ledger.equal("contacts listed", contacts.len(), sheet.numbers.len());
    let mut called = sheet.numbers;
    for contact in contacts.iter().take(OPPOSED) {
        let path = format!("/contacts/{}", id(contact)?);
        session
            .send(Method::PATCH, &path, Some(&json!({ "do_not_call": true })))
            .await?
            .expect(200)?;
        called.remove(contact["phone"].as_str().unwrap_or_default());
    }
    fact(format!("{OPPOSED} of them asked not to be called"));
    Ok((called, contacts.iter().map(id).collect::<anyhow::Result<_>>()?))
}

pub(super) async fn start(session: &Session, assistant: &str, contacts: &[String]) -> anyhow::Result<String> {
    let always = json!([{ "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00" }]);
    let wanted = json!({
        "name": "Confirmation des livraisons",
        "assistant_id": assistant,
        "object": "confirmer la livraison de votre commande",
        "legal_basis": "service",
        "contact_ids": contacts,
        "settings": {
            "timezone": "Europe/Paris",
            "call_windows": always,
            "max_attempts": MAX_ATTEMPTS,
            "retry_delay_minutes": 0,
            "retry_on": ["no_answer", "busy", "voicemail", "failed"],
            "concurrent_calls": 50,
        },
    });
    let campaign = id(&session.post("/campaigns", &wanted, 201).await?["campaign"])?;
    let started = session
        .post("/campaigns/start", &json!({ "campaign_id": campaign }), 202)
        .await?;
    fact(format!(
        "{} contacts, at most {MAX_ATTEMPTS} calls each",
        started["campaign"]["total_contacts"]
    ));
    Ok(campaign)
}
