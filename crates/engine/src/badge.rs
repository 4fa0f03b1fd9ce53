//! The badge of a job: a picture of its state, for pages, mails and chats where no script runs.
//!
//! A badge is an SVG that needs nothing else: no script, no font, no other file. The same job and request give the same bytes.

mod advances;
mod drawing;
mod palette;
mod text;

use protocol::{Document, Problem, Status, limits::BADGE_LABEL_CHARS, number::Number};
use serde::{Deserialize, Serialize};

use self::palette::Tone;
use crate::{
    crypto::{base64url, sha256},
    query::Query,
};

/// The `Content-Type` of a badge.
pub const CONTENT_TYPE: &str = "image/svg+xml";
/// The `Content-Security-Policy` of a badge: its style is in it, and everything else stays forbidden.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
/// The query parameters.
pub const PARAMETERS: [&str; 2] = ["label", "style"];
/// The label of a job that has no kind, and of a badge without a job.
const DEFAULT_LABEL: &str = "job";
/// The bytes of a digest that an ETag has.
const ETAG_BYTES: usize = 16;

/// The form of a badge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// The label and the state beside each other.
    #[default]
    Flat,
    /// The label, a progress bar and the state.
    Bar,
}

impl Style {
    /// The values of the parameter `style`.
    pub const NAMES: [&'static str; 2] = ["flat", "bar"];

    fn parse(word: &str) -> Option<Style> {
        match word {
            "flat" => Some(Style::Flat),
            "bar" => Some(Style::Bar),
            _ => None,
        }
    }
}

/// What a badge shows of a job: some fields of its document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    status: Status,
    progress: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
}

impl Shown {
    /// What the badge of this document shows.
    pub fn of(document: &Document) -> Shown {
        Shown { status: document.status, progress: document.progress, kind: document.kind.clone() }
    }

    /// The percentage that is done, as a bar shows it: all of a completed job.
    fn percent(&self) -> f64 {
        match self.status {
            Status::Completed => 100.0,
            _ => self.progress.map_or(0.0, Number::get).clamp(0.0, 100.0),
        }
    }

    /// The state in words, with the percentage if the job has begun and has not ended.
    fn words(&self) -> String {
        let status = self.status.as_str();
        match self.progress.filter(|_| !self.status.is_terminal() && self.status != Status::Queued) {
            // Rounded down: 100 % is said of nothing that is not complete.
            Some(progress) => format!("{status} {} %", progress.get().clamp(0.0, 100.0).floor()),
            None => status.to_owned(),
        }
    }
}

/// The look of a badge, as its reader requests it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BadgeRequest {
    /// The text before the state; the kind of the job if it is absent, and none if it is empty.
    pub label: Option<String>,
    /// The form.
    pub style: Style,
}

impl BadgeRequest {
    /// Reads the query parameters `label` and `style`.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` if one is repeated, the label is too long, or the style is unknown.
    pub fn from_query(query: &Query) -> Result<BadgeRequest, Problem> {
        let label = query.one("label")?.map(str::to_owned);
        if label.as_ref().is_some_and(|label| label.chars().count() > BADGE_LABEL_CHARS) {
            return Err(Problem::past_limit("label", BADGE_LABEL_CHARS, "characters"));
        }
        let style = match query.one("style")? {
            None => Style::default(),
            Some(word) => Style::parse(word).ok_or_else(|| {
                Problem::invalid("style", format_args!("must be one of {}", Style::NAMES.join(", ")))
                    .with("allowed", Style::NAMES.to_vec())
            })?,
        };
        Ok(BadgeRequest { label, style })
    }

    /// The badge of a job as SVG.
    ///
    /// ```
    /// use engine::badge::{BadgeRequest, Shown};
    /// let svg = BadgeRequest::default().of_job(&Shown::default());
    /// assert!(svg.contains("<title>job: queued</title>"), "{svg}");
    /// ```
    pub fn of_job(&self, job: &Shown) -> String {
        self.draw(job.kind.as_deref(), &job.words(), job.percent(), Tone::of(job.status))
    }

    /// The picture in place of a badge that is refused with this HTTP status. It says no more than the status.
    pub fn of_refusal(&self, status: u16) -> String {
        self.draw(None, words_of(status), 0.0, Tone::Neutral)
    }

    fn draw(&self, kind: Option<&str>, state: &str, percent: f64, tone: Tone) -> String {
        let label = text::label(self.label.as_deref().or(kind).unwrap_or(DEFAULT_LABEL));
        drawing::draw(self.style, &label, state, percent, tone)
    }
}

/// Why there is no badge, in words for people who look at a page.
fn words_of(status: u16) -> &'static str {
    match status {
        400 => "invalid request",
        401 => "invalid token",
        403 => "access denied",
        404 => "not found",
        429 => "too many requests",
        _ => "unavailable",
    }
}

/// The entity tag of a badge, which changes only with the picture: most changes of a job are too small to be seen in it.
pub fn etag(svg: &str) -> String {
    let digest = sha256(svg.as_bytes());
    format!("\"{}\"", base64url(digest.get(..ETAG_BYTES).unwrap_or(&digest)))
}

/// Whether the caller wants a picture also of a problem, as `<img>` does: its header `Accept` names images. Programs that do
/// not say so get the problem as JSON, as from every other operation.
pub fn accepts_images(accept: &str) -> bool {
    accept.split(',').any(|range| range.trim_start().starts_with("image/"))
}

#[cfg(test)]
mod tests;
