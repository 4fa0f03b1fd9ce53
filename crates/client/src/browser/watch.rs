//! A watch: one connection, the browser's means to drive it, and everybody who listens.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use js_sys::{Date, Math, Promise};
use protocol::include::Include;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortController;

use super::{request, value::Value};
use crate::{
    address::Address,
    connection::{Action, Connection, Input, Renewal},
    link::Link,
    problem::Problem,
};

/// What to watch, and by which right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The server, an absolute URL.
    pub src: String,
    /// The job's id.
    pub job: String,
    /// The token or key; `None` where the server wants none.
    pub token: Option<String>,
    /// What the documents shall hold beyond themselves.
    pub include: Include,
}

/// What a watcher hears.
#[derive(Clone, Debug)]
pub enum News {
    /// The link has changed.
    Link(Link),
    /// The server's clock is that many milliseconds ahead.
    Skew(i64),
    /// A newer document.
    Document(Value),
    /// A refusal.
    Problem(Problem<Value>),
    /// The job has ended; nothing more comes.
    End,
}

/// Somebody who watches.
#[derive(Clone)]
pub struct Watcher {
    /// Is told the news.
    pub hear: Rc<dyn Fn(News)>,
    /// Begins to get a new token, if it can: the promise of a string.
    pub renew: Rc<dyn Fn() -> Option<Promise>>,
}

/// The last word on everything, for watchers that come later.
#[derive(Default)]
struct Known {
    link: Option<Link>,
    skew: Option<i64>,
    document: Option<Value>,
    problem: Option<Problem<Value>>,
    ended: bool,
}

pub(super) struct Watch {
    pub(super) source: Source,
    connection: RefCell<Connection<Value>>,
    known: RefCell<Known>,
    watchers: RefCell<Vec<(u32, Watcher)>>,
    controller: RefCell<Option<AbortController>>,
    on_timer: Closure<dyn Fn()>,
    timer: Cell<Option<i32>>,
}

impl Watch {
    /// Opens the watch on `source`.
    pub(super) fn start(source: Source) -> Rc<Watch> {
        let address = Address::new(&source.src, &source.job, source.include);
        let watch = Rc::new_cyclic(|weak: &Weak<Watch>| {
            let weak = weak.clone();
            Watch {
                connection: RefCell::new(Connection::new(address, source.token.clone())),
                source,
                known: RefCell::default(),
                watchers: RefCell::default(),
                controller: RefCell::default(),
                on_timer: Closure::new(move || {
                    if let Some(watch) = weak.upgrade() {
                        watch.timer.set(None);
                        watch.tell(Input::Timer);
                    }
                }),
                timer: Cell::new(None),
            }
        });
        watch.tell(Input::Start);
        watch
    }

    /// Adds a watcher and tells it what is known so far.
    pub(super) fn join(&self, id: u32, watcher: Watcher) {
        let hear = Rc::clone(&watcher.hear);
        self.watchers.borrow_mut().push((id, watcher));
        let known = self.known.borrow();
        let news = [
            known.link.map(News::Link),
            known.skew.map(News::Skew),
            known.document.clone().map(News::Document),
            known.problem.clone().map(News::Problem),
            known.ended.then_some(News::End),
        ];
        drop(known);
        news.into_iter().flatten().for_each(|news| hear(news));
    }

    pub(super) fn leave(&self, id: u32) {
        self.watchers.borrow_mut().retain(|(other, _)| *other != id);
    }

    /// Tells the connection and does what it says.
    pub(super) fn tell(self: &Rc<Self>, input: Input) {
        let actions = self.connection.borrow_mut().handle(input, Date::now() as u64, Math::random());
        for action in actions {
            match action {
                Action::Open(request) => {
                    self.abort();
                    let Ok(controller) = AbortController::new() else { continue };
                    spawn_local(request::run(Rc::downgrade(self), request, controller.signal()));
                    self.controller.replace(Some(controller));
                }
                Action::Abort => self.abort(),
                Action::Timer(millis) => self.set_timer(millis),
                Action::RenewToken => self.renew_token(),
                Action::Link(link) => {
                    self.known.borrow_mut().link = Some(link);
                    self.spread(News::Link(link));
                }
                Action::Skew(skew) => {
                    self.known.borrow_mut().skew = Some(skew);
                    self.spread(News::Skew(skew));
                }
                Action::Document(document) => {
                    let mut known = self.known.borrow_mut();
                    known.document = Some(document.clone());
                    known.problem = None;
                    drop(known);
                    self.spread(News::Document(document));
                }
                Action::Problem(problem) => {
                    self.known.borrow_mut().problem = Some(problem.clone());
                    self.spread(News::Problem(problem));
                }
                Action::End => {
                    self.known.borrow_mut().ended = true;
                    self.spread(News::End);
                }
            }
        }
    }

    /// A watcher may do anything when it hears news, leaving included, so nothing is borrowed meanwhile.
    fn spread(&self, news: News) {
        let watchers: Vec<_> = self.watchers.borrow().iter().map(|(_, watcher)| Rc::clone(&watcher.hear)).collect();
        for hear in watchers {
            hear(news.clone());
        }
    }

    fn abort(&self) {
        if let Some(controller) = self.controller.take() {
            controller.abort();
        }
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

    fn renew_token(self: &Rc<Self>) {
        let watchers: Vec<_> = self.watchers.borrow().iter().map(|(_, watcher)| Rc::clone(&watcher.renew)).collect();
        let Some(promise) = watchers.into_iter().find_map(|renew| renew()) else {
            return self.tell(Input::Renewed(Renewal::Impossible));
        };
        let weak = Rc::downgrade(self);
        spawn_local(async move {
            let token = JsFuture::from(promise).await.ok().and_then(|token| token.as_string());
            if let Some(watch) = weak.upgrade() {
                watch.tell(Input::Renewed(token.map_or(Renewal::Failed, Renewal::Token)));
            }
        });
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.abort();
        self.clear_timer();
    }
}
