//! What a person agrees to.

use super::*;

const CONSENTS: &str = "/api/v1/gdpr/consents";

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
