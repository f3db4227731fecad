//! The zip: for each table a JSON and a CSV file, and in the end a manifest with the SHA-256 sum of each.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::kernel::{defused, hex};

/// The name of the list of all other files.
const MANIFEST: &str = "manifest.json";

/// A zip that is being written.
pub(super) struct Archive {
    zip: ZipWriter<BufWriter<File>>,
    options: SimpleFileOptions,
    files: Vec<Value>,
}

/// The two files of one table: JSON goes into the zip as it comes; CSV waits on the disk, since a zip takes one file
/// after the other, and reading the table twice might read it differently.
pub(super) struct TableFiles<'a> {
    archive: &'a mut Archive,
    name: &'static str,
    columns: Vec<&'static str>,
    json: Sums,
    csv: csv::Writer<File>,
    rows: u64,
}

/// What the manifest says of a file.
#[derive(Default)]
struct Sums {
    sha256: Sha256,
    bytes: u64,
}

impl Sums {
    fn add(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    fn entry(self, name: String, rows: u64) -> Value {
        let digest = self.sha256.finalize();
        json!({ "name": name, "rows": rows, "bytes": self.bytes, "sha256": hex(&digest) })
    }
}

impl Archive {
    /// An empty zip in this file; its entries bear this time.
    pub(super) fn create(file: File, now: Timestamp) -> Self {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip_time(now))
            .unix_permissions(0o600)
            // A table may have more than 4 GiB.
            .large_file(true);
        Self {
            zip: ZipWriter::new(BufWriter::new(file)),
            options,
            files: Vec::new(),
        }
    }

    /// Begins the files of a table; `spill` is an empty file.
    pub(super) fn begin(
        &mut self,
        name: &'static str,
        columns: Vec<&'static str>,
        spill: File,
    ) -> io::Result<TableFiles<'_>> {
        self.zip.start_file(format!("{name}.json"), self.options)?;
        let mut csv = csv::Writer::from_writer(spill);
        csv.write_record(&columns)?;
        let mut files = TableFiles {
            archive: self,
            name,
            columns,
            json: Sums::default(),
            csv,
            rows: 0,
        };
        files.write_json(b"[")?;
        Ok(files)
    }

    /// Adds a file that is no table.
    pub(super) fn add_text(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.zip.start_file(name, self.options)?;
        self.zip.write_all(text.as_bytes())?;
        let mut sums = Sums::default();
        sums.add(text.as_bytes());
        let mut entry = sums.entry(name.to_owned(), 0);
        entry["rows"] = Value::Null;
        self.files.push(entry);
        Ok(())
    }

    /// Writes the manifest and returns the file.
    pub(super) fn finish(mut self, about: &Value) -> io::Result<File> {
        let mut manifest = about.clone();
        manifest["files"] = Value::Array(std::mem::take(&mut self.files));
        self.zip.start_file(MANIFEST, self.options)?;
        self.zip.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
        let mut buffered = self.zip.finish()?;
        buffered.flush()?;
        buffered.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

impl TableFiles<'_> {
    /// Writes a row into both files.
    pub(super) fn write(&mut self, members: &Map<String, Value>) -> io::Result<()> {
        self.write_json(if self.rows == 0 { b"\n" } else { b",\n" })?;
        self.write_json(&serde_json::to_vec(members)?)?;
        let cells = self
            .columns
            .iter()
            .map(|column| cell(members.get(*column).unwrap_or(&Value::Null)));
        self.csv.write_record(cells)?;
        self.rows += 1;
        Ok(())
    }

    /// Ends both files; returns how many rows they have.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.write_json(b"\n]\n")?;
        let Self {
            archive,
            name,
            json,
            csv,
            rows,
            ..
        } = self;
        archive.files.push(json.entry(format!("{name}.json"), rows));
        let mut spill = csv
            .into_inner()
            .map_err(|error| io::Error::other(error.to_string()))?;
        spill.rewind()?;
        archive.zip.start_file(format!("{name}.csv"), archive.options)?;
        let mut sums = Sums::default();
        let mut spill = BufReader::new(spill);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = spill.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            sums.add(&buffer[..read]);
            archive.zip.write_all(&buffer[..read])?;
        }
        archive.files.push(sums.entry(format!("{name}.csv"), rows));
        Ok(rows)
    }

    fn write_json(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.json.add(bytes);
        self.archive.zip.write_all(bytes)
    }
}

/// A cell of a CSV file.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => defused(text).into_owned(),
        other => other.to_string(),
    }
}

fn zip_time(now: Timestamp) -> DateTime {
    let utc = now.to_zoned(TimeZone::UTC);
    let part = |value: i8| u8::try_from(value).unwrap_or_default();
    let year = u16::try_from(utc.year()).unwrap_or_default();
    DateTime::from_date_and_time(
        year,
        part(utc.month()),
        part(utc.day()),
        part(utc.hour()),
        part(utc.minute()),
        part(utc.second()),
    )
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_may_be_formulas() {
        for (value, expected) in [
            (json!("=1"), "'=1"),
            (json!("Zoé"), "Zoé"),
            (json!(-0.5), "-0.5"),
            (json!(true), "true"),
            (json!(null), ""),
            (json!(["=1"]), "[\"=1\"]"),
        ] {
            assert_eq!(cell(&value), expected);
        }
    }
}
