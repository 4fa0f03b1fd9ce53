//! A mounted element: a view, the job it shows, and the page that listens.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use client::{
    Link, Problem,
    browser::{News, Subscription, Value, Watcher, subscribe},
};
use js_sys::{Date, Function, Object, Promise, Reflect};
use protocol::{Status, Timestamp};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::{Element, HtmlElement};
use widget::{
    Face,
    bar::{Bar, Tongue},
    intl::Intl,
    messages::Messages,
};

use crate::{attributes, clock, report};

/// An element's view and its subscription; both end when it is freed.
#[wasm_bindgen]
pub struct Mounted(Rc<Inner>);

pub(crate) struct Inner {
    host: Element,
    default_src: Option<String>,
    /// Is told `update`, `end` and `problem`, each with its detail and whether there is something to see now.
    emit: Function,
    /// Gives the promise of a new token, or undefined.
    renew: Function,
    bar: Bar,
    locale: RefCell<Option<String>>,
    /// Milliseconds that the server's clock is ahead.
    skew: Cell<i64>,
    document: RefCell<Option<Value>>,
    subscription: RefCell<Option<Subscription>>,
}

#[wasm_bindgen]
impl Mounted {
    /// Mounts the view of `host` into `root` and begins to watch its job.
    #[wasm_bindgen(constructor)]
    pub fn new(
        host: Element,
        root: HtmlElement,
        default_src: Option<String>,
        emit: Function,
        renew: Function,
    ) -> Mounted {
        let locale = attributes::locale(&host);
        let face = Face {
            label: attributes::text(&host, "label"),
            job: None,
            link: widget::Link::Connecting,
            problem: None,
            now: Timestamp::from_millis(Date::now() as u64),
        };
        let bar = Bar::mount(root, face, tongue(locale.as_deref()));
        let inner = Rc::new(Inner {
            host,
            default_src,
            emit,
            renew,
            bar,
            locale: RefCell::new(locale),
            skew: Cell::new(0),
            document: RefCell::default(),
            subscription: RefCell::default(),
        });
        inner.watch();
        Mounted(inner)
    }

    /// Takes up what has changed in the element's attributes.
    pub fn update(&self) {
        let inner = &self.0;
        let label = attributes::text(&inner.host, "label");
        inner.bar.update(|face| face.label = label);
        let locale = attributes::locale(&inner.host);
        if *inner.locale.borrow() != locale {
            inner.bar.speak(tongue(locale.as_deref()));
            inner.locale.replace(locale);
        }
        inner.watch();
    }
}

impl Inner {
    /// Watches what the attributes name, unless it does already.
    fn watch(self: &Rc<Self>) {
        let wanted = attributes::source(&self.host, self.default_src.as_deref());
        let former = self.subscription.take();
        let watched = former.as_ref().map(Subscription::source);
        if watched == wanted.as_ref() {
            if wanted.is_none() {
                self.say_what_is_missing();
            }
            self.subscription.replace(former);
            return;
        }
        // Another token for the same job is no reason to forget how it stands.
        let same_job = watched.zip(wanted.as_ref()).is_some_and(|(a, b)| (&a.src, &a.job) == (&b.src, &b.job));
        if !same_job {
            self.document.take();
        }
        self.bar.update(|face| {
            face.problem = None;
            face.link = widget::Link::Connecting;
            if !same_job {
                face.job = None;
            }
        });
        let Some(source) = wanted else { return };
        let watcher = Watcher { hear: Rc::new(hear(Rc::downgrade(self))), renew: Rc::new(renew(Rc::downgrade(self))) };
        // The former one is dropped after this, so that a shared connection is not closed in between.
        self.subscription.replace(Some(subscribe(source, watcher)));
    }

    /// Without a job there is nothing to watch, which a page may intend for a while; without a server it cannot.
    fn say_what_is_missing(&self) {
        if attributes::text(&self.host, "job").is_some() {
            let message = "The attribute src is missing: the URL of the job-progress server.";
            self.hear(News::Problem(Problem {
                code: "NO_SRC".into(),
                message: message.into(),
                fatal: true,
                body: None,
            }));
        }
    }

    fn hear(&self, news: News) {
        let now = self.now();
        match news {
            News::Link(link) => {
                let known = self.document.borrow().is_some();
                let link = match link {
                    Link::Connecting if known => widget::Link::Reconnecting,
                    Link::Connecting => widget::Link::Connecting,
                    Link::Live => widget::Link::Live,
                    Link::Polling => widget::Link::Polling,
                    Link::Offline => widget::Link::Offline,
                };
                self.bar.update(|face| (face.link, face.now) = (link, now));
            }
            News::Skew(skew) => {
                self.skew.set(skew);
                self.tick();
            }
            News::Document(document) => {
                let job = report::job(&document);
                self.bar.update(|face| {
                    (face.now, face.problem) = (now, None);
                    if job.is_some() {
                        face.job = job;
                    }
                });
                self.document.replace(Some(document.clone()));
                self.emit("update", document.as_js(), true);
            }
            News::Problem(problem) => {
                // What is being dealt with is told where nothing else can be.
                if problem.fatal || self.document.borrow().is_none() {
                    self.bar.update(|face| face.problem = Some(problem.message.clone()));
                }
                self.emit("problem", &detail(&problem), problem.fatal);
            }
            News::End => {
                let document = self.document.borrow().clone();
                if let Some(document) = document {
                    self.emit("end", document.as_js(), true);
                }
            }
        }
    }

    /// Tells the view the time; false when it has no use for it any more.
    pub(crate) fn tick(&self) -> bool {
        let now = self.now();
        let mut counts = false;
        self.bar.update(|face| {
            face.now = now;
            counts = face
                .job
                .as_ref()
                .is_some_and(|job| job.status == Status::Running && job.estimated_completion.is_some());
        });
        counts
    }

    /// The time by the server's clock.
    fn now(&self) -> Timestamp {
        Timestamp::from_millis((Date::now() as u64).saturating_add_signed(self.skew.get()))
    }

    fn emit(&self, name: &str, detail: &JsValue, is_seen: bool) {
        // The class catches what the page's listeners throw.
        let _ = self.emit.call3(&JsValue::UNDEFINED, &JsValue::from_str(name), detail, &JsValue::from_bool(is_seen));
    }
}

fn hear(inner: Weak<Inner>) -> impl Fn(News) {
    move |news| {
        if let Some(strong) = inner.upgrade() {
            strong.hear(news);
            if strong.tick() {
                clock::join(Weak::clone(&inner));
            }
        }
    }
}

fn renew(inner: Weak<Inner>) -> impl Fn() -> Option<Promise> {
    move || inner.upgrade()?.renew.call0(&JsValue::UNDEFINED).ok()?.dyn_into().ok()
}

fn tongue(locale: Option<&str>) -> Tongue {
    Tongue { messages: Rc::new(Messages::ENGLISH), format: Rc::new(Intl::new(locale)) }
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
