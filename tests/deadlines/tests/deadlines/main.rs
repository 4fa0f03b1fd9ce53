//! An exhaustive and a random test of deadlines, control and deliveries: reports, control requests, retries, alarms, responses of
//! receivers, deletions, kills of the object and changes of the clock in every order.
//!
//! The functions under test are the real ones: those that accept reports, apply control requests, publish events, keep the
//! outbox, set the alarm and handle it. Only what lies between them is a model: the storage, the receivers, and the one alarm
//! that the platform keeps, with its handler, which is active while deliveries are being sent. Each commit is read back from its
//! stored form, so that the object may leave memory between any two steps. After every step the world is compared with what
//! PROTOCOL.md promises, which `promise.rs` and `subscribers.rs` state without the functions under test.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

mod delivery;
mod functions;
mod mutant;
mod promise;
mod search;
mod step;
mod subscribers;
mod world;

use delivery::Reply;
use mutant::Mutant;
use proptest::prelude::*;
use search::{Found, search};
use step::{CREATIONS, Faults, SUBSCRIBERS, Step};
use world::World;

/// The number of steps after the creation with this index. Without deadlines from the start the same states come one report
/// later.
const DEPTHS: [usize; 4] = [6, 5, 6, 5];

/// How often the clock may be changed on the way.
const FAULTS: Faults = Faults { set_back: 1, set_forward: 1 };

fn search_every_order(creation: usize, mutant: Option<Mutant>) -> Found {
    let has_deliveries = !SUBSCRIBERS[creation].is_empty();
    let steps = if has_deliveries { Step::with_deliveries(creation) } else { Step::all() };
    let found = search(World::new(creation, FAULTS, mutant), &steps, DEPTHS[creation]);
    println!("{mutant:?}, creation {creation}: {} states, {} steps", found.states, found.steps);
    found
}

fn find_no_violation(creation: usize) {
    let found = search_every_order(creation, None);
    assert_eq!(found.violation, None);
    assert!(found.states > 10_000);
}

#[test]
fn every_deadline_passes_once_and_in_time_in_every_order_of_steps() {
    find_no_violation(0);
    find_no_violation(1);
}

#[test]
fn deliveries_deadlines_and_expiry_never_starve_each_other_in_every_order_of_steps() {
    find_no_violation(2);
}

#[test]
fn many_subscribers_wait_for_each_other_and_none_for_ever_in_every_order_of_steps() {
    find_no_violation(3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_promise_is_kept_in_long_random_orders_of_steps(
        creation in 0..CREATIONS.len(),
        steps in proptest::collection::vec(Step::any(), 1..150),
    ) {
        let mut world = World::new(creation, Faults { set_back: u8::MAX, set_forward: u8::MAX }, None);
        for step in steps {
            world = world.after(step).map_err(TestCaseError::fail)?;
        }
        for reply in Reply::ALL {
            prop_assert_eq!(world.clone().run_until_deletion(reply), Ok(()));
        }
    }
}

/// Each mutant is a plausible implementation that breaks a promise. If the search did not detect them, its other results
/// would prove nothing.
#[test]
fn every_mutant_is_detected() {
    for (mutant, creation, promise) in Mutant::ALL {
        let found = search_every_order(creation, Some(mutant));
        let violation =
            found.violation.unwrap_or_else(|| panic!("{mutant:?} was not detected in {} states", found.states));
        assert!(violation.contains(promise), "{mutant:?}: {violation}");
    }
}
