//! The search: it visits every reachable state once.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use crate::{
    script::Script,
    step::{Faults, Mutant, Step},
    world::World,
};

/// The result of a search.
pub(crate) struct Found {
    /// The number of states.
    pub(crate) states: usize,
    /// The number of states in which only a fault can happen.
    pub(crate) final_states: usize,
    /// The first violation and the steps that led to it; the search stops there.
    pub(crate) violation: Option<String>,
}

/// Visits every state.
pub(crate) fn search(script: &Script, faults: Faults, mutant: Option<Mutant>) -> Found {
    let mut found = Found { states: 0, final_states: 0, violation: None };
    // Only the hash of a state is kept. The probability that two of a few million states share a 64-bit hash is below one in
    // a million.
    let mut visited = HashSet::new();
    let mut path: Vec<Step> = Vec::new();
    // Each entry: a state, the step that led to it, and the length of the path to it.
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
            found.final_states += 1;
            if let Err(violation) = world.check_final(script) {
                found.violation = Some(format!("{violation} after {path:?}"));
                break;
            }
        }
        for step in steps {
            let mut next = world.clone();
            if let Err(violation) = next.apply(step, script, mutant) {
                found.violation = Some(format!("{violation} after {path:?} {step:?}"));
                break;
            }
            open.push((next, Some(step), path.len()));
        }
        if found.violation.is_some() {
            break;
        }
    }
    found.states = visited.len();
    found
}
