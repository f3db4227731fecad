//! What the rows of a file come to, before the database has seen them.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::rows::Row;
use super::{ROWS_PER_STATEMENT, Rejection, suggestion};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::contacts::NewContact;
use crate::contacts::store::{Batch, Written};
use crate::db::Bytes;
use crate::kernel::ids::{ContactId, OrganizationId};
use crate::kernel::{Clock, Country, PhoneNumber};
use crate::oppositions;

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is taken: the position of its number among those that were read.
    Taken(usize),
    /// It is not: where its faults stand among all of them.
    Refused(Range<usize>),
}

/// A row that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowRead {
    /// Where it begins.
    pub line: usize,
    /// What became of it.
    pub fate: Fate,
}

/// What the rows of a file come to.
#[derive(Debug, Clone)]
pub struct Read {
    /// Each number once, in the order of their first lines.
    pub(super) contacts: Vec<NewContact>,
    /// Every row, in order.
    pub rows: Vec<RowRead>,
    /// How many were refused.
    pub rejected: usize,
    /// Why.
    pub errors: Vec<Rejection>,
}

impl Read {
    /// Reads rows; a number that stands in several is taken once, and the last line wins.
    pub fn of(rows: Vec<Row>, home: Country) -> Self {
        let mut read = Self {
            contacts: Vec::new(),
            rows: Vec::with_capacity(rows.len()),
            rejected: 0,
            errors: Vec::new(),
        };
        let mut positions: HashMap<PhoneNumber, usize> = HashMap::new();
        for row in rows {
            let line = row.line;
            let parsed = match row.contents {
                Ok(members) => NewContact::read(&members, home).map_err(|faults| (faults, Some(members))),
                Err(faults) => Err((faults, None)),
            };
            let fate = match parsed {
                Ok(contact) => Fate::Taken(match positions.get(&contact.phone) {
                    Some(&position) => {
                        read.contacts[position].members.overwrite_with(contact.members);
                        position
                    }
                    None => {
                        positions.insert(contact.phone.clone(), read.contacts.len());
                        read.contacts.push(contact);
                        read.contacts.len() - 1
                    }
                }),
                Err((faults, members)) => {
                    let first = read.errors.len();
                    read.rejected += 1;
                    read.errors.extend(faults.iter().map(|fault| Rejection {
                        line,
                        field: fault.field.clone(),
                        invalid: fault.invalid.clone(),
                        suggestion: members.as_ref().and_then(|members| {
                            suggestion::of(&fault.field, members.get(&fault.field)?.as_str()?, home)
                        }),
                    }));
                    Fate::Refused(first..read.errors.len())
                }
            };
            read.rows.push(RowRead { line, fate });
        }
        read
    }

    /// Refuses the numbers of which nothing was written: of people who were erased at their request.
    pub fn refuse_unwritten(&mut self, written: &[Written]) {
        let written: HashSet<&str> = written.iter().map(|contact| contact.phone.as_str()).collect();
        let refused: Vec<bool> = self
            .contacts
            .iter()
            .map(|contact| !written.contains(contact.phone.as_str()))
            .collect();
        if refused.contains(&true) {
            self.refuse(&refused);
        }
    }

    /// Refuses the numbers at these positions.
    fn refuse(&mut self, refused: &[bool]) {
        let mut left = 0;
        let places: Vec<Option<usize>> = refused
            .iter()
            .map(|refused| {
                (!refused).then(|| {
                    left += 1;
                    left - 1
                })
            })
            .collect();
        for row in &mut self.rows {
            let Fate::Taken(position) = row.fate else { continue };
            row.fate = match places[position] {
                Some(place) => Fate::Taken(place),
                None => {
                    self.rejected += 1;
                    self.errors.push(Rejection::of_opposed(row.line));
                    Fate::Refused(self.errors.len() - 1..self.errors.len())
                }
            };
        }
        let mut positions = refused.iter();
        self.contacts
            .retain(|_| !positions.next().copied().unwrap_or_default());
    }

    /// How many different numbers were read.
    pub fn numbers(&self) -> usize {
        self.contacts.len()
    }

    /// The numbers, in E.164.
    pub fn phones(&self) -> Vec<String> {
        let phones = self.contacts.iter();
        phones.map(|contact| contact.phone.as_str().to_owned()).collect()
    }

    /// As the database takes them, each number with the hash under which an opposition to it would be kept.
    pub async fn batches(&self, app: &App, organization: OrganizationId) -> Result<Vec<Batch>, SecretsError> {
        let key = &*app.number_key().await?;
        let hash = |phone: &PhoneNumber| oppositions::hash(key, organization, phone);
        Ok(self.in_batches(&app.clock, hash))
    }

    fn in_batches(&self, clock: &Clock, hash: impl Fn(&PhoneNumber) -> Bytes) -> Vec<Batch> {
        let batch = |contacts: &[NewContact]| Batch {
            ids: contacts.iter().map(|_| ContactId::new(clock)).collect(),
            phones: contacts
                .iter()
                .map(|contact| contact.phone.as_str().to_owned())
                .collect(),
            hashes: contacts.iter().map(|contact| hash(&contact.phone)).collect(),
            members: contacts.iter().map(|contact| contact.members.to_json()).collect(),
        };
        self.contacts.chunks(ROWS_PER_STATEMENT).map(batch).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::rows::of_csv;
    use super::*;

    fn read(csv: &str) -> Read {
        Read::of(of_csv(csv.to_owned()).unwrap(), Country::FR)
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
        let fates: Vec<_> = read.rows.iter().map(|row| (row.line, row.fate.clone())).collect();
        assert_eq!(
            fates,
            [
                (2, Fate::Taken(0)),
                (3, Fate::Refused(0..1)),
                (4, Fate::Taken(0)),
                (5, Fate::Refused(1..2))
            ]
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
    fn who_was_erased_is_refused_line_by_line_and_the_others_keep_their_places() {
        let mut read = read("phone\n0639980001\n0639980002\n0639980001\n0639980003\n");
        read.refuse(&[true, false, false]);
        assert_eq!((read.contacts.len(), read.rejected, read.errors.len()), (2, 2, 2));
        let fates: Vec<_> = read.rows.iter().map(|row| row.fate.clone()).collect();
        assert_eq!(
            fates,
            [
                Fate::Refused(0..1),
                Fate::Taken(0),
                Fate::Refused(1..2),
                Fate::Taken(1)
            ]
        );
        assert_eq!(read.phones(), ["+33639980002", "+33639980003"]);
    }

    #[test]
    fn a_statement_takes_a_thousand_rows() {
        let mut csv = "phone\n".to_owned();
        for number in 0..2001 {
            csv.push_str(&format!("063998{number:04}\n"));
        }
        let sizes: Vec<_> = read(&csv)
            .in_batches(&Clock::system(), |_| Bytes(Vec::new()))
            .iter()
            .map(|batch| batch.ids.len())
            .collect();
        assert_eq!(sizes, [1000, 1000, 1]);
    }
}
