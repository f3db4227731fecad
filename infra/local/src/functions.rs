//! The functions as local processes: what they find in their environment, and how many copies of each answer at once.

use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::Context;

use crate::daemon::{self, Process};
use crate::emulator::{self, secret};
use crate::layout::Layout;
use crate::settings::{AWS_CREDENTIAL, MAIL_DOMAIN, Ports, REGION, Secrets, environment};

/// Seconds after which `cargo lambda watch` gives up on an invocation: the longest that Lambda allows. It holds for the functions'
/// own waiting for work too, which then end and are started again, so a shorter one would restart idle functions all the time.
const TIMEOUT_SECONDS: &str = "900";

/// The origin of the API and of both webhooks.
pub fn api_url(ports: &Ports) -> String {
    format!("http://127.0.0.1:{}", ports.api)
}

/// The address of the stand-ins.
pub fn sandbox_url(ports: &Ports) -> String {
    format!("http://127.0.0.1:{}", ports.sandbox)
}

/// One copy handles one request at a time; what providers and queues call in bursts has several.
pub fn copies(function: &str) -> usize {
    match function {
        "call-dialer" | "provider-events" | "vapi-webhook" => 4,
        "mailer" | "contacts" | "sessions" | "campaigns" => 2,
        _ => 1,
    }
}

/// How many calls may run at once, for all organisations together; Vapi's default is 10.
pub fn platform_slots() -> anyhow::Result<i32> {
    let slots = environment("PLATFORM_SLOTS").unwrap_or_else(|| "10".to_owned());
    slots
        .parse()
        .with_context(|| format!("PLATFORM_SLOTS={slots} is not a number"))
}

/// The settings that every function reads (`shared/src/config.rs`). Secrets are named here and lie in Secrets Manager.
pub fn environment_of_functions(ports: &Ports, secrets: &Secrets) -> anyhow::Result<Vec<(String, String)>> {
    let api = api_url(ports);
    let app = environment("APP_URL").unwrap_or_else(|| "http://localhost:3000".to_owned());
    let sandbox = sandbox_url(ports);
    let mut settings: Vec<(String, String)> = [
        ("STAGE", "local".to_owned()),
        ("API_URL", api.clone()),
        (
            "ALLOWED_ORIGINS",
            environment("ALLOWED_ORIGINS").unwrap_or_else(|| app.clone()),
        ),
        ("APP_URL", app),
        ("DATABASE_SECRET", secret::DATABASE.to_owned()),
        ("OWNER_DATABASE_SECRET", secret::OWNER_DATABASE.to_owned()),
        ("PEPPER_SECRET", secret::PEPPER.to_owned()),
        ("TOKEN_KEYS_SECRET", secret::TOKEN_KEYS.to_owned()),
        ("VAPI_API_KEY_SECRET", secret::VAPI_API_KEY.to_owned()),
        ("VAPI_WEBHOOK_SECRET_NAME", secret::VAPI_WEBHOOK.to_owned()),
        ("VAPI_CREDENTIAL_ID", secrets.vapi_credential_id.clone()),
        (
            "VAPI_API_URL",
            environment("VAPI_API_URL").unwrap_or_else(|| format!("{sandbox}/vapi")),
        ),
        (
            "TWILIO_API_URL",
            environment("TWILIO_API_URL").unwrap_or_else(|| format!("{sandbox}/twilio")),
        ),
        ("VAPI_WEBHOOK_URL", api.clone()),
        ("TWILIO_WEBHOOK_URL", api),
        ("QUEUE_CALLS_URL", emulator::queue_url(ports, "calls")),
        ("QUEUE_EVENTS_URL", emulator::queue_url(ports, "events")),
        ("QUEUE_MAIL_URL", emulator::queue_url(ports, "mail")),
        ("QUEUE_GDPR_URL", emulator::queue_url(ports, "gdpr")),
        ("QUEUE_IMPORTS_URL", emulator::queue_url(ports, "imports")),
        ("EXPORT_BUCKET", emulator::EXPORT_BUCKET.to_owned()),
        ("QUEUE_MESSAGES_URL", emulator::queue_url(ports, "messages")),
        ("MAIL_FROM", format!("Zencall <no-reply@{MAIL_DOMAIN}>")),
        ("LOG", environment("LOG").unwrap_or_else(|| "info".to_owned())),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    settings.push(("PLATFORM_SLOTS".to_owned(), platform_slots()?.to_string()));
    settings.extend(aws_environment(&emulator::endpoint(ports)));
    Ok(settings)
}

/// What an AWS client needs to reach the emulator.
pub fn aws_environment(endpoint: &str) -> Vec<(String, String)> {
    [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", AWS_CREDENTIAL),
        ("AWS_SECRET_ACCESS_KEY", AWS_CREDENTIAL),
        // A profile or a metadata service of the developer's must not be asked.
        ("AWS_EC2_METADATA_DISABLED", "true"),
        // Nor a proxy, for what is on this machine.
        ("NO_PROXY", "127.0.0.1,localhost"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// How `cargo lambda watch` runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In the foreground: functions are compiled and started at their first request, and again when their code changes.
    OnDemand,
    /// In the background: only the Lambda API, with the functions' own prebuilt binaries beside it.
    Prebuilt,
}

/// `cargo lambda watch`, and in [`Mode::Prebuilt`] the functions.
pub fn processes(
    layout: &Layout,
    ports: &Ports,
    secrets: &Secrets,
    mode: Mode,
) -> anyhow::Result<Vec<Process>> {
    let environment = environment_of_functions(ports, secrets)?;
    let mut processes = vec![watch(layout, ports, &environment, mode)];
    if mode == Mode::Prebuilt {
        for function in layout.functions()? {
            let program = binary(&function)?;
            let mut process = Process::new(&function, program, std::iter::empty::<&str>());
            process.environment.clone_from(&environment);
            process.after = Some(ports.api);
            let runtime = format!("{}/.rt/{function}", api_url(ports));
            for (name, value) in [
                ("AWS_LAMBDA_FUNCTION_NAME", function.as_str()),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
                ("AWS_LAMBDA_RUNTIME_API", &runtime),
            ] {
                process.environment.push((name.to_owned(), value.to_owned()));
            }
            processes.extend(std::iter::repeat_n(process, copies(&function)));
        }
    }
    Ok(processes)
}

fn watch(layout: &Layout, ports: &Ports, environment: &[(String, String)], mode: Mode) -> Process {
    let port = ports.api.to_string();
    let mut arguments = vec![
        "lambda",
        "watch",
        "-A",
        "127.0.0.1",
        "-P",
        &port,
        "--disable-cors",
        "--timeout",
        TIMEOUT_SECONDS,
    ];
    if mode == Mode::Prebuilt {
        arguments.push("--only-lambda-apis");
    }
    let mut process = Process::new("watch", layout.tools().join("cargo-lambda"), arguments);
    process.environment = environment.to_vec();
    process.in_foreground = mode == Mode::OnDemand;
    process
}

/// Whether a binary was built after this moment: a function's, or this one, which is bridge and stand-ins.
pub fn are_newer_than(layout: &Layout, moment: SystemTime) -> anyhow::Result<bool> {
    let mut programs = vec![daemon::own_program()?];
    for function in layout.functions()? {
        programs.push(binary(&function)?);
    }
    for program in programs {
        let built =
            std::fs::metadata(&program).with_context(|| format!("{} is not built", program.display()))?;
        if built.modified()? > moment {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The binaries lie where this one does: one build makes them all.
fn binary(function: &str) -> anyhow::Result<PathBuf> {
    let own = daemon::own_program()?;
    let folder = own.parent().context("this program lies in no folder")?;
    Ok(folder.join(function))
}
