//! `make bench-size`: the archive of every function as AWS gets it.

use std::io::{Cursor, Write as _};
use std::path::Path;

use anyhow::Context;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::{EMPTY, build};
use crate::layout::Layout;
use crate::terminal::{print, say};

/// The hardest that a zip knows.
const SMALLEST: i64 = 9;

/// Prints the sizes: of what `make build` has made, where it has made every function, else of the profile `release`.
pub async fn size(layout: &Layout) -> anyhow::Result<()> {
    let functions = layout.functions()?;
    let deployed = layout.root().join("target/lambda");
    let is_built = functions
        .iter()
        .all(|name| deployed.join(name).join("bootstrap").is_file());
    let rows = if is_built {
        say("What `make build` has made: arm64, profile lambda.");
        functions
            .iter()
            .map(|name| (name.as_str(), deployed.join(name).join("bootstrap")))
            .collect::<Vec<_>>()
    } else {
        say(
            "This machine's, profile release: somewhat larger than what is deployed (`make build` makes that).",
        );
        let folder = build(layout).await?;
        let names = functions.iter().map(String::as_str).chain([EMPTY]);
        names.map(|name| (name, folder.join(name))).collect()
    };
    print(format!("{:<20} {:>10} {:>10}", "function", "binary kB", "zip kB"));
    for (name, program) in rows {
        let (binary, archive) = weigh(&program)?;
        print(format!(
            "{name:<20} {:>10.0} {:>10.0}",
            kilobytes(binary),
            kilobytes(archive)
        ));
    }
    Ok(())
}

/// The bytes of a program and of its archive.
fn weigh(program: &Path) -> anyhow::Result<(usize, usize)> {
    let binary = std::fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    Ok((binary.len(), archive(&binary, SMALLEST)?.len()))
}

/// A program as Lambda takes it: a zip with an executable `bootstrap`, pressed as hard as `level` says (1 to 9).
pub fn archive(program: &[u8], level: i64) -> anyhow::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(level))
        .unix_permissions(0o755);
    zip.start_file("bootstrap", options)?;
    zip.write_all(program)?;
    Ok(zip.finish()?.into_inner())
}

fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}
