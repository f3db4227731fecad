//! From bytes to text, whatever a spreadsheet wrote.

use std::borrow::Cow;

use encoding_rs::{UTF_8, WINDOWS_1252};

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
}
