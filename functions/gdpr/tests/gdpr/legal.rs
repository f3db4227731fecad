//! The documents that everybody may read.

use super::*;

/// A published version is never changed: publish another one.
const SUMS: [(&str, &str, &str, &str); 3] = [
    (
        "privacy",
        "2026-11",
        "9029304bbb2d1162c2b3dbe37a1897ece8043dec658e4b55829064ffa13804a5",
        "f96cfd31541e159ab6f06583e8c188f0c345700475b9f78a30456c5981468610",
    ),
    (
        "terms",
        "2026-11",
        "7f8806750e705f2c35ab46be51f4f7f7562579927f39cba72d14ec304333c868",
        "cf42ab9f866a4fe0862e2129f7a6dc18e538b2e6ff5c5b8bd7557304d8c805f2",
    ),
    (
        "cookies",
        "2026-11",
        "c456a5289c9cc33f1812bcf885be217e38c704e7551c779dbe2d8b41455e32bd",
        "eda9b2c4c9f8f83a173074e43cec58f132d96658e3710c16f60d97a607bc73f7",
    ),
];

#[tokio::test]
async fn documents_are_public_and_stay_as_they_were_published() {
    let tenant = Tenant::start().await;
    let router = tenant.test.serving(gdpr::routes());
    let anonymous = Client::anonymous(router);
    for (name, version, french, english) in SUMS {
        for (language, sum) in [("fr", french), ("en", english)] {
            let request = http::Request::get(format!("/api/v1/legal/{name}?version={version}"))
                .header("accept-language", language)
                .body(axum::body::Body::empty())
                .unwrap();
            let document = anonymous.request(request).await.expect(200).json()["document"].clone();
            assert_eq!(document["language"], language);
            assert_eq!(document["sha256"], sum, "{name} {version} {language}");
        }
        let today = anonymous
            .get(&format!("/api/v1/legal/{name}"))
            .await
            .expect(200)
            .json();
        assert_eq!(today["document"]["versions"][0], today["document"]["version"]);
        assert_eq!(today["document"]["language"], "fr");
    }
    anonymous
        .get("/api/v1/legal/imprint")
        .await
        .expect_problem(404, "document_not_found");
    anonymous
        .get("/api/v1/legal/terms?version=1999-01")
        .await
        .expect_problem(404, "document_not_found");
}
