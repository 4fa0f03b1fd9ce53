//! Panics on demand, in a build that no release has: what becomes of everybody else is tested with them.
#![allow(clippy::panic, reason = "that is what it is for")]

use crate::incoming::Incoming;

/// Panics in a request that bears the header `Sabotage: edge`.
pub(crate) fn at_the_edge(request: &Incoming) {
    if request.header("Sabotage").is_some_and(|place| place == "edge") {
        panic!("sabotage at the edge");
    }
}

/// Panics over a report with this very body.
pub(crate) fn in_the_object(body: &[u8]) {
    if body == br#"{"message":"sabotage in the object"}"# {
        panic!("sabotage in the object");
    }
}
