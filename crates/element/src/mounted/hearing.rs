//! Hearing: what an element watches, and what it makes of the news.

use std::rc::{Rc, Weak};

use client::{
    Link, Problem,
    browser::{News, Subscription, Value, Watcher, subscribe},
};
use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use widget::Trouble;

use super::Inner;
use crate::{attributes, console};

impl Inner {
    /// Watches what the attributes name, unless it does already.
    pub(super) fn watch(self: &Rc<Self>) {
        let former = self.subscription.take();
        if self.is_held.get() {
            self.view.update(|face| face.link = widget::Link::Idle);
            return Inner::invalidate(&Rc::downgrade(self));
        }
        let wanted = attributes::source(&self.host, self.default_src.as_deref());
        if former.is_some() && *self.watched.borrow() == wanted {
            self.subscription.replace(former);
            return;
        }
        self.subscribe(former);
    }

    /// Watches what the attributes name in place of `former`.
    pub(super) fn subscribe(self: &Rc<Self>, former: Option<Subscription>) {
        let wanted = attributes::source(&self.host, self.default_src.as_deref());
        let watched = self.watched.replace(wanted.clone());
        // Another token for the same job is no reason to forget how it stands.
        let same_job = watched.zip(wanted.as_ref()).is_some_and(|(a, b)| (&a.src, &a.job) == (&b.src, &b.job));
        if !same_job {
            self.document.take();
            self.panel.hear(None);
        }
        let is_awaited = wanted.is_some() && !self.is_held.get();
        self.view.update(|face| {
            face.trouble = None;
            face.link = if is_awaited { widget::Link::Connecting } else { widget::Link::Idle };
            if !same_job {
                face.job = None;
            }
        });
        Inner::invalidate(&Rc::downgrade(self));
        let Some(source) = wanted else { return self.say_what_is_missing() };
        let watcher = Watcher { hear: Rc::new(hear(Rc::downgrade(self))), renew: Rc::new(renew(Rc::downgrade(self))) };
        self.subscription.replace(Some(subscribe(source, watcher)));
        // Now that the other is there, so that a shared connection is not closed in between.
        drop(former);
    }

    /// On hold one answer is enough.
    fn has_looked(self: &Rc<Self>) {
        if !self.is_looking.replace(false) {
            return;
        }
        let weak = Rc::downgrade(self);
        // Not before all of the answer was heard: the end follows its document.
        spawn_local(async move {
            if let Some(inner) = weak.upgrade()
                && inner.is_held.get()
                && !inner.is_looking.get()
            {
                inner.subscription.take();
            }
        });
    }

    /// Without a job there is nothing to watch, which a page may intend for a while; without a server it cannot.
    fn say_what_is_missing(self: &Rc<Self>) {
        if attributes::text(&self.host, "job").is_some() {
            self.hear(News::Problem(Problem {
                code: "NO_SRC".into(),
                message: "The attribute src is missing: the URL of the job-progress server.".into(),
                fatal: true,
                body: None,
            }));
        }
    }

    fn hear(self: &Rc<Self>, news: News) {
        match news {
            News::Link(_) if self.is_held.get() => {}
            News::Link(link) => {
                let known = self.document.borrow().is_some();
                let link = match link {
                    Link::Connecting if known => widget::Link::Reconnecting,
                    Link::Connecting => widget::Link::Connecting,
                    Link::Live => widget::Link::Live,
                    Link::Polling => widget::Link::Polling,
                    Link::Offline => widget::Link::Offline,
                };
                self.view.update(|face| face.link = link);
            }
            News::Skew(skew) => self.skew.set(skew),
            News::Document(document) => {
                self.view.update(|face| face.trouble = None);
                self.is_fresh.set(true);
                self.panel.hear(Some(&document));
                self.document.replace(Some(document.clone()));
                self.has_looked();
                self.emit("update", document.as_js(), true);
            }
            News::Problem(problem) => {
                // What a developer has to know is no words for those who wait for the job.
                console::warn(&[problem.code.as_str(), ": ", &problem.message].concat());
                // What is being dealt with is told where nothing else can be.
                if problem.fatal || self.document.borrow().is_none() {
                    self.view.update(|face| {
                        face.trouble = Some(if problem.fatal { Trouble::Lasting } else { Trouble::Passing });
                        if problem.fatal && !self.is_held.get() {
                            face.link = widget::Link::Lost;
                        }
                    });
                }
                if problem.fatal {
                    self.has_looked();
                }
                self.emit("problem", &detail(&problem), problem.fatal);
            }
            News::Log { lines, .. } => self.panel.log(&lines.iter().map(Value::as_js).collect()),
            News::End => {
                let document = self.document.borrow().clone();
                if let Some(document) = document {
                    self.emit("end", document.as_js(), true);
                }
            }
        }
    }
}

fn hear(inner: Weak<Inner>) -> impl Fn(News) {
    move |news| {
        if let Some(strong) = inner.upgrade() {
            strong.hear(news);
            Inner::invalidate(&inner);
        }
    }
}

fn renew(inner: Weak<Inner>) -> impl Fn() -> Option<Promise> {
    move || inner.upgrade()?.renew.call0(&JsValue::UNDEFINED).ok()?.dyn_into().ok()
}

/// The body of the problem, as the server sent it or would have.
fn detail(problem: &Problem<Value>) -> JsValue {
    if let Some(body) = &problem.body {
        return body.as_js().clone();
    }
    let object = Object::new();
    for (key, value) in [("error", &problem.code), ("message", &problem.message)] {
        // Setting a member of a plain object cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(key), &JsValue::from_str(value));
    }
    object.into()
}
