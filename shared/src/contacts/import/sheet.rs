//! A table that is read piece by piece: memory holds a piece, whatever the size of the file, and reading goes on from a
//! place that was noted. Read whole or in pieces, a file has the same rows.

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use serde::{Deserialize, Serialize};

use super::ImportError;
use super::cells::{self, Broken, Line};
use super::columns::{self, Column};
use super::rows::{self, Row};

/// A line that is longer is no row; far more than the members of a contact may hold together.
const LINE_LIMIT: usize = 256 * 1024;
/// How much of a file tells what stands between its cells.
const OPENING: usize = 64 * 1024;

/// Where reading has come to: what it takes to go on from there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// How many bytes are behind it.
    pub offset: u64,
    /// Which line begins here, from 1.
    pub line: usize,
    /// The encoding, by its name.
    encoding: String,
    separator: Option<char>,
    header: Vec<String>,
}

impl Place {
    /// The beginning of a file in this encoding, behind the mark in front of it.
    pub(super) fn beginning(encoding: &'static Encoding, mark: usize) -> Self {
        Self {
            offset: mark as u64,
            line: 1,
            encoding: encoding.name().to_owned(),
            separator: None,
            header: Vec::new(),
        }
    }
}

/// What comes next in a table.
#[derive(Debug)]
pub enum Next {
    /// A row.
    Row(Row),
    /// Nobody knows before the next piece.
    More,
    /// Nothing.
    End,
}

/// A table that is being read.
pub struct Sheet {
    place: Place,
    columns: Option<Vec<Column>>,
    encoding: &'static Encoding,
    decoder: Decoder,
    text: String,
    /// How much of the text is behind the place.
    read: usize,
    is_all: bool,
    /// In a line that is too long.
    is_skipping: bool,
}

crate::kernel::shown::shows!(Sheet, read);

impl Sheet {
    /// A table whose reading goes on from here; pieces follow, from that byte on.
    pub fn at(place: Place) -> Result<Self, ImportError> {
        let encoding = Encoding::for_label(place.encoding.as_bytes()).unwrap_or(UTF_8);
        let columns = match place.header.as_slice() {
            [] => None,
            header => Some(columns::of_header(header)?),
        };
        Ok(Self {
            place,
            columns,
            encoding,
            decoder: encoding.new_decoder_without_bom_handling(),
            text: String::new(),
            read: 0,
            is_all: false,
            is_skipping: false,
        })
    }

    /// A table that is there as a whole.
    pub(super) fn of_text(text: String) -> Self {
        Self {
            place: Place::beginning(UTF_8, 0),
            columns: None,
            encoding: UTF_8,
            decoder: UTF_8.new_decoder_without_bom_handling(),
            text,
            read: 0,
            is_all: true,
            is_skipping: false,
        }
    }

    /// The next piece of the file.
    pub fn push(&mut self, bytes: &[u8], is_last: bool) {
        self.text.drain(..self.read);
        self.read = 0;
        let more = self.decoder.max_utf8_buffer_length(bytes.len());
        self.text.reserve(more.unwrap_or_default());
        let _ = self.decoder.decode_to_string(bytes, &mut self.text, is_last);
        self.is_all = is_last;
    }

    /// Where the row that comes next begins.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The next row. The first line, which names the columns, is none.
    pub fn next_row(&mut self) -> Result<Next, ImportError> {
        let columns = match self.columns.take() {
            Some(columns) => columns,
            None => match self.open()? {
                Some(columns) => columns,
                None => return Ok(Next::More),
            },
        };
        let next = loop {
            match self.line() {
                Some(line) if line.is_blank() => {}
                Some(line) => break Next::Row(rows::row(&columns, line)),
                None if self.is_all => break Next::End,
                None => break Next::More,
            }
        };
        self.columns = Some(columns);
        Ok(next)
    }

    /// Reads what precedes the rows; none where more of the file is needed.
    fn open(&mut self) -> Result<Option<Vec<Column>>, ImportError> {
        if self.place.separator.is_none() {
            let text = self.rest();
            if text.len() < OPENING && !self.is_all {
                return Ok(None);
            }
            // Excel is told by a line of its own which separator follows.
            let opening = cells::physical_line(text);
            let told = opening.strip_prefix("sep=").and_then(|rest| rest.chars().next());
            let first = text
                .lines()
                .skip(usize::from(told.is_some()))
                .find(|line| !line.trim().is_empty());
            let separator = told.unwrap_or_else(|| cells::separator(first.unwrap_or_default()));
            let behind = cells::behind_first_end(text, true).map_or(0, str::len);
            let told_in = text.len() - behind;
            self.place.separator = Some(separator);
            if told.is_some() {
                self.go_on(told_in);
            }
        }
        loop {
            match self.line() {
                Some(line) if line.is_blank() => {}
                Some(line) => {
                    let header = line.cells.map_err(|_| ImportError::Empty)?;
                    let columns = columns::of_header(&header)?;
                    self.place.header = header;
                    return Ok(Some(columns));
                }
                None if self.is_all => return Err(ImportError::Empty),
                None => return Ok(None),
            }
        }
    }

    /// The next line, if its end is there.
    fn line(&mut self) -> Option<Line> {
        let rest = self.rest();
        if rest.is_empty() {
            return None;
        }
        let number = self.place.line;
        if !self.is_skipping {
            let separator = self.place.separator.unwrap_or(',');
            if let Some((cells, after)) = cells::first_line(rest, separator, self.is_all) {
                let length = rest.len() - after.len();
                self.go_on(length);
                return Some(Line { number, cells });
            }
            if rest.len() <= LINE_LIMIT {
                return None;
            }
            self.is_skipping = true;
        }
        let rest = self.rest();
        match cells::behind_first_end(rest, self.is_all) {
            Some(after) => {
                let length = rest.len() - after.len();
                self.is_skipping = false;
                self.go_on(length);
                let cells = Err(Broken::TooLong);
                Some(Line { number, cells })
            }
            None => {
                // What may be the first half of its end is kept.
                let length = cells::physical_line(rest).len();
                self.go_on(length);
                None
            }
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.read..]
    }

    fn go_on(&mut self, length: usize) {
        let passed = &self.text[self.read..self.read + length];
        let bytes = if self.encoding == UTF_8 {
            length
        } else if self.encoding == UTF_16LE || self.encoding == UTF_16BE {
            2 * passed.encode_utf16().count()
        } else {
            // Of the rest, only those are read in pieces that have a byte for each sign.
            passed.chars().count()
        };
        self.place.line += cells::line_ends(passed);
        self.place.offset += bytes as u64;
        self.read += length;
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::WINDOWS_1252;
    use proptest::prelude::*;

    use super::*;

    type Cells = Vec<(usize, Option<Vec<String>>)>;

    fn all(sheet: &mut Sheet) -> Cells {
        sheet.place.separator = Some(';');
        let mut lines = Vec::new();
        while let Some(line) = sheet.line() {
            if !line.is_blank() {
                lines.push((line.number, line.cells.ok()));
            }
        }
        lines
    }

    fn cells(text: &str) -> Cells {
        all(&mut Sheet::of_text(text.to_owned()))
    }

    fn good(number: usize, cells: &[&str]) -> (usize, Option<Vec<String>>) {
        (number, Some(cells.iter().map(|&cell| cell.to_owned()).collect()))
    }

    /// The lines of a file that comes in pieces, each of which is read by another reader: it goes on from the place.
    fn in_pieces(bytes: &[u8], encoding: &'static Encoding, size: usize) -> Cells {
        let mut place = Place::beginning(encoding, 0);
        let mut lines = Vec::new();
        loop {
            let mut sheet = Sheet::at(place.clone()).unwrap();
            let rest = &bytes[usize::try_from(place.offset).unwrap()..];
            let mut pieces = rest.chunks(size).peekable();
            loop {
                let piece = pieces.next().unwrap_or_default();
                sheet.push(piece, pieces.peek().is_none());
                let found = all(&mut sheet);
                let goes_on = !found.is_empty();
                lines.extend(found);
                if sheet.is_all {
                    return lines;
                }
                if goes_on {
                    break;
                }
            }
            place = sheet.place;
        }
    }

    #[test]
    fn cells_may_be_quoted_hold_lines_and_end_in_any_way() {
        assert_eq!(
            cells("a;b\r\n\"x;\"\"y\"\"\";\"1\n2\"\r;;\r\nc;\n\nd"),
            [
                good(1, &["a", "b"]),
                good(2, &["x;\"y\"", "1\n2"]),
                good(5, &["c", ""]),
                good(7, &["d"])
            ]
        );
    }

    #[test]
    fn a_quote_that_is_not_closed_costs_its_own_line_only() {
        assert_eq!(
            cells("a;b\n1;\"x\n2;y\n3;\"z\"\n"),
            [
                good(1, &["a", "b"]),
                (2, None),
                good(3, &["2", "y"]),
                good(4, &["3", "z"])
            ]
        );
        assert_eq!(cells("\"Jo \"x\" Roy\"\nb"), [(1, None), good(2, &["b"])]);
        assert_eq!(cells("5\" pipe;b"), [good(1, &["5\" pipe", "b"])]);
    }

    #[test]
    fn a_line_without_an_end_costs_itself_and_no_memory() {
        // A-45
        let mut sheet = Sheet::at(Place::beginning(UTF_8, 0)).unwrap();
        let mut lines = Vec::new();
        sheet.push(b"a;b\n", false);
        lines.extend(all(&mut sheet));
        for _ in 0..40 {
            sheet.push(&[b'x'; 64 * 1024], false);
            lines.extend(all(&mut sheet));
            assert!(sheet.text.len() < 2 * LINE_LIMIT);
        }
        sheet.push(b"\r", false);
        lines.extend(all(&mut sheet));
        sheet.push(b"\nc;d", true);
        lines.extend(all(&mut sheet));
        assert_eq!(lines, [good(1, &["a", "b"]), (2, None), good(3, &["c", "d"])]);
    }

    proptest! {
        #[test]
        fn no_text_panics_or_loses_its_place(text in "[a;\"\r\né \\t]{0,60}") {
            let numbers: Vec<_> = cells(&text).iter().map(|(number, _)| *number).collect();
            prop_assert!(numbers.is_sorted());
        }

        #[test]
        fn a_file_in_pieces_has_the_lines_of_the_whole(text in "[a;\"\r\né ]{0,60}", size in 1_usize..9) {
            // A-45: whatever is cut in two, a sign, a quote, an end of line.
            let whole = cells(&text);
            prop_assert_eq!(&in_pieces(text.as_bytes(), UTF_8, size), &whole);
            let (bytes, ..) = WINDOWS_1252.encode(&text);
            prop_assert_eq!(&in_pieces(&bytes, WINDOWS_1252, size), &whole);
            let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            prop_assert_eq!(&in_pieces(&bytes, UTF_16LE, size), &whole);
        }
    }
}
