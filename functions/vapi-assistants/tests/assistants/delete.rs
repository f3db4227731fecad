//! `DELETE /vapi/assistants/{id}`, and by Vapi's id in the query.

use serde_json::{Value, json};
use zencall::db::{Claims, DbError};
use zencall::kernel::ids::{AssistantId, CampaignId};

use super::{ALIAS, PATH, Tenant, minimal, path, text};

fn id_of(assistant: &Value) -> AssistantId {
    AssistantId::parse(&text(&assistant["id"])).unwrap()
}

async fn set_status(tenant: &Tenant, campaign: CampaignId, status: &str) {
    let sql = "update campaigns set status = $2 where id = $1";
    tenant.organization.sql(sql, &[&campaign, &status]).await;
}

#[tokio::test]
async fn as_member_deletes_it_here_and_at_vapi() {
    let tenant = Tenant::start().await;
    let assistant = tenant.make(minimal()).await;
    tenant.member.delete(&path(&assistant)).await.expect(204);
    assert!(tenant.at_vapi().await.is_empty());
    assert_eq!(
        tenant.member.get(PATH).await.expect(200).json()["data"],
        json!([])
    );
    tenant
        .member
        .get(&path(&assistant))
        .await
        .expect_problem(404, "assistant_not_found");
    tenant
        .member
        .delete(&path(&assistant))
        .await
        .expect_problem(404, "assistant_not_found");
    let change = json!({ "name": "Revenant" });
    tenant
        .member
        .patch(&path(&assistant), change)
        .await
        .expect_problem(404, "assistant_not_found");
    assert_eq!(tenant.audit().await, ["assistant.create", "assistant.delete"]);
}

#[tokio::test]
async fn as_existing_frontend_names_it_in_the_query() {
    let tenant = Tenant::start().await;
    for address in [PATH, ALIAS] {
        let assistant = tenant.make(minimal()).await;
        let vapi_id = text(&assistant["vapi_assistant_id"]);
        tenant
            .member
            .delete(&format!("{address}?id={vapi_id}"))
            .await
            .expect(204);
    }
    assert!(tenant.at_vapi().await.is_empty());
    let reply = tenant.member.delete(PATH).await;
    assert_eq!(reply.faults(), [("id".to_owned(), "required".to_owned())]);
    reply.expect_problem(422, "invalid");
}

#[tokio::test]
async fn a_campaign_that_calls_or_will_keeps_its_assistant() {
    let tenant = Tenant::start().await;
    let assistant = tenant.make(minimal()).await;
    let campaign = tenant.organization.campaign(id_of(&assistant), &[]).await;
    for status in ["running", "scheduled", "paused"] {
        set_status(&tenant, campaign, status).await;
        tenant
            .member
            .delete(&path(&assistant))
            .await
            .expect_problem(409, "assistant_in_use");
    }
    assert_eq!(tenant.at_vapi().await.len(), 1);
    assert_eq!(tenant.audit().await, ["assistant.create"]);
    set_status(&tenant, campaign, "completed").await;
    tenant.member.delete(&path(&assistant)).await.expect(204);
    let kept = tenant
        .organization
        .rows("select assistant_id from campaigns", &[])
        .await;
    assert_eq!(kept[0]["assistant_id"], assistant["id"]);
}

#[tokio::test]
async fn a_deleted_assistant_cannot_be_chosen_by_a_campaign() {
    let tenant = Tenant::start().await;
    let (gone, other) = (tenant.make(minimal()).await, tenant.make(minimal()).await);
    let campaign = tenant.organization.campaign(id_of(&other), &[]).await;
    tenant.member.delete(&path(&gone)).await.expect(204);
    let (claims, gone) = (Claims::platform(tenant.organization.id), id_of(&gone));
    let chosen: Result<u64, DbError> = tenant
        .test
        .app
        .db
        .write("test.choose", &claims, async |tx| {
            tx.execute(
                "update campaigns set assistant_id = $2 where id = $1",
                &[&campaign, &gone],
            )
            .await
        })
        .await;
    assert!(
        chosen
            .unwrap_err()
            .is_refusal_of("campaigns_organization_id_assistant_id_fkey")
    );
}

#[tokio::test]
async fn vapi_silent_deletes_nothing() {
    let tenant = Tenant::start().await;
    let assistant = tenant.make(minimal()).await;
    for api in [json!({ "status": 503 }), json!({ "status": 403 })] {
        tenant.vapi_fails(api).await;
        let code = tenant.member.delete(&path(&assistant)).await.expect(502).json()["code"].clone();
        assert!(code == "vapi_unavailable" || code == "vapi_refused");
        tenant.vapi_fails(json!({})).await;
        let read = tenant.member.get(&path(&assistant)).await.expect(200).json();
        assert_eq!(read["assistant"], assistant);
        assert_eq!(tenant.at_vapi().await.len(), 1);
    }
    // Deleted, and the answer lost: asking again finds it gone, which is what was wanted.
    tenant
        .vapi_fails(json!({ "status": 500, "after_accepting": true, "times": 1 }))
        .await;
    tenant.member.delete(&path(&assistant)).await.expect(204);
    assert!(tenant.at_vapi().await.is_empty());
}

#[tokio::test]
async fn what_is_gone_at_vapi_is_deleted_here() {
    let tenant = Tenant::start().await;
    // The database alone knows it.
    let assistant = tenant.organization.assistant().await;
    tenant
        .member
        .delete(&format!("{PATH}/{assistant}"))
        .await
        .expect(204);
}
