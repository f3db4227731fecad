//! The demo's end: the agency takes its data away. The archive is asked for, fetched through its link, opened, and compared
//! with its own manifest and with what the demo made.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::ledger::Ledger;
use super::show::fact;
use crate::client::Session;
use crate::seed::id;

/// The longest that an archive of this size may take.
const PATIENCE: Duration = Duration::from_secs(60);
const MANIFEST: &str = "manifest.json";

/// The files of an archive, by name.
type Files = BTreeMap<String, Vec<u8>>;

/// Asks for the archive of the organisation, waits, opens it and compares. `expected` says of which table how many rows.
pub(super) async fn tell(
    session: &Session,
    expected: &[(&str, u64)],
    ledger: &mut Ledger,
) -> anyhow::Result<()> {
    let body = json!({ "request_type": "data_export", "scope": "organization" });
    let asked = session.post("/gdpr/export", &body, 202).await?;
    let path = format!("/gdpr/export/{}", id(&asked["request"])?);
    let completed = completed(session, &path).await?;
    let link = completed["data_url"]
        .as_str()
        .context("a completed export without a link")?;
    let bytes = download(link).await?;
    fact(format!(
        "asked for, written and fetched through its link: {} KB",
        bytes.len() / 1024
    ));
    let files = open(&bytes)?;
    let rows = verify(&files, ledger)?;
    fact(format!(
        "{} files, JSON and CSV, each with the SHA-256 that the manifest gives it",
        files.len() - 1
    ));
    for (table, wanted) in expected {
        let found = rows.get(*table).copied().unwrap_or_default();
        ledger.equal(&format!("{table} in the archive"), found, *wanted);
    }
    let shown: Vec<_> = expected
        .iter()
        .map(|(table, rows)| format!("{rows} {}", table.replace('_', " ")))
        .collect();
    fact(format!("it holds what was made: {}", shown.join(", ")));
    Ok(())
}

async fn completed(session: &Session, path: &str) -> anyhow::Result<Value> {
    let started = Instant::now();
    loop {
        let request = session.get(path).await?["request"].clone();
        match request["status"].as_str() {
            Some("completed") => return Ok(request),
            Some("pending" | "processing") => {}
            _ => bail!("the export ended as {request}"),
        }
        ensure!(
            started.elapsed() < PATIENCE,
            "the export is {} after {} s",
            request["status"],
            PATIENCE.as_secs()
        );
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Without credentials: the link itself is the right to read.
async fn download(link: &str) -> anyhow::Result<Vec<u8>> {
    let answer = crate::client::plain(PATIENCE)?
        .get(link)
        .send()
        .await
        .context("the archive cannot be fetched")?;
    ensure!(
        answer.status().is_success(),
        "the link of the archive answered {}",
        answer.status()
    );
    Ok(answer.bytes().await.context("the archive was cut off")?.to_vec())
}

fn open(bytes: &[u8]) -> anyhow::Result<Files> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).context("the archive is no zip")?;
    let mut files = Files::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).context("a file of the archive is broken")?;
        let name = file.name().context("a file without a name")?.into_owned();
        let mut content = Vec::new();
        file.read_to_end(&mut content)
            .context("a file of the archive is broken")?;
        files.insert(name, content);
    }
    Ok(files)
}

/// Compares every file with the manifest, and every CSV with its JSON twin; returns how many rows each table has.
fn verify(files: &Files, ledger: &mut Ledger) -> anyhow::Result<BTreeMap<String, u64>> {
    let manifest = files.get(MANIFEST).context("no manifest")?;
    let manifest: Value = serde_json::from_slice(manifest).context("the manifest is not JSON")?;
    let listed = manifest["files"].as_array().context("a manifest without files")?;
    ledger.equal("files in the manifest", listed.len(), files.len() - 1);
    let mut rows = BTreeMap::new();
    for entry in listed {
        let name = entry["name"].as_str().context("a file without a name")?;
        let content = files
            .get(name)
            .with_context(|| format!("{name} is listed and not there"))?;
        let sum: String = Sha256::digest(content)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        ledger.holds(entry["sha256"] == sum.as_str(), || {
            format!("{name} has another SHA-256 than the manifest says")
        });
        let Some(table) = name.strip_suffix(".json") else {
            continue;
        };
        let parsed: Vec<Value> =
            serde_json::from_slice(content).with_context(|| format!("{name} is no JSON list"))?;
        let twin = files
            .get(&format!("{table}.csv"))
            .with_context(|| format!("{table} has no CSV file"))?;
        let lines = csv::Reader::from_reader(twin.as_slice()).into_records().count();
        ledger.equal(&format!("lines of {table}.csv"), lines, parsed.len());
        rows.insert(table.to_owned(), parsed.len() as u64);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(sum: &str) -> Files {
        let manifest = json!({ "files": [
            { "name": "a.json", "sha256": sum }, { "name": "a.csv", "sha256": hex(b"id\n1\n") },
        ] });
        [
            ("a.json", b"[\n{\"id\":1}\n]\n".to_vec()),
            ("a.csv", b"id\n1\n".to_vec()),
            (MANIFEST, manifest.to_string().into_bytes()),
        ]
        .map(|(name, content)| (name.to_owned(), content))
        .into()
    }

    fn hex(bytes: &[u8]) -> String {
        Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    #[test]
    fn a_file_that_is_not_the_one_of_the_manifest_is_found() {
        let mut ledger = Ledger::default();
        let rows = verify(&files(&hex(b"[\n{\"id\":1}\n]\n")), &mut ledger).unwrap();
        assert_eq!(rows["a"], 1);
        assert_eq!(ledger.close().1, Vec::<String>::new());

        let mut ledger = Ledger::default();
        verify(&files(&hex(b"another")), &mut ledger).unwrap();
        assert_eq!(ledger.close().1.len(), 1);
    }
}
