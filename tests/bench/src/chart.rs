//! Curves as SVG, both axes logarithmic: loads and ages span several powers of ten.

use std::fmt::Write as _;

/// A named curve.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 56.0;
const BOTTOM: f64 = 44.0;
const TOP: f64 = 36.0;
const RIGHT: f64 = 130.0;
/// Colours that also differ in lightness and are visible on white and on black.
const COLOURS: [&str; 3] = ["#d55e00", "#999999", "#0072b2"];

/// An axis from one power of ten to another.
struct Axis {
    low: f64,
    high: f64,
    begin: f64,
    end: f64,
}

impl Axis {
    fn new(values: impl Iterator<Item = f64>, begin: f64, end: f64) -> Axis {
        let logs: Vec<f64> = values.filter(|value| *value > 0.0).map(f64::log10).collect();
        let low = logs.iter().copied().fold(f64::INFINITY, f64::min).floor();
        let high = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max).ceil();
        Axis { low, high: high.max(low + 1.0), begin, end }
    }

    fn at(&self, value: f64) -> f64 {
        let share = (value.max(f64::MIN_POSITIVE).log10() - self.low) / (self.high - self.low);
        self.begin + share.clamp(0.0, 1.0) * (self.end - self.begin)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        (self.low as i32..=self.high as i32).map(|power| 10_f64.powi(power))
    }
}

/// Draws curves as an SVG document.
pub(crate) fn svg(title: &str, across: &str, up: &str, lines: &[Line]) -> String {
    let all = || lines.iter().flat_map(|line| line.points.iter());
    let x = Axis::new(all().map(|point| point.0), LEFT, WIDTH - RIGHT);
    let y = Axis::new(all().map(|point| point.1), HEIGHT - BOTTOM, TOP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#808080\">\n\
         <text x=\"{LEFT}\" y=\"20\" font-size=\"14\">{title}</text>\n"
    );
    for tick in x.ticks() {
        let at = x.at(tick);
        let _ = writeln!(svg, "<path d=\"M{at:.1} {TOP}V{:.1}\" stroke=\"#80808040\"/>", HEIGHT - BOTTOM);
        let below = HEIGHT - BOTTOM + 16.0;
        let _ = writeln!(svg, "<text x=\"{at:.1}\" y=\"{below:.1}\" text-anchor=\"middle\">{tick}</text>");
    }
    for tick in y.ticks() {
        let at = y.at(tick);
        let _ = writeln!(svg, "<path d=\"M{LEFT} {at:.1}H{:.1}\" stroke=\"#80808040\"/>", WIDTH - RIGHT);
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{tick}</text>", LEFT - 6.0, at + 4.0);
    }
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    let _ = writeln!(svg, "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{across}</text>", HEIGHT - 8.0);
    let _ = writeln!(svg, "<text x=\"12\" y=\"{TOP}\">{up}</text>");
    for (index, line) in lines.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let points: Vec<String> =
            line.points.iter().map(|(right, up)| format!("{:.1},{:.1}", x.at(*right), y.at(*up))).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            points.join(" ")
        );
        for (right, up) in &line.points {
            let _ =
                writeln!(svg, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>", x.at(*right), y.at(*up));
        }
        let at = TOP + 18.0 * index as f64;
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{at:.1}\" fill=\"{colour}\">{}</text>",
            WIDTH - RIGHT + 12.0,
            line.name
        );
    }
    svg.push_str("</svg>\n");
    svg
}
