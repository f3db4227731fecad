//! What could end in a log: no type prints what people are called, say or write.

use crate::{name, root, rust_files, text};

/// Members that hold people's names, numbers or words, where their type is bare text.
const PERSONAL: [&str; 23] = [
    "arguments",
    "body",
    "company",
    "content",
    "customer",
    "email",
    "first_name",
    "full_name",
    "ip_address",
    "last_name",
    "number",
    "payload",
    "phone",
    "projection",
    "quote",
    "reason",
    "summary",
    "text",
    "transcript",
    "transfer_destination",
    "turns",
    "user_agent",
    "variables",
];
/// Types that print whatever they hold. Others keep it to themselves: numbers, addresses, secrets, members of requests.
const BARE: [&str; 6] = ["String", "str", "Value", "Vec<u8>", "Bytes", "Map<"];
/// Words of ours, not of people: reasons and texts that the product itself writes.
const OURS: [&str; 5] = [
    "CampaignNotice.reason",
    "DocumentView.text",
    "ExportView.reason",
    "GdprRequest.reason",
    "GdprRequestView.reason",
];

/// The structs of a source that derive `Debug`, with their members and their types.
fn printed(source: &str) -> Vec<(String, Vec<(String, String)>)> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("#[derive(") {
        let rest = &code[at..];
        let Some((head, body)) = rest.split_once('{') else {
            continue;
        };
        let derives = head.split(']').next().unwrap_or_default();
        let words: Vec<_> = head.split_whitespace().collect();
        let Some(place) = words.iter().position(|word| *word == "struct") else {
            continue;
        };
        // Another item came first, or it has no named members.
        if !derives.contains("Debug") || head.contains(';') || head.matches("#[derive(").count() > 1 {
            continue;
        }
        let name: String = words[place + 1]
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let body = body.split("\n}").next().unwrap_or_default();
        let members = body
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with("//") && !line.starts_with('#'))
            .filter_map(|line| line.trim_end_matches(',').split_once(": "))
            .map(|(member, kind)| {
                let member = member.rsplit(' ').next().unwrap_or_default();
                (member.to_owned(), kind.to_owned())
            });
        found.push((name, members.collect()));
    }
    found
}

#[test]
fn sources_are_read() {
    let source = "#[derive(Clone, Debug)]\npub struct Letter<'a> {\n    /// a: b\n    pub(crate) body: &'a str,\n    id: u8,\n}\n\
                  #[derive(Clone)]\nstruct Quiet {\n    body: String,\n}";
    let expected = vec![(
        "Letter".to_owned(),
        vec![
            ("body".to_owned(), "&'a str".to_owned()),
            ("id".to_owned(), "u8".to_owned()),
        ],
    )];
    assert_eq!(printed(source), expected);
}

#[test]
fn no_type_prints_what_people_are_called_say_or_write() {
    let mut wrong = Vec::new();
    for folder in ["shared/src", "functions"] {
        for file in rust_files(&root().join(folder)) {
            if file.components().any(|part| part.as_os_str() == "tests") {
                continue;
            }
            for (struct_name, members) in printed(&text(&file)) {
                for (member, kind) in members {
                    let is_bare = BARE.iter().any(|bare| kind.contains(bare)) && !kind.contains("Member<");
                    let shown = format!("{struct_name}.{member}");
                    if PERSONAL.contains(&member.as_str()) && is_bare && !OURS.contains(&shown.as_str()) {
                        wrong.push(format!("{}: {shown} (kernel::shown::shows)", name(&file)));
                    }
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
