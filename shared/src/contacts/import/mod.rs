//! Importing a file of contacts: each line is taken or refused by itself, and told about.

mod cells;
mod columns;
mod decode;
mod read;
mod rows;
mod sheet;
mod suggestion;

use futures_util::future::{join, try_join_all};
use jiff::Timestamp;
use serde_json::json;

use super::home_country;
use super::store::{self, Batch, Written};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::{Caller, Country, Invalid};
use crate::oppositions::OPPOSED;

pub use decode::Look;
pub use read::{Fate, Read, RowRead};
pub use rows::Row;
pub use sheet::{Next, Place, Sheet};

/// The most rows that one request may bring.
pub const ROWS_LIMIT: usize = 5000;
/// Rows of one statement.
pub const ROWS_PER_STATEMENT: usize = 1000;

/// How the text of a file was encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, since whoever carried the file took it for text.
    Utf8,
    /// To be found out: by its mark, else UTF-8, else Windows-1252.
    Unknown,
    /// As its sender says, by a name of the WHATWG Encoding Standard.
    Named(String),
}

/// A file as it was sent.
#[derive(Debug, Clone, Copy)]
pub enum File<'a> {
    /// Lines of cells, the first with the columns' names.
    Csv(&'a [u8], &'a Encoding),
    /// An array of objects.
    Json(&'a [u8]),
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// Numbers that are new to the organisation.
    pub imported: usize,
    /// Rows that met a number known before, from the database or from an earlier row.
    pub updated: usize,
    /// Rows that were not taken.
    pub rejected: usize,
    /// Why not.
    pub errors: Vec<Rejection>,
}

/// One fault of one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// The line of the file on which the row begins, its header being on line 1; the position in a JSON array.
    pub line: usize,
    /// The member.
    pub field: String,
    /// What is wrong with it.
    pub invalid: Invalid,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

impl Rejection {
    /// Of a person who was erased at their request.
    pub fn of_opposed(line: usize) -> Self {
        Self {
            line,
            field: "phone".to_owned(),
            invalid: OPPOSED,
            suggestion: None,
        }
    }
}

/// Why nothing of a file was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Not JSON.
    #[error("the JSON is unreadable")]
    JsonUnreadable,
    /// JSON, but not an array.
    #[error("the JSON is not an array")]
    NotAnArray,
    /// There is no such encoding.
    #[error("the encoding is unknown")]
    EncodingUnknown,
    /// Sent as UTF-8 text and is not.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// Its mark says UTF-8, and it is not.
    #[error("the file is not in the encoding that it is marked with")]
    Mangled,
    /// Another program's format.
    #[error("the file is no table of text: {0}")]
    NoTable(&'static str),
    /// There is not even a header.
    #[error("the file is empty")]
    Empty,
    /// No column holds telephone numbers.
    #[error("no column of telephone numbers")]
    NoPhoneColumn(String),
    /// Two columns hold the same member.
    #[error("two columns for one member")]
    ColumnTwice(&'static str),
    /// More than one request may bring.
    #[error("too many rows: {0}")]
    TooManyRows(usize),
    /// The platform's pepper is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for ImportError {
    fn failure(&self) -> Failure {
        let invalid =
            |code, fr: String, en: String| Failure::new(Class::Invalid, code, "", "").with_text(fr, en);
        match self {
            Self::JsonUnreadable => Failure::new(
                Class::Unreadable,
                "unreadable",
                "Le corps de la requête n'est pas un tableau JSON valide.",
                "The body is not a valid JSON array.",
            ),
            Self::NotAnArray => Failure::new(
                Class::Invalid,
                "not_an_array",
                "Les contacts doivent être envoyés dans un tableau JSON.",
                "The contacts must be sent in a JSON array.",
            ),
            Self::EncodingUnknown => Failure::new(
                Class::Invalid,
                "encoding_unknown",
                "L'encodage annoncé dans Content-Type n'existe pas.",
                "The charset of Content-Type does not exist.",
            ),
            Self::NotUtf8 => Failure::new(
                Class::Invalid,
                "not_utf8",
                "Ce fichier n'est pas en UTF-8. Envoyez-le en application/octet-stream : son encodage sera reconnu.",
                "This file is not UTF-8. Send it as application/octet-stream: its encoding will be recognised.",
            ),
            Self::Mangled => Failure::new(
                Class::Invalid,
                "not_utf8",
                "Ce fichier s'annonce en UTF-8 et ne l'est pas. Enregistrez-le de nouveau au format CSV.",
                "This file is marked as UTF-8 and is not. Save it again as CSV.",
            ),
            Self::NoTable(_) => Failure::new(
                Class::Invalid,
                "not_csv",
                "Ce fichier n'est pas un fichier CSV. Dans votre tableur, enregistrez-le au format CSV.",
                "This is no CSV file. In your spreadsheet, save it as CSV.",
            ),
            Self::Empty => Failure::new(
                Class::Invalid,
                "file_empty",
                "Le fichier est vide : sa première ligne doit nommer les colonnes.",
                "The file is empty: its first line must name the columns.",
            ),
            Self::NoPhoneColumn(found) => invalid(
                "phone_column_missing",
                format!("Aucune colonne ne s'appelle téléphone ou phone. Colonnes lues : {found}."),
                format!("No column is called phone or téléphone. Columns read: {found}."),
            ),
            Self::ColumnTwice(member) => invalid(
                "column_twice",
                format!("Deux colonnes désignent le même champ : {member}."),
                format!("Two columns stand for the same member: {member}."),
            ),
            Self::TooManyRows(rows) => invalid(
                "too_many_rows",
                format!(
                    "Le fichier contient {rows} lignes ; un envoi en accepte {ROWS_LIMIT}. Découpez-le, ou utilisez \
                     /contacts/imports, prévu pour les fichiers plus grands."
                ),
                format!(
                    "The file holds {rows} rows; one request takes {ROWS_LIMIT}. Split it, or use /contacts/imports, \
                     which is meant for larger files."
                ),
            ),
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Takes every good row of a file and says what is wrong with the others.
pub async fn import(app: &App, caller: &Caller, file: File<'_>) -> Result<Imported, ImportError> {
    let rows = match file {
        File::Csv(bytes, encoding) => rows::of_csv(decode::text(bytes, encoding)?.into_owned())?,
        File::Json(bytes) => rows::of_json(bytes)?,
    };
    let home = home_country(app, caller).await?;
    let total = rows.len();
    let read = Read::of(rows, home);
    let batches = read.batches(app, caller.organization).await?;
    let (read, imported) = write(app, caller, &batches, &read, total).await?;
    Ok(Imported {
        imported,
        updated: total - read.rejected - imported,
        rejected: read.rejected,
        errors: read.errors,
    })
}

/// Writes the batches in one packet; returns what the rows came to, and how many numbers were new.
async fn write(
    app: &App,
    caller: &Caller,
    batches: &[Batch],
    read: &Read,
    total: usize,
) -> Result<(Read, usize), DbError> {
    if batches.is_empty() {
        return Ok((read.clone(), 0));
    }
    let (now, actor) = (app.clock.now(), &Actor::from(caller));
    app.db
        .write("contacts.import", &Claims::from(caller), async |tx| {
            let (turn, written) = join(take_turns(tx), upsert(tx, batches, now)).await;
            turn?;
            let (written, mut read) = (written?, read.clone());
            read.refuse_unwritten(&written);
            let details = json!({ "rows": total, "numbers": read.numbers(), "rejected": read.rejected });
            audit::record(tx, &app.clock, actor, "contact.import", details).await?;
            let imported = written.iter().filter(|contact| contact.is_new).count();
            Ok::<_, DbError>((read, imported))
        })
        .await
}

/// The country in which the organisation's national numbers are read.
pub async fn home_of(tx: &TenantTx) -> Result<Country, DbError> {
    store::home_country(tx).await
}

/// Lets imports and erasures of one organisation wait for each other, until the transaction ends: two imports that hold the
/// same numbers in another order would deadlock, and who is erased meanwhile would be taken in again.
pub async fn take_turns(tx: &TenantTx) -> Result<(), DbError> {
    store::take_turns(tx).await
}

/// Writes what was read, a statement a batch, all at once; tells of every number what became of it. Nothing becomes of the
/// number of a person who was erased at their request. Whoever has taken their turn before sees every such opposition, since
/// erasure takes turns as well.
pub async fn upsert(tx: &TenantTx, batches: &[Batch], now: Timestamp) -> Result<Vec<Written>, DbError> {
    let written = try_join_all(batches.iter().map(|batch| store::upsert(tx, batch, now))).await?;
    Ok(written.into_iter().flatten().collect())
}
