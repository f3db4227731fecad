//! How many sign-ups and mails an address is given.

use testkit::some_address;
use zencall::kernel::Origin;
use zencall::limits::{self, Limit};

use super::*;

#[tokio::test]
async fn a_hundred_from_an_address_in_an_hour() {
    let visitor = Visitor::arrives().await;
    let address = some_address();
    for _ in 0..100 {
        let origin = Origin {
            ip_address: Some(address.clone()),
            ..Origin::default()
        };
        limits::spend(&visitor.test.app, &origin, &[Limit::SignUp])
            .await
            .unwrap();
    }
    let here = visitor.client.clone().at(&address);
    let reply = here.post(PATH, visitor.company()).await;
    assert_eq!(reply.headers["ratelimit-limit"], "100");
    assert!(reply.headers.contains_key("retry-after"));
    reply.expect_problem(429, "rate_limited");
    assert!(visitor.organization().await.is_none());
    assert!(visitor.mails().await.is_empty());
    // Others are not held up.
    visitor.signs_up(visitor.company()).await.expect(202);
}

#[tokio::test]
async fn five_mails_to_an_address_whether_it_is_known() {
    let visitor = Visitor::arrives().await;
    for left in (0..5).rev() {
        // From another place each time: what counts is who is written to.
        let somewhere = visitor.client.clone().at(&some_address());
        let reply = somewhere.post(PATH, visitor.company()).await;
        assert_eq!(reply.headers["ratelimit-remaining"], left.to_string().as_str());
        reply.expect(202);
    }
    assert_eq!(visitor.mails().await.len(), 5);
    let reply = visitor.signs_up(visitor.company()).await;
    assert_eq!(reply.headers["ratelimit-limit"], "5");
    reply.expect_problem(429, "rate_limited");
    assert!(visitor.mails().await.is_empty());
}
