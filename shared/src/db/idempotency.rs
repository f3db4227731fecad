//! The SQL of idempotency keys. One round trip claims a key, one keeps the answer.

use futures_util::future::join;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::tenant::Mode;
use super::{Bytes, Claims, Db, DbError};
use crate::kernel::Caller;
use crate::kernel::idempotency::{Claimed, KeptAnswer, KeyedRequest, Terms};

impl Db {
    /// Takes the key for this run, unless another has it. Takes over what has expired, and the claim of a run of the same
    /// request that never ended.
    ///
    /// The request is counted in the same packet, so the claim stands even where the answer is
    /// [`DbError::TooMany`]: then it is to be given up.
    pub async fn claim_idempotency_key(
        &self,
        caller: &Caller,
        request: &KeyedRequest,
        terms: Terms,
    ) -> Result<Claimed, DbError> {
        let (key, body) = (
            &Bytes(request.key_hash.clone()),
            &Bytes(request.request_hash.clone()),
        );
        let claims = Some(&Claims::from(caller));
        self.one_packet("idempotency.claim", (claims, None), Mode::Write, async |tx| {
            // The second, in the same packet, has a later snapshot: it sees what a twin has committed meanwhile.
            let (claimed, outcome) = join(
                tx.execute(
                    "-- idempotency.claim
                     insert into idempotency_keys as k
                            (organization_id, key_hash, request_hash, user_id, claim_id, claimed_until, expires_at)
                     values ($1, $2, $3, (select p.id from profiles p where p.organization_id = $1 and p.id = $4),
                             $5, $6, $7)
                     on conflict (organization_id, key_hash) do update
                        set request_hash = excluded.request_hash, user_id = excluded.user_id,
                            claim_id = excluded.claim_id, claimed_until = excluded.claimed_until,
                            expires_at = excluded.expires_at, status = null, is_secret = false, content_type = null,
                            location = null, body = null
                      where k.expires_at <= $8 or k.claim_id = excluded.claim_id
                         or (k.status is null and k.claimed_until <= $8 and k.request_hash = excluded.request_hash)",
                    &[
                        &request.organization,
                        key,
                        body,
                        &request.user,
                        &request.claim,
                        &terms.claimed_until,
                        &terms.expires_at,
                        &terms.now,
                    ],
                ),
                tx.query_opt(
                    "-- idempotency.outcome
                     select claim_id = $4 as ours, request_hash = $3 as same, status, is_secret, content_type, location,
                            body
                       from idempotency_keys where organization_id = $1 and key_hash = $2",
                    &[&request.organization, key, body, &request.claim],
                ),
            )
            .await;
            claimed?;
            // No row: the twin that had it has just given it up.
            outcome?.as_ref().map_or(Ok(Claimed::Running), read)
        })
        .await
    }

    /// Keeps what the request was answered; `None` for an answer that holds a secret. Does nothing where another run has
    /// taken the key over.
    pub async fn keep_answer(
        &self,
        caller: &Caller,
        request: &KeyedRequest,
        status: u16,
        answer: Option<&KeptAnswer>,
    ) -> Result<(), DbError> {
        let key = &Bytes(request.key_hash.clone());
        let status = &i32::from(status);
        let secret = &answer.is_none();
        let content_type = &answer.and_then(|answer| answer.content_type.clone());
        let location = &answer.and_then(|answer| answer.location.clone());
        let body = &answer.map(|answer| Bytes(answer.body.clone()));
        self.write_at_once("idempotency.keep", &Claims::from(caller), async |tx| {
            tx.execute(
                "-- idempotency.keep
                 update idempotency_keys
                    set status = $4, is_secret = $5, content_type = $6, location = $7, body = $8
                  where organization_id = $1 and key_hash = $2 and claim_id = $3",
                &[
                    &request.organization,
                    key,
                    &request.claim,
                    status,
                    secret,
                    content_type,
                    location,
                    body,
                ],
            )
            .await
        })
        .await
        .map(drop)
    }

    /// Gives the key up: the request was refused or failed, and may be sent again.
    pub async fn release_idempotency_key(
        &self,
        caller: &Caller,
        request: &KeyedRequest,
    ) -> Result<(), DbError> {
        let key = &Bytes(request.key_hash.clone());
        self.write_at_once("idempotency.release", &Claims::from(caller), async |tx| {
            tx.execute(
                "-- idempotency.release
                 delete from idempotency_keys where organization_id = $1 and key_hash = $2 and claim_id = $3",
                &[&request.organization, key, &request.claim],
            )
            .await
        })
        .await
        .map(drop)
    }

    /// Deletes keys whose day is over, of all organisations; returns how many.
    pub async fn expire_idempotency_keys(&self, now: Timestamp, at_most: i32) -> Result<i32, DbError> {
        self.lookup_count(
            "edge.expire_idempotency_keys",
            "-- edge.expire_idempotency_keys
             select zencall.expire_idempotency_keys($1, $2)",
            &[&now, &at_most],
        )
        .await
    }
}

fn read(row: &Row) -> Result<Claimed, DbError> {
    let column = DbError::Statement;
    if row.try_get("ours").map_err(column)? {
        return Ok(Claimed::Ours);
    }
    if !row.try_get::<_, bool>("same").map_err(column)? {
        return Ok(Claimed::Reused);
    }
    let Some(status) = row.try_get::<_, Option<i32>>("status").map_err(column)? else {
        return Ok(Claimed::Running);
    };
    if row.try_get("is_secret").map_err(column)? {
        return Ok(Claimed::AnsweredWithSecret);
    }
    Ok(Claimed::Answered(KeptAnswer {
        status: u16::try_from(status).unwrap_or_default(),
        content_type: row.try_get("content_type").map_err(column)?,
        location: row.try_get("location").map_err(column)?,
        body: row
            .try_get::<_, Option<Vec<u8>>>("body")
            .map_err(column)?
            .unwrap_or_default(),
    }))
}
