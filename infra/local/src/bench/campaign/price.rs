//! What a campaign costs on AWS at list prices (us-east-1, arm64, US dollars, no free tier, read in November 2026): counts that
//! were measured, times what each costs.

use crate::terminal::print;

const LAMBDA_REQUESTS: f64 = 0.20 / 1e6;
const LAMBDA_GB_SECONDS: f64 = 0.000_013_333_4;
const SQS_REQUESTS: f64 = 0.40 / 1e6;
/// What a message group adds to a request (fair queues).
const SQS_GROUPS: f64 = 0.10 / 1e6;
const LOGS_PER_GB: f64 = 0.50;
const SECRET_MONTH: f64 = 0.40;
const SECRET_READS: f64 = 0.05 / 10_000.0;

const CONTACTS: f64 = 100_000.0;
/// The model: one attempt each, 35 of 100 answer, 90 seconds of conversation, 25 without one.
const ANSWERED: f64 = 0.35;
/// Messages of a call to which nobody answers: queued, ringing, ended, report.
const MESSAGES: f64 = 4.0;
/// And of one that is answered: in progress, and a dozen utterances.
const MORE_MESSAGES: f64 = 13.0;
/// Calls at once, which sets how long a campaign takes.
const SLOTS: f64 = 100.0;

/// What was measured, for each call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    /// Requests that put its message on the queue of calls.
    pub(super) sends: f64,
}

/// Prints each item and the sum.
pub(super) fn show(measured: Measured) {
    let webhooks = CONTACTS * (MESSAGES + ANSWERED * MORE_MESSAGES);
    let hours = CONTACTS * (ANSWERED * 90.0 + (1.0 - ANSWERED) * 25.0) / SLOTS / 3600.0;
    let sends = CONTACTS * measured.sends + webhooks;
    // Each message is a batch of its own: the most that it can be.
    let takes = 2.0 * (CONTACTS + webhooks);
    // Ten pollers that wait twenty seconds each.
    let polls = 2.0 * 5.0 * 3.0 * 60.0 * hours;
    let invocations = CONTACTS + 2.0 * webhooks + hours * 60.0;
    let seconds =
        |count: f64, memory: f64, seconds: f64| count * memory / 1024.0 * seconds * LAMBDA_GB_SECONDS;
    let items = [
        (
            "webhooks taken in (function URL), 5 ms of 256 MB",
            webhooks,
            webhooks * LAMBDA_REQUESTS + seconds(webhooks, 256.0, 0.005),
        ),
        (
            "events applied, 20 ms of 256 MB",
            webhooks,
            webhooks * LAMBDA_REQUESTS + seconds(webhooks, 256.0, 0.02),
        ),
        (
            "calls dialled, 500 ms of 256 MB, nearly all of it Vapi's",
            CONTACTS,
            CONTACTS * LAMBDA_REQUESTS + seconds(CONTACTS, 256.0, 0.5),
        ),
        (
            "ticks, 200 ms of 512 MB",
            hours * 60.0,
            hours * 60.0 * LAMBDA_REQUESTS + seconds(hours * 60.0, 512.0, 0.2),
        ),
        (
            "requests that send to a queue",
            sends,
            sends * (SQS_REQUESTS + SQS_GROUPS),
        ),
        (
            "requests that take from a queue and delete",
            takes,
            takes * (SQS_REQUESTS + SQS_GROUPS),
        ),
        ("requests that find a queue empty", polls, polls * SQS_REQUESTS),
        (
            "lines of logs, 300 bytes an invocation",
            invocations,
            invocations * 300.0 / 1e9 * LOGS_PER_GB,
        ),
        (
            "secrets read, each container every five minutes",
            hours * 12.0 * 60.0,
            hours * 12.0 * 60.0 * SECRET_READS,
        ),
        ("the secret of one organisation, a month", 1.0, SECRET_MONTH),
    ];
    print(format!(
        "\nA campaign of {CONTACTS} contacts on AWS, one attempt each, {:.0} % answered, {SLOTS} calls at once ({hours:.1} h):",
        ANSWERED * 100.0
    ));
    for (what, count, dollars) in items {
        print(format!("{count:>11.0}  {what:<58} {dollars:>8.3} $"));
    }
    let sum: f64 = items.iter().map(|(_, _, dollars)| dollars).sum();
    print(format!("{:>11}  {:<58} {sum:>8.3} $", "", "together"));
    print(
        "Durations are assumed, not measured: this machine's are not Lambda's. PostgreSQL and Vapi are not in it.",
    );
}
