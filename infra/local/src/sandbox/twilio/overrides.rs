//! Connection overrides: what the fragment of a webhook's address asks for (Twilio, "webhooks connection overrides").

use std::time::Duration;

/// The longest that Twilio waits for a webhook, retries included.
const LONGEST: u64 = 15_000;

/// Why a webhook did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nobody took the connection.
    Connection,
    /// Nobody answered in time.
    Read,
    /// The answer was this status.
    Status(u16),
}

/// How often, after what, and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overrides {
    retries: u32,
    policy: Vec<Policy>,
    pub(crate) read_timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Policy {
    Connection,
    Read,
    ClientErrors,
    ServerErrors,
    All,
}

impl Default for Overrides {
    /// Once more, and only where nobody took the connection.
    fn default() -> Self {
        Self {
            retries: 1,
            policy: vec![Policy::Connection],
            read_timeout: Duration::from_millis(LONGEST),
        }
    }
}

impl Overrides {
    /// Reads the fragment of an address; a sentence if it asks for something that there is not.
    pub(crate) fn read(url: &str) -> Result<Self, String> {
        let mut overrides = Self::default();
        let Some((_, fragment)) = url.split_once('#') else {
            return Ok(overrides);
        };
        for pair in fragment.split('&') {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| format!("the connection override {pair} has no value"))?;
            match name {
                "rc" => {
                    overrides.retries = number(name, value, 0, 5)?.try_into().unwrap_or_default();
                }
                "rp" => overrides.policy = value.split(',').map(policy).collect::<Result<_, _>>()?,
                "ct" => drop(number(name, value, 100, 10_000)?),
                "rt" => overrides.read_timeout = Duration::from_millis(number(name, value, 100, LONGEST)?),
                "tt" => drop(number(name, value, 100, LONGEST)?),
                "sni" if matches!(value, "y" | "n") => {}
                "e" if !value.is_empty() => {}
                _ => return Err(format!("there is no connection override {pair}")),
            }
        }
        Ok(overrides)
    }

    /// Whether it is tried again after so many failures, of which this is the last.
    pub(crate) fn again(&self, failures: u32, failure: Failure) -> bool {
        let wanted = |policy: &Policy| match (policy, failure) {
            (Policy::All, _) | (Policy::Connection, Failure::Connection) | (Policy::Read, Failure::Read) => {
                true
            }
            (Policy::ClientErrors, Failure::Status(status)) => (400..500).contains(&status),
            (Policy::ServerErrors, Failure::Status(status)) => status >= 500,
            _ => false,
        };
        failures <= self.retries && self.policy.iter().any(wanted)
    }
}

fn policy(word: &str) -> Result<Policy, String> {
    Ok(match word {
        "ct" => Policy::Connection,
        "rt" => Policy::Read,
        "4xx" => Policy::ClientErrors,
        "5xx" => Policy::ServerErrors,
        "all" => Policy::All,
        _ => return Err(format!("there is no retry policy {word}")),
    })
}

fn number(name: &str, value: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = value
        .parse()
        .ok()
        .filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("{name} is a number from {least} to {most}, not {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_fragment_only_a_failed_connection_is_tried_again_once() {
        let plain = Overrides::read("https://example.com/hook?a=b").unwrap();
        assert!(plain.again(1, Failure::Connection));
        assert!(!plain.again(2, Failure::Connection));
        assert!(!plain.again(1, Failure::Status(503)));
    }

    #[test]
    fn a_fragment_asks_for_more() {
        let more = Overrides::read("https://example.com/hook#rc=2&rp=ct,rt,5xx").unwrap();
        for failure in [Failure::Connection, Failure::Read, Failure::Status(503)] {
            assert!(more.again(2, failure), "{failure:?}");
            assert!(!more.again(3, failure), "{failure:?}");
        }
        assert!(!more.again(1, Failure::Status(403)));
    }

    #[test]
    fn what_there_is_not_is_refused() {
        for wrong in ["#rc=6", "#rc", "#rp=ct,3xx", "#retry=2", "#rt=20000", "#"] {
            assert!(
                Overrides::read(&format!("https://example.com/{wrong}")).is_err(),
                "{wrong}"
            );
        }
    }
}
