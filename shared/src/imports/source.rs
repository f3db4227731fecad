//! The file in the bucket, piece by piece.

use bytes::Bytes;

use super::{BYTES_LIMIT, LINES_LIMIT, Reason};
use crate::adapters::storage::{Storage, StorageError, Stored};
use crate::contacts::import::{Look, Place};
use crate::kernel::Text;
use crate::kernel::class::Classify;

/// How much is held at a time.
const PIECE: u64 = 1024 * 1024;

/// A file that is being read.
pub(super) struct Source<'a> {
    pub(super) storage: &'a Storage,
    pub(super) key: &'a str,
    pub(super) version: &'a str,
    pub(super) bytes: u64,
    pub(super) at: u64,
}

impl Source<'_> {
    /// The next piece, and whether it is the last; none where the file is gone, or another than it was.
    pub(super) async fn next(&mut self) -> Result<Option<(Bytes, bool)>, StorageError> {
        let end = self.bytes.min(self.at + PIECE);
        if self.at >= end {
            return Ok(Some((Bytes::new(), true)));
        }
        let piece = self.storage.part(self.key, self.version, self.at..end).await?;
        self.at = end;
        Ok(piece.map(|piece| (piece, end == self.bytes)))
    }
}

/// Looks a file through: where reading begins, or why it cannot be read. None where it was replaced meanwhile.
pub(super) async fn look_through(
    storage: &Storage,
    key: &str,
    stored: &Stored,
) -> Result<Option<Result<Place, Reason>>, StorageError> {
    if stored.bytes > BYTES_LIMIT {
        return Ok(Some(Err(too_large())));
    }
    let mut source = Source {
        storage,
        key,
        version: &stored.version,
        bytes: stored.bytes,
        at: 0,
    };
    let mut look = Look::default();
    loop {
        let Some((piece, is_last)) = source.next().await? else {
            return Ok(None);
        };
        if let Err(error) = look.at(&piece) {
            return Ok(Some(Err(unreadable(&error))));
        }
        if look.line_ends() > LINES_LIMIT {
            return Ok(Some(Err(too_long())));
        }
        if is_last {
            return Ok(Some(look.beginning().map_err(|error| unreadable(&error))));
        }
    }
}

/// Why a file cannot be read.
pub(super) fn unreadable(error: &impl Classify) -> Reason {
    let failure = error.failure();
    Reason::new(failure.code, &failure.text)
}

fn too_large() -> Reason {
    Reason::new(
        "file_too_large",
        &Text::new(
            "Le fichier dépasse 64 Mio. Découpez-le en plusieurs fichiers.",
            "The file is larger than 64 MiB. Split it into several files.",
        ),
    )
}

fn too_long() -> Reason {
    Reason::new(
        "too_many_rows",
        &Text::new(
            "Le fichier dépasse un million de lignes. Découpez-le en plusieurs fichiers.",
            "The file has more than a million lines. Split it into several files.",
        ),
    )
}

/// Nobody uploaded it in time.
pub(super) fn not_uploaded() -> Reason {
    Reason::new(
        "not_uploaded",
        &Text::new(
            "Aucun fichier n'a été déposé dans l'heure. Demandez un nouvel import.",
            "No file was uploaded within the hour. Ask for another import.",
        ),
    )
}

/// It went away, or was replaced, while it was read.
pub(super) fn replaced() -> Reason {
    Reason::new(
        "file_replaced",
        &Text::new(
            "Le fichier a été remplacé ou supprimé pendant sa lecture. Les lignes déjà lues sont importées ; demandez un \
             nouvel import pour le reste.",
            "The file was replaced or deleted while it was read. The rows that were read are imported; ask for another \
             import for the rest.",
        ),
    )
}
