//! The log of a job: which of its lines the reader has, and which are new.

use crate::json::Json;

/// Lines that are new to the reader.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewLines<J> {
    /// The lines, oldest first.
    pub lines: Vec<J>,
    /// The first and the last number of the lines that are missing before these; `GET …/logs` returns them.
    pub skipped: Option<(u64, u64)>,
}

/// Lines of one frame or document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Page<J> {
    /// Each with its number, oldest first.
    lines: Vec<(u64, J)>,
    /// The number of the last line that the server skipped, 0 if it skipped none.
    skipped_to: u64,
}

impl<J: Json> Page<J> {
    /// The lines in the data of a `log` frame.
    pub(crate) fn from_frame(data: &J) -> Page<J> {
        let skipped_to = data.number("skippedTo").map_or(0, |number| number as u64);
        Page { lines: numbered(data, "lines"), skipped_to }
    }

    /// The lines that a document includes.
    pub(crate) fn from_document(document: &J) -> Page<J> {
        Page { lines: numbered(document, "logs"), skipped_to: 0 }
    }
}

impl<J> Page<J> {
    /// The number of the first line; in a page without lines, of the last skipped one.
    fn first(&self) -> u64 {
        self.lines.first().map_or(self.skipped_to, |(number, _)| *number)
    }
}

fn numbered<J: Json>(value: &J, key: &str) -> Vec<(u64, J)> {
    value.items(key).into_iter().filter_map(|line| Some((line.number("number")? as u64, line))).collect()
}

/// The log of one job, as far as the reader has it.
///
/// The server sends lines before the document that covers them. Whether they belong to a new job that was created under
/// the same id shows in that document alone. So the lines are held back until it arrives; if the stream is cut in between,
/// the next stream repeats them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Log<J> {
    /// The number of the last line that was emitted or skipped.
    last: u64,
    pending: Vec<Page<J>>,
}

impl<J> Default for Log<J> {
    fn default() -> Log<J> {
        Log { last: 0, pending: Vec::new() }
    }
}

impl<J: Json> Log<J> {
    /// Holds lines back until their document arrives.
    ///
    /// If their numbers start again, the lines that wait are of a former job under the same id, whose document was replaced.
    pub(crate) fn on_page(&mut self, page: Page<J>) {
        if self.pending.last().is_some_and(|former| page.first() <= former.first()) {
            self.pending.clear();
        }
        self.pending.push(page);
    }

    /// Drops the lines whose document will not arrive.
    pub(crate) fn drop_pending(&mut self) {
        self.pending.clear();
    }

    /// Returns the pending lines that are new to the reader, as their document has arrived. `is_recreated` says that the
    /// document is of a new job under the same id, whose log starts again.
    pub(crate) fn on_document(&mut self, is_recreated: bool) -> Vec<NewLines<J>> {
        if is_recreated {
            self.last = 0;
        }
        let pages = std::mem::take(&mut self.pending);
        pages.into_iter().filter_map(|page| self.new_lines(page)).collect()
    }

    fn new_lines(&mut self, page: Page<J>) -> Option<NewLines<J>> {
        let expected = self.last.saturating_add(1);
        let mut first = None;
        let mut lines = Vec::new();
        for (number, line) in page.lines {
            if number > self.last {
                self.last = number;
                first.get_or_insert(number);
                lines.push(line);
            }
        }
        // The skipped lines precede those of the page, if it has any.
        let skipped_to = first.map_or(page.skipped_to, |first| first.saturating_sub(1));
        self.last = self.last.max(skipped_to);
        let skipped = (skipped_to >= expected).then_some((expected, skipped_to));
        (skipped.is_some() || !lines.is_empty()).then_some(NewLines { lines, skipped })
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn page(from: u64, to: u64, skipped_to: u64) -> Page<Value> {
        let lines: Vec<_> = (from..=to).map(|number| json!({"number": number, "message": "x"})).collect();
        Page::from_frame(&json!({"lines": lines, "skippedTo": skipped_to}))
    }

    /// The numbers of the lines, and the range that is missing before them.
    type Emitted = (Vec<u64>, Option<(u64, u64)>);

    fn emitted(log: &mut Log<Value>, page: Page<Value>) -> Vec<Emitted> {
        log.on_page(page);
        let numbers = |new: &NewLines<Value>| new.lines.iter().filter_map(|line| line["number"].as_u64()).collect();
        log.on_document(false).iter().map(|new| (numbers(new), new.skipped)).collect()
    }

    #[test]
    fn a_line_is_emitted_once_and_with_its_document() {
        let mut log = Log::default();
        log.on_page(page(1, 2, 0));
        log.on_page(page(2, 3, 0));
        assert_eq!(log.on_document(false).iter().map(|new| new.lines.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(emitted(&mut log, page(1, 3, 0)), []);
        assert_eq!(emitted(&mut log, page(3, 4, 0)), [(vec![4], None)]);
        log.on_page(page(5, 5, 0));
        log.drop_pending();
        assert_eq!(emitted(&mut log, page(5, 6, 0)), [(vec![5, 6], None)]);
    }

    #[test]
    fn skipped_lines_are_reported_unless_the_reader_has_them() {
        let mut log = Log::default();
        assert_eq!(emitted(&mut log, page(301, 302, 300)), [(vec![301, 302], Some((1, 300)))]);
        assert_eq!(emitted(&mut log, page(1, 0, 302)), []);
        assert_eq!(emitted(&mut log, page(1, 0, 310)), [(vec![], Some((303, 310)))]);
        assert_eq!(emitted(&mut log, page(310, 312, 309)), [(vec![311, 312], None)]);
    }

    #[test]
    fn the_log_of_a_recreated_job_starts_again() {
        let mut log = Log::default();
        assert_eq!(emitted(&mut log, page(1, 9, 0)).len(), 1);
        log.on_page(page(1, 2, 0));
        assert_eq!(log.on_document(true).iter().map(|new| new.lines.len()).collect::<Vec<_>>(), [2]);
        // The document of the former job was replaced by the one of the new job before it was sent.
        log.on_page(page(3, 9, 0));
        log.on_page(page(1, 2, 0));
        assert_eq!(log.on_document(true).iter().map(|new| new.lines.len()).collect::<Vec<_>>(), [2]);
    }
}
