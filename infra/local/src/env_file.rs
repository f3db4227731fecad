//! `.local/env`: where the running stack is and how to get in, for people, for scripts and for other people's checks.

use crate::emulator;
use crate::functions;
use crate::layout::Layout;
use crate::postgres::{DEVELOPMENT, Database};
use crate::seed;
use crate::settings::{AWS_CREDENTIAL, Ports, REGION, Secrets, TWILIO_NUMBER, write_private};

/// Writes it. No value has a character that a shell or a simple parser would want quoted.
pub fn write(layout: &Layout, ports: &Ports, secrets: &Secrets) -> anyhow::Result<()> {
    let database = Database::new(DEVELOPMENT, ports, secrets);
    let api = functions::api_url(ports);
    let lines = [
        ("API_URL", api.as_str()),
        ("DATABASE_URL", &database.owner_url),
        ("APP_DATABASE_URL", &database.functions_url),
        ("AWS_ENDPOINT_URL", &emulator::endpoint(ports)),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", AWS_CREDENTIAL),
        ("AWS_SECRET_ACCESS_KEY", AWS_CREDENTIAL),
        ("SANDBOX_URL", &functions::sandbox_url(ports)),
        ("VAPI_WEBHOOK_SECRET", &secrets.vapi_webhook_secret),
        ("WEBHOOK_PUBLIC_URL", &api),
        ("SANDBOX_TWILIO_ACCOUNT_SID", &secrets.twilio_account_sid),
        ("SANDBOX_TWILIO_AUTH_TOKEN", &secrets.twilio_auth_token),
        ("SANDBOX_TWILIO_NUMBER", TWILIO_NUMBER),
        ("ORG_A_EMAIL", seed::ORGANISATIONS[0].email),
        ("ORG_A_PASSWORD", &secrets.seed_password),
        ("ORG_B_EMAIL", seed::ORGANISATIONS[1].email),
        ("ORG_B_PASSWORD", &secrets.seed_password),
    ];
    let text: String = lines
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    write_private(&layout.local("env"), text.as_bytes())
}
