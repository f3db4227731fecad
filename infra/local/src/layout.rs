//! Where things lie: the checkout, and `.local/` in it, which holds everything that a run leaves behind.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The places of one checkout.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Finds the checkout that the current directory is in, and makes `.local/` there.
    pub fn find() -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("the current directory is gone")?;
        let Some(root) = here
            .ancestors()
            .find(|folder| folder.join("infra/local/Cargo.toml").is_file())
        else {
            bail!("{} is not inside a checkout of Zencall", here.display());
        };
        let layout = Self {
            root: root.to_owned(),
        };
        for folder in [layout.logs(), layout.run()] {
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        Ok(layout)
    }

    /// The top of the checkout.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file in `.local/`.
    pub fn local(&self, name: &str) -> PathBuf {
        self.root.join(".local").join(name)
    }

    /// Where every process writes its log.
    pub fn logs(&self) -> PathBuf {
        self.local("logs")
    }

    /// Where pids and locks lie.
    pub fn run(&self) -> PathBuf {
        self.local("run")
    }

    /// The Python of the virtual environment that `setup.sh` made.
    pub fn python(&self) -> PathBuf {
        self.local("venv/bin/python")
    }

    /// The folder of cargo-lambda, which must be on the PATH for `cargo lambda`.
    pub fn tools(&self) -> PathBuf {
        self.local("venv/bin")
    }

    /// Tells this checkout from others on the same machine.
    pub fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.root.hash(&mut hasher);
        format!("{:012x}", hasher.finish() & 0xffff_ffff_ffff)
    }

    /// The functions that exist, by their folders.
    pub fn functions(&self) -> anyhow::Result<Vec<String>> {
        let folder = self.root.join("functions");
        let mut names = Vec::new();
        for entry in
            std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
        {
            let entry = entry?;
            if entry.path().join("Cargo.toml").is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }
}
