//! The updates of jobs that wait for the next transaction of their shard: a transaction costs the same for one row as for many.

use std::{
    cell::RefCell,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use engine::{
    index::update::RowUpdate,
    throttle::{Due, Throttle},
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::Response;

use super::Index;
use crate::{
    js,
    response::{self, ErrorResponse},
};

/// The milliseconds from one transaction to the next. A job does not wait for the answer, and a list is paced more slowly.
const TRANSACTION_MS: u64 = 20;

/// The updates that wait.
pub(super) struct Updates {
    throttle: RefCell<Throttle>,
    /// The updates, each with the function that takes its response.
    waiting: RefCell<Vec<(RowUpdate, js_sys::Function)>>,
}

impl Updates {
    /// Nothing waits.
    pub(super) fn new() -> Updates {
        Updates { throttle: RefCell::new(Throttle::new(TRANSACTION_MS)), waiting: RefCell::default() }
    }
}

impl Index {
    /// Takes an update now, or together with others soon; returns the response, or a promise of it. An update that is lost
    /// because the object is killed was not answered, so its job repeats it.
    pub(super) fn receive(self: &Rc<Index>, update: RowUpdate) -> JsValue {
        let now = js::now().millis();
        let due = self.updates.throttle.borrow_mut().ask(now);
        if due == Due::Now || self.is_set_back.get() {
            self.take_waiting();
            return self.respond(update).into();
        }
        let resolvers = js::with_resolvers();
        self.updates.waiting.borrow_mut().push((update, resolvers.resolve()));
        if let Due::In(plan) = due {
            let index = Rc::clone(self);
            spawn_local(AssertUnwindSafe(async move {
                js::sleep(plan.millis).await;
                if index.updates.throttle.borrow().holds(plan) {
                    index.take_waiting();
                }
            }));
        }
        resolvers.promise().into()
    }

    /// Takes the updates that wait. Nothing here waits, so the writes are one transaction.
    pub(super) fn take_waiting(&self) {
        self.updates.throttle.borrow_mut().done(js::now().millis());
        for (update, resolve) in mem::take(&mut *self.updates.waiting.borrow_mut()) {
            // The function resolves a promise, which never fails.
            let _ = resolve.call1(&JsValue::UNDEFINED, &self.respond(update));
        }
    }

    /// Takes an update and returns the response to it.
    fn respond(&self, update: RowUpdate) -> Response {
        let taken =
            catch_unwind(AssertUnwindSafe(|| self.take(update))).unwrap_or_else(|_| Err(ErrorResponse::of_panic()));
        #[cfg(feature = "fault-injection")]
        let taken = taken.and_then(|reply| Ok(crate::fault_injection::in_the_index().map(|()| reply)?));
        taken.map_or_else(ErrorResponse::into_response, |reply| response::json(200, &reply))
    }
}
