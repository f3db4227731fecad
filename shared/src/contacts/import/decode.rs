//! From bytes to text, whatever a spreadsheet wrote.

use std::borrow::Cow;

use encoding_rs::{UTF_8, WINDOWS_1252};

use super::sheet::Place;
use super::{Encoding, ImportError};

/// The text of a file without the mark in front of it.
pub(super) fn text<'a>(bytes: &'a [u8], encoding: &Encoding) -> Result<Cow<'a, str>, ImportError> {
    let marked = encoding_rs::Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = match (marked, encoding) {
        (Some(marked), _) => marked,
        (None, Encoding::Utf8) => UTF_8,
        (None, Encoding::Named(name)) => {
            encoding_rs::Encoding::for_label(name.as_bytes()).ok_or(ImportError::EncodingUnknown)?
        }
        (None, Encoding::Unknown) if std::str::from_utf8(bytes).is_ok() => UTF_8,
        // What Excel writes on Windows in western Europe.
        (None, Encoding::Unknown) => WINDOWS_1252,
    };
    let (text, _, broken) = encoding.decode(bytes);
    // A gateway that took another encoding for UTF-8 has put this sign wherever it did not understand.
    if encoding == UTF_8 && (broken || text.contains(char::REPLACEMENT_CHARACTER)) {
        return Err(ImportError::NotUtf8);
    }
    Ok(text)
}

/// What other programs write: their own formats, by what they begin with.
const NO_TABLES: [(&[u8], &str); 4] = [
    (b"PK\x03\x04", "xlsx"),
    (b"\xd0\xcf\x11\xe0", "xls"),
    (b"%PDF", "pdf"),
    (b"\x1f\x8b", "gzip"),
];

/// Looks a file through that is too large to be held, for what it takes to read it.
#[derive(Debug, Default)]
pub struct Look {
    bytes: u64,
    mark: Option<(&'static encoding_rs::Encoding, usize)>,
    is_not_utf8: bool,
    /// What may be the first bytes of a sign.
    unfinished: Vec<u8>,
    line_ends: u64,
}

impl Look {
    /// Looks at the next piece.
    pub fn at(&mut self, piece: &[u8]) -> Result<(), ImportError> {
        if self.bytes == 0 {
            self.mark = encoding_rs::Encoding::for_bom(piece);
            let other = NO_TABLES.iter().find(|(begins, _)| piece.starts_with(begins));
            if let Some((_, format)) = other {
                return Err(ImportError::NoTable(format));
            }
        }
        let is_in_words = self.mark.is_some_and(|(encoding, _)| encoding != UTF_8);
        if !is_in_words && piece.contains(&0) {
            return Err(ImportError::NoTable("?"));
        }
        self.bytes += piece.len() as u64;
        self.line_ends += piece.iter().filter(|&&byte| byte == b'\n').count() as u64;
        if !self.is_not_utf8 {
            let mut bytes = std::mem::take(&mut self.unfinished);
            bytes.extend_from_slice(piece);
            match std::str::from_utf8(&bytes) {
                Ok(_) => {}
                Err(error) if error.error_len().is_none() => {
                    self.unfinished = bytes.split_off(error.valid_up_to());
                }
                Err(_) => self.is_not_utf8 = true,
            }
        }
        Ok(())
    }

    /// How many lines there may be.
    pub fn line_ends(&self) -> u64 {
        self.line_ends
    }

    /// Where reading begins, after all of it was looked at.
    pub fn beginning(&self) -> Result<Place, ImportError> {
        let is_utf8 = !self.is_not_utf8 && self.unfinished.is_empty();
        match self.mark {
            Some((marked, _)) if marked == UTF_8 && !is_utf8 => Err(ImportError::Mangled),
            Some((encoding, mark)) => Ok(Place::beginning(encoding, mark)),
            None if is_utf8 => Ok(Place::beginning(UTF_8, 0)),
            // What Excel writes on Windows in western Europe.
            None => Ok(Place::beginning(WINDOWS_1252, 0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_of_a_spreadsheet_is_read() {
        //
        let utf16: Vec<u8> = "\u{feff}né".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let named = Encoding::Named("iso-8859-15".to_owned());
        for (bytes, encoding) in [
            ("né".as_bytes(), &Encoding::Utf8),
            ("\u{feff}né".as_bytes(), &Encoding::Utf8),
            ("né".as_bytes(), &Encoding::Unknown),
            (b"n\xe9".as_slice(), &Encoding::Unknown),
            (utf16.as_slice(), &Encoding::Unknown),
            (b"n\xe9".as_slice(), &named),
        ] {
            assert_eq!(text(bytes, encoding).unwrap(), "né");
        }
    }

    #[test]
    fn text_that_was_mangled_on_its_way_is_refused() {
        for bytes in [b"n\xe9".as_slice(), "n\u{fffd}".as_bytes()] {
            assert!(matches!(text(bytes, &Encoding::Utf8), Err(ImportError::NotUtf8)));
        }
        let named = Encoding::Named("klingon".to_owned());
        assert!(matches!(text(b"x", &named), Err(ImportError::EncodingUnknown)));
    }

    fn look(pieces: &[&[u8]]) -> Result<Place, ImportError> {
        let mut look = Look::default();
        for piece in pieces {
            look.at(piece)?;
        }
        look.beginning()
    }

    #[test]
    fn a_file_that_comes_in_pieces_is_in_the_encoding_of_the_whole() {
        //
        for (pieces, expected) in [
            ([b"n\xc3".as_slice(), b"\xa9"], Place::beginning(UTF_8, 0)),
            ([b"\xef\xbb\xbfn", b"\xc3\xa9"], Place::beginning(UTF_8, 3)),
            ([b"n", b"\xe9"], Place::beginning(WINDOWS_1252, 0)),
            ([b"n\xc3", b""], Place::beginning(WINDOWS_1252, 0)),
            (
                [b"\xff\xfen\0", b"\xe9\0"],
                Place::beginning(encoding_rs::UTF_16LE, 2),
            ),
        ] {
            assert_eq!(look(&pieces).unwrap(), expected, "{pieces:?}");
        }
        assert!(matches!(
            look(&[b"\xef\xbb\xbfn", b"\xe9"]),
            Err(ImportError::Mangled)
        ));
    }

    #[test]
    fn what_is_no_text_is_told() {
        for (piece, format) in [
            (b"PK\x03\x04...".as_slice(), "xlsx"),
            (b"%PDF-1.7", "pdf"),
            (b"a\0b", "?"),
        ] {
            assert!(matches!(look(&[piece]), Err(ImportError::NoTable(found)) if found == format));
        }
    }
}
