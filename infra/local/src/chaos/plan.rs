//! What goes wrong in a run, and how often: drawn from the seed, for each thing by itself, so that what happens to one
//! call does not depend on which came before it.

use jiff::{SignedDuration, Timestamp};

use crate::loopback::pooler::Commit;
use crate::sandbox::chance::Chance;

/// The number that marks each kind of draw, so that no two kinds share theirs.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
enum Kind {
    Request = 1,
    Course,
    Webhook,
    Delivery,
    Commit,
    Clock,
    Sending,
    Listing,
}

/// For so many seconds of each hour Vapi has few lines.
const FEW_LINES_FOR: i64 = 600;
const HOUR: i64 = 3600;

/// A run: its seed and its size.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) contacts: u32,
    /// Concurrent calls that Vapi allows.
    pub(super) slots: i32,
    /// Share of the faults: 1 as described, 0 for none.
    pub(super) faults: f64,
}

/// What Vapi does with a request to place a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reception {
    /// Places it and says so.
    Placed,
    /// Places it and says nothing: the connection breaks.
    PlacedInSilence,
    /// Places it, and says that it is broken.
    PlacedAndBroken,
    /// Places it, and says something that nobody can read.
    PlacedUnreadably,
    /// Has no line, says so in a 201, and lists a call that never rang.
    Blocked,
    /// Has no line: 429.
    TooMany { retry_after: Option<u32> },
    /// Has no line: 400 with the word for it.
    NoLine,
    /// Is broken, and places nothing.
    Broken,
    /// Loses the connection, and places nothing.
    Lost,
    /// Will not call this number.
    BadNumber,
}

impl Reception {
    /// The same at this time: most of an hour Vapi has lines for everybody, so that ours are learnt back and come to be used up
    /// to the last one, which those who are told that there is none never are.
    pub(super) fn at(self, now: Timestamp) -> Self {
        let has_lines = now.as_second() % HOUR >= FEW_LINES_FOR;
        match self {
            Self::Blocked | Self::TooMany { .. } | Self::NoLine if has_lines => Self::Placed,
            reception => reception,
        }
    }
}

/// How a call goes, once it is placed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    pub(super) rings_for: SignedDuration,
    /// How long it is spoken; `None` where nobody answers.
    pub(super) speaks_for: Option<SignedDuration>,
    pub(super) reason: &'static str,
    /// When it appears in Vapi's list, after it was placed.
    pub(super) listed_after: SignedDuration,
    /// No message of it is ever sent.
    pub(super) silent: bool,
}

impl Course {
    /// Whether a person's telephone rang, or may have: a fault of the platform before that counts as no attempt.
    pub(super) fn rang(&self) -> bool {
        self.speaks_for.is_some() || !self.reason.contains("error")
    }
}

/// When and how often a message of Vapi's comes.
#[derive(Debug, Clone)]
pub(super) struct Webhook {
    /// One delay for each delivery; none where it never comes.
    pub(super) deliveries: Vec<SignedDuration>,
    /// It names our attempt; otherwise only Vapi's call.
    pub(super) names_attempt: bool,
}

impl Plan {
    fn draw(&self, kind: Kind, number: u64) -> Chance {
        Chance::of(self.seed.rotate_left(8) ^ kind as u64, number)
    }

    fn happens(&self, chance: &mut Chance, probability: f64) -> bool {
        chance.happens(probability * self.faults)
    }

    /// What Vapi does with the `nth` request for this person.
    pub(super) fn reception(&self, person: u64, nth: u64) -> Reception {
        let mut chance = self.draw(Kind::Request, person * 1000 + nth);
        let mut share = chance.share() / self.faults.max(f64::EPSILON);
        let mut falls = |probability: f64| {
            share -= probability;
            share < 0.0
        };
        if falls(0.05) {
            Reception::PlacedInSilence
        } else if falls(0.02) {
            Reception::PlacedAndBroken
        } else if falls(0.01) {
            Reception::PlacedUnreadably
        } else if falls(0.03) {
            Reception::Blocked
        } else if falls(0.04) {
            let retry_after = chance.happens(0.5).then_some(20);
            Reception::TooMany { retry_after }
        } else if falls(0.03) {
            Reception::NoLine
        } else if falls(0.03) {
            Reception::Broken
        } else if falls(0.04) {
            Reception::Lost
        } else if falls(0.005) {
            Reception::BadNumber
        } else {
            Reception::Placed
        }
    }

    /// How the call goes that the `nth` request for this person led to.
    pub(super) fn course(&self, person: u64, nth: u64) -> Course {
        let mut chance = self.draw(Kind::Course, person * 1000 + nth);
        let (mut reason, mut answered) = OUTCOMES[chance.below(OUTCOMES.len())];
        // Otherwise hardly anybody would be called as often as the law allows.
        if (CANVASSED..CANVASSED + 100_000_000).contains(&person) && chance.happens(0.6) {
            (reason, answered) = ("customer-did-not-answer", false);
        }
        let late = self.happens(&mut chance, 0.2);
        let listed_after = if late { chance.share() * 230.0 } else { 0.0 };
        let silent = self.happens(&mut chance, 0.03);
        Course {
            rings_for: seconds(2.0 + chance.share() * 20.0),
            speaks_for: answered.then(|| seconds(3.0 + chance.share() * chance.share() * 150.0)),
            reason,
            listed_after: seconds(listed_after),
            silent,
        }
    }

    /// What becomes of the `step`-th message of this call.
    pub(super) fn webhook(&self, person: u64, nth: u64, step: u64) -> Webhook {
        let mut chance = self.draw(Kind::Webhook, (person * 1000 + nth) * 16 + step);
        let mut deliveries = Vec::new();
        if !self.happens(&mut chance, 0.05) {
            deliveries.push(self.delay(&mut chance));
            while deliveries.len() < 3 && self.happens(&mut chance, 0.1) {
                deliveries.push(self.delay(&mut chance));
            }
        }
        Webhook {
            deliveries,
            names_attempt: !self.happens(&mut chance, 0.1),
        }
    }

    /// Usually a moment; sometimes long enough that what follows comes first.
    fn delay(&self, chance: &mut Chance) -> SignedDuration {
        if self.happens(chance, 0.15) {
            seconds(chance.share() * 60.0)
        } else if self.happens(chance, 0.01) {
            seconds(chance.share() * 3000.0)
        } else {
            SignedDuration::ZERO
        }
    }

    /// Whether Vapi tells us of the call before it answers the request for it.
    pub(super) fn tells_first(&self, person: u64, nth: u64) -> bool {
        let mut chance = self.draw(Kind::Webhook, (person * 1000 + nth) * 16 + 15);
        self.happens(&mut chance, 0.25)
    }

    /// Whether the `nth` question for a call or a list of calls fails.
    pub(super) fn question_fails(&self, nth: u64) -> bool {
        let mut chance = self.draw(Kind::Listing, nth);
        self.happens(&mut chance, 0.02)
    }

    /// After how many polls the `nth` invocation dies, and whether at once or when it would go on; most live.
    pub(super) fn death(&self, nth: u64, messages: usize) -> Option<(usize, bool)> {
        let mut chance = self.draw(Kind::Delivery, nth);
        let dies = self.happens(&mut chance, 0.12);
        dies.then(|| (1 + chance.below(16 * messages.max(1)), chance.happens(0.5)))
    }

    /// Whether the queue hands the `nth` message out a second time while it is handled, and whether its deletion is lost.
    pub(super) fn repeated(&self, nth: u64) -> (bool, bool) {
        let mut chance = self.draw(Kind::Delivery, nth ^ (1 << 40));
        (self.happens(&mut chance, 0.05), self.happens(&mut chance, 0.04))
    }

    /// Whether the `nth` message is not taken by the queue.
    pub(super) fn not_taken(&self, nth: u64) -> bool {
        let mut chance = self.draw(Kind::Sending, nth);
        self.happens(&mut chance, 0.02)
    }

    /// What happens to the connection of the `nth` commit.
    pub(super) fn commit(&self, nth: u64) -> Commit {
        let mut chance = self.draw(Kind::Commit, nth);
        if self.happens(&mut chance, 0.006) {
            Commit::Before
        } else if self.happens(&mut chance, 0.006) {
            Commit::After
        } else {
            Commit::Kept
        }
    }

    /// Chance of the clock's steps and of the order of the queues.
    pub(super) fn clock(&self) -> Chance {
        self.draw(Kind::Clock, 0)
    }
}

/// The numbers of people whom two organisations canvass begin with a three.
const CANVASSED: u64 = 300_000_000;

/// Reasons of Vapi's, and whether somebody had answered; each as likely as it is often here.
const OUTCOMES: [(&str, bool); 20] = [
    ("customer-ended-call", true),
    ("customer-ended-call", true),
    ("customer-ended-call", true),
    ("customer-ended-call", true),
    ("customer-ended-call", true),
    ("customer-ended-call", true),
    ("assistant-ended-call", true),
    ("assistant-ended-call", true),
    ("assistant-ended-call", true),
    ("assistant-ended-call", true),
    ("assistant-forwarded-call", true),
    ("customer-did-not-answer", false),
    ("customer-did-not-answer", false),
    ("customer-did-not-answer", false),
    ("customer-busy", false),
    ("customer-busy", false),
    ("voicemail", true),
    ("voicemail", true),
    (
        "call.in-progress.error-vapifault-transport-never-connected",
        false,
    ),
    ("pipeline-error-openai-llm-failed", true),
];

/// So many seconds, to the millisecond, as Vapi keeps time.
#[expect(clippy::cast_possible_truncation, reason = "seconds of one call")]
pub(super) fn seconds(seconds: f64) -> SignedDuration {
    SignedDuration::from_millis((seconds * 1000.0) as i64)
}
