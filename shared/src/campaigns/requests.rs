//! The messages that a release leaves on the queue of calls. One that is lost is sent again by the tick.

use super::store::granted::Granted;
use super::{CallRequested, ReleaseRequested};
use crate::App;
use crate::adapters::queue::Outgoing;
use crate::kernel::ids::{AttemptId, OrganizationId};

/// Puts the messages of queued attempts on the queue, to be dialled at once.
pub(super) async fn request_calls(app: &App, organization: OrganizationId, attempts: &[AttemptId]) {
    let messages: Vec<_> = attempts
        .iter()
        .map(|attempt| of_call(organization, *attempt))
        .collect();
    send(app, &messages, &[]).await;
}

/// The same, each at its time; and one that asks for the next release, where the account at Twilio cannot dial all that is
/// due.
pub(super) async fn request_spread_calls(app: &App, organization: OrganizationId, granted: &Granted) {
    let mut messages: Vec<_> = granted
        .attempts
        .iter()
        .map(|attempt| of_call(organization, *attempt))
        .collect();
    let mut delays = granted.delays.clone();
    if let Some(seconds) = granted.wakes_in {
        messages.push(Outgoing::new(
            organization.to_string(),
            &ReleaseRequested::new(organization),
        ));
        delays.push(seconds);
    }
    send(app, &messages, &delays).await;
}

fn of_call(organization: OrganizationId, attempt: AttemptId) -> Outgoing {
    Outgoing::new(
        organization.to_string(),
        &CallRequested::new(organization, attempt),
    )
}

async fn send(app: &App, messages: &[Outgoing], delays: &[i32]) {
    if messages.is_empty() {
        return;
    }
    let queue = app.queue().await;
    if let Err(error) = queue
        .send_after(&app.config.queue_calls_url, messages, delays)
        .await
    {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "queued calls are left to the tick"
        );
    }
}
