//! The rows of a file, each as the members that it gives.

use serde_json::{Map, Value};

use super::cells::{Broken, Line};
use super::columns::Column;
use super::sheet::{Next, Sheet};
use super::{ImportError, ROWS_LIMIT};
use crate::contacts::values::WRONG_TYPE;
use crate::kernel::{Faults, Invalid};

/// One row of a file.
#[derive(Debug)]
pub struct Row {
    /// Where it begins.
    pub(super) line: usize,
    /// What it gives, or why it cannot be read at all.
    pub(super) contents: Result<Map<String, Value>, Faults>,
}

/// The rows of a table; its first line names the columns.
pub(super) fn of_csv(text: String) -> Result<Vec<Row>, ImportError> {
    let mut sheet = Sheet::of_text(text);
    let mut rows = Vec::new();
    while let Next::Row(row) = sheet.next_row()? {
        rows.push(row);
    }
    within_limit(rows.len())?;
    Ok(rows)
}

/// The objects of a JSON array.
pub(super) fn of_json(bytes: &[u8]) -> Result<Vec<Row>, ImportError> {
    let document: Value = serde_json::from_slice(bytes).map_err(|_| ImportError::JsonUnreadable)?;
    let Value::Array(elements) = document else {
        return Err(ImportError::NotAnArray);
    };
    within_limit(elements.len())?;
    let row = |(position, element)| Row {
        line: position + 1,
        contents: object(element),
    };
    Ok(elements.into_iter().enumerate().map(row).collect())
}

fn within_limit(rows: usize) -> Result<(), ImportError> {
    if rows > ROWS_LIMIT {
        Err(ImportError::TooManyRows(rows))
    } else {
        Ok(())
    }
}

/// What a line gives, under these columns.
pub(super) fn row(columns: &[Column], line: Line) -> Row {
    let contents = match line.cells {
        Err(Broken::Quote) => Err(refused(Invalid::new(
            "quote_unclosed",
            "Un guillemet n'est pas refermé sur cette ligne.",
            "A quote is not closed on this line.",
        ))),
        Err(Broken::TooLong) => Err(refused(Invalid::new(
            "line_too_long",
            "Cette ligne est trop longue pour être celle d'un contact.",
            "This line is too long to be a contact's.",
        ))),
        // Its cells stand under the wrong columns, nobody knows from where on.
        Ok(cells)
            if cells
                .iter()
                .skip(columns.len())
                .any(|cell| !cell.trim().is_empty()) =>
        {
            Err(refused(Invalid::new(
                "too_many_cells",
                "Cette ligne a plus de cellules que l'en-tête. Un texte qui contient le séparateur se met entre guillemets.",
                "This line has more cells than the header. A text that holds the separator must be quoted.",
            )))
        }
        Ok(cells) => Ok(members(columns, cells)),
    };
    Row {
        line: line.number,
        contents,
    }
}

fn refused(invalid: Invalid) -> Faults {
    let mut faults = Faults::default();
    faults.add("", invalid);
    faults
}

/// An empty cell says nothing: it leaves what is known.
fn members(columns: &[Column], cells: Vec<String>) -> Map<String, Value> {
    let mut members = Map::new();
    for (column, cell) in columns.iter().zip(&cells) {
        let cell = cell.trim();
        if cell.is_empty() {
            continue;
        }
        match column {
            Column::Member(member) => put(&mut members, member, typed(member, cell)),
            Column::Inner(member, inner) => put_inner(&mut members, member, inner.clone(), Value::from(cell)),
            Column::Variable(name) => put_inner(&mut members, "variables", name.clone(), Value::from(cell)),
            Column::Nameless => {}
        }
    }
    members
}

fn put(members: &mut Map<String, Value>, member: &str, value: Value) {
    match (members.get_mut(member), value) {
        // Some of it came in columns of its own.
        (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
        (_, value) => {
            members.insert(member.to_owned(), value);
        }
    }
}

fn put_inner(members: &mut Map<String, Value>, member: &str, inner: String, value: Value) {
    let outer = members.entry(member).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(known) = outer {
        known.insert(inner, value);
    }
}

/// A cell as the member wants it; one that does not look like it stays a text, which is refused as such.
fn typed(member: &str, cell: &str) -> Value {
    match member {
        "tags" => cell.split([',', ';', '|']).map(str::trim).collect(),
        "do_not_call" => yes_or_no(cell).map_or_else(|| Value::from(cell), Value::from),
        "variables" | "contract" | "callback_request" => {
            serde_json::from_str::<Map<String, Value>>(cell).map_or_else(|_| Value::from(cell), Value::from)
        }
        _ => Value::from(cell),
    }
}

fn yes_or_no(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "oui" | "yes" | "true" | "vrai" | "1" | "x" | "o" | "y" => Some(true),
        "non" | "no" | "false" | "faux" | "0" | "n" => Some(false),
        _ => None,
    }
}

/// An object of a JSON array: its members under any name that a column may have, the unknown scalars as variables.
fn object(element: Value) -> Result<Map<String, Value>, Faults> {
    let Value::Object(given) = element else {
        return Err(refused(WRONG_TYPE));
    };
    let mut members = Map::new();
    for (name, value) in given {
        match (Column::named(&name), value) {
            // A spreadsheet's export has them as numbers.
            (Column::Member(member @ ("phone" | "postal_code")), Value::Number(number)) => {
                put(&mut members, member, Value::from(number.to_string()));
            }
            (Column::Member(member), value) => put(&mut members, member, value),
            (Column::Inner(member, inner), value) => put_inner(&mut members, member, inner, value),
            (Column::Variable(name), value @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) => {
                put_inner(&mut members, "variables", name, value);
            }
            (Column::Variable(_) | Column::Nameless, _) => {}
        }
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn csv(text: &str) -> Vec<(usize, Value)> {
        let contents = |row: Row| match row.contents {
            Ok(members) => Value::Object(members),
            Err(faults) => json!(faults.iter().next().unwrap().invalid.code),
        };
        of_csv(text.to_owned())
            .unwrap()
            .into_iter()
            .map(|row| (row.line, contents(row)))
            .collect()
    }

    #[test]
    fn cells_become_members_and_extra_columns_variables() {
        let rows = csv(
            "sep=|\ntéléphone|tags|ville|ne pas appeler|contract.reference|\n1|a, b|Lyon|oui|C1|\n2|||||\n",
        );
        assert_eq!(
            rows,
            [
                (
                    3,
                    json!({ "phone": "1", "tags": ["a", "b"], "variables": { "ville": "Lyon" }, "do_not_call": true,
                            "contract": { "reference": "C1" } })
                ),
                (4, json!({ "phone": "2" })),
            ]
        );
    }

    #[test]
    fn lines_that_cannot_be_read_are_told_apart() {
        assert_eq!(
            csv("phone,nom\n1,A\n\"2,B\n3,C,D\n4\n"),
            [
                (2, json!({ "phone": "1", "last_name": "A" })),
                (3, json!("quote_unclosed")),
                (4, json!("too_many_cells")),
                (5, json!({ "phone": "4" })),
            ]
        );
        assert!(matches!(of_csv("\n \n".to_owned()), Err(ImportError::Empty)));
    }

    #[test]
    fn objects_may_name_their_members_as_columns_are() {
        let json = json!([{ "Téléphone": 612345678, "firstName": "Zoé", "ville": "Lyon", "x": [], "variables": { "y": 1 } }, 7]);
        let rows = of_json(json.to_string().as_bytes()).unwrap();
        assert_eq!(
            Value::Object(rows[0].contents.clone().unwrap()),
            json!({ "phone": "612345678", "first_name": "Zoé", "variables": { "ville": "Lyon", "y": 1 } })
        );
        assert_eq!(rows[1].line, 2);
        assert!(rows[1].contents.is_err());
        assert!(matches!(of_json(b"{}"), Err(ImportError::NotAnArray)));
        assert!(matches!(of_json(b"["), Err(ImportError::JsonUnreadable)));
    }

    #[test]
    fn more_rows_than_a_request_may_bring_are_refused() {
        let csv = format!("phone\n{}", "1\n".repeat(ROWS_LIMIT + 1));
        assert!(matches!(of_csv(csv), Err(ImportError::TooManyRows(5001))));
    }
}
