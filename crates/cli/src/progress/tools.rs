//! The progress of curl, rsync, ffmpeg, pv and tar.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::Progress;

/// A pattern of this file. A test compiles all of them.
type Static = LazyLock<Option<Regex>>;

/// `% Total % Received % Xferd …`: percent, total, percent, received, percent, sent, speeds and times.
static CURL: Static = LazyLock::new(|| {
    let size = r"(\d+(?:\.\d+)?[kMGTP]?)";
    let time = r"(?:--:--:--|[\d:]+(?:d\s+\d+h)?)";
    Regex::new(&format!(
        r"^\s*\d+\s+{size}\s+\d+\s+{size}\s+\d+\s+{size}\s+\S+\s+\S+\s+{time}\s+{time}\s+{time}\s+\S+\s*$"
    ))
    .ok()
});
/// `  3,309,568  39%    2.93MB/s    0:00:01 (xfr#1, to-chk=40/42)`
static RSYNC: Static = LazyLock::new(|| {
    Regex::new(r"^\s*([\d,.']+[KMGTP]?)\s+(\d+)%\s+[\d.,]+\w*B/s\s+[\d:?]+(?:\s+\(xfe?r#\d+, (?:ir|to)-ch(?:ec)?k=(\d+)/(\d+)\))?\s*$").ok()
});
static FFMPEG_DURATION: Static = LazyLock::new(|| Regex::new(r"^\s*Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)").ok());
static FFMPEG: Static =
    LazyLock::new(|| Regex::new(r"\bL?size=.*\btime=(\d+):(\d\d):(\d\d(?:\.\d+)?)\s+bitrate=").ok());
/// `2.00MiB 0:00:01 [2.00MiB/s] [====>    ] 34% ETA 0:00:01`
static PV: Static = LazyLock::new(|| {
    Regex::new(r"^\s*(\d+(?:\.\d+)?)\s?([kKMGTP]?)i?B\s+[\d:]+\s+\[\s*[\d.]+\s?\w*/s\](?:.*?\s(\d+)%)?").ok()
});
static TAR: Static = LazyLock::new(|| Regex::new(r"^\S*tar: (?:Write|Read) checkpoint (\d+)").ok());

/// The meter of curl. Its sizes are rounded; without a total it is 0.
pub(super) fn curl(line: &str) -> Option<Progress> {
    let captures = captures(&CURL, line)?;
    let size = |group| size(captures.get(group)?.as_str());
    let (total, received, sent) = (size(1)?, size(2)?, size(3)?);
    Some(Progress::counts(received + sent, Some(total).filter(|total| *total > 0.0), Some("bytes")))
}

/// A line of rsync.
pub(super) struct RsyncLine {
    /// The bytes and the percentage of the whole transfer, or of one file.
    pub(super) bytes: Progress,
    /// The files that are checked, of all files.
    pub(super) files: Option<Progress>,
    /// Whether the line shows the end of one file of many, so that the percentage is not of the whole transfer.
    pub(super) is_one_of_many: bool,
}

/// The line of `rsync --info=progress2`, or of `--progress`.
pub(super) fn rsync(line: &str) -> Option<RsyncLine> {
    let captures = captures(&RSYNC, line)?;
    let number = |group| captures.get(group)?.as_str().parse::<f64>().ok();
    let percent = number(2)?;
    let bytes = Progress {
        current: size(captures.get(1)?.as_str()),
        percent: Some(percent),
        unit: Some("bytes"),
        ..Progress::default()
    };
    let counts = number(3).zip(number(4));
    let files = counts.map(|(left, total)| Progress::counts(total - left, Some(total), Some("files")));
    let is_one_of_many = percent >= 100.0 && counts.is_some_and(|(left, _)| left > 0.0);
    Some(RsyncLine { bytes, files, is_one_of_many })
}

/// The duration of an input, in seconds.
pub(super) fn ffmpeg_duration(line: &str) -> Option<f64> {
    seconds(&captures(&FFMPEG_DURATION, line)?)
}

/// The status of ffmpeg: seconds of the output that are done.
pub(super) fn ffmpeg(line: &str, duration: Option<f64>) -> Option<Progress> {
    seconds(&captures(&FFMPEG, line)?).map(|done| Progress::counts(done, duration, Some("seconds")))
}

/// The line of pv, with a percentage if it knows the size.
pub(super) fn pv(line: &str) -> Option<Progress> {
    let captures = captures(&PV, line)?;
    let current = captures.get(1)?.as_str().parse::<f64>().ok()? * prefix(captures.get(2)?.as_str())?;
    let percent = captures.get(3).and_then(|percent| percent.as_str().parse().ok());
    Some(Progress { current: Some(current), percent, unit: Some("bytes"), ..Progress::default() })
}

/// A checkpoint of tar: the number of records, which are 10 KiB unless an option changes it.
pub(super) fn tar(line: &str) -> Option<Progress> {
    let records = captures(&TAR, line)?.get(1)?.as_str().parse().ok()?;
    Some(Progress::counts(records, None, Some("records")))
}

fn captures<'a>(pattern: &Static, line: &'a str) -> Option<Captures<'a>> {
    pattern.as_ref()?.captures(line)
}

/// Hours, minutes and seconds in the first three groups, in seconds.
fn seconds(captures: &Captures<'_>) -> Option<f64> {
    let number = |group| captures.get(group)?.as_str().parse::<f64>().ok();
    Some((number(1)? * 60.0 + number(2)?) * 60.0 + number(3)?)
}

/// A size such as `7980k`, `40.0M` or `3,309,568`.
fn size(text: &str) -> Option<f64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = text.strip_prefix(digits)?;
    let is_whole = unit.is_empty();
    let digits: String = digits.chars().filter(|character| !(is_whole && ",.'".contains(*character))).collect();
    Some(digits.replace(',', ".").parse::<f64>().ok()? * prefix(unit)?)
}

/// The bytes of a unit such as `k` or `M`. The tools mean 1,024 by it.
fn prefix(unit: &str) -> Option<f64> {
    let power = match unit {
        "" => 0,
        "k" | "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        "P" => 5,
        _ => return None,
    };
    Some(1024_f64.powi(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for pattern in [&CURL, &RSYNC, &FFMPEG_DURATION, &FFMPEG, &PV, &TAR] {
            assert!(pattern.is_some());
        }
    }

    #[test]
    fn sizes_have_prefixes_and_separators() {
        assert_eq!(size("7980k"), Some(7980.0 * 1024.0));
        assert_eq!(size("40.0M"), Some(40.0 * 1024.0 * 1024.0));
        assert_eq!(size("3,309,568"), Some(3_309_568.0));
        assert_eq!(size("3.309.568"), Some(3_309_568.0));
        assert_eq!(size("1.23G"), Some(1.23 * 1024.0 * 1024.0 * 1024.0));
        assert_eq!(size(""), None);
    }

    #[test]
    fn a_curl_without_a_total_shows_only_the_bytes() {
        let line = "100  1024    0  1024    0     0   1500      0 --:--:-- --:--:-- --:--:--  1500";
        assert_eq!(curl(line), Some(Progress::counts(1024.0, Some(1024.0), Some("bytes"))));
        let chunked = "  0     0    0 15.0M    0     0  8191k      0 --:--:--  0:00:01 --:--:-- 8187k";
        assert_eq!(curl(chunked), Some(Progress::counts(15.0 * 1024.0 * 1024.0, None, Some("bytes"))));
        assert_eq!(curl("  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current"), None);
    }
}
