//! The search: all states that can be reached, each visited once.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use crate::{
    script::Script,
    world::{Faults, Mutant, Step, World},
};

/// What a search has found.
pub(crate) struct Found {
    /// How many states there are.
    pub(crate) states: usize,
    /// In how many of them nothing but a fault can happen.
    pub(crate) rests: usize,
    /// What was wrong, and what led there; the search ends with it.
    pub(crate) broken: Option<String>,
}

/// Visits every state.
pub(crate) fn search(script: &Script, faults: Faults, mutant: Option<Mutant>) -> Found {
    let mut found = Found { states: 0, rests: 0, broken: None };
    // Of a state only its hash is kept: that two of some million share one is as likely as a winning ticket.
    let mut visited = HashSet::new();
    let mut path: Vec<Step> = Vec::new();
    // Each entry: a state, the step that led to it, and how long the path to it was.
    let mut open = vec![(World::new(faults), None, 0)];
    while let Some((world, step, depth)) = open.pop() {
        path.truncate(depth);
        path.extend(step);
        let mut hasher = DefaultHasher::new();
        world.hash(&mut hasher);
        if !visited.insert(hasher.finish()) {
            continue;
        }
        let steps = world.steps(script, mutant);
        let is_fault = |step: &Step| matches!(step, Step::Cut(_) | Step::Sleep | Step::Restart);
        if steps.iter().all(is_fault) {
            found.rests += 1;
            if let Err(wrong) = world.check_rest(script) {
                found.broken = Some(format!("{wrong} after {path:?}"));
                break;
            }
        }
        for step in steps {
            let mut next = world.clone();
            if let Err(wrong) = next.take(step, script, mutant) {
                found.broken = Some(format!("{wrong} after {path:?} {step:?}"));
                break;
            }
            open.push((next, Some(step), path.len()));
        }
        if found.broken.is_some() {
            break;
        }
    }
    found.states = visited.len();
    found
}
