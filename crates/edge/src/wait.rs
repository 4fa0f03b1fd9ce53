//! Waiting for a state: the edge waits, on the hibernating socket, so that the object may sleep.

use std::{cell::RefCell, rc::Rc};

use engine::frame::Kind;
use protocol::{cursor::Cursor, include::Include};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

use crate::{answer::Refusal, call::JobCall, feed::Feed, js};

/// Returns at the first state that `is_new` (which hears whether it is the first one told), at the end of the job, when
/// the caller leaves, or after `seconds`.
///
/// What the state is, the caller asks afterwards: it may be newer still by then.
pub(crate) async fn until(
    signal: &AbortSignal,
    call: &JobCall,
    seconds: u64,
    is_new: impl Fn(bool, &Cursor) -> bool,
) -> Result<(), Refusal> {
    let Some(socket) = call.subscribe(Include::NONE, None, true).await?.websocket() else { return Ok(()) };
    // Every state told so far that nobody has looked at; `None` in it means that no more will come.
    let told: Rc<RefCell<Vec<Option<Cursor>>>> = Rc::default();
    let wake: Rc<RefCell<Option<js_sys::Function>>> = Rc::default();
    let tell = {
        let (told, wake) = (Rc::clone(&told), Rc::clone(&wake));
        move |state| {
            told.borrow_mut().push(state);
            if let Some(wake) = wake.borrow_mut().take() {
                // A promise's own function does not throw.
                let _ = wake.call0(&JsValue::UNDEFINED);
            }
        }
    };
    let tell_end = tell.clone();
    let heard = move |kind, _| match kind {
        Kind::Document(cursor) => tell(Some(cursor)),
        Kind::End | Kind::Problem => tell(None),
        Kind::Log(..) => {}
    };
    let feed = Feed::open(&socket, heard, move || tell_end(None))?;
    let deadline = js::now().millis().saturating_add(seconds.saturating_mul(1000));
    let mut first = true;
    'waiting: loop {
        for state in told.take() {
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
        // A listener that fires after the wait resolves a promise that nobody holds any more.
        let _ = signal.add_event_listener_with_callback("abort", &resolve);
        wake.replace(Some(resolve));
        JsFuture::from(waiting.promise()).await?;
        js::clear_timeout(&timer);
    }
    drop(feed);
    Ok(())
}
