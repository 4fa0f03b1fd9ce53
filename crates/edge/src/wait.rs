//! Long polling: the edge waits for a change on a hibernating socket, so that the object may sleep.

use std::{cell::RefCell, rc::Rc};

use engine::frame::Kind;
use protocol::{cursor::Cursor, include::Include};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

use crate::{feed::Feed, js, response::ErrorResponse, stub::JobStub};

/// Returns at the first state for which `is_new` returns true, at the end of the job, when the caller leaves, or after
/// `seconds`. The first argument of `is_new` says whether the state is the first one that the object sent.
///
/// The caller reads the state afterwards: by then there may be a newer one.
pub(crate) async fn until(
    signal: &AbortSignal,
    stub: &JobStub,
    seconds: u64,
    is_new: impl Fn(bool, &Cursor) -> bool,
) -> Result<(), ErrorResponse> {
    let Some(socket) = stub.subscribe(Include::NONE, None, true).await?.websocket() else { return Ok(()) };
    // The states that arrived and were not examined yet; `None` means that no more will come.
    let states: Rc<RefCell<Vec<Option<Cursor>>>> = Rc::default();
    let wake: Rc<RefCell<Option<js_sys::Function>>> = Rc::default();
    let push = {
        let (states, wake) = (Rc::clone(&states), Rc::clone(&wake));
        move |state| {
            states.borrow_mut().push(state);
            if let Some(wake) = wake.borrow_mut().take() {
                // The function that resolves a promise does not throw.
                let _ = wake.call0(&JsValue::UNDEFINED);
            }
        }
    };
    let push_end = push.clone();
    let on_frame = move |kind, _| match kind {
        Kind::Document(cursor) => push(Some(cursor)),
        Kind::End | Kind::Problem => push(None),
        Kind::Log(..) => {}
    };
    let feed = Feed::open(&socket, on_frame, move || push_end(None))?;
    let deadline = js::now().millis().saturating_add(seconds.saturating_mul(1000));
    let mut first = true;
    'waiting: loop {
        for state in states.take() {
            match state {
                Some(cursor) if !is_new(first, &cursor) => first = false,
                _ => break 'waiting,
            }
        }
        let left = deadline.saturating_sub(js::now().millis());
        if left == 0 || signal.aborted() {
            break;
        }
        let waiting = js::with_resolvers();
        let resolve = waiting.resolve();
        let timer = js::set_timeout(&resolve, left as f64);
        // If this listener fires after the wait, it resolves a promise that nothing awaits any more.
        let _ = signal.add_event_listener_with_callback("abort", &resolve);
        wake.replace(Some(resolve));
        JsFuture::from(waiting.promise()).await?;
        js::clear_timeout(&timer);
    }
    drop(feed);
    Ok(())
}
