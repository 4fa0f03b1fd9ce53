//! A mounted element: its view, the job that the view shows, and the events for the page.

mod before_print;
mod clock;
mod paint_scheduler;
mod updates;

use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::{Rc, Weak},
};

use client::{
    ServerClock,
    browser::{Source, SubscriptionHandle, Value, monotonic},
};
use js_sys::{Function, Reflect};
use protocol::Timestamp;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use web_sys::{Element, HtmlElement};
use widget::{Locale, Props, View, intl::Intl, locale, messages::Messages};

use crate::{attributes, document, hooks::Hooks, panel::Panel, visibility::Visibility};

/// An element's view and its subscription; both end when it is freed. `js/plain.js` has a class of the same name and
/// members, for pages that forbid wasm.
#[wasm_bindgen]
pub struct Mounted(Rc<Inner>);

struct Inner {
    host: Element,
    default_src: Option<String>,
    hooks: Hooks,
    /// Loads the function that makes a panel, and calls [`open_panel`](Mounted::open_panel) with it.
    load_panel: Function,
    root: HtmlElement,
    view: View,
    panel: Panel,
    visibility: Visibility,
    /// A paint is scheduled.
    is_stale: Cell<bool>,
    /// The next paint happens even off-screen, as a second has passed since the last one.
    is_due: Cell<bool>,
    locale: RefCell<String>,
    messages: RefCell<JsValue>,
    clock: Cell<ServerClock>,
    document: RefCell<Option<Value>>,
    /// The document has not been painted yet. It is read only when it is painted, as a newer one may replace it before.
    is_fresh: Cell<bool>,
    subscription: RefCell<Option<SubscriptionHandle>>,
    /// The source of the current subscription, or of the last one.
    source: RefCell<Option<Source>>,
    /// The page has called `disconnect()`.
    is_disconnected: Cell<bool>,
    /// The page has called `refresh()` and waits for an update, newer or not.
    is_refreshing: Cell<bool>,
    /// The page has called `refresh()` while disconnected: the subscription ends with the first answer.
    is_one_shot: Cell<bool>,
}

#[wasm_bindgen]
impl Mounted {
    /// Mounts the view of `host` into `root` and subscribes to its job.
    #[wasm_bindgen(constructor)]
    pub fn new(
        host: Element,
        root: HtmlElement,
        default_src: Option<String>,
        hooks: Hooks,
        load_panel: Function,
    ) -> Mounted {
        let locale = hooks.locale();
        let now = Timestamp::from_millis(monotonic());
        let label = attributes::text(&host, "label");
        let announce = attributes::announce(&host);
        let name = hooks.name();
        let props = Props { label, name, job: None, link: widget::Link::Idle, problem: None, announce, now };
        let texts = locale_of(&JsValue::UNDEFINED, &locale);
        let inner = Rc::new_cyclic(|weak: &Weak<Inner>| {
            let shown = weak.clone();
            Inner {
                view: View::mount(&root, props, texts),
                visibility: Visibility::new(&host, move || Inner::invalidate(&shown)),
                host,
                default_src,
                hooks,
                load_panel,
                root,
                panel: Panel::default(),
                is_stale: Cell::new(false),
                is_due: Cell::new(false),
                locale: RefCell::new(locale),
                messages: RefCell::new(JsValue::UNDEFINED),
                clock: Cell::default(),
                document: RefCell::default(),
                is_fresh: Cell::new(false),
                subscription: RefCell::default(),
                source: RefCell::default(),
                is_disconnected: Cell::new(false),
                is_refreshing: Cell::new(false),
                is_one_shot: Cell::new(false),
            }
        });
        before_print::join(Rc::downgrade(&inner));
        inner.connect();
        inner.apply_variant();
        // What is known from another element is shown in the frame in which this one comes.
        if inner.document.borrow().is_some() {
            inner.paint_now();
        }
        Mounted(inner)
    }

    /// Applies changed attributes.
    pub fn update(&self) {
        let inner = &self.0;
        let label = attributes::text(&inner.host, "label");
        let announce = attributes::announce(&inner.host);
        let name = inner.hooks.name();
        inner.view.update(|props| (props.label, props.name, props.announce) = (label, name, announce));
        Inner::invalidate(&Rc::downgrade(inner));
        let locale = inner.hooks.locale();
        if *inner.locale.borrow() != locale {
            inner.locale.replace(locale);
            inner.set_locale();
        }
        inner.connect();
        inner.apply_variant();
    }

    /// Sets the texts: a plain object with keys of [`KEYS`](widget::messages::KEYS) and of `panel/messages.js`. Missing texts
    /// are English.
    #[wasm_bindgen(js_name = setMessages)]
    pub fn set_messages(&self, messages: JsValue) {
        self.0.messages.replace(messages);
        self.0.set_locale();
    }

    /// Opens the panel with the script's function `make`, if it is still wanted.
    #[wasm_bindgen(js_name = openPanel)]
    pub fn open_panel(&self, make: JsValue) {
        let inner = &self.0;
        if attributes::is_detailed(&inner.host, &inner.hooks) {
            inner.panel.open(make, &inner.root);
            inner.panel.set_document(inner.document.borrow().as_ref());
            inner.set_locale();
        }
    }

    /// Closes the connection, or opens it again. What is shown stays.
    #[wasm_bindgen(js_name = setDisconnected)]
    pub fn set_disconnected(&self, is_disconnected: bool) {
        self.0.is_disconnected.set(is_disconnected);
        self.0.connect();
    }

    /// Announces the answer to what the reader did.
    pub fn notify(&self, text: String) {
        let inner = &self.0;
        inner.view.notify(text);
        Inner::invalidate(&Rc::downgrade(inner));
    }

    /// The time by the server's clock, in milliseconds.
    pub fn now(&self) -> f64 {
        self.0.now().millis() as f64
    }

    /// Requests the state now; while disconnected, until there is one answer. Without a change, only an answer that is not
    /// `quiet` is an update.
    pub fn refresh(&self, quiet: bool) {
        if self.0.is_disconnected.get() {
            self.0.is_one_shot.set(true);
            let former = self.0.subscription.take();
            self.0.subscribe(former);
        } else if let Some(subscription) = &*self.0.subscription.borrow() {
            if !quiet {
                self.0.is_refreshing.set(true);
            }
            subscription.refresh();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(subscription) = self.subscription.take() {
            subscription.linger();
        }
    }
}

impl fmt::Debug for Mounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mounted").field(&self.0.view).finish()
    }
}

impl Inner {
    /// Schedules a paint in the next animation frame.
    fn invalidate(inner: &Weak<Inner>) {
        if inner.upgrade().is_some_and(|strong| !strong.is_stale.replace(true)) {
            paint_scheduler::join(Weak::clone(inner));
        }
    }

    /// Schedules a paint in the next animation frame even off-screen; skipped while the element has no layout box. The box
    /// is measured here, where nothing is being written to the DOM and so no layout is forced.
    fn on_tick(inner: &Weak<Inner>) {
        let Some(strong) = inner.upgrade() else { return };
        if strong.visibility.is_visible() || !strong.visibility.waits_for_box() {
            strong.is_due.set(true);
            Inner::invalidate(inner);
        }
    }

    /// Paints at once if the element is on the screen. Off-screen, where it can still be read aloud and captured, it paints
    /// at the next tick.
    fn paint(self: &Rc<Self>, skip_animation: bool) {
        self.is_stale.set(false);
        let is_due = self.is_due.take();
        if self.visibility.is_visible() {
            self.write(skip_animation);
        } else if is_due {
            self.write(true);
        } else {
            clock::join(Rc::downgrade(self), 0);
        }
    }

    /// Paints without waiting for an animation frame.
    fn paint_now(self: &Rc<Self>) {
        self.write(true);
    }

    /// Writes to the DOM what has changed, and joins the clock if that changes with the time alone.
    fn write(self: &Rc<Self>, skip_animation: bool) {
        if self.is_fresh.replace(false)
            && let Some(document) = &*self.document.borrow()
            && let Some(job) = document::job(document)
        {
            self.view.update(|props| props.job = Some(job));
            if let Some(at) = document::updated_at(document) {
                let mut clock = self.clock.get();
                clock.on_change(at.millis(), monotonic());
                self.clock.set(clock);
            }
        }
        let now = self.now();
        let panel = self.panel.paint(now, self.view.link().is_open()).then_some(0);
        if let Some(delay) = [self.view.paint(now, skip_animation), panel].into_iter().flatten().min() {
            clock::join(Rc::downgrade(self), delay);
        }
    }

    /// Applies the texts and the language.
    fn set_locale(self: &Rc<Self>) {
        let (messages, locale) = (self.messages.borrow(), self.locale.borrow());
        self.view.set_locale(locale_of(&messages, &locale));
        self.panel.set_locale(&messages, &number_language(&messages, &locale));
        Inner::invalidate(&Rc::downgrade(self));
    }

    /// Opens or closes the panel. Everything else that depends on the variant is in the style sheet.
    fn apply_variant(&self) {
        if !attributes::is_detailed(&self.host, &self.hooks) {
            self.panel.close();
        } else if !self.panel.is_open() {
            // A script catches its errors.
            let _ = self.load_panel.call0(&JsValue::UNDEFINED);
        }
    }

    /// The time by the server's clock.
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.get().now(monotonic()))
    }

    /// Sets how changes arrive.
    fn set_link(&self, link: widget::Link) {
        self.view.update(|props| props.link = link);
        self.hooks.emit("link", &JsValue::from_str(link.name()), false);
    }
}

/// The texts, and the number format beside them.
fn locale_of(messages: &JsValue, tag: &str) -> Locale {
    let format = Intl::shared(&number_language(messages, tag));
    let messages =
        if messages.is_object() { Messages::from_fn(|key| text(messages, key)) } else { Messages::default() };
    Locale { messages: Rc::new(messages), format }
}

/// The language of numbers beside `messages`. Custom messages may name theirs; without any, the texts are English.
fn number_language(messages: &JsValue, tag: &str) -> String {
    let own = text(messages, "language");
    let texts = if messages.is_object() { own.as_deref() } else { Some("en") };
    locale::number_language(texts, tag).to_owned()
}

fn text(messages: &JsValue, key: &str) -> Option<String> {
    Reflect::get(messages, &JsValue::from_str(key)).ok()?.as_string()
}
