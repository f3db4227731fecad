//! What people do meanwhile: an administrator pauses a campaign and goes on later, or ends it; somebody wants no more calls.
//! From the moment that this was acknowledged it holds.

use jiff::Timestamp;
use zencall::App;
use zencall::campaigns::{CampaignError, Step, lifecycle};
use zencall::do_not_call::{self, NewEntry};
use zencall::kernel::PhoneNumber;

use super::plan::seconds;
use super::platform::{Platform, Started};
use super::world::What;
use crate::sandbox::chance::Chance;

/// What somebody does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// Pauses this campaign, for so many seconds.
    Pause { campaign: usize, seconds: u32 },
    /// Goes on with it.
    Resume { campaign: usize },
    /// Ends it for good.
    Cancel { campaign: usize },
    /// Objects to calls of this campaign's organisation.
    Object { campaign: usize, phone: String },
    /// The same by somebody whose call waits in the queue, as soon as there is one; looked for so many times more.
    ObjectInQueue { campaign: usize, looks: u32 },
}

/// Nobody is called by this campaign, or nobody of this number, from one instant to another.
#[derive(Debug, Clone)]
pub(super) struct Silence {
    pub(super) campaign: String,
    pub(super) phone: Option<String>,
    /// No step ends it.
    pub(super) lasting: bool,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// What an act of that number concerns is tried again after this many seconds, where it did not come through.
const AGAIN: f64 = 30.0;

/// So often, and every so many seconds, somebody is looked for whose call waits in the queue. It does when its message was
/// lost, or whoever had it died.
const LOOKS: u32 = 60;
const LOOKED_FOR_EVERY: f64 = 20.0;

/// Plans what people do in the time in which the most is going on.
pub(super) fn plan(platform: &Platform, chance: &mut Chance, long: f64, phones: &[(usize, String)]) {
    let world = &platform.world;
    let now = world.clock.now();
    let mut at = |act| world.plan_for(now + seconds(chance.share() * long), What::Act(act));
    for campaign in 0..4 {
        at(Act::Pause {
            campaign,
            seconds: 600,
        });
    }
    for (campaign, phone) in phones {
        let (campaign, phone) = (*campaign, phone.clone());
        at(Act::Object { campaign, phone });
    }
    for campaign in 0..4 {
        for _ in 0..3 {
            at(Act::ObjectInQueue {
                campaign,
                looks: LOOKS,
            });
        }
    }
    // Half of the seeds lose a campaign.
    if world.plan.seed % 2 == 1 {
        at(Act::Cancel { campaign: 1 });
    }
}

/// Does it, or plans it again.
pub(super) async fn act(platform: &Platform, app: &App, started: &[Started], act: Act) {
    let world = &*platform.world;
    let now = world.clock.now();
    let act = match act {
        Act::ObjectInQueue { campaign, looks } => match platform.queued_phone(&started[campaign]).await {
            Some(phone) => {
                world.tally("objections while the call waited in the queue", 1);
                Act::Object { campaign, phone }
            }
            None if looks > 0 => {
                let looks = looks - 1;
                let again = Act::ObjectInQueue { campaign, looks };
                return world.plan_for(now + seconds(LOOKED_FOR_EVERY), What::Act(again));
            }
            None => return,
        },
        act => act,
    };
    let done = match &act {
        Act::Pause { campaign, .. } => step(app, &started[*campaign], Step::Pause).await,
        Act::Resume { campaign } => {
            // It may come through without our hearing of it.
            world.end_silence(&started[*campaign].campaign.to_string(), now);
            step(app, &started[*campaign], Step::Resume).await
        }
        Act::Cancel { campaign } => step(app, &started[*campaign], Step::Cancel).await,
        Act::Object { campaign, phone } => {
            let entry = NewEntry {
                phone: PhoneNumber::from_database(phone.clone()),
                reason: None,
                source: None,
            };
            do_not_call::add(app, &started[*campaign].caller, &entry)
                .await
                .is_ok()
        }
        // Made an objection above.
        Act::ObjectInQueue { .. } => true,
    };
    if !done {
        world.plan_for(now + seconds(AGAIN), What::Act(act));
        return;
    }
    world.tally("acts of people", 1);
    let silence = |campaign: usize, phone: Option<&String>| Silence {
        campaign: started[campaign].campaign.to_string(),
        phone: phone.cloned(),
        lasting: false,
        from: now,
        until: Timestamp::MAX,
    };
    match act {
        Act::Pause {
            campaign,
            seconds: pause,
        } => {
            world.begin_silence(silence(campaign, None));
            world.plan_for(
                now + seconds(f64::from(pause)),
                What::Act(Act::Resume { campaign }),
            );
        }
        Act::Resume { .. } | Act::ObjectInQueue { .. } => {}
        Act::Cancel { campaign } => world.begin_silence(Silence {
            lasting: true,
            ..silence(campaign, None)
        }),
        Act::Object { campaign, phone } => world.begin_silence(silence(campaign, Some(&phone))),
    }
}

/// Whether the step was taken, or needs no more taking.
async fn step(app: &App, started: &Started, step: Step) -> bool {
    match lifecycle::take(app, &started.caller, started.campaign, step).await {
        Ok(_) | Err(CampaignError::State(_)) => true,
        Err(error) => {
            tracing::debug!(%error, "a step is taken again");
            false
        }
    }
}
