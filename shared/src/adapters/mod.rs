//! The outside world, in its own words: providers, AWS. One small client each; its address is a setting.

mod exchange;
pub mod kept;
pub mod mail;
pub mod queue;
pub mod secrets;
pub mod storage;
pub mod supabase;
pub mod twilio;
pub mod vapi;
pub mod verified;

use std::time::Duration;

pub use exchange::Trouble;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that is read of a provider's answer, in bytes.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// The HTTP client of every provider: time-outs, no redirects.
pub fn http_client() -> reqwest::Client {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("zencall/1")
        .build()
        // A client of other settings would follow redirects and wait for ever.
        .expect("the TLS of the HTTP client can be set up")
}

/// The AWS settings of this container: region, credentials and endpoint come from the environment.
pub async fn aws_config() -> aws_config::SdkConfig {
    aws_loader().load().await
}

/// The same, with every service at this address.
pub async fn aws_config_at(endpoint: &str) -> aws_config::SdkConfig {
    aws_loader().endpoint_url(endpoint).load().await
}

fn aws_loader() -> aws_config::ConfigLoader {
    use aws_config::retry::RetryConfig;
    use aws_config::timeout::TimeoutConfig;
    aws_config::defaults(aws_config::BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_attempt_timeout(Duration::from_secs(5))
                .operation_timeout(TOTAL_TIMEOUT)
                .build(),
        )
}

/// Reads an answer's body, up to a limit.
pub(crate) async fn read_body(mut response: reqwest::Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > BODY_LIMIT {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
