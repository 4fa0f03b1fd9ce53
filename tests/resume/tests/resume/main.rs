//! An exhaustive test of resuming: every order of reports, connections, cuts, sleep and restarts.
//!
//! The functions under test are the real ones: those that accept reports, that make the initial frames of a subscription and
//! the frames of a broadcast, the relay's queue, and the client's whole connection. Only what lies between them is a model.
//! The search visits every state that five reports and two cuts can lead to, and checks in each of them what a viewer may
//! rely on.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

mod script;
mod search;
mod step;
mod viewer;
mod world;

use script::{Plot, Script};
use search::{Found, search};
use step::{Faults, Mutant};

/// How often each fault may occur.
const FAULTS: Faults = Faults { cuts: 2, sleeps: 1, restarts: 1 };

const PLOT: Plot = Plot { reports: 5, ends: true, logs: true, replaces: None };

fn search_every_order(plot: Plot, mutant: Option<Mutant>) -> Found {
    let found = search(&Script::new(plot), FAULTS, mutant);
    println!("{mutant:?}: {} states, {} of them final", found.states, found.final_states);
    found
}

#[test]
fn a_viewer_ends_on_the_final_document_with_every_line_whatever_happens_in_between() {
    let found = search_every_order(PLOT, None);
    assert_eq!(found.violation, None);
    assert!(found.states > 10_000 && found.final_states > 10);
}

#[test]
fn a_viewer_of_a_job_that_has_not_ended_gets_its_newest_document() {
    let found = search_every_order(Plot { ends: false, ..PLOT }, None);
    assert_eq!(found.violation, None);
    assert!(found.states > 10_000 && found.final_states > 10);
}

#[test]
fn a_viewer_follows_a_job_that_is_replaced_by_a_new_one_under_the_same_id() {
    for replaces in [3, 4] {
        let found = search_every_order(Plot { reports: 4, replaces: Some(replaces), ..PLOT }, None);
        assert_eq!(found.violation, None);
        assert!(found.states > 10_000 && found.final_states > 10);
    }
}

/// Each mutant is a plausible implementation that loses something. If the search did not detect them, its other results
/// would prove nothing.
#[test]
fn every_mutant_is_detected() {
    let silent = Plot { logs: false, ..PLOT };
    for (mutant, plot, fault) in [
        (Mutant::SubscribesAfterReading, silent, "does not end on the newest document"),
        (Mutant::SubscribesAfterReading, PLOT, "lacks lines"),
        (Mutant::BroadcastsBeforeCommitting, silent, "was never committed"),
        (Mutant::SleepsWithPendingBroadcast, PLOT, "lacks lines"),
        (Mutant::SleepsWithPendingBroadcast, Plot { ends: false, ..silent }, "does not end on the newest document"),
        (Mutant::SendsLinesAfterTheirDocument, PLOT, "lacks lines"),
        (Mutant::TreatsSentAsReceived, PLOT, "lacks lines"),
    ] {
        let found = search_every_order(plot, Some(mutant));
        let violation =
            found.violation.unwrap_or_else(|| panic!("{mutant:?} was not detected in {} states", found.states));
        assert!(violation.contains(fault), "{mutant:?}: {violation}");
    }
}
