//! Changing, deleting and not seeing one contact.

use super::*;

mod change {
    use super::*;

    #[tokio::test]
    async fn what_is_not_given_stays_and_null_clears() {
        let (_test, organization, member) = start().await;
        let contact = make(
            &member,
            json!({ "phone": "0639980001", "first_name": "Ana", "email": "a@zencall.example", "tags": ["a"],
                    "variables": { "x": 1 }, "contract": { "reference": "C", "object": "o", "ends_at": "2027-01-01" } }),
        )
        .await;
        let change =
            json!({ "email": null, "lastName": "Roy", "do_not_call": true, "contract": null, "tags": null });
        let changed = member.patch(&path(&contact), change).await.expect(200).json()["contact"].clone();
        assert_eq!(
            (&changed["first_name"], &changed["last_name"]),
            (&json!("Ana"), &json!("Roy"))
        );
        assert!(changed["email"].is_null() && changed["contract"].is_null());
        assert_eq!(
            (&changed["tags"], &changed["variables"]),
            (&json!([]), &json!({ "x": 1 }))
        );
        assert_eq!(changed["do_not_call"], true);
        let audit = organization
            .rows(
                "select details from gdpr_audit_logs where action = 'contact.change'",
                &[],
            )
            .await;
        assert_eq!(
            audit[0]["details"],
            json!({
                "contact_id": contact["id"],
                "changed": ["contract", "do_not_call", "email", "last_name", "tags"],
                // What is about the person is named, not quoted.
                "before": { "do_not_call": false },
                "after": { "do_not_call": true },
            })
        );
    }

    #[tokio::test]
    async fn a_number_may_change_unless_another_has_it() {
        let (_test, _, member) = start().await;
        let contact = make(&member, json!({ "phone": "0639980001" })).await;
        make(&member, json!({ "phone": "0639980002" })).await;
        let taken = member
            .patch(&path(&contact), json!({ "phone": "06 39 98 00 02" }))
            .await;
        taken.expect_problem(409, "contact_exists");
        let changed = member
            .patch(&path(&contact), json!({ "phone": "06 39 98 00 03" }))
            .await
            .expect(200)
            .json();
        assert_eq!(changed["contact"]["phone"], "+33639980003");
    }

    #[tokio::test]
    async fn what_cannot_be_cleared_and_what_is_wrong_is_told_at_once() {
        let (_test, _, member) = start().await;
        let contact = make(&member, json!({ "phone": "0639980001" })).await;
        let wrong = json!({ "phone": null, "kind": null, "do_not_call": null, "language": "xx" });
        let reply = member.patch(&path(&contact), wrong).await.expect(422);
        let fields: Vec<_> = reply.faults().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["do_not_call", "kind", "language", "phone"]);
    }
}

mod delete {
    use super::*;

    #[tokio::test]
    async fn a_contact_is_gone_with_its_place_in_campaigns() {
        let (_test, organization, member) = start().await;
        let id = organization.contact("+33639980001").await;
        let assistant = organization.assistant().await;
        organization.campaign(assistant, &[id]).await;
        let path = format!("/api/v1/contacts/{id}");
        member.delete(&path).await.expect(204);
        member
            .delete(&path)
            .await
            .expect_problem(404, "contact_not_found");
        assert!(
            organization
                .rows("select * from campaign_contacts", &[])
                .await
                .is_empty()
        );
    }

    #[tokio::test]
    async fn what_the_person_said_outlives_it_on_the_list_of_numbers_that_are_not_called() {
        let (_test, organization, member) = start().await;
        for (phone, do_not_call) in [("+33639980001", true), ("+33639980002", false)] {
            let contact = make(&member, json!({ "phone": phone, "do_not_call": do_not_call })).await;
            member.delete(&path(&contact)).await.expect(204);
        }
        // A number that is on the list already stays there as it is.
        let entry = json!({ "phone": "+33639980003", "source": "call" });
        member.post("/api/v1/do-not-call", entry).await.expect(201);
        let contact = make(&member, json!({ "phone": "+33639980003", "do_not_call": true })).await;
        member.delete(&path(&contact)).await.expect(204);
        let sql = "select phone, source from do_not_call order by phone";
        assert_eq!(
            Value::from(organization.rows(sql, &[]).await),
            json!([{ "phone": "+33639980001", "source": "manual" }, { "phone": "+33639980003", "source": "call" }])
        );
    }

    #[tokio::test]
    async fn not_while_it_is_being_called() {
        let (_test, organization, member) = start().await;
        let id = organization.contact("+33639980001").await;
        let assistant = organization.assistant().await;
        organization.campaign(assistant, &[id]).await;
        organization
            .sql("update campaign_contacts set status = 'active'", &[])
            .await;
        let path = format!("/api/v1/contacts/{id}");
        member
            .delete(&path)
            .await
            .expect_problem(409, "contact_in_campaign");
        member.get(&path).await.expect(200);
        assert!(
            organization
                .rows("select * from gdpr_audit_logs", &[])
                .await
                .is_empty()
        );
    }
}

mod delete_while_it_is_being_chosen {
    use tokio::sync::Notify;
    use zencall::db::{Claims, DbError};

    use super::*;

    #[tokio::test]
    async fn waits_and_is_refused() {
        let (test, organization, member) = start().await;
        let id = organization.contact("+33639980001").await;
        let assistant = organization.assistant().await;
        organization.campaign(assistant, &[id]).await;
        let (container, claims) = (test.another_container(), Claims::platform(organization.id));
        let (chosen, go_on) = (&Notify::new(), &Notify::new());
        let release = container.db.write("tests.release", &claims, async |tx| {
            tx.execute("update campaign_contacts set status = 'active'", &[])
                .await?;
            chosen.notify_one();
            go_on.notified().await;
            Ok::<_, DbError>(())
        });
        let path = format!("/api/v1/contacts/{id}");
        let delete = async {
            chosen.notified().await;
            let waiting = async {
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                go_on.notify_one();
            };
            tokio::join!(member.delete(&path), waiting).0
        };
        let (released, deleted) = tokio::join!(release, delete);
        released.unwrap();
        deleted.expect_problem(409, "contact_in_campaign");
        assert_eq!(
            organization
                .rows("select status from campaign_contacts", &[])
                .await
                .len(),
            1
        );
    }
}

mod by_id {
    use super::*;

    #[tokio::test]
    async fn as_stranger_is_not_found_and_nothing_changes() {
        let (test, organization, member) = start().await;
        let contact = make(&member, json!({ "phone": "0639980001", "first_name": "Ana" })).await;
        let stranger = test
            .organization()
            .await
            .admin(test.serving(contacts::routes()))
            .await;
        for path in [
            path(&contact),
            "/api/v1/contacts/019a0000-0000-7000-8000-000000000000".to_owned(),
            "/api/v1/contacts/7".to_owned(),
        ] {
            stranger.get(&path).await.expect_problem(404, "contact_not_found");
            stranger
                .patch(&path, json!({ "first_name": "X" }))
                .await
                .expect_problem(404, "contact_not_found");
            stranger
                .delete(&path)
                .await
                .expect_problem(404, "contact_not_found");
        }
        assert_eq!(
            stranger.get("/api/v1/contacts").await.expect(200).json()["data"],
            json!([])
        );
        make(&stranger, json!({ "phone": "0639980001" })).await;
        assert_eq!(
            organization.rows("select first_name from contacts", &[]).await,
            [json!({ "first_name": "Ana" })]
        );
        member
            .send("PUT", &path(&contact), Some(json!({})))
            .await
            .expect_problem(405, "method_not_allowed");
    }
}
