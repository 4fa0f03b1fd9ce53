//! Long polling: the edge waits for a change on a hibernating socket, so that the object may sleep.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use engine::frame::Kind;
use js_sys::Function;
use protocol::cursor::Cursor;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

use crate::{
    context::RequestContext,
    feed::{Feed, Socket},
    js,
    response::ErrorResponse,
    shutdown::EndsWithServer,
};

/// The function that resolves the promise which is awaited, if one is.
type Wake = Rc<RefCell<Option<Function>>>;

/// What a frame says to a waiting request.
pub(crate) enum Event<S> {
    /// A state of the job.
    State(S),
    /// No more states will come.
    End,
    /// Nothing that the request waits for.
    Other,
}

/// The states of the document.
pub(crate) fn document_event(kind: Kind) -> Event<Cursor> {
    match kind {
        Kind::Document(cursor) => Event::State(cursor),
        Kind::End | Kind::Problem => Event::End,
        Kind::Log(..) | Kind::Control(_) | Kind::Page | Kind::Row(_) => Event::Other,
    }
}

/// The versions of the control state.
pub(crate) fn control_event(kind: Kind) -> Event<String> {
    match kind {
        Kind::Control(version) => Event::State(version),
        Kind::End | Kind::Problem => Event::End,
        Kind::Log(..) | Kind::Document(_) | Kind::Page | Kind::Row(_) => Event::Other,
    }
}

/// Returns at the first state for which `is_new` returns true, at the end of the job or of the server, when the caller leaves, or
/// after `seconds`. The first argument of `is_new` says whether the state is the first one that the object sent. `opened` is the
/// object's reply to the subscription, `event` reads its frames.
///
/// The caller reads the state afterwards: by then there may be a newer one. The result is the status of the object's reply
/// if it accepted no viewer, so that there was no wait.
pub(crate) async fn until<S: 'static>(
    ctx: &RequestContext,
    opened: worker::Response,
    seconds: u64,
    event: fn(Kind) -> Event<S>,
    is_new: impl Fn(bool, &S) -> bool,
) -> Result<Option<u16>, ErrorResponse> {
    let (signal, status) = (ctx.request.inner().signal(), opened.status_code());
    let Some(socket) = Socket::of(opened) else { return Ok(Some(status)) };
    // The states that arrived and were not examined yet; `None` means that no more will come.
    let states: Rc<RefCell<Vec<Option<S>>>> = Rc::default();
    let wake = Wake::default();
    let push = {
        let (states, wake) = (Rc::clone(&states), Rc::clone(&wake));
        move |state| {
            states.borrow_mut().push(state);
            resolve(&wake);
        }
    };
    let push_end = push.clone();
    let on_frame = move |kind, _| match event(kind) {
        Event::State(state) => push(Some(state)),
        Event::End => push(None),
        Event::Other => {}
    };
    let feed = Feed::open(socket, on_frame, move || push_end(None))?;
    // One timer for the whole wait: the clock may be set back meanwhile.
    let is_over = Rc::new(Cell::new(false));
    let on_timer: Closure<dyn FnMut()> = {
        let (is_over, wake) = (Rc::clone(&is_over), Rc::clone(&wake));
        Closure::own_assert_unwind_safe(move || {
            is_over.set(true);
            resolve(&wake);
        })
    };
    let is_launched = ctx.config.control_secret.is_some();
    let _ends_with_server =
        is_launched.then(|| EndsWithServer::new(on_timer.as_ref().unchecked_ref::<Function>().clone()));
    let timer = js::set_timeout(on_timer.as_ref().unchecked_ref(), seconds.saturating_mul(1000) as f64);
    let mut first = true;
    'waiting: loop {
        for state in states.take() {
            match state {
                Some(state) if !is_new(first, &state) => first = false,
                _ => break 'waiting,
            }
        }
        if is_over.get() || signal.aborted() {
            break;
        }
        let waiting = js::with_resolvers();
        let resolve = waiting.resolve();
        // If this listener fires after the wait, it resolves a promise that nothing awaits any more.
        let _ = signal.add_event_listener_with_callback("abort", &resolve);
        wake.replace(Some(resolve));
        JsFuture::from(waiting.promise()).await?;
    }
    js::clear_timeout(&timer);
    drop(feed);
    Ok(None)
}

fn resolve(wake: &Wake) {
    if let Some(wake) = wake.borrow_mut().take() {
        // The function that resolves a promise does not throw.
        let _ = wake.call0(&JsValue::UNDEFINED);
    }
}
