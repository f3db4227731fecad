//! What becomes of each row.

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
