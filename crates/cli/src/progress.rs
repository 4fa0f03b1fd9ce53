//! The progress in what a program prints: the formats of well-known tools, counts and percentages, or a pattern of the user.
//!
//! Each format is a pure function of one line. [`Reader`] has what one line cannot say, such as the duration of a video.

mod counts;
mod pattern;
mod tools;

pub(crate) use pattern::Pattern;

/// The progress that one line shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Progress {
    /// Units done.
    pub(crate) current: Option<f64>,
    /// Units in total.
    pub(crate) total: Option<f64>,
    /// Percent done, if it does not follow from the counts.
    pub(crate) percent: Option<f64>,
    /// What is counted.
    pub(crate) unit: Option<&'static str>,
    /// What the program is doing.
    pub(crate) message: Option<String>,
}

impl Progress {
    fn counts(current: f64, total: Option<f64>, unit: Option<&'static str>) -> Progress {
        Progress { current: Some(current), total, unit, ..Progress::default() }
    }
}

/// Reads the lines of one program.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pattern: Option<Pattern>,
    /// The longest duration of the inputs of ffmpeg, in seconds.
    duration: Option<f64>,
    /// Whether rsync shows each file by itself (`--progress`), so that its percentages are of one file.
    rsync_by_file: bool,
    /// Whether a tool was recognised. Then other numbers of its output, such as statistics, are not taken for progress.
    has_tool: bool,
}

impl Reader {
    /// A reader of this pattern alone, or of all formats.
    pub(crate) fn new(pattern: Option<Pattern>) -> Reader {
        Reader { pattern, ..Reader::default() }
    }

    /// The progress in the newest of these lines that shows one.
    pub(crate) fn newest<'a>(&mut self, lines: impl DoubleEndedIterator<Item = &'a str> + Clone) -> Option<Progress> {
        if let Some(pattern) = &self.pattern {
            return lines.rev().find_map(|line| pattern.read(line));
        }
        for duration in lines.clone().filter_map(tools::ffmpeg_duration) {
            self.duration = Some(self.duration.map_or(duration, |longest| longest.max(duration)));
        }
        let is_one_of_many = |line| tools::rsync(line).is_some_and(|line| line.is_one_of_many);
        self.rsync_by_file = self.rsync_by_file || lines.clone().any(is_one_of_many);
        let of_tool = lines.clone().rev().find_map(|line| self.of_tool(line));
        if of_tool.is_some() || self.has_tool {
            self.has_tool = true;
            return of_tool;
        }
        lines.rev().find_map(|line| counts::count(line).or_else(|| counts::percentage(line)))
    }

    fn of_tool(&self, line: &str) -> Option<Progress> {
        tools::curl(line)
            .or_else(|| self.rsync(line))
            .or_else(|| tools::ffmpeg(line, self.duration))
            .or_else(|| tools::pv(line))
            .or_else(|| tools::tar(line))
    }

    fn rsync(&self, line: &str) -> Option<Progress> {
        let line = tools::rsync(line)?;
        if self.rsync_by_file { line.files } else { Some(line.bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All progress that a recorded output shows, line by line.
    fn all(recording: &str) -> Vec<Progress> {
        let mut reader = Reader::new(None);
        recording.split(['\r', '\n']).filter_map(|line| reader.newest([line].into_iter())).collect()
    }

    fn currents(progress: &[Progress]) -> Vec<f64> {
        progress.iter().filter_map(|progress| progress.current).collect()
    }

    fn is_sorted(numbers: &[f64]) -> bool {
        numbers.windows(2).all(|pair| pair[0] <= pair[1])
    }

    #[test]
    fn curl_shows_bytes_of_a_total() {
        let all = all(include_str!("../recordings/curl.txt"));
        assert_eq!(all.len(), 6);
        assert_eq!(all[1], Progress::counts(7980.0 * 1024.0, Some(40.0 * 1024.0 * 1024.0), Some("bytes")));
        assert_eq!(all[5].current, all[5].total);
    }

    #[test]
    fn the_bar_of_curl_shows_a_percentage() {
        let percents: Vec<_> = all(include_str!("../recordings/curl-bar.txt"))
            .into_iter()
            .filter_map(|progress| progress.percent)
            .collect();
        assert_eq!((percents.first(), percents.last()), (Some(&24.2), Some(&100.0)));
    }

    #[test]
    fn rsync_shows_the_bytes_of_the_whole_transfer() {
        let all = all(include_str!("../recordings/rsync-progress2.txt"));
        assert_eq!((all[1].current, all[1].percent, all[1].unit), (Some(3_309_568.0), Some(39.0), Some("bytes")));
        assert_eq!(all.last().unwrap().percent, Some(100.0));
        assert!(is_sorted(&currents(&all)));
    }

    #[test]
    fn rsync_that_shows_each_file_by_itself_counts_files() {
        let all = all(include_str!("../recordings/rsync-progress.txt"));
        let files: Vec<_> = all.iter().filter(|progress| progress.unit == Some("files")).collect();
        assert_eq!((files[0].current, files[0].total), (Some(2.0), Some(42.0)));
        assert_eq!(files.last().unwrap().current, Some(42.0));
        assert!(is_sorted(&currents(&all)[all.len() - files.len()..]));
    }

    #[test]
    fn ffmpeg_shows_its_time_of_the_duration_of_its_input() {
        let all = all(include_str!("../recordings/ffmpeg.txt"));
        assert_eq!(all[7], Progress::counts(2.0, Some(6.0), Some("seconds")));
        assert_eq!(all.last().unwrap().current, Some(5.88), "the statistics after the end are no progress");
    }

    #[test]
    fn pv_shows_bytes_and_its_percentage_if_it_knows_the_size() {
        let sized = all(include_str!("../recordings/pv.txt"));
        assert_eq!((sized[0].current, sized[0].percent), (Some(2.0 * 1024.0 * 1024.0), Some(34.0)));
        assert_eq!(sized.last().unwrap().percent, Some(100.0));
        let piped = all(include_str!("../recordings/pv-nosize.txt"));
        assert_eq!((piped[0].current, piped[0].percent), (Some(3.0 * 1024.0 * 1024.0), None));
        assert_eq!(all(include_str!("../recordings/pv-stdin.txt"))[0].percent, Some(52.0));
    }

    #[test]
    fn tar_shows_the_records_that_it_has_written_or_read() {
        for recording in [include_str!("../recordings/tar.txt"), include_str!("../recordings/tar-read.txt")] {
            let all = all(recording);
            assert_eq!(all[0], Progress::counts(100.0, None, Some("records")));
            assert_eq!(all.last().unwrap().current, Some(800.0));
        }
    }

    #[test]
    fn the_statistics_of_a_tool_are_no_progress_also_if_they_come_in_one_block() {
        let lines: Vec<&str> = include_str!("../recordings/ffmpeg.txt").split(['\r', '\n']).collect();
        assert_eq!(
            Reader::new(None).newest(lines.into_iter()),
            Some(Progress::counts(5.88, Some(6.0), Some("seconds")))
        );
    }

    #[test]
    fn the_newest_line_of_a_block_counts() {
        let mut reader = Reader::new(None);
        let newest = reader.newest(["1/10", "2/10", "done with 2"].into_iter());
        assert_eq!(newest, Some(Progress::counts(2.0, Some(10.0), None)));
    }
}
