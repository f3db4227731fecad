//! Importing files of contacts: every shape that a spreadsheet gives them.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use testkit::{Client, Reply, TestOrganization};

use super::start;

async fn send(client: &Client, media_type: &str, body: impl Into<Body>) -> Reply {
    let request = Request::post("/api/v1/contacts/import").header("content-type", media_type);
    client.request(request.body(body.into()).unwrap()).await
}

async fn import(client: &Client, media_type: &str, body: impl Into<Body>) -> Value {
    send(client, media_type, body).await.expect(200).json()
}

fn counts(answer: &Value) -> (u64, u64, u64) {
    let count = |name: &str| answer[name].as_u64().unwrap();
    (count("imported"), count("updated"), count("rejected"))
}

async fn contact(organization: &TestOrganization, phone: &str) -> Value {
    organization
        .rows("select * from contacts where phone = $1", &[&phone])
        .await[0]
        .clone()
}

mod formats {
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
}

mod rows {
    use super::*;

    #[tokio::test]
    async fn a_bad_line_is_named_and_costs_no_good_one() {
        let (_test, organization, member) = start().await;
        let file = "phone;email;kind;nom\n\
                    0639980001;a@zencall.example;consumer;A\n\
                    6,39980002E+08;b@zencall,example;particulier;B\n\
                    0639980003;;;\"C\n\
                    0639980004;;business;D\n\
                    0639980005;;;E;F\n\
                    ;;;\n\
                    ;x@zencall.example;;G\n";
        let request = Request::post("/api/v1/contacts/import")
            .header("content-type", "text/csv")
            .header("accept-language", "en");
        let answer = member
            .request(request.body(file.into()).unwrap())
            .await
            .expect(200)
            .json();
        assert_eq!(counts(&answer), (2, 0, 4));
        let told: Vec<_> = answer["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
                (
                    error["line"].as_u64().unwrap(),
                    text("field"),
                    text("code"),
                    text("suggestion"),
                )
            })
            .collect();
        let expected = [
            (3, "phone", "phone_number_invalid", "+33639980002"),
            (3, "kind", "kind_invalid", "consumer"),
            (3, "email", "email_invalid", "b@zencall.example"),
            (4, "", "quote_unclosed", ""),
            (6, "", "too_many_cells", ""),
            (8, "phone", "required", ""),
        ];
        let expected = expected
            .map(|(line, field, code, meant)| (line, field.to_owned(), code.to_owned(), meant.to_owned()));
        assert_eq!(told, expected);
        assert_eq!(answer["errors"][0]["message"], "This phone number is not valid.");
        assert!(answer["errors"][3].get("suggestion").is_none());
        assert_eq!(organization.rows("select id from contacts", &[]).await.len(), 2);
    }

    #[tokio::test]
    async fn a_number_met_before_is_updated_and_the_last_line_wins() {
        let (_test, organization, member) = start().await;
        organization.contact("+33639980001").await;
        organization
            .sql(
                "update contacts set last_name = 'Roy', tags = '{vip}', variables = '{\"a\": \"1\"}'",
                &[],
            )
            .await;
        let file = "phone;prénom;nom;ville\n0639980001;Ana;;\n0639980002;Bob;X;\n+33639980001;Anna;;Lyon\n0639980002;;Y;\n";
        let answer = import(&member, "text/csv", file).await;
        assert_eq!(counts(&answer), (1, 3, 0));
        let known = contact(&organization, "+33639980001").await;
        assert_eq!(
            (&known["first_name"], &known["last_name"]),
            (&json!("Anna"), &json!("Roy"))
        );
        assert_eq!(
            (&known["tags"], &known["variables"]),
            (&json!(["vip"]), &json!({ "a": "1", "ville": "Lyon" }))
        );
        let new = contact(&organization, "+33639980002").await;
        assert_eq!(
            (&new["first_name"], &new["last_name"]),
            (&json!("Bob"), &json!("Y"))
        );
    }

    #[tokio::test]
    async fn json_may_clear_a_member_and_an_empty_cell_does_not() {
        let (_test, organization, member) = start().await;
        let file = "phone;email;ne_pas_appeler\n0639980001;a@zencall.example;oui\n";
        import(&member, "text/csv", file).await;
        import(&member, "text/csv", "phone;email;ne_pas_appeler\n0639980001;;\n").await;
        let known = contact(&organization, "+33639980001").await;
        assert_eq!(
            (&known["email"], &known["do_not_call"]),
            (&json!("a@zencall.example"), &json!(true))
        );
        let array = json!([{ "phone": "0639980001", "email": null, "tags": null, "contract": null, "do_not_call": false }]);
        import(&member, "application/json", array.to_string()).await;
        let known = contact(&organization, "+33639980001").await;
        assert_eq!(
            (&known["email"], &known["do_not_call"]),
            (&json!(null), &json!(false))
        );
    }

    #[tokio::test]
    async fn variables_are_joined_while_they_fit() {
        let (_test, organization, member) = start().await;
        let columns = |prefix: &str| {
            let names: Vec<_> = (0..40).map(|n| format!("{prefix}{n}")).collect();
            format!("phone;{}\n0639980001;{}\n", names.join(";"), ["v"; 40].join(";"))
        };
        import(&member, "text/csv", columns("a")).await;
        import(&member, "text/csv", columns("b")).await;
        let known = contact(&organization, "+33639980001").await;
        let names: Vec<_> = known["variables"].as_object().unwrap().keys().collect();
        assert!(names.len() == 40 && names[0].starts_with('b'));
    }

    #[tokio::test]
    async fn a_large_file_twice_and_at_once_changes_nothing_more() {
        let (_test, organization, member) = start().await;
        let mut file = "téléphone;prénom;nom;ville\n".to_owned();
        for number in 0..5000 {
            file.push_str(&format!("063998{number:04};Prénom {number};Nom;Lyon\n"));
        }
        let first = import(&member, "text/csv", file.clone()).await;
        assert_eq!(counts(&first), (5000, 0, 0));
        let (one, other) = tokio::join!(
            import(&member, "text/csv", file.clone()),
            import(&member, "text/csv", file.clone())
        );
        assert_eq!((counts(&one), counts(&other)), ((0, 5000, 0), (0, 5000, 0)));
        assert_eq!(
            organization.rows("select count(*) from contacts", &[]).await,
            [json!({ "count": 5000 })]
        );
        let audit = organization
            .rows("select details from gdpr_audit_logs", &[])
            .await;
        assert_eq!(audit.len(), 3);
        assert_eq!(
            audit[0]["details"],
            json!({ "rows": 5000, "numbers": 5000, "rejected": 0 })
        );
        file.push_str("0639980000;;;\n");
        let refused = send(&member, "text/csv", file)
            .await
            .expect_problem(422, "too_many_rows");
        assert!(
            refused["detail"].as_str().unwrap().contains("/contacts/imports"),
            "{refused}"
        );
    }
}

mod refusals {
    use super::*;

    #[tokio::test]
    async fn what_is_no_file_of_contacts_is_refused_whole() {
        let (_test, organization, member) = start().await;
        for (media_type, body, status, code) in [
            ("text/csv", b"".as_slice(), 422, "file_empty"),
            ("text/csv", b"\xef\xbb\xbf\r\n", 422, "file_empty"),
            ("text/csv", b"nom;ville\nA;B\n", 422, "phone_column_missing"),
            ("text/csv", b"phone;tel\n1;2\n", 422, "column_twice"),
            (
                "text/csv",
                b"phone;pr\xe9nom\n0639980001;Zo\xe9\n",
                422,
                "not_utf8",
            ),
            ("text/csv; charset=klingon", b"phone\n", 422, "encoding_unknown"),
            ("application/json", b"{}", 422, "not_an_array"),
            ("application/json", b"[", 400, "unreadable"),
            ("application/xml", b"<a/>", 415, "media_type"),
        ] {
            send(&member, media_type, body).await.expect_problem(status, code);
        }
        let none = import(&member, "text/csv", "phone\n").await;
        assert_eq!(counts(&none), (0, 0, 0));
        assert!(organization.rows("select * from contacts", &[]).await.is_empty());
        assert!(
            organization
                .rows("select * from gdpr_audit_logs", &[])
                .await
                .is_empty()
        );
    }

    #[tokio::test]
    async fn more_than_5_mib() {
        let (_test, _, member) = start().await;
        let file = format!("phone;nom\n0639980001;{}\n", "x".repeat(5 * 1024 * 1024));
        let refused = send(&member, "text/csv", file)
            .await
            .expect_problem(413, "too_large");
        assert!(refused["detail"].as_str().unwrap().contains("5 Mio"), "{refused}");
    }

    #[tokio::test]
    async fn nothing_in_a_cell_is_a_500() {
        let (_test, _, member) = start().await;
        let file = "phone;nom;ville;variables;tags;contract\n0639980001;a\0b;c;;;\n0639980002;;x\0;;;\n\
                    0639980003;;;{\"a\": null};;\n0639980004;;;x;\0;{\"reference\": 7}\n";
        let answer = import(&member, "text/csv", file).await;
        assert_eq!(counts(&answer), (0, 0, 4), "{answer}");
        let array = json!([{ "phone": "0639980001", "variables": { "\u{0}": 1 } }, { "phone": "0639980001", "a\u{0}": "x" }, null]);
        let answer = import(&member, "application/json", array.to_string()).await;
        assert_eq!(counts(&answer), (0, 0, 3), "{answer}");
    }

    #[tokio::test]
    async fn as_nobody_and_as_stranger() {
        let (test, organization, member) = start().await;
        let nobody = Client::anonymous(test.serving(contacts::routes()));
        send(&nobody, "text/csv", "phone\n0639980001\n")
            .await
            .expect_problem(401, "unauthenticated");
        import(&member, "text/csv", "phone;nom\n0639980001;Roy\n").await;
        let stranger = test
            .organization()
            .await
            .admin(test.serving(contacts::routes()))
            .await;
        let answer = import(&stranger, "text/csv", "phone;nom\n0639980001;Autre\n").await;
        assert_eq!(counts(&answer), (1, 0, 0));
        assert_eq!(contact(&organization, "+33639980001").await["last_name"], "Roy");
    }
}
