//! What the columns of a file mean: a contact's members in English or French, and everything else a variable.

use super::ImportError;

/// What the cells of a column hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    /// A member of the contact.
    Member(&'static str),
    /// A member inside one, written `contract.reference`.
    Inner(&'static str, String),
    /// A variable, under the name that the file gives it.
    Variable(String),
    /// Nothing: it has no name.
    Nameless,
}

const MEMBERS: [&str; 14] = [
    "phone",
    "kind",
    "first_name",
    "last_name",
    "email",
    "company",
    "postal_code",
    "timezone",
    "language",
    "tags",
    "variables",
    "contract",
    "callback_request",
    "do_not_call",
];

/// Other names of members, in the form that [`normal`] gives them.
const OTHER_NAMES: [(&str, &str); 9] = [
    ("telephone", "phone"),
    ("tel", "phone"),
    ("prenom", "first_name"),
    ("nom", "last_name"),
    ("e_mail", "email"),
    ("societe", "company"),
    ("langue", "language"),
    ("ne_pas_appeler", "do_not_call"),
    ("code_postal", "postal_code"),
];

impl Column {
    /// What a column of this name holds.
    pub(super) fn named(name: &str) -> Self {
        let name = name.trim();
        if let Some((outer, inner)) = name.split_once('.')
            && let Some(outer) = member(outer)
            && matches!(outer, "variables" | "contract" | "callback_request")
        {
            let inner = if outer == "variables" {
                inner.trim().to_owned()
            } else {
                normal(inner)
            };
            return Self::Inner(outer, inner);
        }
        match member(name) {
            Some(member) => Self::Member(member),
            None if name.is_empty() => Self::Nameless,
            None => Self::Variable(name.to_owned()),
        }
    }
}

/// The columns of a header. One of them must hold telephone numbers, and no member stands in two.
pub(super) fn of_header(header: &[String]) -> Result<Vec<Column>, ImportError> {
    let columns: Vec<_> = header.iter().map(|name| Column::named(name)).collect();
    for member in MEMBERS {
        match columns
            .iter()
            .filter(|column| **column == Column::Member(member))
            .count()
        {
            0 if member == "phone" => return Err(ImportError::NoPhoneColumn(shown(header))),
            0 | 1 => {}
            _ => return Err(ImportError::ColumnTwice(member)),
        }
    }
    Ok(columns)
}

/// The names of the columns, as far as a sentence can hold them.
fn shown(header: &[String]) -> String {
    let names: Vec<_> = header.iter().map(|name| name.trim()).collect();
    let all = names.join(", ");
    if all.chars().count() <= 200 {
        return all;
    }
    format!("{}…", all.chars().take(200).collect::<String>())
}

fn member(name: &str) -> Option<&'static str> {
    let name = normal(name);
    let other = || {
        OTHER_NAMES
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, member)| *member)
    };
    MEMBERS.into_iter().find(|member| *member == name).or_else(other)
}

/// `Prénom`, `PRENOM` and `prénom ` are one name, as are `firstName`, `First name` and `first_name`.
fn normal(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    let mut after_small = false;
    for sign in name.trim().chars().filter(|sign| !is_combining(*sign)) {
        if sign.is_uppercase() && after_small {
            normal.push('_');
        }
        after_small = sign.is_lowercase();
        for sign in sign.to_lowercase() {
            let plain = without_accent(sign);
            let plain = if plain.is_alphanumeric() { plain } else { '_' };
            if plain != '_' || !normal.ends_with('_') {
                normal.push(plain);
            }
        }
    }
    normal
}

/// Accents that macOS writes as signs of their own.
fn is_combining(sign: char) -> bool {
    matches!(sign, '\u{300}'..='\u{36f}')
}

fn without_accent(sign: char) -> char {
    match sign {
        'à' | 'â' | 'ä' => 'a',
        'ç' => 'c',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'î' | 'ï' => 'i',
        'ô' | 'ö' => 'o',
        'ù' | 'û' | 'ü' => 'u',
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_the_members_or_in_french_whatever_case_and_accents() {
        for (names, member) in [
            (
                ["téléphone", "TELEPHONE", "Te\u{301}le\u{301}phone", " Phone "],
                "phone",
            ),
            (["prénom", "Prenom", "firstName", "First name"], "first_name"),
            (["nom", "NOM", "lastName", "LAST_NAME"], "last_name"),
            (["e-mail", "E-Mail", "email", "Email"], "email"),
            (["société", "Societe", "company", "SOCIÉTÉ"], "company"),
            (
                ["code_postal", "Code postal", "postalCode", "CODE-POSTAL"],
                "postal_code",
            ),
        ] {
            for name in names {
                assert_eq!(Column::named(name), Column::Member(member), "{name}");
            }
        }
        assert_eq!(Column::named("Date RDV"), Column::Variable("Date RDV".to_owned()));
        assert_eq!(
            Column::named("contract.ends_at"),
            Column::Inner("contract", "ends_at".to_owned())
        );
        assert_eq!(
            Column::named("variables.Ville"),
            Column::Inner("variables", "Ville".to_owned())
        );
        assert_eq!(Column::named(" "), Column::Nameless);
    }

    #[test]
    fn a_header_names_the_telephone_once() {
        let header =
            |names: &[&str]| of_header(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert!(header(&["nom", "tel", "ville", "ville"]).is_ok());
        assert!(
            matches!(header(&["nom", "ville"]), Err(ImportError::NoPhoneColumn(found)) if found == "nom, ville")
        );
        assert!(matches!(
            header(&["phone", "téléphone"]),
            Err(ImportError::ColumnTwice("phone"))
        ));
    }
}
