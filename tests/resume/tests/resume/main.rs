//! Resuming, tried exhaustively: every order in which reports, connections, cuts, sleep and restarts can meet.
//!
//! The rules are the real ones: what is accepted, what a comer is sent, what a broadcast tells, what a relay keeps, and the
//! client's whole connection, which reads, forgets, comes back and shows. Only the plumbing between them is the model's.
//! The search visits every state that five reports and two cuts can lead to, and in each of them asks what a viewer may
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
mod viewer;
mod world;

use script::{Plot, Script};
use search::{Found, search};
use world::{Faults, Mutant};

/// What may break, and how often.
const FAULTS: Faults = Faults { cuts: 2, sleeps: 1, restarts: 1 };

const PLOT: Plot = Plot { reports: 5, ends: true, logs: true };

fn every_order(plot: Plot, mutant: Option<Mutant>) -> Found {
    let found = search(&Script::of(plot), FAULTS, mutant);
    println!("{mutant:?}: {} states, {} of them at rest", found.states, found.rests);
    found
}

#[test]
fn a_viewer_ends_on_the_final_document_with_every_line_whatever_happens_in_between() {
    let found = every_order(PLOT, None);
    assert_eq!(found.broken, None);
    assert!(found.states > 10_000 && found.rests > 10);
}

#[test]
fn a_viewer_of_a_job_that_goes_on_is_shown_where_it_stands() {
    let found = every_order(Plot { ends: false, ..PLOT }, None);
    assert_eq!(found.broken, None);
    assert!(found.states > 10_000 && found.rests > 10);
}

/// Each of these is a way to write it that looks as good, and loses something. A search that found nothing wrong with
/// them would prove nothing.
#[test]
fn a_wrong_way_to_write_it_is_found_out() {
    let silent = Plot { logs: false, ..PLOT };
    for (mutant, plot, harm) in [
        (Mutant::SubscribesAfterReading, silent, "not at rest on the newest document"),
        (Mutant::SubscribesAfterReading, PLOT, "lacks lines"),
        (Mutant::BroadcastsBeforeCommitting, silent, "was never committed"),
        (Mutant::SleepsOnNews, PLOT, "lacks lines"),
        (Mutant::SleepsOnNews, Plot { ends: false, ..silent }, "not at rest on the newest document"),
        (Mutant::TellsLinesAfterTheirDocument, PLOT, "lacks lines"),
        (Mutant::TrustsWhatWasSent, PLOT, "lacks lines"),
    ] {
        let found = every_order(plot, Some(mutant));
        let broken = found.broken.unwrap_or_else(|| panic!("{mutant:?} was not found out in {} states", found.states));
        assert!(broken.contains(harm), "{mutant:?}: {broken}");
    }
}
