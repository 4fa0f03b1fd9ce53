//! The driver of one connection: it does what the state machine says, with the browser's means.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::{Rc, Weak},
};

use js_sys::{Date, Math};
use wasm_bindgen::{JsCast, closure::Closure};

use super::{
    monotonic::monotonic,
    transport,
    update::{Listener, Update},
    value::Value,
};
use crate::{
    connection::{Action, Connection, Input, JobKey, Renewal},
    server_clock::ServerClock,
    subscription::Subscription,
};

/// A connection to one server and the listeners of its jobs. It is dropped with its last job; no request is open then.
pub(super) struct ConnectionDriver {
    pub(super) id: u32,
    src: String,
    connection: RefCell<Connection<Value>>,
    listeners: RefCell<Vec<(JobKey, Weak<dyn Listener>)>>,
    clock: Cell<ServerClock>,
    clock_offset: Cell<Option<i64>>,
    /// The actions that are still to be done; a listener that is notified may cause more of them meanwhile.
    actions: RefCell<VecDeque<Action<Value>>>,
    is_acting: Cell<bool>,
    on_timer: Closure<dyn Fn()>,
    timer: Cell<Option<i32>>,
}

impl ConnectionDriver {
    /// The driver `id` of a connection to the server at `src`.
    pub(super) fn new(src: &str, id: u32) -> Rc<ConnectionDriver> {
        Rc::new_cyclic(|weak: &Weak<ConnectionDriver>| {
            let weak = weak.clone();
            ConnectionDriver {
                id,
                src: src.to_owned(),
                connection: RefCell::new(Connection::new(src)),
                listeners: RefCell::default(),
                clock: Cell::default(),
                clock_offset: Cell::default(),
                actions: RefCell::default(),
                is_acting: Cell::default(),
                on_timer: Closure::new(move || {
                    if let Some(driver) = weak.upgrade() {
                        driver.timer.set(None);
                        driver.on_input(Input::Timer);
                    }
                }),
                timer: Cell::new(None),
            }
        })
    }

    /// Whether this is a connection to `src` that the job can join.
    pub(super) fn can_join(&self, src: &str, subscription: &Subscription) -> bool {
        self.src == src && self.connection.borrow().can_join(subscription)
    }

    /// Adds a job that can join, and its listener.
    pub(super) fn join(self: &Rc<Self>, key: JobKey, subscription: Subscription, listener: Weak<dyn Listener>) {
        self.listeners.borrow_mut().push((key, listener));
        if let Some(millis) = self.clock_offset.get() {
            self.notify(key, Update::ClockOffset(millis));
        }
        self.on_input(Input::Join(key, subscription));
    }

    /// Removes a job.
    pub(super) fn leave(self: &Rc<Self>, key: JobKey) {
        self.listeners.borrow_mut().retain(|(other, _)| *other != key);
        self.on_input(Input::Leave(key));
    }

    /// Passes an input to the connection and does the actions that it returns.
    pub(super) fn on_input(self: &Rc<Self>, input: Input) {
        // The time of day and not the monotonic clock, which stops while some devices sleep: after a sleep the stream is silent.
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
                let number = transport::number(self.id, request.id.0);
                transport::with(|to| to.open(number, &request.url, request.token, request.body));
            }
            Action::Abort(request) => transport::with(|to| to.abort(transport::number(self.id, request.0))),
            Action::Timer(millis) => self.set_timer(millis),
            Action::RenewToken(key) => self.renew_token(key),
            Action::ServerTime(millis) => {
                let mut clock = self.clock.get();
                let Some(offset) = clock.on_time(millis, monotonic()) else { return };
                self.clock.set(clock);
                self.clock_offset.set(Some(offset));
                let all: Vec<_> = self.listeners.borrow().iter().filter_map(|(_, one)| one.upgrade()).collect();
                all.iter().for_each(|listener| listener.on_update(Update::ClockOffset(offset)));
            }
            Action::Link(key, link) => self.notify(key, Update::Link(link)),
            Action::Recreated(key) => self.notify(key, Update::Recreated),
            Action::Document(key, document) => self.notify(key, Update::Document(document)),
            Action::Unchanged(key) => self.notify(key, Update::Unchanged),
            Action::Log(key, log) => self.notify(key, Update::Log { lines: log.lines, skipped: log.skipped }),
            Action::Problem(key, problem) => self.notify(key, Update::Problem(problem)),
            Action::End(key) => self.notify(key, Update::End),
        }
    }

    fn notify(&self, key: JobKey, update: Update) {
        if let Some(listener) = self.listener(key) {
            listener.on_update(update);
        }
    }

    fn listener(&self, key: JobKey) -> Option<Rc<dyn Listener>> {
        self.listeners.borrow().iter().find(|(other, _)| *other == key)?.1.upgrade()
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

    fn renew_token(self: &Rc<Self>, key: JobKey) {
        match self.listener(key).and_then(|listener| listener.renew_token()) {
            Some(promise) => transport::with(|to| to.renew(transport::number(self.id, key.0), &promise)),
            None => self.on_input(Input::Renewed(key, Renewal::Impossible)),
        }
    }
}

impl Drop for ConnectionDriver {
    fn drop(&mut self) {
        self.clear_timer();
    }
}
