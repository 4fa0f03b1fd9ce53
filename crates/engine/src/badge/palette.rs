//! The colours of badges: those of the element, on light pages and on dark ones.

use protocol::Status;

/// A colour on light pages and on dark ones, as CSS.
#[derive(Clone, Copy, Debug)]
pub(super) struct Color {
    pub(super) light: &'static str,
    pub(super) dark: &'static str,
}

const fn color(light: &'static str, dark: &'static str) -> Color {
    Color { light, dark }
}

/// Behind the label of a flat badge.
pub(super) const LABEL_GROUND: Color = color("#3f3f46", "#2c2c31");
/// The label of a flat badge.
pub(super) const LABEL_TEXT: Color = color("#fff", "#ececee");
/// The state of a flat badge, on its tone.
pub(super) const STATE_TEXT: Color = color("#fff", "#121214");
/// Behind a badge with a bar.
pub(super) const GROUND: Color = color("#fff", "#1a1a1d");
/// The line around it.
pub(super) const LINE: Color = color("#d6d3cd", "#3a3a40");
/// Its texts.
pub(super) const TEXT: Color = color("#1b1b1d", "#ececee");
/// The part of the bar that is not done.
pub(super) const TRACK: Color = color("#e3e1dc", "#3a3a40");

/// What a state means, as a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing happens.
    Neutral,
    /// It works.
    Accent,
    /// It is suspended.
    Warning,
    /// It succeeded.
    Success,
    /// It failed.
    Danger,
}

impl Tone {
    /// Every tone.
    #[cfg(test)]
    pub(super) const ALL: [Tone; 5] = [Tone::Neutral, Tone::Accent, Tone::Warning, Tone::Success, Tone::Danger];

    /// The tone of a state.
    pub(super) fn of(status: Status) -> Tone {
        match status {
            Status::Queued | Status::Cancelled => Tone::Neutral,
            Status::Initializing | Status::Running => Tone::Accent,
            Status::Paused => Tone::Warning,
            Status::Completed => Tone::Success,
            Status::Failed | Status::Timeout => Tone::Danger,
        }
    }

    /// Its colour.
    pub(super) fn color(self) -> Color {
        match self {
            Tone::Neutral => color("#63636b", "#9c9ca6"),
            Tone::Accent => color("#2563eb", "#6ea3ff"),
            Tone::Warning => color("#b45309", "#e0a030"),
            Tone::Success => color("#15803d", "#3fb96b"),
            Tone::Danger => color("#c62828", "#ff7066"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of a colour (WCAG 2.2).
    fn luminance(color: &str) -> f64 {
        let digits = color.trim_start_matches('#').chars();
        let repeat = if color.len() == 4 { 2 } else { 1 };
        let digits: String = digits.flat_map(|digit| std::iter::repeat_n(digit, repeat)).collect();
        let [_, red, green, blue] = u32::from_str_radix(&digits, 16).unwrap().to_be_bytes().map(|byte| {
            let value = f64::from(byte) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrasts(first: Color, second: Color) -> [f64; 2] {
        [(first.light, second.light), (first.dark, second.dark)].map(|(first, second)| {
            let (first, second) = (luminance(first), luminance(second));
            (first.max(second) + 0.05) / (first.min(second) + 0.05)
        })
    }

    #[test]
    fn every_text_has_a_contrast_of_at_least_4_5_and_every_bar_of_at_least_3() {
        let states = Tone::ALL.map(|tone| (STATE_TEXT, tone.color(), 4.5));
        let bars = Tone::ALL.map(|tone| (TRACK, tone.color(), 3.0));
        let texts = [(LABEL_TEXT, LABEL_GROUND, 4.5), (TEXT, GROUND, 4.5)];
        for (first, second, least) in texts.into_iter().chain(states).chain(bars) {
            let found = contrasts(first, second);
            assert!(found.iter().all(|contrast| *contrast >= least), "{first:?} on {second:?}: {found:?}");
        }
        // The oracle itself: black on white is 21.
        assert!((contrasts(color("#000", "#000"), color("#fff", "#ffffff"))[1] - 21.0).abs() < 1e-9);
    }
}
