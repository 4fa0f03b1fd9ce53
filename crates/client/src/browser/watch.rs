//! A watch: what is known of one job, and everybody who listens.

use std::{cell::RefCell, rc::Rc};

use js_sys::Promise;
use protocol::{include::Include, limits::LOG_LINES_NEW};

use super::{line::Line, value::Value};
use crate::{connection::Input, link::Link, problem::Problem};

/// What to watch, and by which right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The server, an absolute URL.
    pub src: String,
    /// The job's id.
    pub job: String,
    /// The token or key; where there is none, the watchers are asked for one.
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
    /// Lines of the log that were not told before, oldest first; they precede the document that covers them.
    Log {
        /// `{number, at, level?, message}` each.
        lines: Vec<Value>,
        /// The first and the last number that are missing before them; `GET …/logs` has those.
        skipped: Option<(u64, u64)>,
    },
    /// A newer document.
    Document(Value),
    /// A refusal.
    Problem(Problem<Value>),
    /// The job has ended; nothing more comes unless somebody asks.
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
    /// The last lines, as many as a new reader is sent.
    lines: Vec<Value>,
    skipped: Option<(u64, u64)>,
    document: Option<Value>,
    problem: Option<Problem<Value>>,
    ended: bool,
}

pub(super) struct Watch {
    pub(super) source: Source,
    pub(super) key: u32,
    line: Option<Rc<Line>>,
    known: RefCell<Known>,
    watchers: RefCell<Vec<(u32, Watcher)>>,
}

impl Watch {
    /// The watch `key` on `source`, which `line` serves. Without one its id can be no job's, and no server needs to be
    /// asked about it.
    pub(super) fn on(line: Option<Rc<Line>>, key: u32, source: Source) -> Rc<Watch> {
        let problem = line.is_none().then(|| Problem {
            code: "JOB_NOT_FOUND".to_owned(),
            message: ["No job can have the id ", &source.job].concat(),
            fatal: true,
            body: None,
        });
        let known = RefCell::new(Known { problem, ..Known::default() });
        Rc::new(Watch { source, key, line, known, watchers: RefCell::default() })
    }

    /// Adds a watcher and tells it what is known so far.
    pub(super) fn join(&self, id: u32, watcher: Watcher) {
        let hear = Rc::clone(&watcher.hear);
        self.watchers.borrow_mut().push((id, watcher));
        let known = self.known.borrow();
        let log = News::Log { lines: known.lines.clone(), skipped: known.skipped };
        let news = [
            known.link.map(News::Link),
            known.skew.map(News::Skew),
            (!known.lines.is_empty()).then_some(log),
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

    pub(super) fn refresh(&self) {
        if let Some(line) = &self.line {
            line.tell(Input::Refresh(self.key));
        }
    }

    /// The promise of a new token, from the first watcher that can get one.
    pub(super) fn renew(&self) -> Option<Promise> {
        let watchers: Vec<_> = self.watchers.borrow().iter().map(|(_, watcher)| Rc::clone(&watcher.renew)).collect();
        watchers.into_iter().find_map(|renew| renew())
    }

    /// Keeps the news for those who come later and tells those who are there. A watcher may do anything when it hears
    /// them, leaving included, so nothing is borrowed meanwhile.
    pub(super) fn hear(&self, news: News) {
        self.known.borrow_mut().keep(&news);
        let watchers: Vec<_> = self.watchers.borrow().iter().map(|(_, watcher)| Rc::clone(&watcher.hear)).collect();
        for hear in watchers {
            hear(news.clone());
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(line) = &self.line {
            line.leave(self.key);
        }
    }
}

impl Known {
    fn keep(&mut self, news: &News) {
        match news {
            News::Link(link) => self.link = Some(*link),
            News::Skew(skew) => self.skew = Some(*skew),
            News::Log { lines, skipped } => {
                self.skipped = skipped.or(self.skipped);
                self.lines.extend_from_slice(lines);
                let most = usize::try_from(LOG_LINES_NEW).unwrap_or(usize::MAX);
                self.lines.drain(..self.lines.len().saturating_sub(most));
            }
            News::Document(document) => {
                self.document = Some(document.clone());
                self.problem = None;
                self.ended = false;
            }
            News::Problem(problem) => self.problem = Some(problem.clone()),
            News::End => self.ended = true,
        }
    }
}
