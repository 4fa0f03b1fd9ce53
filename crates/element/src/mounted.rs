//! A mounted element: a view, the job it shows, and the page that listens.

mod hearing;

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use client::browser::{Source, Subscription, Value};
use js_sys::{Date, Function, Promise, Reflect};
use protocol::Timestamp;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, HtmlElement};
use widget::{
    Face, View,
    intl::Intl,
    messages::Messages,
    tongue::{self, Tongue},
};

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
    locale: RefCell<String>,
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
            Face { label: attributes::text(&host, "label"), job: None, link: widget::Link::Idle, trouble: None, now };
        let tongue = tongue(&JsValue::UNDEFINED, &locale);
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
        let counts = [self.view.paint(now, is_crowded), self.panel.paint(now, self.view.link().is_open())];
        if counts.contains(&true) {
            clock::join(Rc::downgrade(self));
        }
    }

    /// Takes up the language and the texts.
    fn speak(self: &Rc<Self>) {
        let (messages, locale) = (self.messages.borrow(), self.locale.borrow());
        self.view.speak(tongue(&messages, &locale));
        self.panel.speak(&messages, &written(&messages, &locale));
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

/// The texts, and the numbers beside them.
fn tongue(messages: &JsValue, locale: &str) -> Tongue {
    let format = Intl::shared(&written(messages, locale));
    let messages =
        if messages.is_object() { Messages::replaced(|key| text(messages, key)) } else { Messages::default() };
    Tongue { messages: Rc::new(messages), format }
}

/// The language of numbers beside `messages`, of which only the page knows what they are in unless they say so.
fn written(messages: &JsValue, locale: &str) -> String {
    let own = text(messages, "language");
    let texts = if messages.is_object() { own.as_deref() } else { Some("en") };
    tongue::written(texts, locale).to_owned()
}

fn text(messages: &JsValue, key: &str) -> Option<String> {
    Reflect::get(messages, &JsValue::from_str(key)).ok()?.as_string()
}
