//! Under which account the server runs. PostgreSQL refuses root, so root lends it another one.

use std::path::Path;

use anyhow::{Context, bail};
use tokio::process::Command;

/// The account, and the tool that changes to it.
#[derive(Debug)]
pub(super) enum Account {
    /// We are not root: the server runs as we do.
    Own,
    /// We are root.
    Other {
        user: String,
        uid: String,
        gid: String,
        tool: Tool,
    },
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Tool {
    Setpriv,
    Runuser,
    Su,
}

impl Account {
    pub(super) async fn choose() -> anyhow::Result<Self> {
        if id(&["-u"]).await?.as_deref() != Some("0") {
            return Ok(Self::Own);
        }
        for user in ["postgres", "nobody"] {
            let (Some(uid), Some(gid)) = (id(&["-u", user]).await?, id(&["-g", user]).await?) else {
                continue;
            };
            let tool = Tool::find().await?;
            return Ok(Self::Other {
                user: user.to_owned(),
                uid,
                gid,
                tool,
            });
        }
        bail!(
            "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`: useradd -r postgres"
        )
    }

    pub(super) fn is_other(&self) -> bool {
        matches!(self, Self::Other { .. })
    }

    /// A command that runs the program under this account.
    pub(super) fn command(&self, program: &Path) -> Command {
        let Self::Other { user, uid, gid, tool } = self else {
            return Command::new(program);
        };
        let mut command;
        match tool {
            Tool::Setpriv => {
                command = Command::new("setpriv");
                command
                    .args(["--reuid", uid, "--regid", gid, "--clear-groups", "--"])
                    .arg(program);
            }
            Tool::Runuser => {
                command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program);
            }
            Tool::Su => {
                command = Command::new("su");
                command
                    .args(["-s", "/bin/sh", user, "-c", "exec \"$0\" \"$@\"", "--"])
                    .arg(program);
            }
        }
        command
    }

    /// Gives a file or folder to this account.
    pub(super) async fn own(&self, path: &Path) -> anyhow::Result<()> {
        let Self::Other { uid, gid, .. } = self else {
            return Ok(());
        };
        let status = Command::new("chown")
            .arg(format!("{uid}:{gid}"))
            .arg(path)
            .status()
            .await?;
        if !status.success() {
            bail!("cannot give {} to the server's account", path.display());
        }
        Ok(())
    }
}

impl Tool {
    async fn find() -> anyhow::Result<Self> {
        for (tool, name) in [
            (Self::Setpriv, "setpriv"),
            (Self::Runuser, "runuser"),
            (Self::Su, "su"),
        ] {
            let mut search = Command::new("sh");
            search.args(["-c", "command -v \"$1\" >/dev/null", "sh", name]);
            if search.status().await?.success() {
                return Ok(tool);
            }
        }
        bail!(
            "none of setpriv, runuser and su is there to start PostgreSQL without root: apt-get install util-linux"
        )
    }
}

async fn id(arguments: &[&str]) -> anyhow::Result<Option<String>> {
    let output = Command::new("id")
        .args(arguments)
        .output()
        .await
        .context("cannot run `id`")?;
    Ok(output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned()))
}
