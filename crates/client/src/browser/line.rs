//! A line: one connection, the browser's means to drive it, and the watches it serves.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::{Rc, Weak},
};

use js_sys::{Date, Math};
use wasm_bindgen::{JsCast, closure::Closure};

use super::{
    transport,
    value::Value,
    watch::{News, Watch},
};
use crate::{
    connection::{Action, Connection, Input, Renewal},
    job::Job,
};

/// A connection to a server. It goes with the last watch, and no request is out then.
pub(super) struct Line {
    pub(super) id: u32,
    src: String,
    connection: RefCell<Connection<Value>>,
    watches: RefCell<Vec<Weak<Watch>>>,
    skew: Cell<Option<i64>>,
    /// What is still to be done; whoever hears news may cause more of it meanwhile.
    actions: RefCell<VecDeque<Action<Value>>>,
    is_acting: Cell<bool>,
    on_timer: Closure<dyn Fn()>,
    timer: Cell<Option<i32>>,
}

impl Line {
    /// The line `id` to the server at `src`.
    pub(super) fn to(src: &str, id: u32) -> Rc<Line> {
        Rc::new_cyclic(|weak: &Weak<Line>| {
            let weak = weak.clone();
            Line {
                id,
                src: src.to_owned(),
                connection: RefCell::new(Connection::new(src)),
                watches: RefCell::default(),
                skew: Cell::default(),
                actions: RefCell::default(),
                is_acting: Cell::default(),
                on_timer: Closure::new(move || {
                    if let Some(line) = weak.upgrade() {
                        line.timer.set(None);
                        line.tell(Input::Timer);
                    }
                }),
                timer: Cell::new(None),
            }
        })
    }

    /// Whether it leads to `src` and the job can join.
    pub(super) fn has_room(&self, src: &str, job: &Job) -> bool {
        self.src == src && self.connection.borrow().has_room_for(job)
    }

    /// Serves a watch, for which this line was made or has room.
    pub(super) fn join(self: &Rc<Self>, watch: &Rc<Watch>, job: Job) {
        self.watches.borrow_mut().push(Rc::downgrade(watch));
        if let Some(skew) = self.skew.get() {
            watch.hear(News::Skew(skew));
        }
        self.tell(Input::Join(watch.key, job));
    }

    /// Serves a watch no more.
    pub(super) fn leave(self: &Rc<Self>, key: u32) {
        self.watches.borrow_mut().retain(|watch| watch.strong_count() > 0);
        self.tell(Input::Leave(key));
    }

    /// Tells the connection and does what it says.
    pub(super) fn tell(self: &Rc<Self>, input: Input) {
        let actions = self.connection.borrow_mut().handle(input, Date::now() as u64, Math::random());
        self.actions.borrow_mut().extend(actions);
        if self.is_acting.replace(true) {
            return;
        }
        loop {
            let next = self.actions.borrow_mut().pop_front();
            let Some(action) = next else { break };
            self.act(action);
        }
        self.is_acting.set(false);
    }

    fn act(self: &Rc<Self>, action: Action<Value>) {
        match action {
            Action::Open(request) => {
                transport::with(|to| {
                    to.open(transport::number(self.id, request.id), &request.url, request.token, request.body)
                });
            }
            Action::Abort(request) => transport::with(|to| to.abort(transport::number(self.id, request))),
            Action::Timer(millis) => self.set_timer(millis),
            Action::RenewToken(key) => self.renew_token(key),
            Action::Skew(skew) => {
                self.skew.set(Some(skew));
                let watches: Vec<_> = self.watches.borrow().iter().filter_map(Weak::upgrade).collect();
                watches.iter().for_each(|watch| watch.hear(News::Skew(skew)));
            }
            Action::Link(key, link) => self.pass_on(key, News::Link(link)),
            Action::Document(key, document) => self.pass_on(key, News::Document(document)),
            Action::Log(key, log) => self.pass_on(key, News::Log { lines: log.lines, skipped: log.skipped }),
            Action::Problem(key, problem) => self.pass_on(key, News::Problem(problem)),
            Action::End(key) => self.pass_on(key, News::End),
        }
    }

    fn pass_on(&self, key: u32, news: News) {
        if let Some(watch) = self.watch(key) {
            watch.hear(news);
        }
    }

    fn watch(&self, key: u32) -> Option<Rc<Watch>> {
        self.watches.borrow().iter().filter_map(Weak::upgrade).find(|watch| watch.key == key)
    }

    fn set_timer(&self, millis: u64) {
        self.clear_timer();
        let millis = i32::try_from(millis).unwrap_or(i32::MAX);
        let callback = self.on_timer.as_ref().unchecked_ref();
        let timer = web_sys::window()
            .and_then(|window| window.set_timeout_with_callback_and_timeout_and_arguments_0(callback, millis).ok());
        self.timer.set(timer);
    }

    fn clear_timer(&self) {
        if let (Some(timer), Some(window)) = (self.timer.take(), web_sys::window()) {
            window.clear_timeout_with_handle(timer);
        }
    }

    fn renew_token(self: &Rc<Self>, key: u32) {
        match self.watch(key).and_then(|watch| watch.renew()) {
            Some(promise) => transport::with(|to| to.renew(transport::number(self.id, key), &promise)),
            None => self.tell(Input::Renewed(key, Renewal::Impossible)),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.clear_timer();
    }
}
