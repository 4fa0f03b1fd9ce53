//! Counts and percentages in the text of any program: `3/10`, `3 of 10`, `42 %`.

use std::sync::LazyLock;

use regex::Regex;

use super::Progress;

/// A number, with an optional fraction or separators of thousands.
const NUMBER: &str = r"(\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)";

/// A count between spaces, brackets or punctuation, so that neither a date (`1/2/2026`) nor a path (`a/1/2`) nor a version
/// (`57. 28.100 / 57. 28.100`) is one.
static COUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let count = format!(r"(?:{NUMBER}/{NUMBER}|(\d+) / (\d+)|{NUMBER}\s+(?:of|out of)\s+{NUMBER})");
    Regex::new(&format!(r"(?:^|[\s\[(:]){count}(?:$|[\s\]),;:]|\.(?:\s|$))")).ok()
});
/// A percentage.
static PERCENTAGE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|[^\d.,\w])(\d{1,3}(?:\.\d+)?)\s?%").ok());

/// The last count in a line.
pub(super) fn count(line: &str) -> Option<Progress> {
    let found = COUNT.as_ref()?.captures_iter(line).last()?;
    let mut numbers = found.iter().skip(1).flatten().map(|number| number.as_str().replace(',', "").parse::<f64>());
    let (Some(Ok(current)), Some(Ok(total))) = (numbers.next(), numbers.next()) else { return None };
    (current <= total && total > 0.0).then(|| Progress::counts(current, Some(total), None))
}

/// The percentage of a line that has exactly one: several are statistics.
pub(super) fn percentage(line: &str) -> Option<Progress> {
    let mut all = PERCENTAGE.as_ref()?.captures_iter(line);
    let (Some(found), None) = (all.next(), all.next()) else { return None };
    let percent = found.get(1)?.as_str().parse::<f64>().ok().filter(|percent| *percent <= 100.0)?;
    Some(Progress { percent: Some(percent), ..Progress::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_in_their_usual_forms() {
        for (line, current, total) in [
            ("3/10", 3.0, 10.0),
            ("[3/10] Compiling job-progress v0.1.0", 3.0, 10.0),
            ("Step 3/10 : RUN make", 3.0, 10.0),
            ("    Building [====>     ] 118/240: serde, clap", 118.0, 240.0),
            ("Epoch 2 of 5", 2.0, 5.0),
            ("Processed 1,200 of 12,000 rows.", 1200.0, 12_000.0),
            ("(12 / 40) done", 12.0, 40.0),
            ("batch 1/4, item 7/9", 7.0, 9.0),
            ("copied 1.5/2.0 GB", 1.5, 2.0),
            ("7 out of 9", 7.0, 9.0),
        ] {
            assert_eq!(count(line), Some(Progress::counts(current, Some(total), None)), "{line}");
        }
    }

    #[test]
    fn dates_paths_and_ratios_are_no_counts() {
        for line in [
            "1/2/2026 started",
            "open a/3/10",
            "/dev/3/10",
            "24/7 support",
            "10/3",
            "0/0",
            "v1/2x",
            "a1/2",
            "",
            "3 offices",
            "libavutil      57. 28.100 / 57. 28.100",
            "using SAR=1/1",
        ] {
            assert_eq!(count(line), None, "{line}");
        }
    }

    #[test]
    fn a_line_with_one_percentage_shows_it_and_statistics_do_not() {
        let percent = |line| percentage(line).and_then(|progress| progress.percent);
        for (line, expected) in
            [("42%", 42.0), ("  65.5 %", 65.5), ("Downloading (100%)", 100.0), ("done: 7%, 3 s left", 7.0)]
        {
            assert_eq!(percent(line), Some(expected), "{line}");
        }
        for line in ["76%  0% 24%", "150%", "a1%", "100", "%d", "-5x%"] {
            assert_eq!(percent(line), None, "{line}");
        }
    }
}
