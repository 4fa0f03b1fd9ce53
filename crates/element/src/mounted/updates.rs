//! Updates: which job an element subscribes to, and what it does with the updates.

use std::rc::{Rc, Weak};

use client::{
    Link, Problem, ServerClock,
    browser::{Source, Subscriber, SubscriptionHandle, Update, Value, subscribe},
};
use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};

use super::Inner;
use crate::attributes;

#[wasm_bindgen]
extern "C" {
    /// Lighter than a future, which needs an executor.
    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(callback: &JsValue);
}

impl Inner {
    /// Subscribes to the job that the attributes name, unless it is subscribed to it; ends the subscription while
    /// disconnected.
    pub(super) fn connect(self: &Rc<Self>) {
        let former = self.subscription.take();
        if self.is_disconnected.get() {
            self.set_link(widget::Link::Idle);
            return Inner::invalidate(&Rc::downgrade(self));
        }
        let wanted = attributes::source(&self.host, self.default_src.as_deref());
        if let Some(former) = former {
            // The link of a one-shot subscription is not shown: another one begins with the link as it is.
            let continues = !self.is_one_shot.take();
            let is_same = *self.source.borrow() == wanted;
            if continues && (is_same || self.replaces_token(&former, wanted.as_ref())) {
                self.source.replace(wanted);
                self.subscription.replace(Some(former));
                return;
            }
            return self.subscribe(Some(former));
        }
        self.subscribe(None);
    }

    /// Passes on another token for the same job, which continues unless it was refused.
    fn replaces_token(&self, subscription: &SubscriptionHandle, wanted: Option<&Source>) -> bool {
        let is_other =
            wanted.zip(self.source.borrow().as_ref()).is_some_and(|(wanted, source)| source.differs_in_token(wanted));
        let token = wanted.and_then(|wanted| wanted.token.as_deref());
        let Some(token) = token.filter(|_| is_other && self.view.link() != widget::Link::Lost) else { return false };
        subscription.set_token(token);
        true
    }

    /// Subscribes to the job that the attributes name, in place of `former`.
    pub(super) fn subscribe(self: &Rc<Self>, former: Option<SubscriptionHandle>) {
        let wanted = attributes::source(&self.host, self.default_src.as_deref());
        let last = self.source.replace(wanted.clone());
        // With another token for the same job, its document stays.
        let same_job = last.zip(wanted.as_ref()).is_some_and(|(a, b)| (&a.src, &a.job) == (&b.src, &b.job));
        if !same_job {
            self.document.take();
            self.panel.set_document(None);
            self.hooks.emit("clear", &JsValue::UNDEFINED, false);
        }
        let is_awaited = wanted.is_some() && !self.is_disconnected.get();
        self.view.update(|props| {
            props.problem = None;
            if !same_job {
                props.job = None;
            }
        });
        self.set_link(if is_awaited { widget::Link::Connecting } else { widget::Link::Idle });
        Inner::invalidate(&Rc::downgrade(self));
        let Some(source) = wanted else { return self.report_missing_src() };
        let subscriber = Subscriber {
            on_update: Rc::new(on_update(Rc::downgrade(self))),
            renew_token: Rc::new(renew(Rc::downgrade(self))),
        };
        self.subscription.replace(Some(subscribe(source, subscriber)));
        // Only after the new one exists, so that a shared connection is not closed in between.
        drop(former);
    }

    /// Ends a one-shot subscription after its first answer.
    fn one_shot_done(self: &Rc<Self>) {
        if !self.is_one_shot.replace(false) {
            return;
        }
        let weak = Rc::downgrade(self);
        // Not before the whole answer is handled: the end follows its document.
        let end = Closure::<dyn Fn()>::new(move || {
            if let Some(inner) = weak.upgrade()
                && inner.is_disconnected.get()
                && !inner.is_one_shot.get()
            {
                inner.subscription.take();
            }
        });
        queue_microtask(&end.into_js_value());
    }

    /// Emits a problem if a job is named but no server. Without a job there is no problem: a page may set it later.
    fn report_missing_src(self: &Rc<Self>) {
        if attributes::text(&self.host, "job").is_some() {
            self.on_update(Update::Problem(Problem {
                code: "NO_SRC".into(),
                message: "The attribute src is missing: the URL of the job-progress server.".into(),
                fatal: true,
                body: None,
            }));
        }
    }

    fn on_update(self: &Rc<Self>, update: Update) {
        match update {
            Update::Link(_) if self.is_disconnected.get() => {}
            Update::Link(link) => {
                let known = self.document.borrow().is_some();
                let link = match link {
                    Link::Connecting if known => widget::Link::Reconnecting,
                    Link::Connecting => widget::Link::Connecting,
                    Link::Live => widget::Link::Live,
                    Link::Polling => widget::Link::Polling,
                    Link::Offline => widget::Link::Offline,
                };
                self.set_link(link);
            }
            Update::ClockOffset(millis) => self.clock.set(ServerClock::from_offset(millis)),
            Update::Recreated => self.panel.set_document(None),
            Update::Document(document) => {
                self.view.update(|props| props.problem = None);
                self.is_fresh.set(true);
                self.panel.set_document(Some(&document));
                self.document.replace(Some(document.clone()));
                self.is_refreshing.set(false);
                self.one_shot_done();
                self.hooks.emit("update", document.as_js(), true);
            }
            Update::Unchanged => {
                let document = self.document.borrow().clone().filter(|_| self.is_refreshing.take());
                if let Some(document) = document {
                    self.hooks.emit("update", document.as_js(), true);
                }
            }
            Update::Problem(problem) => {
                // A transient problem is shown only while there is no document to show.
                if problem.fatal || self.document.borrow().is_none() {
                    self.view.update(|props| {
                        let permanent = widget::Problem::Permanent;
                        props.problem = Some(if problem.fatal { permanent } else { widget::Problem::Transient });
                    });
                }
                if problem.fatal {
                    if !self.is_disconnected.get() {
                        self.set_link(widget::Link::Lost);
                    }
                    self.one_shot_done();
                }
                self.hooks.emit("problem", &detail(&problem), problem.fatal);
            }
            Update::Log { lines, .. } => self.panel.add_lines(&lines.iter().map(Value::as_js).collect()),
            Update::End => {
                let document = self.document.borrow().clone();
                if let Some(document) = document {
                    self.hooks.emit("end", document.as_js(), true);
                }
            }
        }
    }
}

fn on_update(inner: Weak<Inner>) -> impl Fn(Update) {
    move |update| {
        if let Some(strong) = inner.upgrade() {
            strong.on_update(update);
            Inner::invalidate(&inner);
        }
    }
}

fn renew(inner: Weak<Inner>) -> impl Fn() -> Option<Promise> {
    move || inner.upgrade()?.hooks.renew()
}

/// The body of the problem: the server's, else one of the same shape.
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
