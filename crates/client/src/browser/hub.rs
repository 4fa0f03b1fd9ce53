//! The hub: whoever watches the same job by the same right shares one watch, and all watches of a server share its lines.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use protocol::id::JobId;

use super::{
    line::Line,
    page, transport,
    watch::{Source, Watch, Watcher},
};
use crate::{connection::Input, job::Job};

thread_local! {
    static WATCHES: RefCell<Vec<Weak<Watch>>> = const { RefCell::new(Vec::new()) };
    static LINES: RefCell<Vec<Weak<Line>>> = const { RefCell::new(Vec::new()) };
    static LAST_ID: Cell<u32> = const { Cell::new(0) };
}

/// A place among the watchers; it ends when dropped, with the last one of a job its watch does, and with the last of a
/// server the connection.
pub struct Subscription {
    watch: Rc<Watch>,
    id: u32,
}

impl Subscription {
    /// What is watched.
    pub fn source(&self) -> &Source {
        &self.watch.source
    }

    /// Asks now how the job stands; the answer is told as news.
    pub fn refresh(&self) {
        self.watch.refresh();
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
    let id = next_id();
    if let Some(watch) = alive(&WATCHES).into_iter().find(|watch| watch.source == source) {
        watch.join(id, watcher);
        return Subscription { watch, id };
    }
    let job = JobId::parse(&source.job).map(|id| Job::new(id, source.token.clone(), source.include));
    let line = job.as_ref().map(|job| line(&source.src, job));
    let watch = Watch::on(line.clone(), next_id(), source);
    WATCHES.with_borrow_mut(|watches| watches.push(Rc::downgrade(&watch)));
    // Before the connection hears of the job: it may want a token at once.
    watch.join(id, watcher);
    if let Some((line, job)) = line.zip(job) {
        line.join(&watch, job);
    }
    Subscription { watch, id }
}

/// A line to the server that has room for the job, or a new one.
fn line(src: &str, job: &Job) -> Rc<Line> {
    alive(&LINES).into_iter().find(|line| line.has_room(src, job)).unwrap_or_else(|| {
        let line = Line::to(src, next_id());
        LINES.with_borrow_mut(|lines| lines.push(Rc::downgrade(&line)));
        line
    })
}

/// Takes what has become of the request, or of the wish for a token, of that number: `input` makes of its part on the line
/// what happened. A line that is gone does not mind.
pub fn heard<'a>(number: f64, input: impl FnOnce(u32) -> Input<'a>) {
    let (line, own) = transport::parts(number);
    if let Some(line) = alive(&LINES).into_iter().find(|one| one.id == line) {
        line.tell(input(own));
    }
}

/// Tells every connection of the page.
pub(super) fn tell_all(input: &Input) {
    for line in alive(&LINES) {
        line.tell(input.clone());
    }
}

fn next_id() -> u32 {
    LAST_ID.with(|last| {
        last.set(last.get().wrapping_add(1));
        last.get()
    })
}

/// Those that are alive; the others are forgotten.
fn alive<T>(all: &'static std::thread::LocalKey<RefCell<Vec<Weak<T>>>>) -> Vec<Rc<T>> {
    all.with_borrow_mut(|all| {
        all.retain(|one| one.strong_count() > 0);
        all.iter().filter_map(Weak::upgrade).collect()
    })
}
