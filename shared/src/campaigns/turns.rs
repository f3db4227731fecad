//! Whose turn it is within one organisation: the campaign with the fewest calls under way comes first, so that a large one
//! does not keep a small one waiting until it is through.

use std::collections::VecDeque;

use super::store::release::{Candidate, Overview, UnderWay};
use crate::kernel::ids::CampaignId;

/// The candidates of one wave, campaign by campaign, and the room that is left.
pub(super) struct Turns<'a> {
    lines: Vec<Line<'a>>,
    left: i32,
}

struct Line<'a> {
    campaign: &'a UnderWay,
    waiting: VecDeque<Candidate>,
    looked_at: usize,
    under_way: i32,
    room: i32,
}

impl<'a> Turns<'a> {
    /// Candidates come longest due first within their campaign.
    pub(super) fn new(overview: &'a Overview, candidates: Vec<Candidate>, free: i32) -> Self {
        let line = |campaign: &'a UnderWay| Line {
            campaign,
            waiting: VecDeque::new(),
            looked_at: 0,
            under_way: campaign.leases,
            room: campaign.room,
        };
        let mut lines: Vec<_> = overview.campaigns.iter().map(line).collect();
        for candidate in candidates {
            if let Some(line) = lines
                .iter_mut()
                .find(|line| line.campaign.id == candidate.campaign)
            {
                line.looked_at += 1;
                line.waiting.push_back(candidate);
            }
        }
        Self { lines, left: free }
    }

    /// The next candidate; none where no room is left, or nobody waits.
    pub(super) fn next(&mut self) -> Option<(&'a UnderWay, Candidate)> {
        if self.left <= 0 {
            return None;
        }
        let line = self
            .lines
            .iter_mut()
            .filter(|line| line.room > 0 && !line.waiting.is_empty())
            .min_by_key(|line| line.under_way)?;
        Some((line.campaign, line.waiting.pop_front()?))
    }

    /// A candidate of this campaign got a call.
    pub(super) fn take(&mut self, campaign: CampaignId) {
        self.left -= 1;
        if let Some(line) = self.line(campaign) {
            line.room -= 1;
            line.under_way += 1;
        }
    }

    /// Nobody of this campaign can be called.
    pub(super) fn close(&mut self, campaign: CampaignId) {
        if let Some(line) = self.line(campaign) {
            line.room = 0;
        }
    }

    /// Whether room is left and a campaign had as many candidates as were asked for: behind them may be more.
    pub(super) fn may_find_more(&self, limits: &[i32]) -> bool {
        self.left > 0
            && self.lines.iter().zip(limits).any(|(line, limit)| {
                line.room > 0
                    && *limit > 0
                    && i32::try_from(line.looked_at).is_ok_and(|looked_at| looked_at >= *limit)
            })
    }

    fn line(&mut self, campaign: CampaignId) -> Option<&mut Line<'a>> {
        self.lines.iter_mut().find(|line| line.campaign.id == campaign)
    }
}
