//! A pattern of the user.

use std::str::FromStr;

use regex::Regex;

use super::Progress;

/// The groups that a pattern can have.
const GROUPS: [&str; 4] = ["current", "total", "percent", "message"];

/// A regular expression with the named groups `current`, `total`, `percent` and `message`, at least one of them.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Regex);

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Pattern, String> {
        let regex = Regex::new(text).map_err(|error| error.to_string())?;
        let names: Vec<&str> = regex.capture_names().flatten().collect();
        if let Some(unknown) = names.iter().find(|name| !GROUPS.contains(name)) {
            return Err(format!("the group `{unknown}` has no meaning; allowed: {}", GROUPS.join(", ")));
        }
        if names.is_empty() {
            return Err(format!("it has no named group such as (?<current>\\d+); allowed: {}", GROUPS.join(", ")));
        }
        Ok(Pattern(regex))
    }
}

impl Pattern {
    /// The progress in a line that the pattern matches.
    pub(super) fn read(&self, line: &str) -> Option<Progress> {
        let captures = self.0.captures(line)?;
        let text = |name| captures.name(name).map(|found| found.as_str());
        let number = |name| text(name)?.replace([',', '_'], "").parse::<f64>().ok();
        let progress = Progress {
            current: number("current"),
            total: number("total"),
            percent: number("percent").filter(|percent| (0.0..=100.0).contains(percent)),
            unit: None,
            message: text("message").map(|message| message.trim().to_owned()),
        };
        (progress != Progress::default()).then_some(progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_groups_are_the_progress() {
        let pattern: Pattern = r"^row (?<current>[\d,]+)(?: of (?<total>\d+))?: (?<message>.*)$".parse().unwrap();
        let progress = pattern.read("row 1,200 of 4000: Berlin ").unwrap();
        assert_eq!(
            (progress.current, progress.total, progress.message.as_deref()),
            (Some(1200.0), Some(4000.0), Some("Berlin"))
        );
        assert_eq!(pattern.read("row 5: x").unwrap().total, None);
        assert_eq!(pattern.read("rows"), None);
    }

    #[test]
    fn a_pattern_without_a_known_group_is_refused_with_the_names() {
        for text in [r"\d+%", r"(?<done>\d+)", "("] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
        assert!(r"(?<done>\d+)".parse::<Pattern>().unwrap_err().contains("current, total, percent, message"));
    }
}
