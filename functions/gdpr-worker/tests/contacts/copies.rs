//! A copy of what is held about somebody.

use support::Archive;

use super::*;

const OTHER: &str = "+33639980001";

#[tokio::test]
async fn a_copy_holds_what_is_about_the_person_and_nobody_else() {
    //
    let test = at(NOW, Options::default()).await;
    let tenant = Tenant::of(&test).await;
    let person = Person::of(&tenant).await;
    let asked = tenant
        .member
        .post(&person.path("export"), json!({}))
        .await
        .expect(202)
        .json();
    assert_eq!(asked["request"]["scope"], "contact");
    assert_eq!(asked["request"]["contact_id"], person.contact.to_string());
    // While it is open, it is the same.
    let again = tenant
        .member
        .post(&person.path("export"), json!({}))
        .await
        .expect(202)
        .json();
    assert_eq!(again["request"]["id"], asked["request"]["id"]);
    tenant.work_off().await;
    let id = asked["request"]["id"].as_str().unwrap();
    let read = tenant.read(&tenant.member, id).await;
    assert_eq!(read["status"], "completed");
    let archive = Archive::fetch(read["data_url"].as_str().unwrap()).await;
    assert_eq!(archive.manifest["contact_id"], person.contact.to_string());
    assert_eq!(archive.json("contacts").len(), 1);
    assert_eq!(archive.json("contacts")[0]["phone"], PHONE);
    for (table, rows) in [
        ("contact_consents", 1),
        ("calls", 1),
        ("call_turns", 1),
        ("messages", 1),
        ("decisions", 1),
    ] {
        assert_eq!(archive.json(table).len(), rows, "{table}");
    }
    let everything = archive.everything();
    for third in [OTHER, "+33639985555", "+33639989999", "192.0.2", "created_by"] {
        assert!(!everything.contains(third), "{third}");
    }
    // Another organisation's contact is not there.
    let stranger = Tenant::of(&test).await;
    for what in ["export", "erase"] {
        stranger
            .admin
            .post(&person.path(what), json!({}))
            .await
            .expect_problem(404, "contact_not_found");
    }
}
