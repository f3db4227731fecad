//! `/gdpr/requests`, `/gdpr/consents` and `/legal`: who may, and what is answered.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use testkit::{Client, QueueKind, TestApp, TestOrganization};
use zencall::identity::NewPassword;

const REQUESTS: &str = "/api/v1/gdpr/requests";
const CONSENTS: &str = "/api/v1/gdpr/consents";
const PASSWORD: &str = "correct horse battery staple";

struct Tenant {
    test: TestApp,
    organization: TestOrganization,
    admin: Client,
    member: Client,
}

impl Tenant {
    async fn start() -> Self {
        let test = TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await;
        let organization = test.organization().await;
        let hash = NewPassword::parse(PASSWORD, &[])
            .unwrap()
            .hash(&test.app.clock)
            .await
            .unwrap();
        for user in [organization.admin, organization.member] {
            organization
                .sql(
                    "insert into credentials (user_id, organization_id, password_hash, updated_at)
                     values ($1, $2, $3, $4)",
                    &[
                        &user,
                        &organization.id,
                        &hash.expose_secret(),
                        &test.app.clock.now(),
                    ],
                )
                .await;
        }
        let admin = organization.admin(test.serving(gdpr::routes())).await;
        let member = organization.member(test.serving(gdpr::routes())).await;
        Self {
            test,
            organization,
            admin,
            member,
        }
    }

    async fn actions(&self) -> Vec<String> {
        let entries = self
            .organization
            .rows("select action from gdpr_audit_logs order by created_at, id", &[])
            .await;
        entries
            .iter()
            .map(|entry| entry["action"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn deletion() -> Value {
    json!({ "request_type": "data_deletion", "password": PASSWORD })
}

mod request_deletion {
    use super::*;

    #[tokio::test]
    async fn as_member_waits_thirty_days_and_is_told_by_mail() {
        let tenant = Tenant::start().await;
        let request = tenant.member.post(REQUESTS, deletion()).await.expect(202).json()["request"].clone();
        assert_eq!(request["status"], "pending");
        assert_eq!(request["scheduled_at"], "2026-12-23T10:00:00Z");
        let mails = tenant.test.queues.take(QueueKind::Mail).await;
        assert_eq!(mails[0]["kind"], "deletion_scheduled");
        assert_eq!(mails[0]["request_id"], request["id"]);
        // The same again is the same.
        let again = tenant.member.post(REQUESTS, deletion()).await.expect(202).json();
        assert_eq!(again["request"]["id"], request["id"]);
        let listed = tenant.member.get(REQUESTS).await.expect(200).json();
        assert_eq!(listed["data"], json!([request]));
        assert_eq!(tenant.actions().await, ["gdpr.request_deletion"]);
    }

    #[tokio::test]
    async fn twice_at_once_is_one() {
        let tenant = Tenant::start().await;
        let (one, other) = tokio::join!(
            tenant.member.post(REQUESTS, deletion()),
            tenant.member.post(REQUESTS, deletion())
        );
        let id = |reply: testkit::Reply| reply.expect(202).json()["request"]["id"].clone();
        assert_eq!(id(one), id(other));
        assert_eq!(tenant.test.queues.take(QueueKind::Mail).await.len(), 1);
    }

    #[tokio::test]
    async fn with_another_password_is_forbidden() {
        let tenant = Tenant::start().await;
        for password in ["wrong", "", "correct horse battery stapler"] {
            let mut body = deletion();
            body["password"] = json!(password);
            tenant
                .member
                .post(REQUESTS, body)
                .await
                .expect_problem(403, "wrong_password");
        }
        let rows = tenant
            .organization
            .rows("select id from gdpr_requests", &[])
            .await;
        assert!(rows.is_empty());
    }

    #[tokio::test]
    async fn for_somebody_else_is_forbidden_even_to_an_administrator() {
        let tenant = Tenant::start().await;
        let mut body = deletion();
        body["user_id"] = json!(tenant.organization.member);
        tenant
            .admin
            .post(REQUESTS, body.clone())
            .await
            .expect_problem(403, "not_your_account");
        tenant.member.post(REQUESTS, body).await.expect(202);
    }

    #[tokio::test]
    async fn of_the_organization_is_for_administrators() {
        let tenant = Tenant::start().await;
        let mut body = deletion();
        body["scope"] = json!("organization");
        tenant
            .member
            .post(REQUESTS, body.clone())
            .await
            .expect_problem(403, "admin_required");
        tenant.admin.post(REQUESTS, body).await.expect(202);
        tenant
            .admin
            .post(REQUESTS, deletion())
            .await
            .expect_problem(409, "deletion_already_requested");
    }

    #[tokio::test]
    async fn as_the_only_administrator_of_others_is_a_conflict() {
        let tenant = Tenant::start().await;
        tenant
            .admin
            .post(REQUESTS, deletion())
            .await
            .expect_problem(409, "last_admin");
    }

    #[tokio::test]
    async fn bad_input_is_told_all_at_once() {
        let tenant = Tenant::start().await;
        let body = json!({ "request_type": "data_export", "scope": "all", "user_id": "me" });
        let faults = tenant.member.post(REQUESTS, body).await.expect(422).faults();
        let codes: Vec<_> = faults
            .iter()
            .map(|(field, code)| (field.as_str(), code.as_str()))
            .collect();
        assert_eq!(
            codes,
            [
                ("password", "required"),
                ("request_type", "request_type_invalid"),
                ("scope", "scope_invalid"),
                ("user_id", "id_invalid"),
            ]
        );
    }
}

mod cancel {
    use super::*;

    #[tokio::test]
    async fn as_the_same_person_until_it_begins() {
        let tenant = Tenant::start().await;
        let request = tenant.member.post(REQUESTS, deletion()).await.expect(202).json()["request"].clone();
        let path = format!("{REQUESTS}/{}", request["id"].as_str().unwrap());
        tenant.test.app.clock.advance(jiff::SignedDuration::from_secs(1));
        tenant.member.delete(&path).await.expect(204);
        tenant.member.delete(&path).await.expect(204);
        assert_eq!(
            tenant.member.get(REQUESTS).await.json()["data"][0]["status"],
            "cancelled"
        );
        assert_eq!(
            tenant.actions().await,
            ["gdpr.request_deletion", "gdpr.cancel_deletion"]
        );
        let again = tenant.member.post(REQUESTS, deletion()).await.expect(202).json();
        let path = format!("{REQUESTS}/{}", again["request"]["id"].as_str().unwrap());
        tenant
            .organization
            .sql(
                "update gdpr_requests set status = 'processing', attempts = 1
                  where organization_id = $1 and status = 'pending'",
                &[&tenant.organization.id],
            )
            .await;
        tenant
            .member
            .delete(&path)
            .await
            .expect_problem(409, "gdpr_request_state");
    }

    #[tokio::test]
    async fn as_anybody_else_is_not_found() {
        let tenant = Tenant::start().await;
        let stranger = Tenant::start().await;
        let request = tenant.member.post(REQUESTS, deletion()).await.expect(202).json()["request"].clone();
        let path = format!("{REQUESTS}/{}", request["id"].as_str().unwrap());
        tenant
            .admin
            .delete(&path)
            .await
            .expect_problem(404, "gdpr_request_not_found");
        stranger
            .member
            .delete(&path)
            .await
            .expect_problem(404, "gdpr_request_not_found");
        tenant
            .member
            .delete(&format!("{REQUESTS}/nonsense"))
            .await
            .expect_problem(404, "gdpr_request_not_found");
        assert_eq!(tenant.admin.get(REQUESTS).await.json()["data"], json!([]));
    }
}

mod consents {
    use super::*;

    #[tokio::test]
    async fn are_added_to_and_never_changed() {
        let tenant = Tenant::start().await;
        let give = |given: bool| json!({ "consent_type": "marketing", "consent_given": given });
        let consent = tenant.member.put(CONSENTS, give(true)).await.expect(200).json()["consent"].clone();
        assert_eq!(consent["consent_version"], "2026-11");
        tenant.member.put(CONSENTS, give(true)).await.expect(200);
        let second = jiff::SignedDuration::from_secs(1);
        tenant.test.app.clock.advance(second);
        tenant.member.put(CONSENTS, give(false)).await.expect(200);
        tenant
            .member
            .put(
                CONSENTS,
                json!({ "consent_type": "cookies", "consent_given": true, "consent_version": "2026-11" }),
            )
            .await
            .expect(200);
        let read = tenant.member.get(CONSENTS).await.expect(200).json();
        assert_eq!(read["data"].as_array().unwrap().len(), 3);
        let standing: Vec<_> = read["current"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                (
                    one["consent_type"].as_str().unwrap(),
                    one["consent_given"].as_bool().unwrap(),
                )
            })
            .collect();
        assert_eq!(standing, [("cookies", true), ("marketing", false)]);
        let sql = "select marketing_consent from profiles where id = $1";
        let profile = tenant
            .organization
            .rows(sql, &[&tenant.organization.member])
            .await;
        assert_eq!(profile[0]["marketing_consent"], false);
        assert_eq!(tenant.actions().await, ["consent.change"; 3]);
        // The other member has said nothing.
        assert_eq!(tenant.admin.get(CONSENTS).await.json()["data"], json!([]));
        // Nor may the application change what was said.
        let changed = tenant
            .organization
            .rows(
                "select has_table_privilege('zencall_app', 'gdpr_consents', 'update, delete') as may",
                &[],
            )
            .await;
        assert_eq!(changed[0]["may"], false);
    }

    #[tokio::test]
    async fn are_of_a_version_that_exists() {
        let tenant = Tenant::start().await;
        let body = json!({ "consent_type": "terms", "consent_given": true, "consent_version": "1999-01" });
        let faults = tenant.member.put(CONSENTS, body).await.expect(422).faults();
        assert_eq!(
            faults,
            [("consent_version".to_owned(), "consent_version_unknown".to_owned())]
        );
        let faults = tenant
            .member
            .put(CONSENTS, json!({ "consent_type": "all", "consent_given": "yes" }))
            .await
            .expect(422)
            .faults();
        assert_eq!(faults.len(), 2, "{faults:?}");
    }
}

mod legal {
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
}
