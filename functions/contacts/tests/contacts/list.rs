//! The list of contacts.

use super::*;

fn phones(list: &Value) -> Vec<&str> {
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|contact| contact["phone"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn page_by_page_newest_first() {
    let (_test, organization, member) = start().await;
    organization.contacts(5).await;
    let first = member.get("/api/v1/contacts?limit=2").await.expect(200).json();
    assert_eq!(phones(&first).len(), 2);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = member
        .get(&format!("/api/v1/contacts?limit=3&cursor={cursor}"))
        .await
        .expect(200)
        .json();
    assert!(second["next_cursor"].is_null());
    let mut all = [phones(&first), phones(&second)].concat();
    assert_eq!(all.len(), 5);
    all.dedup();
    assert_eq!(all.len(), 5);
}

#[tokio::test]
async fn bad_pages_and_filters_are_refused() {
    let (_test, _, member) = start().await;
    for query in [
        "limit=0",
        "limit=100000",
        "limit=x",
        "cursor=x",
        "q=%00",
        "tag=%00",
    ] {
        let reply = member.get(&format!("/api/v1/contacts?{query}")).await;
        reply.expect_problem(422, "invalid");
    }
}

#[tokio::test]
async fn by_name_number_and_tag_with_wildcards_as_themselves() {
    let (_test, _, member) = start().await;
    make(
        &member,
        json!({ "phone": "0639980001", "first_name": "Ana", "last_name": "100%", "tags": ["a,b"] }),
    )
    .await;
    make(
        &member,
        json!({ "phone": "0639980002", "company": "Boulangerie", "tags": ["x"] }),
    )
    .await;
    for (query, expected) in [
        ("q=ANA%20100", vec!["+33639980001"]),
        ("q=%25", vec!["+33639980001"]),
        ("q=_", vec![]),
        ("q=06%2039%2098%2000%2002", vec!["+33639980002"]),
        ("q=boulang", vec!["+33639980002"]),
        ("tag=a,b", vec!["+33639980001"]),
        ("tag=a", vec![]),
        ("tag=x&q=ana", vec![]),
        ("q=&tag=", vec!["+33639980002", "+33639980001"]),
    ] {
        let list = member
            .get(&format!("/api/v1/contacts?{query}"))
            .await
            .expect(200)
            .json();
        let mut found = phones(&list);
        found.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!(found, expected, "{query}");
    }
}
