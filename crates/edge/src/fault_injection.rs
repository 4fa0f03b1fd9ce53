//! Panics on demand, in a build that is never released: tests check what a panic does to other requests.
#![allow(clippy::panic, reason = "panicking is its purpose")]

use crate::request::IncomingRequest;

/// Panics if the request has the header `Fault-Injection: edge`.
pub(crate) fn at_the_edge(request: &IncomingRequest) {
    if request.header("Fault-Injection").is_some_and(|place| place == "edge") {
        panic!("injected fault at the edge");
    }
}

/// Panics if the body of a report is exactly this one.
pub(crate) fn in_the_object(body: &[u8]) {
    if body == br#"{"message":"injected fault in the object"}"# {
        panic!("injected fault in the object");
    }
}
