//! Importing files of contacts that no request could bring: a link to upload one, and a job that reads it in pieces.
//!
//! The bucket tells the queue that a file is there; [`work`] reads it with the reader of the small imports, a thousand rows
//! at a time. Where it has come to is written with the rows that precede that place, in one transaction, so that a crash, a
//! second message or the end of a turn neither imports a row twice nor forgets one. What became of each row is kept with it
//! and put into the bucket at the end; the file itself is deleted.

mod cancel;
mod create;
mod message;
mod outcome;
mod progress;
mod read;
mod remind;
mod source;
mod store;
mod work;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::DbError;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::{ImportId, OrganizationId, UserId};
use crate::kernel::shown::shows;
use crate::kernel::{Language, Text};

pub use cancel::cancel;
pub use create::create;
pub use message::{ImportMessage, Notice};
pub use read::{list, read};
pub use remind::remind;
pub use work::{WorkError, Worked, work};

/// The largest file: 64 MiB.
pub const BYTES_LIMIT: u64 = 64 * 1024 * 1024;
/// The most lines.
pub const LINES_LIMIT: u64 = 1_000_000;
/// How long a file may be uploaded.
pub const UPLOAD_LIFETIME: Duration = Duration::from_secs(3600);
/// How long a link to an outcome can be followed.
pub const LINK_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// How long an outcome lies in the bucket, whose own rule deletes it then.
const OUTCOME_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many of its imports an organisation may have open at once.
const OPEN_LIMIT: i32 = 20;

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportStatus)]
pub enum Status {
    /// Its file is not there yet.
    Waiting,
    /// Its file is being read.
    Processing,
    /// Every row has its outcome.
    Completed,
    /// It could not be read, or not to its end.
    Failed,
    /// Somebody stopped it; rows that were read stay.
    Cancelled,
}

impl Status {
    const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Processing,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// As in the database and in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    fn of_database(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// Why an import failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable, for programs.
    pub code: String,
    fr: String,
    en: String,
}

impl Reason {
    fn new(code: &str, text: &Text) -> Self {
        Self {
            code: code.to_owned(),
            fr: text.fr.clone().into_owned(),
            en: text.en.clone().into_owned(),
        }
    }

    /// For a person.
    pub fn text(&self) -> Text {
        Text::owned(self.fr.clone(), self.en.clone())
    }
}

/// One fault of one row.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFault {
    /// The line of the file on which the row begins.
    pub line: usize,
    /// The member.
    pub field: String,
    /// What is wrong with it.
    #[serde(flatten)]
    pub fault: Reason,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

shows!(RowFault, line, field);

/// How many rows are contacts whom no campaign may call as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Where that is written.
    pub rule: String,
    /// How many.
    pub count: usize,
}

/// What became of the rows that were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub rows_read: usize,
    /// Numbers that are new to the organisation.
    pub imported: usize,
    /// Rows that met a known number.
    pub updated: usize,
    /// Rows that were not taken.
    pub rejected: usize,
    /// The first faults.
    pub errors: Vec<RowFault>,
    /// Rows that were taken, of contacts whom no campaign may call, by the gate's code.
    pub refused: BTreeMap<String, Refused>,
}

/// A file of contacts that is imported.
#[derive(Debug, Clone)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// What it is called.
    pub file_name: String,
    /// How far it has come.
    pub status: Status,
    /// Why it failed.
    pub reason: Option<Reason>,
    /// How large its file is, once it is there.
    pub total_bytes: Option<i64>,
    /// How much of it is read.
    pub bytes_read: i64,
    /// What became of its rows.
    pub counts: Counts,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its file was there.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub completed_at: Option<Timestamp>,
    language: Language,
    has_outcome: bool,
    created_by: Option<UserId>,
}

impl Import {
    /// Under which key its file is uploaded.
    pub fn upload_key(&self, organization: OrganizationId) -> String {
        upload_key(organization, self.id)
    }

    /// How long its file may still be uploaded; none where that is over.
    pub fn upload_time_left(&self, now: Timestamp) -> Option<Duration> {
        let age = Duration::try_from(now.duration_since(self.created_at)).unwrap_or_default();
        UPLOAD_LIFETIME.checked_sub(age).filter(|left| !left.is_zero())
    }

    /// Under which key the outcome of each of its rows lies, as long as it does.
    pub fn outcome_key(&self, organization: OrganizationId, now: Timestamp) -> Option<String> {
        let kept_until = self.completed_at?.saturating_add(OUTCOME_KEPT).ok()?;
        (self.has_outcome && now < kept_until).then(|| outcome_key(organization, self.id))
    }
}

/// Where the bucket tells the queue of new objects.
const UPLOADS: &str = "imports/uploads/";

fn upload_key(organization: OrganizationId, id: ImportId) -> String {
    format!("{UPLOADS}{organization}/{id}")
}

fn outcome_key(organization: OrganizationId, id: ImportId) -> String {
    format!("imports/outcomes/{organization}/{id}.csv")
}

/// Why something cannot be done with an import.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is absent, or another organisation's.
    #[error("no such import")]
    NotFound,
    /// It is over.
    #[error("the import is over")]
    IsOver(Status),
    /// The organisation has too many that are not over.
    #[error("too many open imports")]
    TooMany,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for ImportError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => Failure::new(
                Class::NotFound,
                "import_not_found",
                "Cet import n'existe pas.",
                "There is no such import.",
            ),
            Self::IsOver(status) => Failure::new(Class::Conflict, "import_state", "", "").with_text(
                format!("Cet import est déjà terminé ({}).", status.as_str()),
                format!("This import is over already ({}).", status.as_str()),
            ),
            Self::TooMany => Failure::new(
                Class::Conflict,
                "too_many_imports",
                "Vingt imports sont déjà en attente ou en cours. Attendez que l'un d'eux se termine, ou annulez-en un.",
                "Twenty imports are waiting or under way already. Wait for one to end, or cancel one.",
            ),
            Self::Db(error) => error.failure(),
        }
    }
}
