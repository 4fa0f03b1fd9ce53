//! A row of the index: what a list shows of a job.

use protocol::{
    Document, Status, Timestamp,
    document::{JobError, Object},
    limits::{NAME_BYTES, ROW_TAGS, ROW_TAGS_BYTES},
    number::Number,
};
use serde::{Deserialize, Serialize};

use super::key::RowKey;
use crate::tags;

/// The milliseconds after which a job that changes notifies the index again, although its row is the same.
const RENEWED_MS: u64 = 10 * 86_400_000;

/// The milliseconds for which a shard at least knows that a row was removed, so that a call that is late does not bring it back.
pub const REMOVED_MS: u64 = 3_600_000;

/// The milliseconds from the last change of a row to its expiry. A job renews its row before, so the row outlives the job,
/// whose deletion removes it; only a row of which the index was not notified any more expires: that of a job that was deleted
/// while the index was off, for example.
pub const KEPT_MS: u64 = 60 * 86_400_000;

/// A row of the index: what a list shows of a job, as of the last change of which the index was notified.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ListedJob"))]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The job's id.
    pub job_id: String,
    /// The job's epoch.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9a-z]{6}$")))]
    pub epoch: String,
    /// The number of the change that the row shows.
    pub seq: u64,
    /// The attempt.
    pub attempt: u64,
    /// The lifecycle state.
    pub status: Status,
    /// Percent done at that change, or null.
    #[cfg_attr(feature = "schema", schemars(range(max = 100)))]
    pub progress: Option<Number>,
    /// The message at that change, cut to 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why the job failed, without `details`, its `message` cut to 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<JobError>,
    /// The kind of job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The endpoint or program that runs the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_id: Option<String>,
    /// The priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// The job to which this one belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// The first tags whose value is a string, a number or a boolean.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub tags: Object,
    /// When the job was created.
    pub created_at: Timestamp,
    /// When the job was first running in this attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When the job ended, in whatever state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Seconds from `startedAt` to `endedAt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_time: Option<Number>,
    /// When that change was committed.
    pub updated_at: Timestamp,
}

impl Row {
    /// The row of a job with this document.
    pub fn of(document: &Document) -> Row {
        Row {
            job_id: document.job_id.clone(),
            epoch: document.epoch.clone(),
            seq: document.seq,
            attempt: document.attempt,
            status: document.status,
            progress: document.progress,
            message: document.message.as_deref().map(shortened),
            error: document.error.as_ref().map(shortened_error),
            kind: document.kind.clone(),
            endpoint_id: document.endpoint_id.clone(),
            priority: document.priority.clone(),
            parent_id: document.parent_id.clone(),
            tags: listed_tags(document.tags.as_ref()),
            created_at: document.created_at,
            started_at: document.started_at,
            ended_at: document.ended_at(),
            execution_time: document.execution_time,
            updated_at: document.updated_at,
        }
    }

    /// The key under which the row is stored.
    pub fn key(&self) -> RowKey {
        RowKey { created_at: self.created_at, job_id: self.job_id.clone() }
    }

    /// Whether the row replaces `stored`, the row of the same key. A row that is sent again, or late, does not.
    pub fn replaces(&self, stored: &Row) -> bool {
        self.seq > stored.seq
    }

    /// The tags as a text in which [`tag_line`] finds each of them.
    pub fn tag_lines(&self) -> String {
        let mut text = String::from("\n");
        for (name, value) in &self.tags {
            text.push_str(&tag_json(name, &tags::text_of(value).unwrap_or_default()));
            text.push('\n');
        }
        text
    }

    /// The text in which `q` is searched, in lower case.
    pub fn searched_text(&self) -> String {
        let (code, reason) = self.error.as_ref().map(|error| (&error.code, &error.message)).unzip();
        let (kind, endpoint, message) = (self.kind.as_ref(), self.endpoint_id.as_ref(), self.message.as_ref());
        let texts = [Some(&self.job_id), kind, endpoint, message, code, reason];
        let mut text = String::new();
        for part in texts.into_iter().flatten().cloned().chain(self.tags.values().filter_map(tags::text_of)) {
            text.push_str(&part.to_lowercase());
            text.push('\n');
        }
        text
    }
}

/// The line of a tag in [`Row::tag_lines`], with the line breaks around it. JSON escapes line breaks, so no other line
/// contains it.
pub fn tag_line(name: &str, value: &str) -> String {
    format!("\n{}\n", tag_json(name, value))
}

fn tag_json(name: &str, value: &str) -> String {
    serde_json::json!([name, value]).to_string()
}

/// A number that differs if what the index knows of two documents differs in more than their progress: what is sent at
/// once. It also differs from time to time while the job changes, so that its row does not expire. It has 53 bits, so that
/// every JSON reader keeps it, and is not 0.
pub fn digest(document: &Document) -> u64 {
    let Document { status, attempt, epoch, kind, endpoint_id, priority, parent_id, tags, started_at, .. } = document;
    let mut hash = Fnv::default();
    hash.add(&renewal(document).to_string());
    hash.add(epoch);
    hash.add(status.as_str());
    hash.add(&attempt.to_string());
    hash.add(if started_at.is_some() { "started" } else { "" });
    for text in [kind, endpoint_id, priority, parent_id] {
        hash.add(text.as_deref().unwrap_or("\0"));
    }
    for (name, value) in listed_tags(tags.as_ref()) {
        hash.add(&tag_json(&name, &tags::text_of(&value).unwrap_or_default()));
    }
    (hash.0 >> 11).max(1)
}

/// A number that increases from time to time while the job changes, so that who was notified of it does not forget it.
pub(crate) fn renewal(document: &Document) -> u64 {
    let age = document.updated_at.millis().saturating_sub(document.created_at.millis());
    age.checked_div(RENEWED_MS).unwrap_or_default()
}

/// FNV-1a over texts.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, text: &str) {
        // 0xff occurs in no text, so that the ends of the texts count.
        for byte in text.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// The tags that a row has: the first ones with a simple value and not too long, up to [`ROW_TAGS`] and [`ROW_TAGS_BYTES`].
fn listed_tags(tags: Option<&Object>) -> Object {
    let mut rest = ROW_TAGS_BYTES;
    let simple = tags.into_iter().flatten().filter_map(|(name, value)| Some((name, value, tags::text_of(value)?)));
    let listed = simple.filter(|(name, _, text)| name.len() <= NAME_BYTES && text.len() <= NAME_BYTES).take(ROW_TAGS);
    let listed = listed.map_while(|(name, value, text)| {
        rest = rest.checked_sub(name.len().saturating_add(text.len()))?;
        Some((name.clone(), value.clone()))
    });
    listed.collect()
}

/// The text in at most [`NAME_BYTES`]. Of several lines, as in a stack trace, the first and the last ones are left, because
/// the cause is one of these; a line is cut between two characters.
fn shortened(text: &str) -> String {
    const END: char = '…';
    // It is indented like the lines of a trace, so that it is not taken for the cause.
    const LEFT_OUT: &str = "  …";
    const HALF: usize = (NAME_BYTES - LEFT_OUT.len() - 1) / 2;
    if text.len() <= NAME_BYTES {
        return text.to_owned();
    }
    let (first, last) = (fitting(text.lines(), HALF), fitting(text.lines().rev(), HALF));
    if !first.is_empty() && !last.is_empty() {
        let lines: Vec<&str> = first.into_iter().chain([LEFT_OUT]).chain(last.into_iter().rev()).collect();
        return lines.join("\n");
    }
    let most = NAME_BYTES.saturating_sub(END.len_utf8());
    let cut = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= most).last().unwrap_or_default();
    format!("{}{END}", text.get(..cut).unwrap_or_default())
}

/// The first of the lines, as many as have at most that many bytes with their line breaks.
fn fitting<'a>(lines: impl Iterator<Item = &'a str>, mut bytes: usize) -> Vec<&'a str> {
    let fits = lines.map_while(|line| {
        bytes = bytes.checked_sub(line.len().saturating_add(1))?;
        Some(line)
    });
    fits.collect()
}

/// The error without its details, which have no limit of their own, and with a short message.
fn shortened_error(error: &JobError) -> JobError {
    JobError { code: error.code.clone(), message: shortened(&error.message), details: None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Document {
        Document::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(5))
    }

    #[test]
    fn a_row_has_simple_tags_up_to_the_limit_and_a_message_that_is_cut() {
        let mut document = document();
        let tags = (0..ROW_TAGS + 1).map(|number| (format!("t{number}"), json!(number)));
        let mut tags: Object = [("list".to_owned(), json!([])), ("long".to_owned(), json!("x".repeat(257)))]
            .into_iter()
            .chain(tags)
            .collect();
        tags.insert("t0".to_owned(), json!(true));
        document.tags = Some(tags);
        document.message = Some("é".repeat(200));
        let row = Row::of(&document);
        assert_eq!(row.tags.len(), ROW_TAGS);
        assert!(row.tags.contains_key("t0") && !row.tags.contains_key("list") && !row.tags.contains_key("long"));
        let message = row.message.unwrap();
        assert!(message.len() <= NAME_BYTES && message.ends_with("é…"), "{message}");
    }

    #[test]
    fn a_row_has_the_error_without_its_details_and_is_found_by_its_code_and_message() {
        let mut document = document();
        let details = Some(json!({"line": 7}));
        document.error = Some(JobError { code: "DISK_FULL".to_owned(), message: "No room ".repeat(50), details });
        let row = Row::of(&document);
        let text = row.searched_text();
        assert!(text.contains("disk_full") && text.contains("no room"), "{text}");
        let error = row.error.unwrap();
        assert_eq!((error.code.as_str(), error.details), ("DISK_FULL", None));
        assert!(error.message.len() <= NAME_BYTES && error.message.ends_with("…"), "{}", error.message);
    }

    #[test]
    fn of_a_long_stack_trace_a_row_has_the_first_and_the_last_lines() {
        let frames = "  File \"/srv/import.py\", line 7, in read\n".repeat(50);
        let mut document = document();
        document.message =
            Some(format!("Traceback (most recent call last):\n{frames}ValueError: no such column: \"köln\"\n"));
        let message = Row::of(&document).message.unwrap();
        assert!(
            message.len() <= NAME_BYTES && message.starts_with("Traceback (most recent call last):\n"),
            "{message}"
        );
        assert!(
            message.contains("\n  …\n") && message.ends_with("\nValueError: no such column: \"köln\""),
            "{message}"
        );
        // A first line that is too long leaves no room for others.
        document.message = Some(format!("{}\nend", "x".repeat(300)));
        let message = Row::of(&document).message.unwrap();
        assert!(message.len() <= NAME_BYTES && message.ends_with("x…"), "{message}");
    }

    #[test]
    fn the_tags_of_a_row_have_a_limit_together() {
        let mut document = document();
        // Eight of 256 bytes each are listed, and nothing after one that is past the limit.
        let tags = (0..9).map(|number| (format!("t{number}"), json!("x".repeat(254))));
        document.tags = Some(tags.chain([("z".to_owned(), json!(1))]).collect());
        let row = Row::of(&document);
        assert_eq!(row.tags.len() * 256, ROW_TAGS_BYTES);
        assert!(row.tags.contains_key("t7") && !row.tags.contains_key("z"));
    }

    #[test]
    fn each_tag_is_found_as_a_line_and_no_other() {
        let mut document = document();
        document.tags = json!({"a": "b\n[\"x\",\"y\"]", "n": 7, "c": "d"}).as_object().cloned();
        let lines = Row::of(&document).tag_lines();
        for (name, value, is_found) in
            [("c", "d", true), ("n", "7", true), ("a", "b\n[\"x\",\"y\"]", true), ("x", "y", false), ("c", "", false)]
        {
            assert_eq!(lines.contains(&tag_line(name, value)), is_found, "{name} in {lines:?}");
        }
    }

    #[test]
    fn the_row_of_a_job_that_changes_is_renewed_before_it_expires() {
        const DAY: u64 = 86_400_000;
        let at = |day: u64| {
            let mut document = document();
            document.updated_at = document.created_at.plus_millis(day * DAY);
            digest(&document)
        };
        assert_eq!(at(0), at(9));
        assert_ne!(at(9), at(10));
        assert_ne!(at(10), at(20));
        // The last change, the retention, and the deliveries that can delay the deletion.
        let longest = RENEWED_MS + protocol::limits::RETENTION_SECONDS * 1000 + crate::deadline::DELIVERING_MS;
        assert!(longest + 7 * DAY < KEPT_MS);
    }

    #[test]
    fn the_digest_changes_with_what_a_list_is_filtered_by_and_not_with_progress() {
        let before = document();
        let differs = |change: fn(&mut Document)| {
            let mut after = before.clone();
            change(&mut after);
            digest(&after) != digest(&before)
        };
        assert!(differs(|document| document.status = Status::Running));
        assert!(differs(|document| document.attempt = 2));
        assert!(differs(|document| document.kind = Some("k".to_owned())));
        assert!(differs(|document| document.endpoint_id = Some("k".to_owned())));
        assert!(differs(|document| document.tags = json!({"a": 1}).as_object().cloned()));
        assert!(differs(|document| document.epoch = "other0".to_owned()));
        assert!(!differs(|document| document.progress = Some(Number::HUNDRED)));
        assert!(!differs(|document| document.message = Some("x".to_owned())));
        assert!((1..=protocol::number::MAX_SAFE_INTEGER).contains(&digest(&before)));
    }
}
