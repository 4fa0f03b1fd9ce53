//! Visibility: whether an element is on the screen.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::{Array, Function};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, ResizeObserver};

/// Observes whether an element is on the screen: not `display: none` and not scrolled away. It ends when dropped.
pub(crate) struct Visibility {
    element: Element,
    is_visible: Rc<Cell<bool>>,
    observer: Option<IntersectionObserver>,
    /// Observes the size, while the element has no layout box and has something to show.
    waiting: Rc<RefCell<Option<ResizeObserver>>>,
    _on_intersection: Closure<dyn Fn(Array)>,
    on_box: Closure<dyn Fn()>,
}

impl Visibility {
    /// Calls `shown` whenever `element` enters the screen, and when it gets a layout box after
    /// [`waits_for_box`](Visibility::waits_for_box) returned true. It counts as visible until the browser says otherwise.
    pub(crate) fn new(element: &Element, shown: impl Fn() + 'static) -> Visibility {
        let is_visible = Rc::new(Cell::new(true));
        let waiting = Rc::new(RefCell::new(None::<ResizeObserver>));
        let shown = Rc::new(shown);
        let (state, on_shown) = (Rc::clone(&is_visible), Rc::clone(&shown));
        let on_intersection = Closure::<dyn Fn(Array)>::new(move |entries: Array| {
            // Several changes may arrive at once; the last one holds.
            let is_visible = entries.pop().unchecked_into::<IntersectionObserverEntry>().is_intersecting();
            if !state.replace(is_visible) && is_visible {
                on_shown();
            }
        });
        let waited = Rc::clone(&waiting);
        let on_box = Closure::<dyn Fn()>::new(move || {
            if let Some(observer) = waited.take() {
                observer.disconnect();
                shown();
            }
        });
        let observer = IntersectionObserver::new(function(&on_intersection)).ok();
        if let Some(observer) = &observer {
            observer.observe(element);
        }
        let element = element.clone();
        Visibility { element, is_visible, observer, waiting, _on_intersection: on_intersection, on_box }
    }

    /// Whether the element is on the screen.
    pub(crate) fn is_visible(&self) -> bool {
        self.is_visible.get()
    }

    /// Whether the element has no layout box, as with `display: none`; if so, `shown` is called once it has one. The
    /// intersection observer does not report a box that the element gets off the screen.
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

impl Drop for Visibility {
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
