//! The SQL of what was said.

use futures_util::future::join;
use jiff::Timestamp;

use crate::adapters::vapi::webhook::Turn;
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::CallId;

/// Appends what was just heard, unless the report has come and holds it already.
pub(super) async fn append(tx: &TenantTx, call: CallId, turn: &Turn) -> Result<(), DbError> {
    tx.execute(
        "-- calls.append_turn
         insert into call_turns (organization_id, call_id, at, role, text_hash, text, source)
         select $1, $2, $3, $4, sha256(convert_to($5, 'UTF8')), $5, 'live'
          where not exists (select from call_turns t
                             where t.organization_id = $1 and t.call_id = $2 and t.source = 'report')
         on conflict do nothing",
        &[
            &tx.organization(),
            &call,
            &turn.at,
            &turn.role.as_str(),
            &turn.text,
        ],
    )
    .await
    .map(drop)
}

/// Writes the whole conversation in the place of what was heard live, of which parts may be missing.
pub(super) async fn replace(tx: &TenantTx, call: CallId, turns: &[Turn]) -> Result<(), DbError> {
    let organization = tx.organization();
    let at: Vec<Timestamp> = turns.iter().map(|turn| turn.at).collect();
    let roles: Vec<&str> = turns.iter().map(|turn| turn.role.as_str()).collect();
    let texts: Vec<&str> = turns.iter().map(|turn| turn.text.as_str()).collect();
    let (forgotten, written) = join(
        tx.execute(
            "-- calls.forget_live_turns
             delete from call_turns where organization_id = $1 and call_id = $2 and source = 'live'",
            &[&organization, &call],
        ),
        tx.execute(
            "-- calls.write_turns
             insert into call_turns (organization_id, call_id, at, role, text_hash, text, source)
             select $1, $2, t.at, t.role, sha256(convert_to(t.text, 'UTF8')), t.text, 'report'
               from unnest($3, $4, $5) as t (at, role, text)
             on conflict do nothing",
            &[&organization, &call, &at, &roles, &texts],
        ),
    )
    .await;
    forgotten.and(written).map(drop)
}
