//! Files that nobody else can see and that a killed worker leaves nothing of.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;

use crate::kernel::Clock;

/// An empty file without a name: its space is free again as soon as it is closed, even by the end of the process.
pub(super) fn scratch_file(clock: &Clock) -> io::Result<File> {
    let path = std::env::temp_dir().join(format!("export-{}", clock.uuid()));
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}
