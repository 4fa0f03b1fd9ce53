//! The search: it takes every step in every state that so many steps can lead to.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use crate::{delivery::Reply, step::Step, world::World};

/// The result of a search.
pub(crate) struct Found {
    /// The number of different states.
    pub(crate) states: usize,
    /// The number of steps that were taken and checked.
    pub(crate) steps: usize,
    /// The first violation and the steps that led to it; the search stops there.
    pub(crate) violation: Option<String>,
}

/// At the end of one order of steps in so many, all receivers fail, which takes eleven times as long as if all accept.
const RARELY: u64 = 512;

/// Takes up to `depth` of `steps` from `start` in every order. At the end it lets the alarm fire and the receivers respond until
/// the job is deleted.
pub(crate) fn search(start: World, steps: &[Step], depth: usize) -> Found {
    let mut found = Found { states: 0, steps: 0, violation: None };
    // The most steps that were left in each state when it was explored. Only the hash of a state is kept. The probability that
    // two of a few million states share a 64-bit hash is below one in a million.
    let mut explored: HashMap<u64, usize> = HashMap::new();
    let mut path: Vec<Step> = Vec::new();
    // Each entry: a state, the step that led to it, and the length of the path to it.
    let mut open = vec![(start, None, 0)];
    while let Some((world, step, length)) = open.pop() {
        path.truncate(length);
        path.extend(step);
        let mut hasher = DefaultHasher::new();
        world.hash(&mut hasher);
        let left = depth - path.len();
        if explored.get(&hasher.finish()).is_some_and(|most| *most >= left) {
            continue;
        }
        explored.insert(hasher.finish(), left);
        if left == 0 {
            let do_fail = hasher.finish().is_multiple_of(RARELY);
            let reply = if do_fail { Reply::Failed } else { Reply::Accepted };
            if let Err(violation) = world.run_until_deletion(reply) {
                found.violation = Some(format!("{violation} after {path:?}"));
                break;
            }
            continue;
        }
        for step in steps.iter().copied().filter(|step| world.is_possible(*step)) {
            found.steps += 1;
            match world.after(step) {
                Ok(next) => open.push((next, Some(step), path.len())),
                Err(violation) => {
                    found.violation = Some(format!("{violation} after {path:?} {step:?}"));
                    break;
                }
            }
        }
        if found.violation.is_some() {
            break;
        }
    }
    found.states = explored.len();
    found
}
