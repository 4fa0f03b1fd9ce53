//! The texts of a badge: what a label may contain, and how wide a text is.

use protocol::limits::BADGE_LABEL_CHARS;
use unicode_width::UnicodeWidthChar as _;

use super::advances::{ADVANCES, FIRST};

/// The size of the font, in pixels.
pub(super) const FONT_SIZE: f64 = 11.0;
/// The advance of a character that the table does not have and that takes one column in a terminal, in em.
const NARROW: f64 = 0.6;
/// The advance of one that takes two columns, such as an ideograph or an emoji, in em.
const WIDE: f64 = 1.0;

/// The text as a label. A character that XML does not allow, a control character, or one that changes the direction of the
/// text that follows becomes a space. White space is collapsed, as SVG does. The kind of a job can be longer than a label; it is cut.
pub(super) fn label(text: &str) -> String {
    let drawable: String = text.chars().map(|char| if is_drawable(char) { char } else { ' ' }).collect();
    let label = drawable.split_whitespace().collect::<Vec<_>>().join(" ");
    if label.chars().count() <= BADGE_LABEL_CHARS {
        return label;
    }
    let begin: String = label.chars().take(BADGE_LABEL_CHARS.saturating_sub(1)).collect();
    format!("{}…", begin.trim_end())
}

fn is_drawable(char: char) -> bool {
    let is_directional = matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !(char.is_control() || is_directional || matches!(char, '\u{fffe}' | '\u{ffff}'))
}

/// The width of a text in pixels.
pub(super) fn width(text: &str) -> f64 {
    text.chars().map(advance).sum::<f64>() * FONT_SIZE
}

/// Whether the table has every character of the text, so that its width is exact.
pub(super) fn is_measured(text: &str) -> bool {
    text.chars().all(|char| measured(char).is_some())
}

/// The advance of a character in em.
fn advance(char: char) -> f64 {
    measured(char).unwrap_or_else(|| match char.width() {
        None | Some(0) => 0.0,
        Some(1) => NARROW,
        Some(_) => WIDE,
    })
}

fn measured(char: char) -> Option<f64> {
    let at = u32::from(char).checked_sub(FIRST)?;
    ADVANCES.get(usize::try_from(at).ok()?).map(|hundredths| f64::from(*hundredths) / 100.0)
}
