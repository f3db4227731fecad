//! Who gets the lines that are free: one after the other to the organisation with the fewest calls under way, of equals to
//! whoever waited longest. So everybody who has somebody to call has a share, however much the others have to do.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;

use super::release::release_up_to;
use crate::App;
use crate::db::{DbError, DueOrganization, Offer};
use crate::kernel::ids::OrganizationId;

/// How long one offer goes on after a call's end: `provider-events` has ten events and 30 s.
const TIME_AFTER_AN_END: Duration = Duration::from_secs(2);
/// The same at a tick, which has two minutes for everything.
const TIME_AT_A_TICK: Duration = Duration::from_secs(40);
/// How many organisations are offered what one call's end freed, at least: the first may have nobody to call after all.
const OFFERED_TO: i32 = 3;
/// The same at a tick, which also begins and completes campaigns.
const OFFERED_TO_AT_A_TICK: i32 = 1000;
/// How long it matters when an organisation last got a line.
const TURNS_COUNT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How often what the first did not take is offered again.
const ROUNDS: u32 = 4;

/// After a call's end: offers what it freed to whoever is due, and looks whether its own campaign is through.
pub async fn release_next(app: &App, organization: OrganizationId) {
    let deadline = Instant::now() + TIME_AFTER_AN_END;
    if let Err(error) = offer_lines(app, OFFERED_TO, Some(organization), deadline).await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the next release is left to the tick"
        );
    }
}

/// Offers every free line to whoever is due, begins what is scheduled and completes what is through; returns how many calls
/// were queued.
pub async fn release_due(app: &App) -> Result<usize, DbError> {
    offer_lines(app, OFFERED_TO_AT_A_TICK, None, Instant::now() + TIME_AT_A_TICK).await
}

/// Forgets whose turn it was before yesterday.
pub async fn forget_old_turns(app: &App) -> Result<(), DbError> {
    let now = app.clock.now();
    let before = now.saturating_sub(TURNS_COUNT_FOR).unwrap_or(now);
    app.db.forget_turns(before).await
}

async fn offer_lines(
    app: &App,
    at_least_to: i32,
    mut own: Option<OrganizationId>,
    deadline: Instant,
) -> Result<usize, DbError> {
    let mut queued = 0;
    for round in 0..ROUNDS {
        // Looked after once.
        let own = own.take();
        let mut offer = app
            .db
            .due_organizations(app.clock.now(), at_least_to, own)
            .await?;
        if round > 0 {
            // Nobody can be called for them: that was seen a moment ago.
            offer.due.retain(|due| !due.rests);
        }
        let mut left = offer.free;
        for (organization, up_to) in share_out(&offer) {
            match release_up_to(app, organization, up_to, deadline).await {
                Ok(taken) => {
                    queued += taken;
                    left = left.saturating_sub(i32::try_from(taken).unwrap_or(i32::MAX));
                }
                Err(error) => tracing::warn!(
                    organization_id = %organization,
                    error = &error as &dyn std::error::Error,
                    "a release is left to the tick"
                ),
            }
            if Instant::now() >= deadline {
                return Ok(queued);
            }
        }
        if left <= 0 || !offer.due.iter().any(|due| due.wants_lines) {
            break;
        }
    }
    Ok(queued)
}

/// How many calls this organisation may have under way after its release.
pub(super) async fn share_of(app: &App, organization: OrganizationId) -> Result<i32, DbError> {
    let offer = app.db.due_organizations(app.clock.now(), 1, None).await?;
    let own = share_out(&offer).into_iter().find(|(id, _)| *id == organization);
    Ok(own.map_or(0, |(_, up_to)| up_to))
}

/// How many calls each organisation may have under way, once the free lines are given out one by one. Who gets none is not
/// named, unless a campaign of its is to begin or to be completed.
fn share_out(offer: &Offer) -> Vec<(OrganizationId, i32)> {
    let mut given = vec![0; offer.due.len()];
    let wants = |due: &DueOrganization| due.wants_lines && due.room > 0;
    let mut line: BinaryHeap<Reverse<(bool, i32, usize)>> = offer
        .due
        .iter()
        .enumerate()
        .filter(|(_, due)| wants(due))
        .map(|(place, due)| Reverse((due.rests, due.leases, place)))
        .collect();
    for _ in 0..offer.free {
        let Some(Reverse((rests, leases, place))) = line.pop() else {
            break;
        };
        given[place] += 1;
        if given[place] < offer.due[place].room {
            line.push(Reverse((rests, leases + 1, place)));
        }
    }
    offer
        .due
        .iter()
        .zip(given)
        .filter(|(due, given)| *given > 0 || !due.wants_lines)
        .map(|(due, given)| (due.organization, due.leases + given))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Clock;

    /// What each is given of `free` lines, of organisations with these calls under way and this room.
    fn given(free: i32, due: &[(i32, i32)]) -> Vec<i32> {
        let clock = Clock::system();
        let due: Vec<_> = due
            .iter()
            .map(|(leases, room)| DueOrganization {
                organization: OrganizationId::new(&clock),
                leases: *leases,
                room: *room,
                wants_lines: true,
                rests: false,
            })
            .collect();
        let offer = Offer { free, due };
        let shares = share_out(&offer);
        offer
            .due
            .iter()
            .map(|due| {
                let share = shares.iter().find(|(id, _)| *id == due.organization);
                share.map_or(0, |(_, up_to)| up_to - due.leases)
            })
            .collect()
    }

    #[test]
    fn a_free_line_goes_to_whoever_has_the_fewest_and_of_equals_to_the_first_in_line() {
        assert_eq!(given(1, &[(0, 10), (0, 10), (3, 10)]), [1, 0, 0]);
        assert_eq!(given(3, &[(0, 10), (0, 10), (3, 10)]), [2, 1, 0]);
    }

    #[test]
    fn nobody_gets_a_second_line_before_everybody_has_a_first() {
        assert_eq!(given(10, &[(0, 500), (0, 5), (4, 500)]), [5, 5, 0]);
        assert_eq!(given(200, &[(0, 500), (0, 5), (4, 500)]), [100, 5, 95]);
    }

    #[test]
    fn what_one_cannot_use_goes_to_the_others() {
        assert_eq!(given(10, &[(0, 1), (0, 2), (0, 500)]), [1, 2, 7]);
        assert_eq!(given(10, &[(0, 1), (0, 2)]), [1, 2]);
    }

    #[test]
    fn whoever_only_has_a_campaign_to_complete_is_named_and_given_nothing() {
        let due = DueOrganization {
            organization: OrganizationId::new(&Clock::system()),
            leases: 2,
            room: 5,
            wants_lines: false,
            rests: false,
        };
        let offer = Offer {
            free: 10,
            due: vec![due],
        };
        assert_eq!(share_out(&offer), [(due.organization, 2)]);
    }
}
