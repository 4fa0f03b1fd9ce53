//! The end of a server: whether it is announced, and the streams and waits that end with it.
//!
//! A server has one isolate, so its requests share these variables.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use engine::shutdown::Step;
use wasm_bindgen::{JsValue, closure::Closure};

use crate::js;

thread_local! {
    static REACHED: Cell<Option<Step>> = const { Cell::new(None) };
    /// What ends with the server: functions that each resolve a promise of the request that made it.
    static ENDING: RefCell<HashMap<u64, js_sys::Function>> = RefCell::default();
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

/// A stream or a wait that ends with the server. Dropping the value takes it off the list.
pub(crate) struct EndsWithServer(u64);

impl EndsWithServer {
    /// Calls `resolve` when the server ends, or at once if its streams have ended already.
    pub(crate) fn new(resolve: js_sys::Function) -> EndsWithServer {
        let number = NEXT.get();
        NEXT.set(number.wrapping_add(1));
        if REACHED.get() == Some(Step::EndStreams) {
            call(&resolve);
        } else {
            ENDING.with_borrow_mut(|ending| ending.insert(number, resolve));
        }
        EndsWithServer(number)
    }

    /// Calls a function of this request when the server ends.
    pub(crate) fn then(function: &Closure<dyn FnMut(JsValue)>) -> EndsWithServer {
        // The resolved promise continues in this request; the launcher's request cannot end a stream of another one.
        let ending = js::with_resolvers();
        let _ = ending.promise().then(function);
        EndsWithServer::new(ending.resolve())
    }
}

impl Drop for EndsWithServer {
    fn drop(&mut self) {
        // While the thread ends, there is no list any more.
        let _ = ENDING.try_with(|ending| ending.borrow_mut().remove(&self.0));
    }
}

/// Whether the end of the server is announced.
pub(crate) fn is_announced() -> bool {
    REACHED.get().is_some()
}

/// Takes a step towards the end.
pub(crate) fn reach(step: Step) {
    REACHED.set(Some(step));
    if step == Step::EndStreams {
        // What is called may drop others, so the list is not borrowed meanwhile.
        ENDING.take().values().for_each(call);
    }
}

fn call(resolve: &js_sys::Function) {
    // The function that resolves a promise does not throw.
    let _ = resolve.call0(&JsValue::UNDEFINED);
}
