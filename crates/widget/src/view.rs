//! The view: state, per cent, message and time around a bar. The style sheet lays the same nodes out as a bar, as a ring or
//! in one line, by the `variant` of the element they stand in.

use std::{any::Any, cell::RefCell, rc::Rc};

use leptos::{mount::mount_to, prelude::*, web_sys::HtmlElement};

use protocol::Timestamp;

use crate::{announcer::Announcer, face::Face, format::Format, look::Look, messages::Messages};

/// A language: its texts and how it writes numbers.
#[derive(Clone)]
pub struct Tongue {
    /// The texts.
    pub messages: Rc<Messages>,
    /// The numbers.
    pub format: Rc<dyn Format>,
}

/// A face on the screen; it goes with this value.
pub struct View {
    state: RefCell<State>,
    screen: RwSignal<Screen>,
    _view: Box<dyn Any>,
}

/// What the screen is made from.
struct State {
    face: Face,
    tongue: Tongue,
    announcer: Announcer,
}

/// What is on the screen, as texts and attributes. Each closure of the view compares its own part, so that what did not
/// change is not written to the DOM.
#[derive(Clone, Default, PartialEq)]
struct Screen {
    look: Look,
    status: String,
    link: String,
    /// `unknown` while nobody knows how far it is, `jump` when it went back: a fill that slid back would show more than
    /// was reported for as long as it slides.
    fill: String,
    fraction: String,
    percent: Option<String>,
    spoken: String,
}

impl View {
    /// Puts `face` into `parent`.
    pub fn mount(parent: HtmlElement, face: Face, tongue: Tongue) -> View {
        let mut state = State { face, tongue, announcer: Announcer::default() };
        let screen = RwSignal::new(state.screen(&Screen::default()));
        let view = mount_to(parent, move || view(screen));
        View { state: RefCell::new(state), screen, _view: Box::new(view) }
    }

    /// Changes what is to be shown with the next [`paint`](View::paint).
    pub fn update(&self, change: impl FnOnce(&mut Face)) {
        change(&mut self.state.borrow_mut().face);
    }

    /// Changes the language in which that is to be said.
    pub fn speak(&self, tongue: Tongue) {
        self.state.borrow_mut().tongue = tongue;
    }

    /// Shows how things stand at `now`; true while that changes with the time alone. What is on the screen already is not
    /// written again.
    pub fn paint(&self, now: Timestamp) -> bool {
        self.state.borrow_mut().face.now = now;
        let former = self.screen.get_untracked();
        let screen = self.state.borrow_mut().screen(&former);
        if screen != former {
            self.screen.set(screen);
        }
        self.state.borrow().face.job.as_ref().is_some_and(|job| job.counts(now))
    }
}

impl State {
    fn screen(&mut self, former: &Screen) -> Screen {
        let look = Look::of(&self.face, &self.tongue.messages, &*self.tongue.format);
        let fell = former.look.fraction.is_none_or(|former| look.fraction.is_none_or(|now| now < former));
        let same = former.look.fraction == look.fraction;
        let fill = match look.fraction {
            None => "unknown",
            Some(_) if same => &former.fill,
            Some(_) if fell => "jump",
            Some(_) => "",
        };
        let spoken = self.announcer.hear(&look, self.face.now.millis());
        Screen {
            status: look.status.to_owned(),
            link: look.link.to_owned(),
            fill: fill.to_owned(),
            fraction: fraction_text(look.fraction),
            percent: look.percent.map(|percent| (percent as u8).to_string()),
            spoken: spoken.unwrap_or_else(|| former.spoken.clone()),
            look,
        }
    }
}

fn view(screen: RwSignal<Screen>) -> impl IntoView {
    // One type of closure for all texts and attributes, as each type costs the code of an effect.
    let of = move |part: fn(&Screen) -> &String| move || screen.with(|screen| part(screen).clone());
    view! {
        <div class="base" part="base" data-status=of(|screen| &screen.status) data-link=of(|screen| &screen.link)>
            <div class="row" part="header">
                <span class="label" part="label" dir="auto">{of(|screen| &screen.look.label)}</span>
                <span class="state" part="state" dir="auto">{of(|screen| &screen.look.state)}</span>
                <span class="percent" part="percent">{of(|screen| &screen.look.percent_text)}</span>
            </div>
            <div
                class="track"
                part="track"
                role="progressbar"
                aria-label=of(|screen| &screen.look.name)
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow=move || screen.with(|screen| screen.percent.clone())
                aria-valuetext=of(|screen| &screen.look.value_text)
            >
                <div
                    class="fill"
                    part="fill"
                    data-fill=of(|screen| &screen.fill)
                    style=("--fraction", of(|screen| &screen.fraction))
                >
                    // Seen in the ring alone. Without the braces it would be set as innerHTML, which Trusted Types forbid.
                    <svg class="ring" aria-hidden="true">
                        <circle class="arc" pathLength={"1"}></circle>
                    </svg>
                </div>
            </div>
            <div class="row" part="footer">
                <span class="message" part="message" dir="auto">{of(|screen| &screen.look.message)}</span>
                <span class="time" part="time" dir="auto">{of(|screen| &screen.look.time)}</span>
                <span class="link" part="link" dir="auto">{of(|screen| &screen.look.link_text)}</span>
            </div>
            <div class="spoken" role="status">{of(|screen| &screen.spoken)}</div>
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
