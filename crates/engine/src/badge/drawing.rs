//! The SVG of a badge.

use std::fmt::{self, Display, Formatter};

use super::{
    Style,
    palette::{Color, GROUND, LABEL_GROUND, LABEL_TEXT, LINE, STATE_TEXT, TEXT, TRACK, Tone},
    text::{FONT_SIZE, is_measured, width},
};

/// The fonts of about the same widths as the table of advances.
const FONTS: &str = "Verdana,DejaVu Sans,sans-serif";
const HEIGHT: f64 = 20.0;
/// The distance between a text and what is beside it.
const PADDING: f64 = 6.0;
/// Where texts stand, measured from the top.
const BASELINE: f64 = 14.0;
const RADIUS: f64 = 3.0;
const BAR_WIDTH: f64 = 80.0;
const BAR_HEIGHT: f64 = 8.0;

/// The badge with a label, which can be empty, and a state; `percent` of the bar, if there is one, is filled.
pub(super) fn draw(style: Style, label: &str, state: &str, percent: f64, tone: Tone) -> String {
    match style {
        Style::Flat => flat(label, state, tone),
        Style::Bar => bar(label, state, percent, tone),
    }
}

fn flat(label: &str, state: &str, tone: Tone) -> String {
    // Whole pixels, so that the line between the two is sharp.
    let room = |text: &str| if text.is_empty() { 0.0 } else { (width(text) + 2.0 * PADDING).ceil() };
    let (left, right) = (room(label), room(state));
    let all = left + right;
    let tone = tone.color();
    let mut body = rect("s", tone, 0.0, 0.0, all, HEIGHT, RADIUS);
    if left > 0.0 {
        let (r, inner) = (RADIUS, HEIGHT - 2.0 * RADIUS);
        let light = LABEL_GROUND.light;
        body.push_str(&format!(
            r#"<path class="l" fill="{light}" d="M{r} 0h{}v{HEIGHT}H{r}a{r} {r} 0 0 1-{r}-{r}v-{inner}a{r} {r} 0 0 1 {r}-{r}z"/>"#,
            left - r
        ));
        body.push_str(&text("a", LABEL_TEXT, PADDING + (left - 2.0 * PADDING - width(label)) / 2.0, label));
    }
    body.push_str(&text("b", STATE_TEXT, left + (right - width(state)) / 2.0, state));
    let colors = [("s", tone), ("l", LABEL_GROUND), ("a", LABEL_TEXT), ("b", STATE_TEXT)];
    svg(all, label, state, &colors, &body)
}

fn bar(label: &str, state: &str, percent: f64, tone: Tone) -> String {
    let begin = if label.is_empty() { PADDING } else { (width(label) + 2.0 * PADDING).ceil() };
    let after = begin + BAR_WIDTH + PADDING;
    let all = (after + width(state) + PADDING).ceil();
    let (tone, top) = (tone.color(), (HEIGHT - BAR_HEIGHT) / 2.0);
    let filled = BAR_WIDTH * percent / 100.0;
    // The line lies inside, half a pixel from each edge, so that it is sharp.
    let mut body = format!(
        r#"<rect class="g" fill="{}" stroke="{}" x=".5" y=".5" width="{}" height="{}" rx="{RADIUS}"/>"#,
        GROUND.light,
        LINE.light,
        all - 1.0,
        HEIGHT - 1.0
    );
    body.push_str(&rect("k", TRACK, begin, top, BAR_WIDTH, BAR_HEIGHT, BAR_HEIGHT / 2.0));
    if filled > 0.0 {
        // A fill that is less wide than high would not be round.
        body.push_str(&rect("s", tone, begin, top, filled.max(BAR_HEIGHT), BAR_HEIGHT, BAR_HEIGHT / 2.0));
    }
    if !label.is_empty() {
        body.push_str(&text("a", TEXT, PADDING, label));
    }
    body.push_str(&text("a", TEXT, after, state));
    let colors = [("g", GROUND), ("k", TRACK), ("s", tone), ("a", TEXT)];
    svg(all, label, state, &colors, &body)
}

/// The document around `body`. Each class has its light colour in attributes, which programs without style sheets read too, and
/// its dark one in the style.
fn svg(all: f64, label: &str, state: &str, colors: &[(&str, Color)], body: &str) -> String {
    let name = if label.is_empty() { state.to_owned() } else { format!("{label}: {state}") };
    let name = Escaped(&name);
    let dark: String = colors.iter().map(|(class, color)| format!(".{class}{{fill:{}}}", color.dark)).collect();
    let line = if body.contains("stroke") { format!(".g{{stroke:{}}}", LINE.dark) } else { String::new() };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{all}\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"{name}\">\
         <title>{name}</title><style>@media(prefers-color-scheme:dark){{{dark}{line}}}</style>\
         <g font-family=\"{FONTS}\" font-size=\"{FONT_SIZE}\">{body}</g></svg>"
    )
}

fn rect(class: &str, color: Color, x: f64, y: f64, width: f64, height: f64, radius: f64) -> String {
    let (x, width, fill) = (Pixels(x), Pixels(width), color.light);
    format!(r#"<rect class="{class}" fill="{fill}" x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}"/>"#)
}

/// A text that begins at `x` and is as long as it was measured, whatever font the reader has.
fn text(class: &str, color: Color, x: f64, text: &str) -> String {
    // In scripts whose letters are joined, more space between them would part them.
    let adjust = if is_measured(text) { "" } else { r#" lengthAdjust="spacingAndGlyphs""# };
    let (x, length, fill) = (Pixels(x), Pixels(width(text)), color.light);
    format!(
        r#"<text class="{class}" fill="{fill}" x="{x}" y="{BASELINE}" textLength="{length}"{adjust}>{}</text>"#,
        Escaped(text)
    )
}

/// A length in pixels, to a tenth.
struct Pixels(f64);

impl Display for Pixels {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", (self.0 * 10.0).round() / 10.0)
    }
}

/// A text as the content of an XML element, or as an attribute between double quotes.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                char => write!(f, "{char}")?,
            }
        }
        Ok(())
    }
}
