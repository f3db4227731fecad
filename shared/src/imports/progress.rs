//! Where an import has come to: what is written with each batch of rows.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Counts, Reason, Refused, RowFault};
use crate::campaigns::gate::Refusal;
use crate::contacts::import::{Fate, Place, Read, RowRead};
use crate::contacts::{Rejection, Written};
use crate::kernel::ids::ContactId;

/// How many faults are shown; all of them stand in the outcome.
const FAULTS_SHOWN: usize = 100;

/// Where an import has come to.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    /// How many batches precede the place.
    pub(super) batches: i32,
    /// Where reading goes on.
    pub(super) place: Place,
    /// What became of the rows that precede it.
    pub(super) counts: Counts,
}

/// A batch that was read and written.
pub(super) struct Batch<'a> {
    pub(super) read: &'a Read,
    pub(super) phones: &'a [String],
    pub(super) written: &'a [Written],
    /// The numbers that no campaign may call.
    pub(super) refused: &'a HashMap<String, Refusal>,
}

/// What became of a row.
pub(super) enum Outcome<'a> {
    /// Its number was new.
    Imported(ContactId, Option<&'a Refusal>),
    /// Its number was known, or stood in a row before.
    Updated(ContactId, Option<&'a Refusal>),
    /// It was not taken, for these faults.
    Rejected(Cow<'a, [Rejection]>),
}

impl<'a> Batch<'a> {
    /// What became of each row, in order.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = (usize, Outcome<'a>)> {
        let (read, phones, refused) = (self.read, self.phones, self.refused);
        let by_phone: HashMap<&str, &Written> = self
            .written
            .iter()
            .map(|written| (written.phone.as_str(), written))
            .collect();
        let mut seen = vec![false; phones.len()];
        read.rows
            .iter()
            .filter_map(move |RowRead { line, fate }| match fate {
                Fate::Refused(faults) => {
                    let faults = read.errors.get(faults.clone())?;
                    Some((*line, Outcome::Rejected(Cow::Borrowed(faults))))
                }
                Fate::Taken(position) => {
                    let phone = phones.get(*position)?;
                    let Some(written) = by_phone.get(phone.as_str()) else {
                        let opposed = vec![Rejection::of_opposed(*line)];
                        return Some((*line, Outcome::Rejected(Cow::Owned(opposed))));
                    };
                    let is_first = !std::mem::replace(seen.get_mut(*position)?, true);
                    let outcome = if written.is_new && is_first {
                        Outcome::Imported
                    } else {
                        Outcome::Updated
                    };
                    Some((*line, outcome(written.id, refused.get(phone))))
                }
            })
    }
}

impl Progress {
    /// Where it has come to behind this batch.
    pub(super) fn behind(&self, batch: &Batch<'_>, place: &Place) -> Self {
        let mut counts = self.counts.clone();
        for (line, outcome) in batch.outcomes() {
            counts.rows_read += 1;
            match outcome {
                Outcome::Imported(_, refusal) => {
                    counts.imported += 1;
                    counts.note(refusal);
                }
                Outcome::Updated(_, refusal) => {
                    counts.updated += 1;
                    counts.note(refusal);
                }
                Outcome::Rejected(faults) => {
                    counts.rejected += 1;
                    let room = FAULTS_SHOWN.saturating_sub(counts.errors.len());
                    counts
                        .errors
                        .extend(faults.iter().take(room).map(|fault| RowFault {
                            line,
                            field: fault.field.clone(),
                            fault: Reason::new(fault.invalid.code, &fault.invalid.message),
                            suggestion: fault.suggestion.clone(),
                        }));
                }
            }
        }
        Self {
            batches: self.batches + 1,
            place: place.clone(),
            counts,
        }
    }
}

impl Counts {
    fn note(&mut self, refusal: Option<&Refusal>) {
        let Some(refusal) = refusal else {
            return;
        };
        let code = refusal.code.as_str().to_owned();
        let noted = self.refused.entry(code).or_insert_with(|| Refused {
            rule: refusal.rule.to_owned(),
            count: 0,
        });
        noted.count += 1;
    }
}
