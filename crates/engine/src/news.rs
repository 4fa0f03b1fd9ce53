//! News: what the viewers of a job have not been told yet, and the frames that tell it.

use protocol::{Document, Timestamp, include::Include, limits::LOG_LINES_RESUME, log_line::LogLine};

use crate::{frame, recent::Recent, subscription};

/// Committed changes on their way to the viewers: the newest document, and the lines since the last time, as far as a
/// frame holds them.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    document: Document,
    lines: Recent,
}

impl News {
    /// What one commit brings.
    pub fn of(document: &Document, lines: &[LogLine]) -> News {
        let mut recent = Recent::new(LOG_LINES_RESUME);
        recent.extend(lines);
        News { document: document.clone(), lines: recent }
    }

    /// Adds what a later commit brings: its document replaces the former one, its lines follow.
    pub fn add(&mut self, document: &Document, lines: &[LogLine]) {
        self.document.clone_from(document);
        self.lines.extend(lines);
    }

    /// The frames for a viewer of these parts, in their order; after `true`, nothing follows them.
    pub fn frames(&self, include: Include, now: Timestamp) -> (Vec<Vec<u8>>, bool) {
        let mut frames = Vec::with_capacity(3);
        if include.logs() && !self.lines.is_empty() {
            frames.push(frame::log(&self.lines.page(&self.document.job_id)));
        }
        let ended = subscription::has_ended(&self.document, now);
        subscription::tell(&self.document, include, ended, &mut frames);
        (frames, ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Kind;

    fn line(number: u64) -> LogLine {
        LogLine { number, at: Timestamp::from_millis(0), level: None, message: "x".to_owned() }
    }

    #[test]
    fn of_several_commits_the_last_document_and_all_lines_are_told() {
        let mut document = Document::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(0));
        let mut news = News::of(&document, &[line(1)]);
        document.seq += 1;
        news.add(&document, &[line(2), line(3)]);
        let kinds = |include| {
            let (frames, ended) = news.frames(include, Timestamp::from_millis(0));
            assert!(!ended);
            frames.iter().map(|frame| Kind::read(frame).unwrap().0).collect::<Vec<_>>()
        };
        assert_eq!(kinds(Include::NONE), [Kind::Document(document.cursor())]);
        assert_eq!(kinds(Include::from_bits(1)), [Kind::Log(1, 3), Kind::Document(document.cursor())]);
    }

    #[test]
    fn a_body_of_short_lines_makes_no_long_frame() {
        let document = Document::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(0));
        let lines: Vec<_> = (1..=250_000).map(line).collect();
        let (frames, _) = News::of(&document, &lines).frames(Include::from_bits(1), Timestamp::from_millis(0));
        let text = std::str::from_utf8(&frames[0]).unwrap();
        assert!(text.len() < crate::lane::LOG_BYTES, "{}", text.len());
        assert!(text.starts_with("1 log 1 250000\n") && text.contains(r#""skippedFrom":1,"skippedTo":249000}"#));
    }
}
