//! The sight: whether an element is where somebody could see it.

use std::{cell::Cell, rc::Rc};

use js_sys::Array;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry};

/// Watches whether an element is on the screen: not `display: none`, not scrolled away. It ends when dropped.
pub(crate) struct Sight {
    is_seen: Rc<Cell<bool>>,
    observer: Option<IntersectionObserver>,
    _callback: Closure<dyn Fn(Array)>,
}

impl Sight {
    /// Calls `shown` whenever `element` comes into sight. Until the browser says otherwise it is.
    pub(crate) fn of(element: &Element, shown: impl Fn() + 'static) -> Sight {
        let is_seen = Rc::new(Cell::new(true));
        let told = Rc::clone(&is_seen);
        let callback = Closure::<dyn Fn(Array)>::new(move |entries: Array| {
            // Several changes may come at once; the last one holds.
            let is_seen = entries.pop().unchecked_into::<IntersectionObserverEntry>().is_intersecting();
            if !told.replace(is_seen) && is_seen {
                shown();
            }
        });
        let observer = IntersectionObserver::new(callback.as_ref().unchecked_ref()).ok();
        if let Some(observer) = &observer {
            observer.observe(element);
        }
        Sight { is_seen, observer, _callback: callback }
    }

    pub(crate) fn is_seen(&self) -> bool {
        self.is_seen.get()
    }
}

impl Drop for Sight {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
    }
}
