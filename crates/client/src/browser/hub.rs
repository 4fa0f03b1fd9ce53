//! The hub: whoever watches the same job by the same right shares one watch.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use super::{
    page,
    watch::{Source, Watch, Watcher},
};
use crate::connection::Input;

thread_local! {
    static WATCHES: RefCell<Vec<Weak<Watch>>> = const { RefCell::new(Vec::new()) };
    static LAST_ID: Cell<u32> = const { Cell::new(0) };
}

/// A place among the watchers; it ends when dropped, and with the last one the connection does.
pub struct Subscription {
    watch: Rc<Watch>,
    id: u32,
}

impl Subscription {
    /// What is watched.
    pub fn source(&self) -> &Source {
        &self.watch.source
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.watch.leave(self.id);
    }
}

/// Watches `source`; what is known already is told before this returns.
pub fn subscribe(source: Source, watcher: Watcher) -> Subscription {
    page::listen();
    let id = LAST_ID.with(|last| {
        last.set(last.get().wrapping_add(1));
        last.get()
    });
    let watch = watches().into_iter().find(|watch| watch.source == source).unwrap_or_else(|| {
        let watch = Watch::start(source);
        WATCHES.with_borrow_mut(|watches| watches.push(Rc::downgrade(&watch)));
        watch
    });
    watch.join(id, watcher);
    Subscription { watch, id }
}

/// Tells every connection of the page.
pub(super) fn tell_all(input: &Input) {
    for watch in watches() {
        watch.tell(input.clone());
    }
}

/// The watches that are alive; the others are forgotten.
fn watches() -> Vec<Rc<Watch>> {
    WATCHES.with_borrow_mut(|watches| {
        watches.retain(|watch| watch.strong_count() > 0);
        watches.iter().filter_map(Weak::upgrade).collect()
    })
}
