//! `make invoke`: hands a sample event to a function, as the runtime does. A sample that wants a token gets that of the
//! first seeded organisation's administrator.

use std::path::PathBuf;

use anyhow::{Context, bail};
use tokio::process::Command;

use crate::client::Api;
use crate::seed;
use crate::stack::Stack;

/// What stands in the samples where a token belongs.
const PLACEHOLDER: &str = "replace-with-an-access-token";

impl Stack {
    /// One invocation; the answer is printed.
    pub async fn invoke(&self, function: &str, event: &str) -> anyhow::Result<()> {
        let sample = self.sample(event);
        let text = tokio::fs::read_to_string(&sample)
            .await
            .with_context(|| format!("no sample {}", sample.display()))?;
        let file = if text.contains(PLACEHOLDER) {
            let token = seed::administrator(&Api::new(&self.ports)?, &self.secrets)
                .await?
                .token;
            let file = self.layout.local("invoke.json");
            tokio::fs::write(&file, text.replace(PLACEHOLDER, &token)).await?;
            file
        } else {
            sample
        };
        let mut command = Command::new(self.layout.tools().join("cargo-lambda"));
        command
            .args(["lambda", "invoke", function, "-A", "127.0.0.1", "-P"])
            .arg(self.ports.api.to_string())
            .arg("--data-file")
            .arg(file)
            .current_dir(self.layout.root());
        let status = command.status().await.context("no cargo-lambda")?;
        if !status.success() {
            bail!("{function} did not take it (is the stack up?)");
        }
        Ok(())
    }

    /// A file of `events/`, or any other.
    fn sample(&self, event: &str) -> PathBuf {
        let in_events = self.layout.root().join("events").join(event);
        if in_events.is_file() {
            in_events
        } else {
            event.into()
        }
    }
}
