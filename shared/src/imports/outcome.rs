//! What became of each row, as a CSV file: a line for each, in the order of the file that was imported.

use super::progress::{Batch, Outcome};
use super::work::{Job, WorkError};
use super::{outcome_key, store};
use crate::campaigns::gate::Refusal;
use crate::contacts::Rejection;
use crate::kernel::ids::ContactId;
use crate::kernel::{Language, defused};

/// The file begins with a mark, or spreadsheets would not take it for UTF-8.
const BEGINNING: &str = "\u{feff}line,outcome,contact_id,code,field,message,suggestion\n";
/// How many batches are held at a time.
const PAGE: i32 = 20;

/// The lines of a batch.
pub(super) fn lines(batch: &Batch<'_>, language: Language) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for (line, outcome) in batch.outcomes() {
        let line = line.to_string();
        let taken = |word: &str, id: ContactId, refusal: Option<&Refusal>| {
            let code = refusal.map_or("", |refusal| refusal.code.as_str());
            let rule = refusal.map_or("", |refusal| refusal.rule);
            [&line, word, &id.to_string(), code, "", rule, ""].map(str::to_owned)
        };
        let cells = match outcome {
            Outcome::Imported(id, refusal) => taken("imported", id, refusal),
            Outcome::Updated(id, refusal) => taken("updated", id, refusal),
            Outcome::Rejected(faults) => {
                let told = |tell: fn(&Rejection, Language) -> String| {
                    let told: Vec<_> = faults.iter().map(|fault| tell(fault, language)).collect();
                    told.join(" | ")
                };
                [
                    line.clone(),
                    "rejected".to_owned(),
                    String::new(),
                    told(|fault, _| fault.invalid.code.to_owned()),
                    told(|fault, _| fault.field.clone()),
                    told(message),
                    told(|fault, _| fault.suggestion.clone().unwrap_or_default()),
                ]
            }
        };
        // Into memory, which takes everything.
        let _ = csv.write_record(cells.iter().map(|cell| defused(cell).into_owned()));
    }
    let bytes = csv.into_inner().map_err(drop).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn message(fault: &Rejection, language: Language) -> String {
    let text = &fault.invalid.message;
    match language {
        Language::Fr => text.fr.clone().into_owned(),
        _ => text.en.clone().into_owned(),
    }
}

/// Puts the lines of every batch into the bucket; `false` where they are not there any more, since somebody else did.
pub(super) async fn put_together(job: &Job<'_>) -> Result<bool, WorkError> {
    let key = outcome_key(job.organization(), job.import.id);
    let name = format!("import-{}.csv", job.import.id);
    let mut file = job.storage.upload(&key, "text/csv; charset=utf-8", &name).await?;
    file.write(BEGINNING.as_bytes()).await?;
    let (id, mut after) = (job.import.id, 0);
    loop {
        let page = job
            .app
            .db
            .read("imports.outcome", job.claims, async |tx| {
                store::outcomes(tx, id, after, PAGE).await
            })
            .await?;
        let Some((last, _)) = page.last() else {
            break;
        };
        after = *last;
        for (_, lines) in &page {
            file.write(lines.as_bytes()).await?;
        }
    }
    if after < job.batches {
        file.abandon().await?;
        return Ok(false);
    }
    file.finish().await?;
    Ok(true)
}
