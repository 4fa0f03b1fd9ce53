//! The sight: whether an element is where somebody could see it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::{Array, Function};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, ResizeObserver};

/// Watches whether an element is on the screen: not `display: none`, not scrolled away. It ends when dropped.
pub(crate) struct Sight {
    element: Element,
    is_seen: Rc<Cell<bool>>,
    observer: Option<IntersectionObserver>,
    /// Watches for a box, while the element has none and has something to show.
    waiting: Rc<RefCell<Option<ResizeObserver>>>,
    _on_sight: Closure<dyn Fn(Array)>,
    on_box: Closure<dyn Fn()>,
}

impl Sight {
    /// Calls `shown` whenever `element` comes into sight, or gets the box it was [waited](Sight::waits_for_box) for. Until
    /// the browser says otherwise it is in sight.
    pub(crate) fn of(element: &Element, shown: impl Fn() + 'static) -> Sight {
        let is_seen = Rc::new(Cell::new(true));
        let waiting = Rc::new(RefCell::new(None::<ResizeObserver>));
        let shown = Rc::new(shown);
        let (told, tell) = (Rc::clone(&is_seen), Rc::clone(&shown));
        let on_sight = Closure::<dyn Fn(Array)>::new(move |entries: Array| {
            // Several changes may come at once; the last one holds.
            let is_seen = entries.pop().unchecked_into::<IntersectionObserverEntry>().is_intersecting();
            if !told.replace(is_seen) && is_seen {
                tell();
            }
        });
        let waited = Rc::clone(&waiting);
        let on_box = Closure::<dyn Fn()>::new(move || {
            if let Some(observer) = waited.take() {
                observer.disconnect();
                shown();
            }
        });
        let observer = IntersectionObserver::new(function(&on_sight)).ok();
        if let Some(observer) = &observer {
            observer.observe(element);
        }
        Sight { element: element.clone(), is_seen, observer, waiting, _on_sight: on_sight, on_box }
    }

    /// Whether it is on the screen.
    pub(crate) fn is_seen(&self) -> bool {
        self.is_seen.get()
    }

    /// Whether it has no box at all, as where it is `display: none`; `shown` is called when it gets one. An element that is
    /// not in sight is told of no other way when it gets one out of sight.
    pub(crate) fn waits_for_box(&self) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.is_some() {
            return true;
        }
        let has_none = self.element.get_client_rects().length() == 0;
        if has_none && let Ok(observer) = ResizeObserver::new(function(&self.on_box)) {
            observer.observe(&self.element);
            *waiting = Some(observer);
        }
        has_none
    }
}

impl Drop for Sight {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
        if let Some(observer) = self.waiting.take() {
            observer.disconnect();
        }
    }
}

fn function<T: ?Sized>(callback: &Closure<T>) -> &Function {
    callback.as_ref().unchecked_ref()
}
