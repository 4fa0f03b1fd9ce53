//! The log: which lines a reader has, and which are new.

use crate::json::Json;

/// Lines that are new to a reader.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct News<J> {
    /// The lines, oldest first.
    pub lines: Vec<J>,
    /// The first and the last number that are missing before these lines; `GET …/logs` has them.
    pub skipped: Option<(u64, u64)>,
}

/// Lines as they were sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Page<J> {
    /// Each with its number, oldest first.
    lines: Vec<(u64, J)>,
    /// The last line that was left out.
    skipped_to: u64,
}

impl<J: Json> Page<J> {
    /// The page that a `log` frame is.
    pub(crate) fn read(page: &J) -> Page<J> {
        Page { lines: numbered(page, "lines"), skipped_to: page.number("skippedTo").map_or(0, |number| number as u64) }
    }

    /// The lines that a document includes.
    pub(crate) fn within(document: &J) -> Page<J> {
        Page { lines: numbered(document, "logs"), skipped_to: 0 }
    }
}

fn numbered<J: Json>(of: &J, key: &str) -> Vec<(u64, J)> {
    of.items(key).into_iter().filter_map(|line| Some((line.number("number")? as u64, line))).collect()
}

/// The log of one job, as far as it was heard.
///
/// Lines are sent before the document that covers them, and which job they are of, should it have been made again
/// meanwhile, shows in that document alone. So they are held back until it comes: a stream that is cut in between
/// repeats them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Log<J> {
    /// The last line that was handed on, or left out.
    last: u64,
    waiting: Vec<Page<J>>,
}

impl<J> Default for Log<J> {
    fn default() -> Log<J> {
        Log { last: 0, waiting: Vec::new() }
    }
}

impl<J: Json> Log<J> {
    /// Holds lines back.
    pub(crate) fn hear(&mut self, page: Page<J>) {
        self.waiting.push(page);
    }

    /// Forgets lines whose document will not come.
    pub(crate) fn forget_waiting(&mut self) {
        self.waiting.clear();
    }

    /// The document has come: hands on what is new to the reader. `anew` says that it is another job's log now.
    pub(crate) fn take(&mut self, anew: bool) -> Vec<News<J>> {
        if anew {
            self.last = 0;
        }
        let pages = std::mem::take(&mut self.waiting);
        pages.into_iter().filter_map(|page| self.new_of(page)).collect()
    }

    fn new_of(&mut self, page: Page<J>) -> Option<News<J>> {
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
        // What was left out lies before the lines of the page, where it has any.
        let skipped_to = first.map_or(page.skipped_to, |first| first.saturating_sub(1));
        self.last = self.last.max(skipped_to);
        let skipped = (skipped_to >= expected).then_some((expected, skipped_to));
        (skipped.is_some() || !lines.is_empty()).then_some(News { lines, skipped })
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn page(from: u64, to: u64, skipped_to: u64) -> Page<Value> {
        let lines: Vec<_> = (from..=to).map(|number| json!({"number": number, "message": "x"})).collect();
        Page::read(&json!({"lines": lines, "skippedTo": skipped_to}))
    }

    /// The numbers of the lines, and what is missing before them.
    type Told = (Vec<u64>, Option<(u64, u64)>);

    fn told(log: &mut Log<Value>, page: Page<Value>) -> Vec<Told> {
        log.hear(page);
        let numbers = |news: &News<Value>| news.lines.iter().filter_map(|line| line["number"].as_u64()).collect();
        log.take(false).iter().map(|news| (numbers(news), news.skipped)).collect()
    }

    #[test]
    fn a_line_is_handed_on_once_and_with_its_document() {
        let mut log = Log::default();
        log.hear(page(1, 2, 0));
        log.hear(page(2, 3, 0));
        assert_eq!(log.take(false).iter().map(|news| news.lines.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(told(&mut log, page(1, 3, 0)), []);
        assert_eq!(told(&mut log, page(3, 4, 0)), [(vec![4], None)]);
        log.hear(page(5, 5, 0));
        log.forget_waiting();
        assert_eq!(told(&mut log, page(5, 6, 0)), [(vec![5, 6], None)]);
    }

    #[test]
    fn lines_that_were_left_out_are_named_unless_they_are_there() {
        let mut log = Log::default();
        assert_eq!(told(&mut log, page(301, 302, 300)), [(vec![301, 302], Some((1, 300)))]);
        assert_eq!(told(&mut log, page(1, 0, 302)), []);
        assert_eq!(told(&mut log, page(1, 0, 310)), [(vec![], Some((303, 310)))]);
        assert_eq!(told(&mut log, page(310, 312, 309)), [(vec![311, 312], None)]);
    }

    #[test]
    fn a_job_made_again_has_another_log() {
        let mut log = Log::default();
        assert_eq!(told(&mut log, page(1, 9, 0)).len(), 1);
        log.hear(page(1, 2, 0));
        assert_eq!(log.take(true).iter().map(|news| news.lines.len()).collect::<Vec<_>>(), [2]);
    }
}
