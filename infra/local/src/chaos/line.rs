//! A queue as SQS keeps one: at least once, in no order, hidden while somebody handles it, and given up after so many tries.

use jiff::{SignedDuration, Timestamp};

use crate::sandbox::chance::Chance;

/// A message that waits or is being handled.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) id: u64,
    pub(super) body: String,
    pub(super) receives: u32,
    visible_at: Timestamp,
}

/// A queue.
#[derive(Debug)]
pub(super) struct Line {
    visible: Vec<Letter>,
    hidden: Vec<Letter>,
    visibility: SignedDuration,
    max_receives: u32,
    /// How many were given up.
    pub(super) dead: usize,
}

impl Line {
    pub(super) fn new(visibility: SignedDuration, max_receives: u32) -> Self {
        Self {
            visible: Vec::new(),
            hidden: Vec::new(),
            visibility,
            max_receives,
            dead: 0,
        }
    }

    /// A new message.
    pub(super) fn push(&mut self, id: u64, body: String, now: Timestamp) {
        self.visible.push(Letter {
            id,
            body,
            receives: 0,
            visible_at: now,
        });
    }

    /// A new message that is seen later.
    pub(super) fn push_later(&mut self, id: u64, body: String, visible_at: Timestamp) {
        self.hidden.push(Letter {
            id,
            body,
            receives: 0,
            visible_at,
        });
    }

    /// Up to `most` messages, in no order.
    pub(super) fn take(&mut self, most: usize, chance: &mut Chance) -> Vec<Letter> {
        let mut taken = Vec::new();
        while taken.len() < most && !self.visible.is_empty() {
            let index = chance.below(self.visible.len());
            let mut letter = self.visible.swap_remove(index);
            letter.receives += 1;
            taken.push(letter);
        }
        taken
    }

    /// Leaves a copy where the next one finds it.
    pub(super) fn repeat(&mut self, letter: &Letter) {
        self.visible.push(letter.clone());
    }

    /// A message that was not handled, or whose deletion was lost: it is seen again later.
    pub(super) fn put_back(&mut self, mut letter: Letter, now: Timestamp) {
        if letter.receives >= self.max_receives {
            self.dead += 1;
            return;
        }
        letter.visible_at = now.saturating_add(self.visibility).unwrap_or(now);
        self.hidden.push(letter);
    }

    /// Shows what is to be seen by now.
    pub(super) fn show(&mut self, now: Timestamp) {
        let mut index = 0;
        while index < self.hidden.len() {
            if self.hidden[index].visible_at <= now {
                self.visible.push(self.hidden.swap_remove(index));
            } else {
                index += 1;
            }
        }
    }

    /// When the next hidden one will be seen.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.hidden.iter().map(|letter| letter.visible_at).min()
    }

    pub(super) fn has_visible(&self) -> bool {
        !self.visible.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.visible.is_empty() && self.hidden.is_empty()
    }
}
