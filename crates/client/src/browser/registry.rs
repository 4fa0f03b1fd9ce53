//! The registry of the page: subscribers of the same job with the same credential share one subscription, and all
//! subscriptions to a server share its connections.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use protocol::id::JobId;
use wasm_bindgen::{JsCast, closure::Closure};

use super::{
    connection_driver::ConnectionDriver,
    page,
    shared_subscription::{SharedSubscription, Source},
    transport,
    update::Subscriber,
};
use crate::{
    connection::{Input, JobKey, Renewal, RequestId},
    endpoints::is_src,
    subscription::Subscription,
};

/// Milliseconds that a subscription stays after its last subscriber is gone with its element.
const LINGER_MS: i32 = 1_000;

thread_local! {
    static SUBSCRIPTIONS: RefCell<Vec<Weak<SharedSubscription>>> = const { RefCell::new(Vec::new()) };
    static DRIVERS: RefCell<Vec<Weak<ConnectionDriver>>> = const { RefCell::new(Vec::new()) };
    static LAST_ID: Cell<u32> = const { Cell::new(0) };
}

/// Keeps a subscriber subscribed until it is dropped. With the last subscriber of a job the job leaves its connection; with
/// the last job of a connection the connection closes.
#[derive(Debug)]
pub struct SubscriptionHandle {
    shared: Rc<SharedSubscription>,
    id: u32,
}

impl SubscriptionHandle {
    /// Requests the job's current document now; it arrives as an update.
    pub fn refresh(&self) {
        self.shared.refresh();
    }
}

impl SubscriptionHandle {
    /// Replaces the token; what is open stays open.
    pub fn set_token(&self, token: &str) {
        self.shared.set_token(token);
    }

    /// Ends the subscription after [`LINGER_MS`], unless another subscriber comes for the same job until then. A page that
    /// replaces an element by another one, as some frameworks do, then neither reconnects nor shows an empty one.
    pub fn linger(self) {
        let drop_later = Closure::once_into_js({
            let shared = Rc::clone(&self.shared);
            move || drop(shared)
        });
        if let Some(window) = web_sys::window() {
            // Without a timer it ends now.
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(drop_later.unchecked_ref(), LINGER_MS);
        }
    }
}

impl Drop for SubscriptionHandle {
    fn drop(&mut self) {
        self.shared.remove(self.id);
    }
}

/// Subscribes to `source`. What is known of the job already is passed to the subscriber before this returns.
pub fn subscribe(source: Source, subscriber: Subscriber) -> SubscriptionHandle {
    page::listen(on_page_event);
    let id = next_id();
    let all = alive(&SUBSCRIPTIONS);
    if let Some(shared) = all.iter().find(|shared| shared.is_of(&source)) {
        shared.add(id, subscriber);
        return SubscriptionHandle { shared: Rc::clone(shared), id };
    }
    // A page whose server makes a token for each response replaces the token with the element.
    if let (Some(shared), Some(token)) = (all.iter().find(|shared| shared.is_left_of(&source)), &source.token) {
        shared.set_token(token);
        shared.add(id, subscriber);
        return SubscriptionHandle { shared: Rc::clone(shared), id };
    }
    let job = JobId::parse(&source.job)
        .filter(|_| is_src(&source.src))
        .map(|id| Subscription::new(id, source.token.clone(), source.include));
    let driver = job.as_ref().map(|job| driver(&source.src, job));
    let shared = SharedSubscription::new(driver, JobKey(next_id()), source);
    SUBSCRIPTIONS.with_borrow_mut(|all| all.push(Rc::downgrade(&shared)));
    // Before the job joins the connection, which may want a token at once.
    shared.add(id, subscriber);
    if let Some(job) = job {
        shared.join(job);
    }
    SubscriptionHandle { shared, id }
}

/// A connection to the server that the job can join, or a new one.
fn driver(src: &str, job: &Subscription) -> Rc<ConnectionDriver> {
    alive(&DRIVERS).into_iter().find(|driver| driver.can_join(src, job)).unwrap_or_else(|| {
        let driver = ConnectionDriver::new(src, next_id());
        DRIVERS.with_borrow_mut(|all| all.push(Rc::downgrade(&driver)));
        driver
    })
}

/// Passes an event of the request with that number to its connection, as the input that `input` makes. It is ignored if
/// the connection no longer exists.
pub fn on_transport_event<'a>(number: f64, input: impl FnOnce(RequestId) -> Input<'a>) {
    on_input(number, |id| input(RequestId(id)));
}

/// Passes the result of the token renewal with that number to its connection.
pub fn on_token_renewed(number: f64, renewal: Renewal) {
    on_input(number, |id| Input::Renewed(JobKey(id), renewal));
}

fn on_input<'a>(number: f64, input: impl FnOnce(u32) -> Input<'a>) {
    let (driver, id) = transport::parts(number);
    if let Some(driver) = alive(&DRIVERS).into_iter().find(|one| one.id == driver) {
        driver.on_input(input(id));
    }
}

/// Passes an event of the page to all connections.
fn on_page_event(input: &Input) {
    for driver in alive(&DRIVERS) {
        driver.on_input(input.clone());
    }
}

fn next_id() -> u32 {
    LAST_ID.with(|last| {
        last.set(last.get().wrapping_add(1));
        last.get()
    })
}

/// The items that still exist; the others are removed from the list.
fn alive<T>(all: &'static std::thread::LocalKey<RefCell<Vec<Weak<T>>>>) -> Vec<Rc<T>> {
    all.with_borrow_mut(|all| {
        all.retain(|one| one.strong_count() > 0);
        all.iter().filter_map(Weak::upgrade).collect()
    })
}
