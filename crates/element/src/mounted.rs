//! A mounted element: a view, the job it shows, and the page that listens.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use client::{
    Link, Problem,
    browser::{News, Source, Subscription, Value, Watcher, subscribe},
};
use js_sys::{Date, Function, Object, Promise, Reflect};
use protocol::Timestamp;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, HtmlElement};
use widget::{Face, View, intl::Intl, messages::Messages, tongue::Tongue};

use crate::{attributes, clock, frame, panel::Panel, print, report, sight::Sight};

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
    /// Gives the promise of the function that makes a panel.
    load_panel: Function,
    root: HtmlElement,
    view: View,
    panel: Panel,
    sight: Sight,
    /// Whether it will be painted with the next frame.
    is_stale: Cell<bool>,
    /// Whether it may be painted out of sight, as a second has turned since it was last.
    is_due: Cell<bool>,
    locale: RefCell<Option<String>>,
    messages: RefCell<JsValue>,
    /// Milliseconds that the server's clock is ahead.
    skew: Cell<i64>,
    document: RefCell<Option<Value>>,
    /// Whether the document has not been painted yet. It is only read for that: others may overtake it.
    is_fresh: Cell<bool>,
    subscription: RefCell<Option<Subscription>>,
    /// What the subscription is of, or was, while the page holds it.
    watched: RefCell<Option<Source>>,
    /// The page wants no connection for now.
    is_held: Cell<bool>,
    /// It wants to know once how the job stands all the same.
    is_looking: Cell<bool>,
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
        load_panel: Function,
    ) -> Mounted {
        let locale = attributes::locale(&host);
        let now = Timestamp::from_millis(Date::now() as u64);
        let face =
            Face { label: attributes::text(&host, "label"), job: None, link: widget::Link::Idle, problem: None, now };
        let tongue = tongue(&JsValue::UNDEFINED, locale.as_deref());
        let inner = Rc::new_cyclic(|weak: &Weak<Inner>| {
            let shown = weak.clone();
            Inner {
                view: View::mount(&root, face, tongue),
                sight: Sight::of(&host, move || Inner::invalidate(&shown)),
                host,
                default_src,
                emit,
                renew,
                load_panel,
                root,
                panel: Panel::default(),
                is_stale: Cell::new(false),
                is_due: Cell::new(false),
                locale: RefCell::new(locale),
                messages: RefCell::new(JsValue::UNDEFINED),
                skew: Cell::new(0),
                document: RefCell::default(),
                is_fresh: Cell::new(false),
                subscription: RefCell::default(),
                watched: RefCell::default(),
                is_held: Cell::new(false),
                is_looking: Cell::new(false),
            }
        });
        print::join(Rc::downgrade(&inner));
        inner.watch();
        inner.dress();
        Mounted(inner)
    }

    /// Takes up what has changed in the element's attributes.
    pub fn update(&self) {
        let inner = &self.0;
        let label = attributes::text(&inner.host, "label");
        inner.view.update(|face| face.label = label);
        let locale = attributes::locale(&inner.host);
        if *inner.locale.borrow() != locale {
            inner.locale.replace(locale);
            inner.speak();
        }
        inner.watch();
        inner.dress();
    }

    /// Replaces texts: a plain object of [`KEYS`](widget::messages::KEYS) and of those of `panel/words.js`. What it lacks is said in English.
    pub fn messages(&self, messages: JsValue) {
        self.0.messages.replace(messages);
        self.0.speak();
    }

    /// Does without a connection from now on, or no longer; what is shown stays.
    pub fn hold(&self, is_held: bool) {
        self.0.is_held.set(is_held);
        self.0.watch();
    }

    /// Asks now how the job stands; on hold once, until there is an answer.
    pub fn refresh(&self) {
        if self.0.is_held.get() {
            self.0.is_looking.set(true);
            let former = self.0.subscription.take();
            self.0.subscribe(former);
        } else if let Some(subscription) = &*self.0.subscription.borrow() {
            subscription.refresh();
        }
    }
}

impl Inner {
    /// Watches what the attributes name, unless it does already.
    fn watch(self: &Rc<Self>) {
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
    fn subscribe(self: &Rc<Self>, former: Option<Subscription>) {
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
            face.problem = None;
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
            let message = "The attribute src is missing: the URL of the job-progress server.";
            self.hear(News::Problem(Problem {
                code: "NO_SRC".into(),
                message: message.into(),
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
                self.view.update(|face| face.problem = None);
                self.is_fresh.set(true);
                self.panel.hear(Some(&document));
                self.document.replace(Some(document.clone()));
                self.has_looked();
                self.emit("update", document.as_js(), true);
            }
            News::Problem(problem) => {
                // What is being dealt with is told where nothing else can be.
                if problem.fatal || self.document.borrow().is_none() {
                    self.view.update(|face| {
                        face.problem = Some(problem.message.clone());
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

    /// Has it painted with the next frame.
    fn invalidate(inner: &Weak<Inner>) {
        if inner.upgrade().is_some_and(|strong| !strong.is_stale.replace(true)) {
            frame::join(Weak::clone(inner));
        }
    }

    /// Has it painted with the next frame though it be out of sight, unless it has no box. That is measured here, where
    /// nothing is being written that would have to be laid out first.
    pub(crate) fn tick(inner: &Weak<Inner>) {
        let Some(strong) = inner.upgrade() else { return };
        if strong.sight.is_seen() || !strong.sight.waits_for_box() {
            strong.is_due.set(true);
            Inner::invalidate(inner);
        }
    }

    /// Shows how things stand: at once where somebody could see it, elsewhere, where it can be read aloud and captured, with
    /// the turn of the second. In a crowd nothing slides.
    pub(crate) fn paint(self: &Rc<Self>, is_crowded: bool) {
        self.is_stale.set(false);
        let is_due = self.is_due.take();
        if self.sight.is_seen() {
            self.draw(is_crowded);
        } else if is_due {
            self.draw(true);
        } else {
            clock::join(Rc::downgrade(self));
        }
    }

    /// Shows how things stand without waiting for a frame.
    pub(crate) fn paint_now(self: &Rc<Self>) {
        self.draw(true);
    }

    /// Writes what has changed, and goes on doing so while something counts.
    fn draw(self: &Rc<Self>, is_crowded: bool) {
        if self.is_fresh.replace(false)
            && let Some(job) = self.document.borrow().as_ref().and_then(report::job)
        {
            self.view.update(|face| face.job = Some(job));
        }
        let now = self.now();
        let counts = [self.view.paint(now, is_crowded), self.panel.paint(now)];
        if counts.contains(&true) {
            clock::join(Rc::downgrade(self));
        }
    }

    /// Takes up the language and the texts.
    fn speak(self: &Rc<Self>) {
        let (messages, locale) = (self.messages.borrow(), self.locale.borrow());
        self.view.speak(tongue(&messages, locale.as_deref()));
        self.panel.speak(&messages, locale.as_deref());
        Inner::invalidate(&Rc::downgrade(self));
    }

    /// Takes up the variant. All but the panel is the style sheet's business.
    fn dress(self: &Rc<Self>) {
        if !attributes::is_detailed(&self.host) {
            return self.panel.close();
        }
        let Some(loading) = self.load_panel.call0(&JsValue::UNDEFINED).ok().filter(|_| !self.panel.is_open()) else {
            return;
        };
        let weak = Rc::downgrade(self);
        spawn_local(async move {
            let made = JsFuture::from(Promise::resolve(&loading)).await;
            // It may have been taken out or dressed otherwise meanwhile.
            if let (Ok(make), Some(inner)) = (made, weak.upgrade())
                && attributes::is_detailed(&inner.host)
            {
                inner.panel.open(make, &inner.root);
                inner.panel.hear(inner.document.borrow().as_ref());
                inner.speak();
            }
        });
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
            Inner::invalidate(&inner);
        }
    }
}

fn renew(inner: Weak<Inner>) -> impl Fn() -> Option<Promise> {
    move || inner.upgrade()?.renew.call0(&JsValue::UNDEFINED).ok()?.dyn_into().ok()
}

fn tongue(messages: &JsValue, locale: Option<&str>) -> Tongue {
    let find = |key: &&str| Reflect::get(messages, &JsValue::from_str(key)).ok()?.as_string();
    let messages = if messages.is_object() { Messages::replaced(find) } else { Messages::default() };
    Tongue { messages: Rc::new(messages), format: Intl::shared(locale) }
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
