//! What somebody gets out of the functions that act for another, who has the functions' login and the name of no row: ids of
//! tenants with work to do, at most.

use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::fixtures::Tenant;
use crate::tenants::Attempt;
use crate::{login, owner};

/// A function that acts with another's rights.
struct Definer {
    call: String,
    name: String,
}

/// Each with the same thing for every argument.
async fn definers(client: &Client, argument: &str) -> Vec<Definer> {
    let rows = client
        .query(
            "select p.proname::text,
                    array(select t::regtype::text from unnest(p.proargtypes) with ordinality u (t, n) order by n)
               from pg_proc p where p.prosecdef and p.pronamespace = 'zencall'::regnamespace
                -- Makes tables, and answers nothing.
                and p.proname <> 'ensure_partitions' order by 1",
            &[],
        )
        .await
        .unwrap();
    rows.iter()
        .map(|row| {
            let (name, types): (String, Vec<String>) = (row.get(0), row.get(1));
            let arguments: Vec<_> = types
                .iter()
                .map(|kind| match (argument, kind.as_str()) {
                    ("anything", "text") => "'%'".to_owned(),
                    ("anything", "bytea") => "'\\x'::bytea".to_owned(),
                    ("anything", "uuid") => "'00000000-0000-0000-0000-000000000000'::uuid".to_owned(),
                    ("anything", kind) if kind.ends_with("[]") => format!("'{{}}'::{kind}"),
                    _ => format!("null::{kind}"),
                })
                .collect();
            Definer {
                call: format!("zencall.{name}({})", arguments.join(", ")),
                name,
            }
        })
        .collect()
}

/// Texts in the answer of a function: ids, bodies, hashes. An error answers nothing, a number or a truth is no name.
async fn told(client: &Client, call: &str) -> Vec<String> {
    client.batch_execute("savepoint here").await.unwrap();
    let outcome = client
        .query(&format!("select to_jsonb(t) from {call} t"), &[])
        .await;
    client.batch_execute("rollback to here").await.unwrap();
    let answers: Vec<Value> = outcome
        .unwrap_or_default()
        .iter()
        .filter_map(|row| row.get(0))
        .collect();
    let mut told = Vec::new();
    for answer in &answers {
        texts(answer, &mut told);
    }
    told.iter().map(|text| format!("{call}: {text}")).collect()
}

fn texts(answer: &Value, found: &mut Vec<String>) {
    match answer {
        Value::String(text) if !text.is_empty() => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

async fn in_transaction(client: &Client, organization: Option<Uuid>) {
    let setting = organization.map_or_else(String::new, |id| id.to_string());
    let claims = organization.map_or_else(String::new, |id| format!("{{\"organization_id\":\"{id}\"}}"));
    client.batch_execute("begin").await.unwrap();
    client
        .query(
            "select set_config('role', 'zencall_app', true), set_config('request.jwt.claims', $1, true),
                    set_config('zencall.organization_id', $2, true)",
            &[&claims, &setting],
        )
        .await
        .unwrap();
}

/// Whether everybody may be told this: a sweep answers with ids of organisations that have something to do, and nothing
/// else of them; a refusal is a word of ours.
fn is_for_everybody(told: &str) -> bool {
    let Some((call, text)) = told.rsplit_once(": ") else {
        return false;
    };
    match call.split_once('(') {
        Some((
            "zencall.due_organizations"
            | "zencall.organizations_with_campaigns"
            | "zencall.organizations_with_consents",
            _,
        )) => Uuid::parse_str(text).is_ok(),
        Some(("zencall.remove_member", _)) => matches!(text, "refused" | "absent"),
        _ => false,
    }
}

#[tokio::test]
async fn without_the_name_of_a_row_they_tell_nothing() {
    let (client, a) = (login().await, Tenant::new());
    for argument in ["null", "anything"] {
        in_transaction(&client, None).await;
        let mut found = Vec::new();
        for definer in definers(&owner().await, argument).await {
            found.extend(told(&client, &definer.call).await);
        }
        client.batch_execute("rollback").await.unwrap();
        found.retain(|told| !is_for_everybody(told));
        assert_eq!(found, Vec::<String>::new(), "{argument}, {}", a.id);
    }
}

#[tokio::test]
async fn the_login_alone_may_ask_none_of_them() {
    let attempt = Attempt::begin().await;
    for definer in definers(&owner().await, "null").await {
        attempt.become_app(None).await;
        attempt.become_login().await;
        let asked = attempt.run(&format!("select {}", definer.call)).await;
        Attempt::refused(asked, &definer.name);
    }
}

#[tokio::test]
async fn a_known_name_tells_no_more_than_whose_it_is() {
    // Somebody's address gives their ids and the hash that a login needs, and nothing of anybody else.
    let a = Tenant::new();
    let client = login().await;
    in_transaction(&client, Some(a.id)).await;
    for (table, insert) in a.rows() {
        client
            .batch_execute(&insert)
            .await
            .unwrap_or_else(|error| panic!("{table}: {error:?}"));
    }
    client
        .batch_execute("select set_config('request.jwt.claims', '', true), set_config('zencall.organization_id', '', true)")
        .await
        .unwrap();
    let columns = a.columns("credentials").unwrap();
    let (_, hash) = columns.iter().find(|(name, _)| name == "password_hash").unwrap();
    let hash = hash.trim_matches('\'');
    let email = format!("'{}@zencall.example'", a.row);
    for (call, expected) in [
        (format!("zencall.login_by_email({email})"), 3),
        (format!("zencall.user_by_email(upper({email}))"), 2),
        (format!("zencall.organization_of_one_time_token('{}')", a.row), 1),
        (
            format!("zencall.session_by_refresh_token('{}'::text::bytea)", a.row),
            2,
        ),
        (
            format!(
                "zencall.organization_of_vapi_event(null, null, '{}', null)",
                a.row
            ),
            1,
        ),
        // Parts of a name are no name.
        (format!("zencall.login_by_email(left({email}, 20) || '%')"), 0),
        (
            format!(
                "zencall.organization_of_vapi_event(null, null, '{}%', null)",
                &a.row.to_string()[..8]
            ),
            0,
        ),
    ] {
        let told = told(&client, &call).await;
        assert_eq!(told.len(), expected, "{told:?}");
        let own = [a.id.to_string(), a.row.to_string(), hash.to_owned()];
        for value in &told {
            assert!(
                own.iter().any(|known| value.ends_with(&format!(": {known}"))),
                "{value}"
            );
        }
    }
}

#[tokio::test]
async fn what_they_do_is_done_to_one_s_own() {
    // Slots are leased and freed, people and organisations erased, for the tenant of the transaction alone.
    let (a, b) = (Tenant::new(), Tenant::new());
    let attempt = Attempt::begin().await;
    attempt.seed(&a).await;
    attempt.seed(&b).await;
    attempt.become_app(Some(a.id)).await;
    let lease = format!(
        "select zencall.lease_slots(array['{0}'::uuid], array['{0}'::uuid], array[now() + interval '1 hour'], now())",
        a.row
    );
    assert_eq!(attempt.run(&lease).await.unwrap(), 1);
    for stranger in [Some(b.id), None] {
        attempt.become_app(stranger).await;
        for (what, sql) in [
            (
                "frees",
                format!("select 1 where zencall.free_slots(array['{}'::uuid]) > 0", a.row),
            ),
            (
                "erases a person",
                format!("select 1 where zencall.erase_person('{}', now())", a.row),
            ),
            (
                "erases rows",
                "select 1 where zencall.erase_rows(1000) > 0".to_owned(),
            ),
            ("erases", "select 1 where zencall.erase_organization()".to_owned()),
            (
                "sees leases",
                "select 1 from zencall.live_leases(now())".to_owned(),
            ),
        ] {
            assert_eq!(attempt.run(&sql).await.unwrap(), 0, "a stranger {what}");
        }
    }
    // Without a tenant, nothing is leased.
    attempt.become_app(None).await;
    assert_eq!(attempt.run(&lease).await.unwrap(), 0);
    attempt.become_app(Some(a.id)).await;
    assert_eq!(
        attempt
            .run("select 1 from zencall.live_leases(now())")
            .await
            .unwrap(),
        1
    );
    assert_eq!(attempt.run("select 1 from contacts").await.unwrap(), 1);
}

#[tokio::test]
async fn nobody_fills_the_catalogue_with_partitions() {
    let client = login().await;
    for date in ["0001-01-01", "9999-12-31", "infinity"] {
        in_transaction(&client, None).await;
        let made = client
            .query(&format!("select zencall.ensure_partitions('{date}')"), &[])
            .await;
        let refused = made.unwrap_err();
        assert_eq!(refused.code().map(SqlState::code), Some("22023"), "{date}");
        client.batch_execute("rollback").await.unwrap();
    }
}
