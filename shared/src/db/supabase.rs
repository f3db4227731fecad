//! The SQL of Supabase's users: who one is here, before a tenant is known, and becoming somebody.

use uuid::Uuid;

use super::{Claims, Db, DbError};
use crate::kernel::meter::Meter;
use crate::kernel::{Clock, Email, Membership, Role};

impl Db {
    /// Who a user of Supabase Auth is.
    pub async fn member_by_supabase_id(&self, supabase_user: Uuid) -> Result<Option<Membership>, DbError> {
        let rows = self
            .lookup(
                "edge.member_by_supabase_id",
                "-- edge.member_by_supabase_id
                 select user_id, organization_id, role from zencall.user_by_supabase_id($1)",
                &[&supabase_user],
            )
            .await?;
        rows.first()
            .map(|row| {
                let role: Option<String> = row.try_get(2).map_err(DbError::Statement)?;
                Ok(Membership {
                    user: row.try_get(0).map_err(DbError::Statement)?,
                    organization: row.try_get(1).map_err(DbError::Statement)?,
                    role: role.as_deref().and_then(Role::parse).ok_or(DbError::Aborted)?,
                })
            })
            .transpose()
    }

    /// Makes a user of Supabase Auth the person who has confirmed this address, unless another one is that person already.
    /// Whoever calls this answers for the address being theirs.
    pub async fn link_supabase_user(
        &self,
        clock: &Clock,
        supabase_user: Uuid,
        email: &Email,
    ) -> Result<(), DbError> {
        // Nothing is owed for it: who asks has proven to be a user there.
        let known = self.user_by_email(&Meter::default(), email).await?;
        let Some(known) = known.filter(|known| known.confirmed) else {
            return Ok(());
        };
        let (event, now) = (&clock.uuid(), &clock.now());
        let (user, linked) = (&known.user, &supabase_user);
        let claims = Claims::platform(known.organization);
        self.write_at_once("edge.link_supabase_user", &claims, async |tx| {
            tx.execute(
                "-- edge.link_supabase_user
                 with linked as (
                   update profiles set supabase_user_id = $3, updated_at = $5
                    where organization_id = $1 and id = $2
                      and supabase_user_id is null and email_confirmed_at is not null
                   returning organization_id, id)
                 insert into gdpr_audit_logs (id, organization_id, user_id, action, details, created_at)
                 select $4, organization_id, id, 'user.link_supabase',
                        jsonb_build_object('supabase_user_id', $3), $5
                   from linked",
                &[&tx.organization(), user, linked, event, now],
            )
            .await
            .map(drop)
        })
        .await
    }
}
