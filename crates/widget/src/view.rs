//! The view: label, state, percentage, message and time around a bar. The style sheet lays out the same nodes as a bar, as
//! a ring or in one line, depending on the `variant` attribute of the host element.

use std::{cell::RefCell, fmt};

use leptos::{
    prelude::*,
    tachys::view::{Mountable, Render},
    web_sys::HtmlElement,
};
use protocol::Timestamp;

use crate::{
    announcer::{Announcer, Budget},
    locale::Locale,
    props::{Link, Props, SECOND_MS},
    view_model::ViewModel,
};

thread_local! {
    /// What the page announces at most.
    static BUDGET: RefCell<Budget> = RefCell::default();
}

/// A mounted view. Its DOM is removed when it is dropped.
pub struct View(RefCell<State>);

struct State {
    props: Props,
    locale: Locale,
    announcer: Announcer,
    /// What the DOM shows; what has not changed is not written to it.
    model: ViewModel,
    /// Makes the DOM show a view model. No signals or effects are used: a page may have hundreds of views, and as the whole
    /// value is known at each paint, a graph of effects would cost twice the memory and the time of comparing values.
    render: Box<dyn FnMut(&ViewModel)>,
}

impl View {
    /// Renders `props` into `parent`.
    pub fn mount(parent: &HtmlElement, props: Props, locale: Locale) -> View {
        let mut announcer = Announcer::default();
        let model = next(&props, &locale, &mut announcer, &ViewModel::default(), true);
        let mut rendered = template(&model).build();
        rendered.mount(parent, None);
        let render = Box::new(move |model: &ViewModel| template(model).rebuild(&mut rendered));
        View(RefCell::new(State { props, locale, announcer, model, render }))
    }

    /// Changes the props. The next [`paint`](View::paint) shows them.
    pub fn update(&self, change: impl FnOnce(&mut Props)) {
        change(&mut self.0.borrow_mut().props);
    }

    /// How changes of the job arrive.
    pub fn link(&self) -> Link {
        self.0.borrow().props.link
    }

    /// Changes the texts and the number format. The next [`paint`](View::paint) shows them.
    pub fn set_locale(&self, locale: Locale) {
        self.0.borrow_mut().locale = locale;
    }

    /// Announces the answer to what the reader did. The next [`paint`](View::paint) for which it is its turn does it.
    pub fn notify(&self, text: String) {
        self.0.borrow_mut().announcer.notify(text);
    }

    /// Writes to the DOM what has changed, as of `now`. The fill slides to its new place unless `skip_animation`. Returns
    /// the milliseconds until the view changes with the time alone, if it does.
    pub fn paint(&self, now: Timestamp, skip_animation: bool) -> Option<u64> {
        let state = &mut *self.0.borrow_mut();
        state.props.now = now;
        let model = next(&state.props, &state.locale, &mut state.announcer, &state.model, skip_animation);
        if model != state.model {
            (state.render)(&model);
            state.model = model;
        }
        if state.announcer.is_waiting() { Some(SECOND_MS) } else { state.props.next_change() }
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("View").field(&self.0.borrow().props).finish()
    }
}

/// The view model that follows `former`.
fn next(
    props: &Props,
    locale: &Locale,
    announcer: &mut Announcer,
    former: &ViewModel,
    skip_animation: bool,
) -> ViewModel {
    let mut model = ViewModel::new(props, &locale.messages, &*locale.format);
    model.transition_from(former, skip_animation);
    let announcement =
        BUDGET.with_borrow_mut(|budget| announcer.announce(&model, props.announce, props.now.millis(), budget));
    model.announcement = announcement.unwrap_or_else(|| former.announcement.clone());
    model
}

fn template(model: &ViewModel) -> impl Render + use<> {
    let model = model.clone();
    let reason = model.reason().map(str::to_owned);
    let percent = model.percent.map(|percent| (percent as u8).to_string());
    // A percentage and nothing else: screen readers read it as a number, for the tones with which they report progress.
    let value_text = percent.as_ref().map(|percent| [percent, "%"].concat());
    view! {
        <div class="base" part="base" data-status=model.status data-link=model.link>
            <div class="row" part="header">
                <span class="label" part="label" dir="auto">{model.label}</span>
                <span class="state" id="state" part="state" dir="auto">{model.state}</span>
                <span class="percent" part="percent">{model.percent_text}</span>
            </div>
            <div
                class="track"
                part="track"
                role="progressbar"
                aria-label=model.name
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow=percent
                aria-valuetext=value_text
                aria-describedby="state message"
            >
                <div class="fill" part="fill" data-fill=model.fill style=("--fraction", fraction_text(model.fraction))>
                    // Only the ring shows it. The braces keep Leptos from setting it as innerHTML, which Trusted Types forbid.
                    <svg class="ring">
                        <circle class="arc" aria-hidden={"true"}></circle>
                    </svg>
                </div>
            </div>
            <div class="row" part="footer">
                <span class="message" part="message" dir="auto" id="message" popover="">{model.message}</span>
                // A line that is too short for the reason of a failure shows the whole in a popover.
                <button class="why" type="button" popovertarget="message" title=reason></button>
                <span class="time" part="time" dir="auto">{model.time}</span>
                <span class="link" part="link" dir="auto">{model.link_text}</span>
            </div>
            <div class="spoken" role="status">{model.announcement}</div>
        </div>
    }
}

/// The fraction with four decimals: less than a pixel on the widest screen.
fn fraction_text(fraction: Option<f64>) -> String {
    let parts = (fraction.unwrap_or(0.0) * 10_000.0).floor() as u32;
    if parts >= 10_000 {
        return "1".to_owned();
    }
    let digits = parts.to_string();
    ["0.", "0000".get(digits.len()..).unwrap_or_default(), &digits].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_written_with_four_decimals() {
        for (fraction, text) in [(0.0, "0.0000"), (0.00019, "0.0001"), (0.5, "0.5000"), (0.99999, "0.9999"), (1.0, "1")]
        {
            assert_eq!(fraction_text(Some(fraction)), text);
        }
    }
}
