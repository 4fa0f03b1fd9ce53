//! Panics on demand, in a build that is never released: tests check what a panic does to other requests.
#![allow(clippy::panic, reason = "panicking is its purpose")]

use std::cell::Cell;

use crate::request::IncomingRequest;

/// Panics if the request has the header `Fault-Injection: edge`.
pub(crate) fn at_the_edge(request: &IncomingRequest) {
    if request.header("Fault-Injection").is_some_and(|place| place == "edge") {
        panic!("injected fault at the edge");
    }
}

thread_local! {
    /// The share of the commands to the index that fail.
    static FAILING: Cell<f64> = const { Cell::new(0.0) };
}

/// Sets the share of the commands to the index that fail, if the request has the header `Fault-Injection: index <share>`.
pub(crate) fn set_failing_index(request: &IncomingRequest) {
    let header = request.header("Fault-Injection");
    if let Some(share) = header.as_deref().and_then(|header| header.strip_prefix("index ")?.parse().ok()) {
        FAILING.set(share);
    }
}

/// Fails at random, before or after the command: a call that fails may have had its effect.
pub(crate) fn in_the_index() -> Result<(), worker::Error> {
    if js_sys::Math::random() < FAILING.get() { Err("injected fault in the index".into()) } else { Ok(()) }
}

/// Panics if the body of a report is exactly this one.
pub(crate) fn in_the_object(body: &[u8]) {
    if body == br#"{"message":"injected fault in the object"}"# {
        panic!("injected fault in the object");
    }
}
