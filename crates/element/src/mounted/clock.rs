//! The clock: one timer for all elements of a page. It runs only while an element changes with the time, or has changed while out
//! of view.

use std::{
    cell::{Cell, RefCell},
    rc::Weak,
};

use client::browser::monotonic;
use wasm_bindgen::{JsCast, closure::Closure};

use super::Inner;

/// Milliseconds between two ticks. Ticks are at full seconds, so that all numbers of a page change together.
const TICK_MS: u64 = 1_000;

thread_local! {
    /// The elements, each with its tick.
    static WAITING: RefCell<Vec<(u64, Weak<Inner>)>> = const { RefCell::new(Vec::new()) };
    /// The timer, and the tick for which it is set.
    static TIMER: Cell<Option<(u64, i32)>> = const { Cell::new(None) };
    static ON_TICK: Closure<dyn Fn()> = Closure::new(|| {
        let now = TIMER.take().map_or(0, |(tick, _)| tick).max(tick_of(monotonic()));
        let due = WAITING.with_borrow_mut(|waiting| {
            let due: Vec<_> = waiting.iter().filter(|(tick, _)| *tick <= now).map(|(_, inner)| Weak::clone(inner)).collect();
            waiting.retain(|(tick, _)| *tick > now);
            due
        });
        set_timer();
        due.iter().for_each(Inner::on_tick);
    });
}

/// Calls [`Inner::on_tick`] at the first tick after `delay` milliseconds, or earlier if the element has joined for an earlier
/// one.
pub(super) fn join(inner: Weak<Inner>, delay: u64) {
    let tick = tick_of(monotonic().saturating_add(delay)).saturating_add(1);
    WAITING.with_borrow_mut(|waiting| match waiting.iter_mut().find(|(_, other)| other.ptr_eq(&inner)) {
        Some((former, _)) => *former = tick.min(*former),
        None => waiting.push((tick, inner)),
    });
    set_timer();
}

fn tick_of(millis: u64) -> u64 {
    millis.checked_div(TICK_MS).unwrap_or(0)
}

/// Sets the timer for the first tick, if it is not set for that one.
fn set_timer() {
    let first = WAITING.with_borrow(|waiting| waiting.iter().map(|(tick, _)| *tick).min());
    let (Some(tick), Some(window)) = (first, web_sys::window()) else { return };
    if let Some((set, timer)) = TIMER.get() {
        if set <= tick {
            return;
        }
        window.clear_timeout_with_handle(timer);
    }
    let rest = tick.saturating_mul(TICK_MS).saturating_sub(monotonic());
    // A longer timer than the browser's longest ends early, and the element joins again.
    let rest = i32::try_from(rest).unwrap_or(i32::MAX);
    let timer = ON_TICK.with(|callback| {
        let callback = callback.as_ref().unchecked_ref();
        window.set_timeout_with_callback_and_timeout_and_arguments_0(callback, rest)
    });
    TIMER.set(timer.ok().map(|timer| (tick, timer)));
}
