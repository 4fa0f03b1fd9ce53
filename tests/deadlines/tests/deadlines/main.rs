//! An exhaustive and a random test of deadlines and control: reports, control requests, retries, alarms and changes of the clock
//! in every order.
//!
//! The functions under test are the real ones: those that accept reports, apply control requests, set the alarm and handle it.
//! Only what lies between them is a model: the storage, and the one alarm that the platform keeps. Each commit is read back
//! from its stored form, so that the object may leave memory between any two steps. After every step the world is compared
//! with what PROTOCOL.md promises, which `promise.rs` states without the functions under test.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

mod check;
mod functions;
mod promise;
mod search;
mod step;
mod world;

use functions::Mutant;
use proptest::prelude::*;
use search::{Found, search};
use step::{CREATIONS, Faults, Step};
use world::World;

/// The number of steps after the creation of the job.
const DEPTH: usize = 6;

/// How often the clock may be changed on the way.
const FAULTS: Faults = Faults { set_back: 1, set_forward: 1 };

fn search_every_order(creation: usize, depth: usize, mutant: Option<Mutant>) -> Found {
    let found = search(World::new(creation, FAULTS, mutant), depth);
    println!("{mutant:?}, creation {creation}: {} states, {} steps", found.states, found.steps);
    found
}

#[test]
fn every_deadline_passes_once_and_in_time_in_every_order_of_steps() {
    // Without deadlines from the start the same states come one report later.
    for (creation, depth) in [(0, DEPTH), (1, DEPTH - 1)] {
        let found = search_every_order(creation, depth, None);
        assert_eq!(found.violation, None);
        assert!(found.states > 10_000);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_deadline_passes_once_and_in_time_in_long_random_orders_of_steps(
        creation in 0..CREATIONS.len(),
        steps in proptest::collection::vec(Step::any(), 1..150),
    ) {
        let mut world = World::new(creation, Faults { set_back: u8::MAX, set_forward: u8::MAX }, None);
        for step in steps {
            world = world.after(step).map_err(TestCaseError::fail)?;
        }
        prop_assert_eq!(world.run_until_deletion(), Ok(()));
    }
}

/// Each mutant is a plausible implementation that breaks a promise. If the search did not detect them, its other results
/// would prove nothing.
#[test]
fn every_mutant_is_detected() {
    for (mutant, fault) in Mutant::ALL {
        // The creation with all deadlines.
        let found = search_every_order(0, DEPTH, Some(mutant));
        let violation =
            found.violation.unwrap_or_else(|| panic!("{mutant:?} was not detected in {} states", found.states));
        assert!(violation.contains(fault), "{mutant:?}: {violation}");
    }
}
