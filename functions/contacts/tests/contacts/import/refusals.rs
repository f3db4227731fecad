//! Files that are refused whole.

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
