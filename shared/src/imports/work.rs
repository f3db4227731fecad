//! The job: reads a file from the place that was noted, a batch of rows at a time.
//!
//! Whoever works holds nothing between two batches. Each batch's transaction first asks whether the import is still where
//! its rows begin: of two workers one finds that it is not, undoes what it wrote, and stops.

use futures_util::future::join4;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::progress::{Batch, Progress};
use super::source::{self, Source};
use super::store::{self, Found};
use super::{Import, ImportMessage, Reason, Status, outcome, remind, upload_key};
use crate::App;
use crate::adapters::queue::{Outgoing, QueueError};
use crate::adapters::secrets::SecretsError;
use crate::adapters::storage::{Storage, StorageError};
use crate::audit::{self, Actor};
use crate::campaigns::prospects;
use crate::contacts::import::{self as reading, Next, Place, ROWS_PER_STATEMENT, Read, Row, Sheet};
use crate::db::{Claims, DbError};
use crate::kernel::Country;
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::{ImportId, OrganizationId};

/// An import that takes longer will not end.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// It is over, or there is no such import.
    NothingToDo,
    /// Its file is not there yet.
    Waits,
    /// Somebody else works on it.
    Overtaken,
    /// This turn is over; a message for the next one is sent.
    GoesOn,
    /// It is over now.
    Ended(Status),
}

/// An import was not gone on with; its message comes again.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// Its file was replaced just now.
    #[error("the file was replaced while it was looked at")]
    Replaced,
    /// Nobody can tell who was erased.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The bucket.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Classify for WorkError {
    fn failure(&self) -> Failure {
        match self {
            Self::Replaced => Failure::unavailable(),
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
            Self::Storage(error) => error.failure(),
            Self::Queue(error) => error.failure(),
        }
    }
}

/// An import that is worked on.
pub(super) struct Job<'a> {
    pub(super) app: &'a App,
    pub(super) storage: &'a Storage,
    pub(super) claims: &'a Claims,
    pub(super) import: Import,
    /// How many batches of rows it has come to.
    pub(super) batches: i32,
    /// Where its file lies.
    key: &'a str,
}

/// Goes on with the import that the message names, for one turn of about this length.
pub async fn work(
    app: &App,
    storage: &Storage,
    message: &ImportMessage,
    turn: SignedDuration,
) -> Result<Worked, WorkError> {
    let ends_at = app.clock.now().saturating_add(turn).unwrap_or(Timestamp::MAX);
    let claims = &Claims::platform(message.organization_id);
    let key = &upload_key(message.organization_id, message.import_id);
    let found = find(app, claims, message.import_id).await?;
    let Some(found) = found.filter(|found| found.is_open) else {
        // A link is good for one file.
        storage.delete(key).await?;
        return Ok(Worked::NothingToDo);
    };
    let job = Job {
        app,
        storage,
        claims,
        import: found.import,
        batches: found.batches,
        key,
    };
    match (job.import.status, found.place) {
        (Status::Waiting, _) => job.begin(ends_at).await,
        (Status::Processing, Some(_)) if job.is_hopeless() => {
            job.close(Status::Failed, Some(&source::never_done())).await
        }
        (Status::Processing, Some(place)) => job.run(&found.version, place, ends_at).await,
        (status, _) => job.close(status, None).await,
    }
}

async fn find(app: &App, claims: &Claims, id: ImportId) -> Result<Option<Found>, DbError> {
    app.db
        .read("imports.find", claims, async |tx| store::find(tx, id).await)
        .await
}

impl Job<'_> {
    pub(super) fn organization(&self) -> OrganizationId {
        self.claims.organization()
    }

    /// Whether it was tried for so long that something in it or in us must be broken.
    fn is_hopeless(&self) -> bool {
        let begun = self.import.started_at.unwrap_or(self.import.created_at);
        self.app.clock.now().duration_since(begun) > PATIENCE
    }

    /// Looks for the file, looks it through, and goes on.
    async fn begin(mut self, ends_at: Timestamp) -> Result<Worked, WorkError> {
        let (id, now) = (self.import.id, self.app.clock.now());
        let Some(stored) = self.storage.look(self.key).await? else {
            if now < remind::uploaded_by(self.import.created_at) {
                return Ok(Worked::Waits);
            }
            return self.close(Status::Failed, Some(&source::not_uploaded())).await;
        };
        let place = match source::look_through(self.storage, self.key, &stored).await? {
            None => return Err(WorkError::Replaced),
            Some(Err(reason)) => return self.close(Status::Failed, Some(&reason)).await,
            Some(Ok(place)) => place,
        };
        let (stored, beginning) = (&stored, &place);
        let begun = self
            .app
            .db
            .write("imports.begin", self.claims, async |tx| {
                store::begin(tx, id, stored, beginning, now).await
            })
            .await?;
        let Some(found) = begun else {
            return Ok(Worked::Overtaken);
        };
        self.import = found.import;
        self.run(&found.version, place, ends_at).await
    }

    /// Reads batch after batch until the file or the turn ends.
    async fn run(mut self, version: &str, place: Place, ends_at: Timestamp) -> Result<Worked, WorkError> {
        let (app, claims) = (self.app, self.claims);
        let home = app
            .db
            .read("imports.home", claims, async |tx| reading::home_of(tx).await)
            .await?;
        let mut source = Source {
            storage: self.storage,
            key: self.key,
            version,
            bytes: u64::try_from(self.import.total_bytes.unwrap_or_default()).unwrap_or_default(),
            at: place.offset,
        };
        let mut sheet = match Sheet::at(place.clone()) {
            Ok(sheet) => sheet,
            Err(error) => {
                return self
                    .close(Status::Failed, Some(&source::unreadable(&error)))
                    .await;
            }
        };
        let mut progress = Progress {
            batches: self.batches,
            place,
            counts: self.import.counts.clone(),
        };
        loop {
            let (rows, is_end) = match take(&mut sheet, &mut source).await? {
                Ok(taken) => taken,
                Err(reason) => return self.close(Status::Failed, Some(&reason)).await,
            };
            if !rows.is_empty() {
                match self.write(rows, home, &progress, sheet.place()).await? {
                    Some(behind) => progress = behind,
                    None => return self.stop().await,
                }
                self.batches = progress.batches;
            }
            if is_end {
                return self.close(Status::Completed, None).await;
            }
            if app.clock.now() >= ends_at {
                self.send_on().await?;
                return Ok(Worked::GoesOn);
            }
        }
    }

    /// Writes a batch and where it ends; none where the import is not where the batch begins, or was stopped.
    async fn write(
        &self,
        rows: Vec<Row>,
        home: Country,
        from: &Progress,
        place: &Place,
    ) -> Result<Option<Progress>, WorkError> {
        let read = &Read::of(rows, home);
        let batches = &read.batches(self.app, self.organization()).await?;
        let phones = &read.phones();
        let key = &*self.app.number_key().await?;
        let (id, language, now) = (self.import.id, self.import.language, self.app.clock.now());
        let written = self
            .app
            .db
            .write("imports.batch", self.claims, async |tx| {
                let (held, turn, written, refused) = join4(
                    store::hold(tx, id, from.batches),
                    reading::take_turns(tx),
                    reading::upsert(tx, batches, now),
                    prospects::refused(tx, key, phones, now),
                )
                .await;
                if !held? {
                    return Err(Interrupted::Elsewhere);
                }
                turn?;
                let (written, refused) = (&written?, &refused?);
                let batch = Batch {
                    read,
                    phones,
                    written,
                    refused,
                };
                let (lines, progress) = (outcome::lines(&batch, language), from.behind(&batch, place));
                store::go_on(tx, id, &progress, &lines, now).await?;
                Ok(progress)
            })
            .await;
        match written {
            Ok(progress) => Ok(Some(progress)),
            Err(Interrupted::Elsewhere) => Ok(None),
            Err(Interrupted::Db(error)) => Err(error.into()),
        }
    }

    /// Somebody else has gone on, or stopped it: then what is left is put away.
    async fn stop(mut self) -> Result<Worked, WorkError> {
        match find(self.app, self.claims, self.import.id).await? {
            Some(found) if found.is_open && found.import.status == Status::Cancelled => {
                self.batches = found.batches;
                self.import = found.import;
                self.close(Status::Cancelled, None).await
            }
            _ => Ok(Worked::Overtaken),
        }
    }

    /// Puts together what became of the rows, ends the import and deletes its file.
    async fn close(&self, status: Status, reason: Option<&Reason>) -> Result<Worked, WorkError> {
        if self.batches > 0 && !outcome::put_together(self).await? {
            return Ok(Worked::Overtaken);
        }
        let (app, id, now) = (self.app, self.import.id, self.app.clock.now());
        let actor = &Actor {
            user: self.import.created_by,
            ..Actor::default()
        };
        let closed = app
            .db
            .write("imports.close", self.claims, async |tx| {
                let Some(import) = store::close(tx, id, status, reason, now).await? else {
                    return Ok::<_, DbError>(None);
                };
                let counts = &import.counts;
                let details = json!({
                    "import_id": id, "status": import.status.as_str(), "reason": reason.map(|reason| &reason.code),
                    "rows": counts.rows_read, "imported": counts.imported, "updated": counts.updated,
                    "rejected": counts.rejected,
                });
                audit::record(tx, &app.clock, actor, "contact_import.end", details).await?;
                Ok(Some(import.status))
            })
            .await?;
        self.storage.delete(self.key).await?;
        Ok(closed.map_or(Worked::NothingToDo, Worked::Ended))
    }

    async fn send_on(&self) -> Result<(), QueueError> {
        let organization = self.organization();
        let message = ImportMessage::new(organization, self.import.id);
        let outgoing = Outgoing::new(organization.to_string(), &message);
        let queue = self.app.queue().await;
        queue.send(&self.app.config.queue_imports_url, &[outgoing]).await
    }
}

/// Why a batch was not written.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error("the import is not where the batch begins")]
    Elsewhere,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The next rows, as many as a statement takes, and whether the file ends behind them.
async fn take(
    sheet: &mut Sheet,
    source: &mut Source<'_>,
) -> Result<Result<(Vec<Row>, bool), Reason>, StorageError> {
    let mut rows = Vec::with_capacity(ROWS_PER_STATEMENT);
    while rows.len() < ROWS_PER_STATEMENT {
        match sheet.next_row() {
            Ok(Next::Row(row)) => rows.push(row),
            Ok(Next::End) => return Ok(Ok((rows, true))),
            Ok(Next::More) => match source.next().await? {
                Some((piece, is_last)) => sheet.push(&piece, is_last),
                None => return Ok(Err(source::replaced())),
            },
            Err(error) => return Ok(Err(source::unreadable(&error))),
        }
    }
    Ok(Ok((rows, false)))
}
