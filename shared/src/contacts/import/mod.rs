//! Importing a file of contacts: each line is taken or refused by itself, and told about.

mod cells;
mod columns;
mod decode;
mod rows;
mod suggestion;

use std::collections::{HashMap, HashSet};

use futures_util::future::{join3, try_join_all};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::store::{self, Batch};
use super::{NewContact, home_country};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::ContactId;
use crate::kernel::{Caller, Country, Invalid, PhoneNumber};
use crate::oppositions;
use rows::Row;

/// The most rows that one request may bring.
pub const ROWS_LIMIT: usize = 5000;
/// Rows of one statement.
const ROWS_PER_STATEMENT: usize = 1000;

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
        File::Csv(bytes, encoding) => rows::of_csv(&decode::text(bytes, encoding)?)?,
        File::Json(bytes) => rows::of_json(bytes)?,
    };
    let home = home_country(app, caller).await?;
    let total = rows.len();
    let mut read = Read::of(rows, home);
    read.refuse_opposed(app, caller).await?;
    let batches = read.batches(|| ContactId::new(&app.clock));
    let imported = write(app, caller, &batches, &read, total).await?;
    Ok(Imported {
        imported,
        updated: total - read.rejected - imported,
        rejected: read.rejected,
        errors: read.errors,
    })
}

/// What the rows of a file come to, before the database has seen them.
struct Read {
    /// Each number once, in the order of their first lines.
    contacts: Vec<NewContact>,
    /// The lines of each.
    lines: Vec<Vec<usize>>,
    rejected: usize,
    errors: Vec<Rejection>,
}

impl Read {
    fn of(rows: Vec<Row>, home: Country) -> Self {
        let mut read = Self {
            contacts: Vec::new(),
            lines: Vec::new(),
            rejected: 0,
            errors: Vec::new(),
        };
        let mut positions: HashMap<PhoneNumber, usize> = HashMap::new();
        for row in rows {
            let parsed = match row.contents {
                Ok(members) => NewContact::read(&members, home).map_err(|faults| (faults, Some(members))),
                Err(faults) => Err((faults, None)),
            };
            match parsed {
                Ok(contact) => match positions.get(&contact.phone) {
                    Some(&position) => {
                        read.contacts[position].members.overwrite_with(contact.members);
                        read.lines[position].push(row.line);
                    }
                    None => {
                        positions.insert(contact.phone.clone(), read.contacts.len());
                        read.contacts.push(contact);
                        read.lines.push(vec![row.line]);
                    }
                },
                Err((faults, members)) => {
                    read.rejected += 1;
                    read.errors.extend(faults.iter().map(|fault| Rejection {
                        line: row.line,
                        field: fault.field.clone(),
                        invalid: fault.invalid.clone(),
                        suggestion: members.as_ref().and_then(|members| {
                            suggestion::of(&fault.field, members.get(&fault.field)?.as_str()?, home)
                        }),
                    }));
                }
            }
        }
        read
    }

    /// Takes out the numbers of people who were erased at their request.
    async fn refuse_opposed(&mut self, app: &App, caller: &Caller) -> Result<(), ImportError> {
        let phones = self.contacts.iter().map(|contact| &contact.phone);
        let hashes = &oppositions::hashes(app, caller.organization, phones).await?;
        if hashes.is_empty() {
            return Ok(());
        }
        let kept: HashSet<Vec<u8>> = app
            .db
            .read("contacts.opposed", &Claims::from(caller), async |tx| {
                oppositions::among(tx, hashes).await
            })
            .await?;
        if kept.is_empty() {
            return Ok(());
        }
        for index in (0..hashes.len()).rev() {
            if kept.contains(&hashes[index].0) {
                self.contacts.remove(index);
                for line in self.lines.remove(index) {
                    self.rejected += 1;
                    self.errors.push(Rejection {
                        line,
                        field: "phone".to_owned(),
                        invalid: oppositions::OPPOSED,
                        suggestion: None,
                    });
                }
            }
        }
        self.errors.sort_by_key(|error| error.line);
        Ok(())
    }

    fn batches(&self, new_id: impl Fn() -> ContactId) -> Vec<Batch> {
        let batch = |contacts: &[NewContact]| Batch {
            ids: contacts.iter().map(|_| new_id()).collect(),
            phones: contacts
                .iter()
                .map(|contact| contact.phone.as_str().to_owned())
                .collect(),
            members: contacts.iter().map(|contact| contact.members.to_json()).collect(),
        };
        self.contacts.chunks(ROWS_PER_STATEMENT).map(batch).collect()
    }
}

/// Writes the batches in one packet and returns how many numbers were new.
async fn write(
    app: &App,
    caller: &Caller,
    batches: &[Batch],
    read: &Read,
    total: usize,
) -> Result<usize, DbError> {
    if batches.is_empty() {
        return Ok(0);
    }
    let (now, actor) = (app.clock.now(), Actor::from(caller));
    let details = json!({ "rows": total, "numbers": read.contacts.len(), "rejected": read.rejected });
    let (clock, actor, details) = (&app.clock, &actor, &details);
    let new = app
        .db
        .write("contacts.import", &Claims::from(caller), async |tx| {
            let (turn, new, audited) = join3(
                store::take_turns(tx),
                upsert_all(tx, batches, now),
                audit::record(tx, clock, actor, "contact.import", Value::clone(details)),
            )
            .await;
            turn?;
            let new = new?;
            audited?;
            Ok::<_, DbError>(new)
        })
        .await?;
    Ok(usize::try_from(new).unwrap_or_default())
}

async fn upsert_all(tx: &crate::db::TenantTx, batches: &[Batch], now: Timestamp) -> Result<i64, DbError> {
    let new = try_join_all(batches.iter().map(|batch| store::upsert(tx, batch, now))).await?;
    Ok(new.into_iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(csv: &str) -> Read {
        Read::of(rows::of_csv(csv).unwrap(), Country::FR)
    }

    #[test]
    fn a_bad_line_costs_no_good_one_and_the_last_line_wins() {
        let read = read(
            "téléphone;prénom;e-mail\n06 39 98 00 01;Ana;\n12;Bob;\n+33 6 39 98 00 01;Anna;a@zencall.example\n\
             0639980002;;jean@zencall,example\n",
        );
        assert_eq!((read.contacts.len(), read.rejected), (1, 2));
        assert_eq!(
            read.contacts[0].members.to_json(),
            json!({ "first_name": "Anna", "email": "a@zencall.example" })
        );
        let told: Vec<_> = read
            .errors
            .iter()
            .map(|error| {
                (
                    error.line,
                    error.field.as_str(),
                    error.invalid.code,
                    error.suggestion.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (3, "phone", "phone_number_invalid", None),
                (5, "email", "email_invalid", Some("jean@zencall.example")),
            ]
        );
    }

    #[test]
    fn a_statement_takes_a_thousand_rows() {
        let mut csv = "phone\n".to_owned();
        for number in 0..2001 {
            csv.push_str(&format!("063998{number:04}\n"));
        }
        let clock = crate::kernel::Clock::system();
        let sizes: Vec<_> = read(&csv)
            .batches(|| ContactId::new(&clock))
            .iter()
            .map(|batch| batch.ids.len())
            .collect();
        assert_eq!(sizes, [1000, 1000, 1]);
    }
}
