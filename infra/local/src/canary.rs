//! Canaries: values that must be nowhere but where they belong. Each is looked for as it is and in the forms in which it
//! might hide: base64 (also inside a longer text, as in `Authorization: Basic`), hexadecimal, and percent-encoded.

use std::path::Path;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use tokio_postgres::Client;

/// Shorter values are found by chance.
const SHORTEST: usize = 8;

/// What is looked for.
#[derive(Debug, Default)]
pub struct Canaries(Vec<Canary>);

#[derive(Debug)]
struct Canary {
    name: String,
    forms: Vec<Vec<u8>>,
}

impl Canaries {
    /// Looks for this value too. The name is what is told about it.
    pub fn add(&mut self, name: &str, value: &str) {
        assert!(value.len() >= SHORTEST, "the canary {name} is too short");
        let percent: String = value
            .bytes()
            .map(|byte| match byte {
                byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                    char::from(byte).to_string()
                }
                byte => format!("%{byte:02X}"),
            })
            .collect();
        let hexadecimal: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut forms = vec![
            value.as_bytes().to_vec(),
            percent.into_bytes(),
            hexadecimal.to_uppercase().into_bytes(),
            hexadecimal.into_bytes(),
        ];
        // Base64 of a longer text that holds the value depends on how many bytes stand before it. The characters at both
        // ends are shared with its neighbours.
        for before in 0..3 {
            let mut longer = vec![b'-'; before];
            longer.extend_from_slice(value.as_bytes());
            for encoded in [STANDARD_NO_PAD.encode(&longer), URL_SAFE_NO_PAD.encode(&longer)] {
                let end = encoded.len() - usize::from(longer.len() % 3 != 0);
                let inner = encoded.get((before * 4).div_ceil(3)..end);
                forms.extend(inner.map(|inner| inner.as_bytes().to_vec()));
            }
        }
        forms.sort();
        forms.dedup();
        self.0.push(Canary {
            name: name.to_owned(),
            forms,
        });
    }

    /// How many are looked for.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Those that are in this text, each with the place.
    pub fn found_in(&self, place: &str, text: impl AsRef<[u8]>) -> Vec<String> {
        let text = text.as_ref();
        let is_there = |form: &Vec<u8>| text.windows(form.len()).any(|window| window == form);
        let found = self.0.iter().filter(|canary| canary.forms.iter().any(is_there));
        found
            .map(|canary| format!("{} in {place}", canary.name))
            .collect()
    }

    /// Those that are in a file of this folder.
    pub fn found_in_files(&self, folder: &Path) -> anyhow::Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_file() {
                found.extend(self.found_in(&path.display().to_string(), std::fs::read(&path)?));
            }
        }
        Ok(found)
    }
}

/// Every row of every table of a database, as text, with the name of its table. The client's role is the tables' owner or
/// may do everything; whatever row security would hide is there.
pub async fn dump(client: &mut Client) -> anyhow::Result<Vec<(String, String)>> {
    let transaction = client.transaction().await?;
    let tables = transaction
        .query(
            "select c.oid::regclass::text, c.relforcerowsecurity from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
                and n.nspname not like 'pg\\_toast%'",
            &[],
        )
        .await?;
    let mut rows = Vec::new();
    for table in tables {
        let (name, forced): (String, bool) = (table.get(0), table.get(1));
        if forced {
            // Undone at the end. Until then, the owner sees everything.
            let unforced = format!("alter table {name} no force row level security");
            transaction.batch_execute(&unforced).await?;
        }
        let every = transaction
            .query(&format!("select t::text from {name} t"), &[])
            .await?;
        rows.extend(every.iter().map(|row| (name.clone(), row.get(0))));
    }
    transaction.rollback().await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    const VALUE: &str = "CANARY/token+with~every kind of sign?>é";

    fn canaries() -> Canaries {
        let mut canaries = Canaries::default();
        canaries.add("the token", VALUE);
        canaries
    }

    #[test]
    fn a_planted_value_is_found_in_every_form() {
        let url = "CANARY%2Ftoken%2Bwith~every%20kind%20of%20sign%3F%3E%C3%A9";
        let mut planted = vec![VALUE.to_owned(), url.to_owned()];
        for before in [
            "",
            "a",
            "ab",
            "abc",
            "account:",
            "AC00000000000000000000000000000001:",
        ] {
            let longer = format!("{before}{VALUE}");
            planted.push(STANDARD.encode(&longer));
            planted.push(STANDARD.encode(format!("{longer} and more")));
            planted.push(URL_SAFE_NO_PAD.encode(format!("{longer}!")));
        }
        let hexadecimal: String = VALUE.bytes().map(|byte| format!("{byte:02x}")).collect();
        planted.push(format!("\\x{hexadecimal}00"));
        for text in planted {
            let line = format!("{{\"level\":\"INFO\",\"authorization\":\"Basic {text}\"}}");
            assert_eq!(
                canaries().found_in("a log", &line),
                ["the token in a log"],
                "{line}"
            );
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert_eq!(canaries().found_in("a log", "CANARY/token"), Vec::<String>::new());
        assert_eq!(
            canaries().found_in("a log", STANDARD.encode("CANARY")),
            Vec::<String>::new()
        );
    }

    #[test]
    fn files_are_read() {
        let folder = std::env::temp_dir().join(format!("zencall-canary-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.log"), format!("one line\n{VALUE}\n")).unwrap();
        let found = canaries().found_in_files(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
