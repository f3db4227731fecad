//! Pages of every list: 1 to 200 rows, and cursors that were given.

use crate::visitor::{Visitor, check_headers, check_problem};

#[tokio::test]
async fn a_page_has_1_to_200_rows_and_begins_where_another_ended() {
    //
    let visitor = Visitor::start().await;
    let somebody = visitor.inhabitant().await;
    let mut asked = 0;
    for route in &visitor.routes {
        if !route.query().contains(&"limit".to_owned()) {
            continue;
        }
        let address = route.address(&somebody.row.to_string());
        let ask = async |query: &str| {
            let address = format!("{address}?{query}");
            visitor.send(route, Some(&somebody), &address, None).await
        };
        for limit in [
            "100000",
            "201",
            "0",
            "-1",
            "ten",
            "",
            "1.5",
            "0x10",
            "%20",
            "1e2",
            "65537",
            "99999999999999999999",
        ] {
            let what = format!("{} with limit={limit}", route.name());
            let reply = ask(&format!("limit={limit}")).await;
            check_problem(&what, &reply);
            assert_eq!(reply.status, 422, "{what}");
            assert_eq!(
                reply.faults(),
                [("limit".to_owned(), "out_of_range".to_owned())],
                "{what}"
            );
        }
        for cursor in [
            "x",
            "",
            "AAAA",
            "%00",
            "%F0%9F%A6%8A",
            "AZCqXaySd0u8zrMCCZqAV%3D%3D",
            &"A".repeat(5_000),
        ] {
            let what = format!("{} with cursor={cursor}", route.name());
            let reply = ask(&format!("cursor={cursor}")).await;
            check_problem(&what, &reply);
            assert_eq!(reply.status, 422, "{what}");
            assert_eq!(
                reply.faults(),
                [("cursor".to_owned(), "cursor_invalid".to_owned())],
                "{what}"
            );
        }
        for query in ["limit=1&limit=2", "cursor=&cursor="] {
            let what = format!("{} with {query}", route.name());
            let reply = ask(query).await;
            let problem = check_problem(&what, &reply);
            assert_eq!(
                (reply.status.as_u16(), &problem["code"]),
                (400, &"query_unreadable".into()),
                "{what}"
            );
        }
        for limit in [1, 50, 200] {
            let what = format!("{} with limit={limit}", route.name());
            let reply = ask(&format!("limit={limit}")).await;
            check_headers(&what, &reply);
            assert_eq!(reply.status, 200, "{what}: {}", reply.text());
            let page = reply.json();
            assert!(
                page["data"].as_array().is_some_and(|rows| rows.len() <= limit),
                "{what}: {page}"
            );
            assert!(
                page.as_object().unwrap().contains_key("next_cursor"),
                "{what}: {page}"
            );
        }
        asked += 1;
    }
    assert!(asked > 8);
}
