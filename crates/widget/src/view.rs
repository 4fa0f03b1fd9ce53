//! The view: state, per cent, message and time around a bar. The style sheet lays the same nodes out as a bar, as a ring or
//! in one line, by the `variant` of the element they stand in.

use std::cell::RefCell;

use leptos::{
    prelude::*,
    tachys::view::{Mountable, Render},
    web_sys::HtmlElement,
};
use protocol::Timestamp;

use crate::{
    announcer::Announcer,
    face::{Face, Link},
    look::Look,
    tongue::Tongue,
};

/// A face on the screen; it goes with this value.
pub struct View(RefCell<State>);

/// What the screen is made from, and what is on it.
struct State {
    face: Face,
    tongue: Tongue,
    announcer: Announcer,
    screen: Screen,
    /// Makes the DOM look like a screen. Nothing reacts by itself: a page may have hundreds of views, and for a value that
    /// is always known whole a graph of effects would cost twice the memory and the time of comparing it.
    draw: Box<dyn FnMut(&Screen)>,
}

/// What is on the screen, as texts and attributes. What did not change is not written to the DOM.
#[derive(Clone, Default, PartialEq)]
struct Screen {
    look: Look,
    /// `unknown` while nobody knows how far it is; `jump` in a crowd and when it went back: a fill that slid back would
    /// show more than was reported for as long as it slides.
    fill: &'static str,
    spoken: String,
}

impl View {
    /// Puts `face` into `parent`.
    pub fn mount(parent: &HtmlElement, face: Face, tongue: Tongue) -> View {
        let mut announcer = Announcer::default();
        let screen = Screen::of(&face, &tongue, &mut announcer, &Screen::default(), true);
        let mut drawn = view(&screen).build();
        drawn.mount(parent, None);
        let draw = Box::new(move |screen: &Screen| view(screen).rebuild(&mut drawn));
        View(RefCell::new(State { face, tongue, announcer, screen, draw }))
    }

    /// Changes what is to be shown with the next [`paint`](View::paint).
    pub fn update(&self, change: impl FnOnce(&mut Face)) {
        change(&mut self.0.borrow_mut().face);
    }

    /// How news arrive.
    pub fn link(&self) -> Link {
        self.0.borrow().face.link
    }

    /// Changes the language in which that is to be said.
    pub fn speak(&self, tongue: Tongue) {
        self.0.borrow_mut().tongue = tongue;
    }

    /// Shows how things stand at `now`, at once if `is_crowded`, else gliding there; true while that changes with the time
    /// alone. What is on the screen already is not written again.
    pub fn paint(&self, now: Timestamp, is_crowded: bool) -> bool {
        let state = &mut *self.0.borrow_mut();
        state.face.now = now;
        let screen = Screen::of(&state.face, &state.tongue, &mut state.announcer, &state.screen, is_crowded);
        if screen != state.screen {
            (state.draw)(&screen);
            state.screen = screen;
        }
        state.face.counts()
    }
}

impl Screen {
    fn of(face: &Face, tongue: &Tongue, announcer: &mut Announcer, former: &Screen, is_crowded: bool) -> Screen {
        let look = Look::of(face, &tongue.messages, &*tongue.format);
        let fell = former.look.fraction.is_none_or(|former| look.fraction.is_none_or(|now| now < former));
        let fill = match look.fraction {
            None => "unknown",
            Some(_) if former.look.fraction == look.fraction => former.fill,
            Some(_) if fell || is_crowded => "jump",
            Some(_) => "",
        };
        let spoken = announcer.hear(&look, face.now.millis());
        Screen { spoken: spoken.unwrap_or_else(|| former.spoken.clone()), fill, look }
    }
}

fn view(screen: &Screen) -> impl Render + use<> {
    let Screen { look, fill, spoken } = screen.clone();
    view! {
        <div class="base" part="base" data-status=look.status data-link=look.link>
            <div class="row" part="header">
                <span class="label" part="label" dir="auto">{look.label}</span>
                <span class="state" part="state" dir="auto">{look.state}</span>
                <span class="percent" part="percent">{look.percent_text}</span>
            </div>
            <div
                class="track"
                part="track"
                role="progressbar"
                aria-label=look.name
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow=look.percent.map(|percent| (percent as u8).to_string())
                aria-valuetext=look.value_text
            >
                <div class="fill" part="fill" data-fill=fill style=("--fraction", fraction_text(look.fraction))>
                    // Seen in the ring alone. Without the braces it would be set as innerHTML, which Trusted Types forbid.
                    <svg class="ring" aria-hidden="true">
                        <circle class="arc" pathLength={"1"}></circle>
                    </svg>
                </div>
            </div>
            <div class="row" part="footer">
                <span class="message" part="message" dir="auto">{look.message}</span>
                <span class="time" part="time" dir="auto">{look.time}</span>
                <span class="link" part="link" dir="auto">{look.link_text}</span>
            </div>
            <div class="spoken" role="status">{spoken}</div>
        </div>
    }
}

/// The fraction with four decimals: a pixel of the widest screen.
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
