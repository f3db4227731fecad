//! A process that dies: its future is dropped at a point where it waits, and nothing of it runs any more.

use std::pin::Pin;
use std::task::{Context, Poll};

/// What lives for so many polls.
pub(super) struct Mortal<F> {
    work: Option<Pin<Box<F>>>,
    death: Option<(usize, bool)>,
    polls: usize,
}

impl<F: Future> Mortal<F> {
    /// Work that dies after the given number of polls: at once when the flag is set, with what it sent still on its way;
    /// else when it would go on, with the answer there and unread.
    pub(super) fn new(work: F, death: Option<(usize, bool)>) -> Self {
        Self {
            work: Some(Box::pin(work)),
            death,
            polls: 0,
        }
    }
}

impl<F: Future> Future for Mortal<F> {
    /// What came of it, or after how many polls it died.
    type Output = Result<F::Output, usize>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polls = self.polls;
        let dies = |at_once: bool, polls: usize| {
            self.death
                .is_some_and(|(after, immediately)| immediately == at_once && polls >= after)
        };
        let (dies_before, dies_after) = (dies(false, polls), dies(true, polls + 1));
        if dies_before {
            self.work = None;
            return Poll::Ready(Err(polls));
        }
        self.polls += 1;
        let Some(work) = &mut self.work else {
            return Poll::Ready(Err(polls));
        };
        match work.as_mut().poll(context) {
            Poll::Ready(outcome) => Poll::Ready(Ok(outcome)),
            Poll::Pending if dies_after => {
                self.work = None;
                Poll::Ready(Err(polls + 1))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn three_waits() -> &'static str {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        "done"
    }

    #[tokio::test]
    async fn it_dies_at_the_wait_that_was_said_and_at_no_other() {
        assert_eq!(Mortal::new(three_waits(), None).await, Ok("done"));
        for at_once in [true, false] {
            for wait in 1..=3 {
                assert_eq!(Mortal::new(three_waits(), Some((wait, at_once))).await, Err(wait));
            }
            assert_eq!(Mortal::new(three_waits(), Some((4, at_once))).await, Ok("done"));
        }
    }
}
