//! Several seeds, some of them at once: each on a thread of its own, since everything in a run shares one.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::plan::Plan;
use super::verdict::Verdict;
use crate::stack::Stack;

/// Runs these, so many at a time; what they come to arrives in the order in which they end. After one that could not be run
/// no other begins.
pub(super) fn run(
    stack: &Stack,
    plans: Vec<Plan>,
    at_once: u64,
) -> UnboundedReceiver<(Plan, anyhow::Result<Verdict>)> {
    let (tell, results) = unbounded_channel();
    let left = Arc::new(Mutex::new(plans.into_iter()));
    for _ in 0..at_once.max(1) {
        let (stack, tell, left) = (stack.clone(), tell.clone(), Arc::clone(&left));
        let next = move || left.lock().unwrap_or_else(PoisonError::into_inner).next();
        std::thread::spawn(move || {
            while let Some(plan) = next() {
                let result = on_this_thread(&stack, &plan);
                let stops = result.is_err();
                if tell.send((plan, result)).is_err() {
                    return;
                }
                if stops {
                    while next().is_some() {}
                }
            }
        });
    }
    results
}

fn on_this_thread(stack: &Stack, plan: &Plan) -> anyhow::Result<Verdict> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    // The futures of whole functions are large.
    runtime.block_on(Box::pin(stack.chaos_of(plan)))
}
