//! `make import-users`: people brought over from another system, line by line. Doing it twice changes nothing.
//!
//! It writes as the functions do: with their login and behind the same wall, one organisation at a time.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use secrecy::SecretString;
use zencall::db::{DatabaseUrl, Db, LoadUrl};
use zencall::identity::import::{self, Outcome};
use zencall::kernel::{Clock, Faults};

use crate::settings::environment;
use crate::terminal::say;

/// A stage's database with the functions' login, for people who are not to go to the local stack.
pub fn elsewhere() -> Option<String> {
    environment("IMPORT_DATABASE_URL")
}

/// Imports the file into this database, and says of each line what became of it.
pub async fn run(file: &Path, address: &str) -> anyhow::Result<()> {
    let contents = tokio::fs::read(file)
        .await
        .with_context(|| format!("cannot read {}", file.display()))?;
    let lines = import::lines(&contents)?;
    let database = database(address);
    let clock = Clock::system();
    let (mut imported, mut here, mut refused) = (0, 0, 0);
    for line in lines {
        let number = line.number;
        let outcome = match &line.newcomer {
            Ok(newcomer) => import::bring(&database, &clock, newcomer)
                .await
                .with_context(|| format!("line {number}: the database refused; import the file again"))?,
            Err(faults) => Outcome::Refused(faults.clone()),
        };
        match outcome {
            Outcome::Imported => {
                imported += 1;
                say(format!("line {number}: imported"));
            }
            Outcome::AlreadyHere => {
                here += 1;
                say(format!("line {number}: already here, unchanged"));
            }
            Outcome::Refused(faults) => {
                refused += 1;
                say(format!("line {number}: refused: {}", told(&faults)));
            }
        }
    }
    say(format!(
        "{imported} imported, {here} already here, {refused} refused"
    ));
    if refused > 0 {
        bail!("{refused} lines were refused; put them right and import the file again");
    }
    Ok(())
}

/// Columns and reasons; never what stands in a cell.
fn told(faults: &Faults) -> String {
    let told: Vec<_> = faults
        .iter()
        .map(|fault| format!("{}: {}", fault.field, fault.invalid))
        .collect();
    told.join(" · ")
}

/// A database, by its address with the functions' login.
pub(crate) fn database(address: &str) -> Db {
    let address = DatabaseUrl {
        url: SecretString::from(address),
        authority: environment("DATABASE_AUTHORITY"),
    };
    let load: LoadUrl = Arc::new(move || {
        let address = address.clone();
        Box::pin(async move { Some(address) })
    });
    Db::new(load, 1)
}
