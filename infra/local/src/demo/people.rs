//! The demo's CSV: 200 lines as an agency's spreadsheet has them, with everything that goes wrong in such files. Every name is
//! invented, and the numbers are of the range that France keeps for fiction.

use std::collections::BTreeSet;
use std::fmt::Write;

/// The file, and what an import of it must find.
#[derive(Debug)]
pub(super) struct Spreadsheet {
    /// UTF-8, `;`, with a BOM as Excel writes it.
    pub(super) csv: String,
    /// The numbers in E.164, each once.
    pub(super) numbers: BTreeSet<String>,
    /// How many lines repeat a number of the file.
    pub(super) repeated: usize,
    /// The lines that cannot be imported; the heading is line 1.
    pub(super) bad_lines: Vec<u64>,
}

/// Lines of the file, without its heading.
pub(super) const LINES: usize = 200;
/// Every so many lines a number comes a second time, written otherwise.
const REPEATED_EVERY: usize = 25;
/// Every so many lines something that is no number.
const BAD_EVERY: usize = 32;

const FIRST_NAMES: [&str; 12] = [
    "Éloïse",
    "Noël",
    "Zoé",
    "François",
    "Chloé",
    "Jérôme",
    "Anaïs",
    "Hélène",
    "Loïc",
    "Maëlle",
    "Gaël",
    "Solène",
];
const LAST_NAMES: [&str; 10] = [
    "Lefèvre",
    "D'Angelo",
    "Müller",
    "Bérenger",
    "Nguyễn",
    "Côté",
    "Peña",
    "Le Goff",
    "Saint-Rémy",
    "Garçon",
];
const COMPANIES: [&str; 5] = [
    "\"Boulangerie Côté; Fils\"",
    "Garage de l'Étoile",
    "\"Atelier \"\"Le Chêne\"\"\"",
    "",
    "Crèmerie d'Été",
];
const POSTAL_CODES: [&str; 6] = ["75011", "13001", "69003", "31000", "59800", "67000"];
const NO_NUMBERS: [&str; 6] = [
    "06 39 98",
    "à rappeler",
    "",
    "+33 6 39 98 12",
    "12345",
    "06 39 98 00 11 22 33",
];

impl Spreadsheet {
    /// Writes the file.
    pub(super) fn write() -> Self {
        let mut csv = "\u{feff}téléphone;prénom;nom;e-mail;société;code_postal;commande\n".to_owned();
        let mut numbers = BTreeSet::new();
        let mut bad_lines = Vec::new();
        let mut repeated = 0;
        for place in 0..LINES {
            let digits = format!("63998{:04}", place + 1000);
            let phone = if place % BAD_EVERY == BAD_EVERY - 1 {
                bad_lines.push(place as u64 + 2);
                NO_NUMBERS[place / BAD_EVERY % NO_NUMBERS.len()].to_owned()
            } else if place % REPEATED_EVERY == REPEATED_EVERY - 1 {
                repeated += 1;
                let earlier = format!("63998{:04}", place + 1000 - 10);
                written(&earlier, place + 3)
            } else {
                numbers.insert(format!("+33{digits}"));
                written(&digits, place)
            };
            let first_name = FIRST_NAMES[place % FIRST_NAMES.len()];
            let last_name = LAST_NAMES[place % LAST_NAMES.len()];
            let company = COMPANIES[place % COMPANIES.len()];
            let postal_code = POSTAL_CODES[place % POSTAL_CODES.len()];
            // Writing to a string cannot fail.
            let _ = writeln!(
                csv,
                "{phone};{first_name};{last_name};client{place}@exemple.example;{company};{postal_code};C-{place:05}"
            );
        }
        Self {
            csv,
            numbers,
            repeated,
            bad_lines,
        }
    }
}

/// The same number as six people write it, and as Excel leaves it.
fn written(digits: &str, style: usize) -> String {
    let pairs = |separator: &str| {
        let rest: Vec<&str> = (1..digits.len())
            .step_by(2)
            .map(|at| &digits[at..at + 2])
            .collect();
        format!("{}{separator}{}", &digits[..1], rest.join(separator))
    };
    match style % 7 {
        0 => format!("0{}", pairs(" ")),
        1 => format!("0{digits}"),
        2 => format!("+33{digits}"),
        3 => format!("0033{digits}"),
        4 => format!("0{}", pairs(".")),
        5 => format!("+33 (0){}", pairs(" ")),
        _ => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{LINES, Spreadsheet};

    #[test]
    fn every_line_is_new_or_repeated_or_bad() {
        let sheet = Spreadsheet::write();

        assert_eq!(sheet.csv.lines().count(), LINES + 1);
        assert_eq!(
            sheet.numbers.len() + sheet.repeated + sheet.bad_lines.len(),
            LINES
        );
        assert!(sheet.repeated >= 5 && sheet.bad_lines.len() >= 5);
    }
}
