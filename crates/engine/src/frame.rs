//! Frames between the object and the edge: a head line that the relay reads, then the SSE frame, which it forwards
//! unchanged.
//!
//! An example of a head is `1 document k3v9a0.17` and a newline. The first word is the version. A relay ignores frames
//! of an unknown version or kind, because an edge and an object of neighbouring releases must be able to talk.

use protocol::{Document, Problem, answer::End, cursor::Cursor, log_line::LogPage, sse};
use serde::Serialize;

use crate::{
    control,
    crypto::sha256,
    index::{
        cursor::Cursors,
        page::{Page, ShardPage},
        row::Row,
    },
};

/// The version of the frames that this release writes.
pub const VERSION: &str = "1";
/// The maximum length of a head in bytes, its newline included.
pub const HEAD_BYTES: usize = 96;

/// The numbers of the log lines in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// The number of the first line.
    pub first: u64,
    /// The number of the last line.
    pub last: u64,
    /// The epoch of the job. Empty in a frame of a release that did not write it.
    pub epoch: String,
}

/// The kind of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A document with this cursor.
    Document(Cursor),
    /// Log lines of a job.
    Log(LogHead),
    /// The version of the control state, for producers that wait for a request.
    Control(String),
    /// The end of the job; no frame follows.
    End,
    /// A problem; no frame follows.
    Problem,
    /// The first page of one shard of a list, as JSON for the edge.
    Page,
    /// A row of a list that was added, changed or removed. Frames of the same job have the same number.
    Row(u64),
}

impl Kind {
    /// Reads the head of a frame and returns the kind and the length of the head in bytes, its newline included; `None`
    /// for a version or kind that this release does not know.
    ///
    /// ```
    /// use engine::frame::Kind;
    /// let (kind, head_bytes) = Kind::read(b"1 document k3v9a0.17\nid: k3v9a0.17\n").unwrap();
    /// assert!(matches!(kind, Kind::Document(cursor) if cursor.seq() == 17));
    /// assert_eq!(head_bytes, 21);
    /// assert_eq!(Kind::read(b"2 log 8 9\n"), None);
    /// ```
    pub fn read(frame: &[u8]) -> Option<(Kind, usize)> {
        let line = frame.split(|byte| *byte == b'\n').next().filter(|line| line.len() < frame.len())?;
        let mut words = std::str::from_utf8(line).ok()?.split(' ');
        if words.next() != Some(VERSION) {
            return None;
        }
        let number = |words: &mut std::str::Split<'_, char>| words.next()?.parse().ok();
        let kind = match words.next()? {
            "document" => Kind::Document(words.next().and_then(Cursor::parse)?),
            "log" => Kind::Log(LogHead {
                first: number(&mut words)?,
                last: number(&mut words)?,
                epoch: words.next().unwrap_or_default().to_owned(),
            }),
            "control" => Kind::Control(words.next()?.to_owned()),
            "end" => Kind::End,
            "problem" => Kind::Problem,
            "page" => Kind::Page,
            "row" => Kind::Row(number(&mut words)?),
            _ => return None,
        };
        Some((kind, line.len().saturating_add(1)))
    }
}

/// The frame of a document, with the parts of it that are in `view`.
pub fn document(cursor: &Cursor, view: &Document) -> Vec<u8> {
    frame(&format!("document {cursor}"), "", Some(&cursor.to_string()), view)
}

/// The length in bytes of the `id` line at the start of an SSE document frame. The frames of a stream of many jobs do
/// not have this line.
pub fn id_bytes(cursor: &Cursor) -> usize {
    "id: \n".len().saturating_add(cursor.to_string().len())
}

/// The frame of log lines; its head has the numbers of the first and the last of them.
pub fn log(page: &LogPage) -> Vec<u8> {
    let first = page.skipped_from.or(page.lines.first().map(|line| line.number)).unwrap_or(0);
    let last = page.lines.last().map(|line| line.number).or(page.skipped_to).unwrap_or(0);
    frame(&format!("log {first} {last} {}", page.epoch), "log", None, page)
}

/// The frame that notifies a waiting producer of a change. It has no SSE part, because the edge reads the state afterwards.
pub fn control(document: &Document) -> Vec<u8> {
    format!("{VERSION} control {}\n", control::version(document)).into_bytes()
}

/// The frame of the end of a job.
pub fn end(document: &Document) -> Vec<u8> {
    frame("end", "end", None, &End::of(document))
}

/// The frame of a problem of one job.
pub fn problem(job_id: &str, problem: &Problem) -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct JobProblem<'a> {
        job_id: &'a str,
        #[serde(flatten)]
        problem: &'a Problem,
    }
    frame("problem", "problem", None, &JobProblem { job_id, problem })
}

/// The frame of the first page of one shard. The edge reads it, and sends the reader one of all shards.
pub fn shard_page(page: &ShardPage) -> Vec<u8> {
    let page = serde_json::to_string(page).unwrap_or_default();
    format!("{VERSION} page\n{page}").into_bytes()
}

/// The frame of a row of a list, which replaces the row of the same job.
pub fn row(row: &Row) -> Vec<u8> {
    frame(&format!("row {}", number_of(&row.job_id)), "job", None, row)
}

/// The frame of a row that the list has no more.
pub fn removed_row(row: &Row) -> Vec<u8> {
    let data = RemovedRow { job_id: &row.job_id, epoch: &row.epoch };
    frame(&format!("row {}", number_of(&row.job_id)), "removed", None, &data)
}

/// The SSE frame of the first page of a list.
pub fn page(page: &Page, cursors: &Cursors) -> String {
    let mut text = String::new();
    let _ = sse::write_frame(&mut text, "page", None, &escape_line_separators(page.to_json(cursors)));
    text
}

/// The SSE frame of a problem of a whole list.
pub fn list_problem(problem: &Problem) -> String {
    let mut text = String::new();
    if let Ok(data) = serde_json::to_string(problem) {
        let _ = sse::write_frame(&mut text, "problem", None, &escape_line_separators(data));
    }
    text
}

/// The number of a job in the frames of its rows.
fn number_of(job_id: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = sha256(job_id.as_bytes());
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// The data of a `removed` frame.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RemovedRow<'a> {
    /// The id of the job.
    pub job_id: &'a str,
    /// The epoch of the job.
    pub epoch: &'a str,
}

fn frame(head: &str, name: &str, id: Option<&str>, data: &impl Serialize) -> Vec<u8> {
    let mut text = format!("{VERSION} {head}\n");
    // The types of this crate always serialize, and its names and ids are always valid in SSE.
    if let Ok(data) = serde_json::to_string(data) {
        let _ = sse::write_frame(&mut text, name, id, &escape_line_separators(data));
    }
    text.into_bytes()
}

/// Escapes the characters that only some readers take for line ends: NEL, LINE SEPARATOR and PARAGRAPH SEPARATOR.
///
/// An SSE line ends with CR or LF alone (HTML standard, section 9.2.6), but the line iterators of several languages (`iter_lines`
/// of Python's requests, `readline` of Node.js) split there too. In a JSON text they can occur in strings only.
fn escape_line_separators(json: String) -> String {
    const SEPARATORS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];
    if !json.contains(SEPARATORS) {
        return json;
    }
    json.replace('\u{85}', r"\u0085").replace('\u{2028}', r"\u2028").replace('\u{2029}', r"\u2029")
}

#[cfg(test)]
mod tests {
    use protocol::Timestamp;

    use super::*;

    fn document_at(seq: u64) -> Document {
        let mut document = Document::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(0));
        document.seq = seq;
        document
    }

    #[test]
    fn a_written_head_is_read_and_the_rest_is_sse() {
        let document = document_at(17);
        let page = LogPage {
            job_id: "a".to_owned(),
            epoch: "k3v9a0".to_owned(),
            lines: Vec::new(),
            skipped_from: Some(8),
            skipped_to: Some(9),
        };
        for (bytes, kind, starts) in [
            (
                super::document(&document.cursor(), &document),
                Kind::Document(Cursor::new("k3v9a0", 17)),
                "id: k3v9a0.17\ndata: {\"jobId\"",
            ),
            (
                log(&page),
                Kind::Log(LogHead { first: 8, last: 9, epoch: "k3v9a0".to_owned() }),
                "event: log\ndata: {\"jobId\"",
            ),
            (end(&document), Kind::End, "event: end\ndata: {\"jobId\""),
            (
                problem("a", &Problem::job_not_found("a")),
                Kind::Problem,
                "event: problem\ndata: {\"jobId\":\"a\",\"error\"",
            ),
        ] {
            let (read, head) = Kind::read(&bytes).unwrap();
            assert_eq!(read, kind);
            assert!(head <= HEAD_BYTES);
            let text = std::str::from_utf8(&bytes[head..]).unwrap();
            assert!(text.starts_with(starts) && text.ends_with("}\n\n"), "{text}");
        }
    }

    #[test]
    fn no_line_separator_of_any_language_is_in_a_frame() {
        let mut document = document_at(1);
        document.message = Some("line\u{2028}paragraph\u{2029}next\u{85}end".to_owned());
        let bytes = super::document(&document.cursor(), &document);
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(r"line\u2028paragraph\u2029next\u0085end"), "{text}");
        assert!(!text.contains(['\u{85}', '\u{2028}', '\u{2029}']), "{text}");
    }

    #[test]
    fn the_id_line_of_a_document_frame_can_be_stripped() {
        let document = document_at(17);
        let bytes = super::document(&document.cursor(), &document);
        let (_, head) = Kind::read(&bytes).unwrap();
        assert!(bytes[head + id_bytes(&document.cursor())..].starts_with(b"data: {"));
    }

    #[test]
    fn the_longest_head_fits_the_bound() {
        assert!(format!("{VERSION} log {} {} k3v9a0\n", u64::MAX, u64::MAX).len() <= HEAD_BYTES);
    }

    #[test]
    fn the_frames_of_a_row_have_the_number_of_its_job() {
        let of = |job_id: &str| Row { job_id: job_id.to_owned(), epoch: "k3v9a0".to_owned(), ..Row::default() };
        let kind = |frame: &[u8]| Kind::read(frame).unwrap().0;
        let (changed, removed) = (row(&of("a")), removed_row(&of("a")));
        assert_eq!(kind(&changed), kind(&removed));
        assert_ne!(kind(&changed), kind(&row(&of("b"))));
        let text = String::from_utf8(removed).unwrap();
        assert!(text.ends_with("event: removed\ndata: {\"jobId\":\"a\",\"epoch\":\"k3v9a0\"}\n\n"), "{text}");
        let page = shard_page(&ShardPage::default());
        assert_eq!(Kind::read(&page), Some((Kind::Page, 7)));
        assert!(page.ends_with(b"{\"rows\":[],\"read_to\":null}"));
    }

    #[test]
    fn an_unknown_version_or_kind_is_ignored_and_further_words_are_allowed() {
        for line in [
            "",
            "\n",
            "1\n",
            "2 log 1 2\n",
            "1 pause\n",
            "1 document\n",
            "1 document x\n",
            "1 log\n",
            "1 log 1\n",
            " 1 end\n",
            "1 end",
        ] {
            assert_eq!(Kind::read(line.as_bytes()), None, "{line}");
        }
        assert_eq!(Kind::read(b"1 end gzip\n"), Some((Kind::End, 11)));
        let without_epoch = LogHead { first: 8, last: 9, epoch: String::new() };
        assert_eq!(Kind::read(b"1 log 8 9\n"), Some((Kind::Log(without_epoch), 10)));
    }
}
