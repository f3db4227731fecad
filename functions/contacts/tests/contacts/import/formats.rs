//! Files that are understood.

use super::*;

#[tokio::test]
async fn every_separator_encoding_and_way_to_write_a_number() {
    let (_test, organization, member) = start().await;
    let table = |separator: &str| {
        [
            [
                "téléphone",
                "Prénom",
                "NOM",
                "e-mail",
                "société",
                "code_postal",
                "ville",
            ],
            [
                "06 39 98 00 01",
                "Zoé",
                "Müller",
                "zoe@zencall.example",
                "Été SARL",
                "1000",
                "Nîmes",
            ],
            ["0033639980002", "Ana", "", "", "", "", ""],
            ["+33(0)639980003", "", "", "", "", "", ""],
            ["639980004", "", "", "", "", "", ""],
        ]
        .map(|cells| cells.map(|cell| format!("\"{cell}\"")).join(separator))
        .join("\r\n")
    };
    let windows_1252 = |text: String| -> Vec<u8> {
        text.chars()
            .map(|sign| u8::try_from(sign as u32).unwrap())
            .collect()
    };
    let files = [
        ("text/csv", table(";").into_bytes()),
        ("text/csv; charset=utf-8", table(",").into_bytes()),
        ("text/csv", format!("\u{feff}{}", table("\t")).into_bytes()),
        ("application/octet-stream", windows_1252(table(";"))),
        ("application/octet-stream", table(",").into_bytes()),
    ];
    for (round, (media_type, bytes)) in files.into_iter().enumerate() {
        let answer = import(&member, media_type, bytes).await;
        let expected = if round == 0 { (4, 0, 0) } else { (0, 4, 0) };
        assert_eq!(counts(&answer), expected, "{media_type}: {answer}");
    }
    let zoe = contact(&organization, "+33639980001").await;
    assert_eq!(
        (&zoe["first_name"], &zoe["last_name"]),
        (&json!("Zoé"), &json!("Müller"))
    );
    assert_eq!(
        (&zoe["company"], &zoe["postal_code"]),
        (&json!("Été SARL"), &json!("01000"))
    );
    assert_eq!(zoe["variables"], json!({ "ville": "Nîmes" }));
}

#[tokio::test]
async fn a_json_array() {
    let (_test, organization, member) = start().await;
    let array = json!([
        { "phone": "0639980001", "tags": ["a"], "variables": { "x": 1 }, "city": "Lyon" },
        { "phone": 639980002, "do_not_call": true },
        { "phone": "12" },
        "0639980003",
    ]);
    let answer = import(&member, "application/json", array.to_string()).await;
    assert_eq!(counts(&answer), (2, 0, 2));
    let lines: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [3, 4]);
    let first = contact(&organization, "+33639980001").await;
    assert_eq!(
        (&first["tags"], &first["variables"]),
        (&json!(["a"]), &json!({ "x": 1, "city": "Lyon" }))
    );
    assert_eq!(contact(&organization, "+33639980002").await["do_not_call"], true);
}

#[tokio::test]
async fn a_mark_and_an_apostrophe_of_excel() {
    let (_test, _, member) = start().await;
    let answer = import(
        &member,
        "text/csv",
        "sep=;\nphone;nom\n'0639980001;\"Roy; Zoé\"\n",
    )
    .await;
    assert_eq!(counts(&answer), (1, 0, 0));
}
