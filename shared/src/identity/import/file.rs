//! The file of an import: CSV in UTF-8, its columns named in the first line, every fault of a line reported at once.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use jiff::Timestamp;
use secrecy::SecretString;

use super::Newcomer;
use crate::kernel::ids::{OrganizationId, UserId};
use crate::kernel::{CompanyRegistration, Email, Faults, Invalid, Language, Name, Role, VatNumber};
use crate::organizations::{NewOrganization, OrganizationType};

/// Columns that a file must have.
const REQUIRED: [&str; 3] = ["email", "full_name", "organization_id"];
/// Columns that it may have.
const OPTIONAL: [&str; 9] = [
    "id",
    "password_hash",
    "role",
    "language",
    "email_confirmed_at",
    "organization_name",
    "organization_type",
    "company_registration",
    "vat_number",
];

/// What OWASP's Password Storage Cheat Sheet asks of bcrypt at least.
const LEAST_COST: u32 = 10;
/// Beyond this a login takes seconds of the function's time, and anybody may try to log in.
const MOST_COST: u32 = 14;

/// A line of the file.
#[derive(Debug)]
pub struct Line {
    /// Its number; the names of the columns are line 1.
    pub number: usize,
    /// Who stands in it, or everything that is wrong with it.
    pub newcomer: Result<Box<Newcomer>, Faults>,
}

/// The file is none: nothing of it is imported.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileRefused {
    /// It is in another encoding.
    #[error("the file is not UTF-8")]
    NotUtf8,
    /// A column that must be there is not.
    #[error("the column {0} is missing")]
    Missing(&'static str),
    /// A column has a name that means nothing here, or the name of another.
    #[error("the column {0} is unknown, or there twice")]
    Unknown(String),
}

/// Reads the lines of a file.
pub fn lines(file: &[u8]) -> Result<Vec<Line>, FileRefused> {
    let text = std::str::from_utf8(file).map_err(|_| FileRefused::NotUtf8)?;
    let text = text.trim_start_matches('\u{feff}');
    let head = text.lines().next().unwrap_or_default();
    let separator = if head.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let columns: Vec<String> = match reader.headers() {
        Ok(columns) => columns.iter().map(str::to_lowercase).collect(),
        Err(_) => Vec::new(),
    };
    for (place, column) in columns.iter().enumerate() {
        let is_ours = REQUIRED.contains(&column.as_str()) || OPTIONAL.contains(&column.as_str());
        if !is_ours || columns[..place].contains(column) {
            return Err(FileRefused::Unknown(column.clone()));
        }
    }
    if let Some(missing) = REQUIRED
        .into_iter()
        .find(|column| !columns.iter().any(|there| there == column))
    {
        return Err(FileRefused::Missing(missing));
    }
    let mut lines = Vec::new();
    for record in reader.records() {
        lines.push(match record {
            Ok(record) => Line {
                number: number_at(text, record.position()),
                newcomer: newcomer(&columns, &record).map(Box::new),
            },
            // Of a text in UTF-8 every record can be read; this is for the type alone.
            Err(error) => Line {
                number: number_at(text, error.position()),
                newcomer: Err(whole_line()),
            },
        });
    }
    Ok(lines)
}

/// The number of the line that begins there: the reader's own count is behind where lines end with two signs.
fn number_at(text: &str, position: Option<&csv::Position>) -> usize {
    let begin = position.and_then(|position| usize::try_from(position.byte()).ok());
    let rest = begin.and_then(|begin| text.get(begin..)).unwrap_or_default();
    let record = rest.trim_start();
    text.len()
        .checked_sub(record.len())
        .and_then(|before| text.get(..before))
        .map_or(0, |before| before.matches('\n').count() + 1)
}

fn whole_line() -> Faults {
    let mut faults = Faults::default();
    faults.add(
        "line",
        Invalid::new(
            "columns",
            "Cette ligne n'a pas autant de colonnes que la première.",
            "This line does not have as many columns as the first one.",
        ),
    );
    faults
}

fn newcomer(columns: &[String], record: &csv::StringRecord) -> Result<Newcomer, Faults> {
    if record.len() != columns.len() {
        return Err(whole_line());
    }
    let cells: BTreeMap<&str, &str> = columns.iter().map(String::as_str).zip(record).collect();
    let cell = |column: &str| cells.get(column).copied().filter(|cell| !cell.is_empty());
    let mut faults = Faults::default();
    let email = faults.keep("email", Email::parse(cell("email").unwrap_or_default()));
    let full_name = faults.keep("full_name", Name::parse(cell("full_name").unwrap_or_default()));
    let organization = faults.keep(
        "organization_id",
        OrganizationId::parse(cell("organization_id").unwrap_or_default()),
    );
    let mut optional = Optional {
        cell: &cell,
        faults: &mut faults,
    };
    let id = optional.parse("id", UserId::parse);
    let password_hash = optional.parse("password_hash", bcrypt_hash);
    let role = optional.parse("role", role);
    let language = optional.parse("language", Language::parse);
    let email_confirmed_at = optional.parse("email_confirmed_at", instant);
    let organization_name = optional.parse("organization_name", Name::parse);
    let organization_type = optional.parse("organization_type", OrganizationType::parse);
    let company_registration = optional.parse("company_registration", CompanyRegistration::parse);
    let vat_number = optional.parse("vat_number", VatNumber::parse);
    let language = language.unwrap_or_default();
    faults.finish(|| {
        let organization = organization?;
        Some(Newcomer {
            id,
            email: email?,
            full_name: full_name?,
            role: role.unwrap_or(Role::Member),
            language,
            email_confirmed_at,
            password_hash,
            organization,
            new_organization: organization_name.map(|name| NewOrganization {
                id: organization,
                name,
                organization_type: organization_type.unwrap_or(OrganizationType::B2b),
                company_registration,
                vat_number,
                language,
            }),
        })
    })
}

/// Cells that may be empty.
struct Optional<'a, F> {
    cell: &'a F,
    faults: &'a mut Faults,
}

impl<'a, F: Fn(&str) -> Option<&'a str>> Optional<'_, F> {
    fn parse<T>(&mut self, column: &str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        let cell = (self.cell)(column)?;
        self.faults.keep(column, parse(cell))
    }
}

fn role(text: &str) -> Result<Role, Invalid> {
    Role::parse(text).ok_or(Invalid::new(
        "role_invalid",
        "Un rôle est admin ou member.",
        "A role is admin or member.",
    ))
}

fn instant(text: &str) -> Result<Timestamp, Invalid> {
    let instant = text.parse::<Timestamp>().ok();
    // To the microsecond, as PostgreSQL keeps it.
    let instant = instant.and_then(|at| Timestamp::from_microsecond(at.as_microsecond()).ok());
    instant.ok_or(Invalid::new(
        "timestamp_invalid",
        "Un instant s'écrit 2026-11-23T09:00:00Z.",
        "An instant is written 2026-11-23T09:00:00Z.",
    ))
}

fn bcrypt_hash(text: &str) -> Result<SecretString, Invalid> {
    // `2x` marks the hashes of a library that was broken (CVE-2011-2483).
    let known = ["$2a$", "$2b$", "$2y$"]
        .iter()
        .any(|version| text.starts_with(version));
    let parts = bcrypt::HashParts::from_str(text).ok().filter(|_| known);
    let parts = parts.ok_or(Invalid::new(
        "password_hash_invalid",
        "Ce n'est pas un condensat bcrypt ($2a$, $2b$ ou $2y$). Laissez la colonne vide : la personne choisira un mot de \
         passe avec « mot de passe oublié ».",
        "This is no bcrypt hash ($2a$, $2b$ or $2y$). Leave the column empty: the person will choose a password with \
         \"forgotten password\".",
    ))?;
    if !(LEAST_COST..=MOST_COST).contains(&parts.get_cost()) {
        return Err(Invalid::new(
            "password_hash_cost",
            "Le coût de ce condensat n'est pas entre 10 et 14. Laissez la colonne vide : la personne choisira un mot de \
             passe avec « mot de passe oublié ».",
            "The cost of this hash is not between 10 and 14. Leave the column empty: the person will choose a password \
             with \"forgotten password\".",
        ));
    }
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$2b$10$vIivPhBz1tsGMhlhhVlVVuT3OyyjkbkDmjZkkxv.gwwPdCzgFpmh.";
    const ORGANIZATION: &str = "019aaf00-0000-7000-8000-000000000001";

    fn faults(columns: &str, line: &str) -> Vec<(String, &'static str)> {
        let file = format!("{columns}\n{line}\n");
        let lines = lines(file.as_bytes()).unwrap();
        match &lines[0].newcomer {
            Ok(_) => Vec::new(),
            Err(faults) => faults
                .iter()
                .map(|fault| (fault.field.clone(), fault.invalid.code))
                .collect(),
        }
    }

    #[test]
    fn a_line_is_read_with_what_it_leaves_out() {
        let file = format!(
            "\u{feff}Email;full_name;organization_id;password_hash;role\r\n\
             lou@exemple.fr ;\"Lou; Fèvre\"; {ORGANIZATION};{HASH};\r\n\
             \r\n\
             max@exemple.fr;Max;{ORGANIZATION};;admin\r\n"
        );
        let lines = lines(file.as_bytes()).unwrap();
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [2, 4]);
        let lou = lines[0].newcomer.as_ref().unwrap();
        assert_eq!(lou.full_name.as_str(), "Lou; Fèvre");
        assert_eq!((lou.role, lou.language), (Role::Member, Language::Fr));
        assert!(lou.password_hash.is_some() && lou.email_confirmed_at.is_none());
        let max = lines[1].newcomer.as_ref().unwrap();
        assert_eq!(max.role, Role::Admin);
        assert!(max.password_hash.is_none());
    }

    #[test]
    fn every_fault_of_a_line_is_reported() {
        let columns = "email,full_name,organization_id,password_hash,role,language,email_confirmed_at,organization_type,vat_number";
        let found = faults(columns, "lou,,7,hunter2,owner,de,yesterday,b2x,FR");
        let fields: Vec<_> = found.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, columns.split(',').collect::<Vec<_>>());
        let short = faults("email,full_name,organization_id", "lou@exemple.fr,Lou");
        assert_eq!(short, [("line".to_owned(), "columns")]);
    }

    #[test]
    fn only_hashes_of_bcrypt_that_are_worth_something_are_taken() {
        let columns = "email,full_name,organization_id,password_hash";
        let with = |hash: &str| faults(columns, &format!("lou@exemple.fr,Lou,{ORGANIZATION},{hash}"));
        for version in ["$2a$", "$2b$", "$2y$"] {
            assert!(with(&HASH.replace("$2b$", version)).is_empty());
        }
        for (hash, code) in [
            (HASH.replace("$2b$", "$2x$"), "password_hash_invalid"),
            (HASH[..59].to_owned(), "password_hash_invalid"),
            (
                "$argon2id$v=19$m=19456,t=2,p=1$x$y".replace(',', ";"),
                "password_hash_invalid",
            ),
            (HASH.replace("$10$", "$09$"), "password_hash_cost"),
            (HASH.replace("$10$", "$15$"), "password_hash_cost"),
        ] {
            assert_eq!(with(&hash), [("password_hash".to_owned(), code)], "{hash}");
        }
    }

    #[test]
    fn a_file_that_is_none_is_refused_whole() {
        for (file, wanted) in [
            (&b"email,full_name\n"[..], FileRefused::Missing("organization_id")),
            (b"", FileRefused::Missing("email")),
            (
                b"email,full_name,organization_id,password\n",
                FileRefused::Unknown("password".to_owned()),
            ),
            (
                b"email,full_name,organization_id,email\n",
                FileRefused::Unknown("email".to_owned()),
            ),
            (b"email,full_name\xe9\n", FileRefused::NotUtf8),
        ] {
            assert_eq!(lines(file).unwrap_err(), wanted);
        }
    }
}
