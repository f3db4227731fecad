//! `make demo`: the product's main job through its public API, from sign-up to a finished campaign, with every number checked
//! against what the stand-ins of the providers really saw.

mod ledger;
mod people;
mod show;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Api, Control, Session, SignUp, now};
use crate::seed::{id, twilio_account, vat_number};
use crate::settings::hex;
use crate::stack::Stack;
use crate::terminal::say;
use crate::{bridge, emulator, functions};
use ledger::{Ledger, Placed};
use people::Spreadsheet;
use show::{Bar, chapter, fact};

/// The campaign must be over by then; the whole demo has two minutes.
const LONGEST: Duration = Duration::from_secs(100);
/// Calls to one contact.
const MAX_ATTEMPTS: usize = 2;
/// So many of the imported people have asked not to be called.
const OPPOSED: usize = 5;
/// The invented company's number, right by its check digit.
const SIREN: &str = "123456782";

/// Runs it on a stack that is up.
pub async fn run(stack: &Stack) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new(&stack.ports)?;
    control.behave(&behaviour()).await?;
    let outcome = tell(stack, &control).await;
    // Whoever uses the stand-ins next finds them as usual.
    control.behave(&json!({})).await?;
    let (email, checked) = outcome?;
    say(format!(
        "\n✓ {checked} numbers checked, all add up. The main job took {} s.",
        started.elapsed().as_secs()
    ));
    say("  Look around (`make up` or `make dev` serves it again after `make down`):");
    say(format!(
        "  {}/api/v1, log in as {email}, password in .local/secrets.json (seed_password)",
        functions::api_url(&stack.ports)
    ));
    Ok(())
}

/// Mixed outcomes, and a long call in a second or two.
fn behaviour() -> Value {
    json!({
        "outcomes": { "answered": 60, "busy": 12, "no_answer": 15, "voicemail": 8, "failed": 5 },
        "call_seconds": 40,
        "speed": 30,
    })
}

async fn tell(stack: &Stack, control: &Control) -> anyhow::Result<(String, usize)> {
    let mut ledger = Ledger::default();
    chapter(1, "An agency signs up");
    let email = format!("demo-{}@atelier-horizon.example", now().strftime("%Y%m%d-%H%M%S"));
    let session = sign_up(stack, &email).await.context("sign-up")?;
    chapter(2, "It connects its own Twilio account");
    connect_twilio(stack, &session).await.context("Twilio")?;
    chapter(3, "It creates a voice assistant");
    let assistant = create_assistant(&session).await.context("assistant")?;
    chapter(4, "It imports its contacts");
    let (called, contacts) = import(&session, &mut ledger).await.context("import")?;
    chapter(5, "It starts a campaign");
    let before = calls_seen(control).await?;
    let campaign = start(&session, &assistant, &contacts).await.context("start")?;
    let report = follow(stack, &session, &campaign).await?;
    chapter(6, "The report");
    show::report(&report);
    let placed = Placed::read(&control.calls().await?, &before)?;
    placed.compare(&report, &called, OPPOSED as u64, MAX_ATTEMPTS, &mut ledger);
    compare_calls(&session, &campaign, &report, &placed, &mut ledger).await?;
    let (checked, wrong) = ledger.close();
    ensure!(
        wrong.is_empty(),
        "{} of {checked} numbers do not add up:\n  {}",
        wrong.len(),
        wrong.join("\n  ")
    );
    Ok((email, checked))
}

async fn sign_up(stack: &Stack, email: &str) -> anyhow::Result<Session> {
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

async fn connect_twilio(stack: &Stack, session: &Session) -> anyhow::Result<()> {
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

async fn create_assistant(session: &Session) -> anyhow::Result<String> {
    let wanted = json!({ "name": "Confirmation de livraison", "type": "outbound", "language": "fr" });
    let made = session.post("/vapi/assistants", &wanted, 201).await?;
    fact(format!(
        "{} is known to Vapi as {}",
        made["assistant"]["name"], made["vapi_assistant_id"]
    ));
    id(&made["assistant"])
}

/// Imports the file and notes who asked not to be called: the numbers that may be called, and every contact's id.
async fn import(session: &Session, ledger: &mut Ledger) -> anyhow::Result<(BTreeSet<String>, Vec<String>)> {
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
        people::LINES,
        found["imported"],
        found["updated"],
        found["rejected"]
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

async fn calls_seen(control: &Control) -> anyhow::Result<BTreeSet<String>> {
    Ok(control
        .calls()
        .await?
        .iter()
        .filter_map(|call| call["id"].as_str().map(str::to_owned))
        .collect())
}

async fn start(session: &Session, assistant: &str, contacts: &[String]) -> anyhow::Result<String> {
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

/// Shows the campaign until it is over. The schedule runs faster than once a minute, so that nothing waits for it.
async fn follow(stack: &Stack, session: &Session, campaign: &str) -> anyhow::Result<Value> {
    let ticking = tokio::spawn({
        let ports = stack.ports;
        let http = crate::client::plain(Duration::from_secs(30))?;
        async move {
            loop {
                tokio::time::sleep(Duration::from_secs(2)).await;
                if let Err(error) = bridge::invoke(&http, &ports, "minute-tick", &bridge::tick()).await {
                    say(format!("\n   the schedule: {error:#}"));
                }
            }
        }
    });
    let started = Instant::now();
    let mut bar = Bar::new();
    let outcome = loop {
        let report = session.get(&format!("/campaigns/{campaign}/report")).await?;
        if report["status"] == "completed" {
            bar.finish(&report, started.elapsed());
            break Ok(report);
        }
        if started.elapsed() > LONGEST {
            bar.finish(&report, started.elapsed());
            break Err(anyhow::anyhow!(
                "the campaign is {} after {} s: {report}",
                report["status"],
                LONGEST.as_secs()
            ));
        }
        bar.draw(&report, started.elapsed());
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    ticking.abort();
    outcome
}

/// Compares the list of calls and the contacts' states with the report and with the stand-in.
async fn compare_calls(
    session: &Session,
    campaign: &str,
    report: &Value,
    placed: &Placed,
    ledger: &mut Ledger,
) -> anyhow::Result<()> {
    let calls = session.list(&format!("/calls?campaign_id={campaign}")).await?;
    let ids: BTreeSet<String> = calls
        .iter()
        .filter_map(|call| call["vapi_call_id"].as_str().map(str::to_owned))
        .collect();
    ledger.equal("calls listed", calls.len(), placed.ids.len());
    ledger.holds(ids == placed.ids, || {
        "the calls listed are not those that were placed".to_owned()
    });
    let mut cost = rust_decimal::Decimal::ZERO;
    for call in &calls {
        if let Some(amount) = call["cost"]["amount"].as_str() {
            cost += amount
                .parse::<rust_decimal::Decimal>()
                .with_context(|| format!("a cost of {amount}"))?;
        }
    }
    let total: rust_decimal::Decimal = match report["total_cost"]["amount"].as_str() {
        Some(amount) => amount
            .parse()
            .with_context(|| format!("a total cost of {amount}"))?,
        None => bail!("the report has no total cost: {report}"),
    };
    ledger.equal("sum of the calls' costs", cost, total);
    ledger.holds(!total.is_zero(), || "the campaign cost nothing".to_owned());
    for mood in ["positive", "neutral", "negative"] {
        let counted = report["sentiment"][mood].as_u64().unwrap_or(u64::MAX);
        let listed = calls.iter().filter(|call| call["sentiment"] == mood).count();
        ledger.equal(&format!("sentiment {mood}"), counted, listed as u64);
    }
    let contacts = session.list(&format!("/campaigns/{campaign}/contacts")).await?;
    let total = report["total_contacts"].as_u64().unwrap_or(u64::MAX);
    ledger.equal("contacts of the campaign", contacts.len() as u64, total);
    fact(format!(
        "compared with the {} calls that the stand-in of Vapi saw",
        placed.ids.len()
    ));
    Ok(())
}
