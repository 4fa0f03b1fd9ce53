//! A shared subscription: what is known of one job, and all its subscribers on the page.

use std::{cell::RefCell, fmt, rc::Rc};

use js_sys::Promise;
use protocol::{include::Include, limits::LOG_LINES_NEW};

use super::{
    connection_driver::ConnectionDriver,
    update::{Listener, Subscriber, Update},
    value::Value,
};
use crate::{
    connection::{Input, JobKey},
    endpoints::is_src,
    link::Link,
    problem::Problem,
    subscription::Subscription,
};

/// A job on a server, with the credential to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The server, an absolute URL.
    pub src: String,
    /// The job's id.
    pub job: String,
    /// The token or key; without one the subscribers are asked for it.
    pub token: Option<String>,
    /// The parts that the documents include.
    pub include: Include,
}

/// The latest update of each kind, for subscribers that come later.
#[derive(Default)]
struct Known {
    link: Option<Link>,
    clock_offset: Option<i64>,
    /// The last lines, as many as the server sends to a new reader.
    lines: Vec<Value>,
    skipped: Option<(u64, u64)>,
    document: Option<Value>,
    problem: Option<Problem<Value>>,
    ended: bool,
}

/// One job of a connection, for all its subscribers on the page. It leaves the connection when it is dropped.
pub(super) struct SharedSubscription {
    source: RefCell<Source>,
    key: JobKey,
    driver: Option<Rc<ConnectionDriver>>,
    known: RefCell<Known>,
    subscribers: RefCell<Vec<(u32, Subscriber)>>,
}

impl SharedSubscription {
    /// The subscription `key` to `source` on a connection. Without a connection `src` cannot be a server's or the id a
    /// job's, and no server needs to be asked about it.
    pub(super) fn new(driver: Option<Rc<ConnectionDriver>>, key: JobKey, source: Source) -> Rc<SharedSubscription> {
        let invalid_job = || Problem {
            code: "JOB_NOT_FOUND".to_owned(),
            message: ["The job id \"", &source.job, "\" is not valid."].concat(),
            fatal: true,
            body: None,
        };
        let problem = match driver {
            Some(_) => None,
            None if is_src(&source.src) => Some(invalid_job()),
            None => Some(Problem::invalid_src(&source.src)),
        };
        let known = RefCell::new(Known { problem, ..Known::default() });
        Rc::new(SharedSubscription {
            source: RefCell::new(source),
            key,
            driver,
            known,
            subscribers: RefCell::default(),
        })
    }

    /// Joins the connection.
    pub(super) fn join(self: &Rc<Self>, subscription: Subscription) {
        let Some(driver) = &self.driver else { return };
        let shared = Rc::downgrade(self);
        driver.join(self.key, subscription, shared);
    }

    /// Adds a subscriber and notifies it of what is known already.
    pub(super) fn add(&self, id: u32, subscriber: Subscriber) {
        let on_update = Rc::clone(&subscriber.on_update);
        self.subscribers.borrow_mut().push((id, subscriber));
        let known = self.known.borrow();
        let log = Update::Log { lines: known.lines.clone(), skipped: known.skipped };
        let updates = [
            known.link.map(Update::Link),
            known.clock_offset.map(Update::ClockOffset),
            (!known.lines.is_empty()).then_some(log),
            known.document.clone().map(Update::Document),
            known.problem.clone().map(Update::Problem),
            known.ended.then_some(Update::End),
        ];
        drop(known);
        updates.into_iter().flatten().for_each(|update| on_update(update));
    }

    /// Removes a subscriber.
    pub(super) fn remove(&self, id: u32) {
        self.subscribers.borrow_mut().retain(|(other, _)| *other != id);
    }

    /// Whether it is to that source.
    pub(super) fn is_of(&self, source: &Source) -> bool {
        *self.source.borrow() == *source
    }

    /// Whether it is to that source but for the token, works, and has no subscribers any more.
    pub(super) fn is_left_of(&self, source: &Source) -> bool {
        self.source.borrow().differs_in_token(source)
            && self.subscribers.borrow().is_empty()
            && self.known.borrow().problem.is_none()
    }

    /// Replaces the token. The stream stays while it is open; the new token is for the next requests.
    pub(super) fn set_token(&self, token: &str) {
        self.source.borrow_mut().token = Some(token.to_owned());
        if let Some(driver) = &self.driver {
            driver.on_input(Input::Token(self.key, token.to_owned()));
        }
    }

    /// Requests the job's current document now.
    pub(super) fn refresh(&self) {
        if let Some(driver) = &self.driver {
            driver.on_input(Input::Refresh(self.key));
        }
    }
}

impl Source {
    /// Whether the only difference is another token.
    pub fn differs_in_token(&self, other: &Source) -> bool {
        let is_same = self.job == other.job && self.src == other.src && self.include == other.include;
        is_same && self.token.is_some() && other.token.is_some() && self.token != other.token
    }
}

impl Listener for SharedSubscription {
    /// The promise of a new token, from the first subscriber that can get one.
    fn renew_token(&self) -> Option<Promise> {
        let all: Vec<_> = self.subscribers.borrow().iter().map(|(_, one)| Rc::clone(&one.renew_token)).collect();
        all.into_iter().find_map(|renew_token| renew_token())
    }

    /// Keeps the update for later subscribers and notifies the present ones. A subscriber may do anything when it is
    /// called, even unsubscribe, so nothing is borrowed meanwhile.
    fn on_update(&self, update: Update) {
        self.known.borrow_mut().keep(&update);
        let all: Vec<_> = self.subscribers.borrow().iter().map(|(_, one)| Rc::clone(&one.on_update)).collect();
        for on_update in all {
            on_update(update.clone());
        }
    }
}

impl fmt::Debug for SharedSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSubscription").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Drop for SharedSubscription {
    fn drop(&mut self) {
        if let Some(driver) = &self.driver {
            driver.leave(self.key);
        }
    }
}

impl Known {
    fn keep(&mut self, update: &Update) {
        match update {
            Update::Link(link) => self.link = Some(*link),
            Update::ClockOffset(millis) => self.clock_offset = Some(*millis),
            Update::Log { lines, skipped } => {
                self.skipped = skipped.or(self.skipped);
                self.lines.extend_from_slice(lines);
                let most = usize::try_from(LOG_LINES_NEW).unwrap_or(usize::MAX);
                self.lines.drain(..self.lines.len().saturating_sub(most));
            }
            Update::Recreated => (self.lines, self.skipped) = (Vec::new(), None),
            Update::Document(document) => {
                self.document = Some(document.clone());
                self.problem = None;
                self.ended = false;
            }
            Update::Problem(problem) => self.problem = Some(problem.clone()),
            Update::Unchanged => {}
            Update::End => self.ended = true,
        }
    }
}
