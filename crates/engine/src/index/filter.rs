//! Filters: which jobs a list has.

use std::cmp::Reverse;

use protocol::{
    Problem, Status, Timestamp,
    id::JobId,
    limits::{LIST_FILTER_BYTES, LIST_ROWS, NAME_BYTES},
    problem::Code,
};
use serde::{Deserialize, Serialize};

use super::{
    cursor::Cursors,
    key::{Order, RowKey},
    row::Row,
};
use crate::{
    crypto::{base64url, from_base64url},
    query::Query,
    tags::RequiredTags,
};

/// The number of rows of a page if `limit` is absent.
pub const DEFAULT_ROWS: u64 = 50;
/// The parameters of a list, apart from `tags.NAME`, and those of its pages.
const FILTERS: [&str; 8] =
    ["status", "kind", "endpointId", "priority", "parentId", "q", "createdAfter", "createdBefore"];
/// The bytes of a long member of a filter. Without any the filter is not past its limit.
const LONG_BYTES: usize = LIST_FILTER_BYTES / 8;
/// The prefix of the parameters that name a tag.
const TAGS: &str = "tags.";

/// The jobs that a list has: those for which every part holds.
///
/// ```
/// use engine::index::{filter::Filter, row::Row};
/// let pairs = [("kind".to_owned(), "import".to_owned()), ("tags.userId".to_owned(), "7".to_owned())];
/// let filter = Filter::from_query(pairs, &[]).unwrap().0;
/// let row = Row { kind: Some("import".to_owned()), ..Row::default() };
/// assert!(!filter.selects(&row), "the tag is missing");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// The states, any of them; all if it is empty.
    pub statuses: Vec<Status>,
    /// The kind.
    pub kind: Option<String>,
    /// The endpoint.
    pub endpoint_id: Option<String>,
    /// The priority.
    pub priority: Option<String>,
    /// The parent.
    pub parent_id: Option<String>,
    /// The tags, all of them.
    pub tags: RequiredTags,
    /// A text in lower case that the id, the kind, the endpoint, the message, the error or a tag contains.
    pub text: Option<String>,
    /// The earliest creation.
    pub created_after: Option<Timestamp>,
    /// The first creation that is too late.
    pub created_before: Option<Timestamp>,
}

impl Filter {
    /// Reads the parameters of a URL whose operation also knows the parameters `others`, which the query that is returned has.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the parameter and the expected form.
    pub fn from_query(
        pairs: impl IntoIterator<Item = (String, String)>,
        others: &[&str],
    ) -> Result<(Filter, Query), Problem> {
        let (tags, others_of_url): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(name, _)| name.starts_with(TAGS));
        let known: Vec<&str> = FILTERS.into_iter().chain(others.iter().copied()).collect();
        let query = Query::new(others_of_url, &known)?;
        let text = |name: &'static str| {
            let value = query.one(name)?.filter(|value| !value.is_empty());
            match value {
                Some(value) if value.len() > NAME_BYTES => Err(Problem::past_limit(name, NAME_BYTES, "bytes")),
                value => Ok(value.map(str::to_owned)),
            }
        };
        let time = |name: &'static str| {
            let time = |text| Timestamp::read(text).map_err(|error| Problem::invalid(name, error));
            query.one(name)?.map(time).transpose()
        };
        let mut filter = Filter {
            statuses: statuses(query.all("status"))?,
            kind: text("kind")?,
            endpoint_id: text("endpointId")?,
            priority: text("priority")?,
            parent_id: query.one("parentId")?.map(str::to_owned),
            tags: RequiredTags::default(),
            text: text("q")?.map(|text| text.to_lowercase()),
            created_after: time("createdAfter")?,
            created_before: time("createdBefore")?,
        };
        if filter.parent_id.as_deref().is_some_and(|id| JobId::parse(id).is_none()) {
            return Err(Problem::invalid("parentId", format_args!("must be {}", JobId::FORM)));
        }
        for (name, value) in tags {
            let tag = name.strip_prefix(TAGS).unwrap_or_default().to_owned();
            filter.tags.add(tag, value, &name)?;
        }
        Ok((filter, query))
    }

    /// The filter as a text, by which the viewers of the same list are known.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` if it has more than [`LIST_FILTER_BYTES`] bytes.
    pub fn to_text(&self) -> Result<String, Problem> {
        let text = serde_json::to_string(self).unwrap_or_default();
        if text.len() > LIST_FILTER_BYTES { Err(self.too_long()) } else { Ok(text) }
    }

    /// The problem of a filter with too many bytes. It names the members that are long, the longest one first.
    fn too_long(&self) -> Problem {
        let bytes = |text: &Option<String>| serde_json::to_string(text).unwrap_or_default().len();
        // The others have few bytes.
        let mut members = [
            ("tags", serde_json::to_string(&self.tags).unwrap_or_default().len()),
            ("kind", bytes(&self.kind)),
            ("endpointId", bytes(&self.endpoint_id)),
            ("priority", bytes(&self.priority)),
            ("q", bytes(&self.text)),
        ];
        members.sort_by_key(|(_, bytes)| Reverse(*bytes));
        let [(longest, _), ..] = members;
        let long = members.iter().filter(|(_, bytes)| *bytes >= LONG_BYTES).map(|(name, _)| format!("`{name}`"));
        let long = long.collect::<Vec<_>>().join(", ");
        let message = format!(
            "shorten {long}: all filters together, those of the token included, may have at most {LIST_FILTER_BYTES} bytes as JSON"
        );
        Problem::new(Code::InvalidRequest, message).with("field", longest).with("limit", LIST_FILTER_BYTES)
    }

    /// The filter of a text that [`Filter::to_text`] made; `None` for any other text.
    pub fn from_text(text: &str) -> Option<Filter> {
        serde_json::from_str(text).ok()
    }

    /// Whether the list has the job of this row.
    pub fn selects(&self, row: &Row) -> bool {
        let is = |wanted: &Option<String>, value: &Option<String>| wanted.is_none() || wanted == value;
        (self.statuses.is_empty() || self.statuses.contains(&row.status))
            && is(&self.kind, &row.kind)
            && is(&self.endpoint_id, &row.endpoint_id)
            && is(&self.priority, &row.priority)
            && is(&self.parent_id, &row.parent_id)
            && self.tags.are_carried_by(Some(&row.tags))
            && self.text.as_ref().is_none_or(|text| row.searched_text().contains(text.as_str()))
            && self.created_after.is_none_or(|after| after <= row.created_at)
            && self.created_before.is_none_or(|before| row.created_at < before)
    }
}

fn statuses<'a>(values: impl Iterator<Item = &'a str>) -> Result<Vec<Status>, Problem> {
    let mut statuses = Vec::new();
    for word in values.flat_map(|value| value.split(',')).filter(|word| !word.is_empty()) {
        let status = Status::ALL.into_iter().find(|status| status.as_str() == word);
        let allowed = Status::ALL.map(Status::as_str);
        let status = status
            .ok_or_else(|| Problem::invalid("status", format_args!("must be one or more of {}", allowed.join(", "))))?;
        if !statuses.contains(&status) {
            statuses.push(status);
        }
    }
    Ok(statuses)
}

/// A page of a list: its filter, its order, its length, and the row after which it begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListRequest {
    /// The jobs of the list.
    pub filter: Filter,
    /// The order of the rows.
    pub order: Order,
    /// The most rows of the page.
    pub limit: u64,
    /// The last row of the page before.
    pub after: Option<RowKey>,
}

impl ListRequest {
    /// Reads the parameters of the URL of a list, or of a stream of one, which begins with the first page and has no `cursors`.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the parameter and the expected form.
    pub fn from_query(
        pairs: impl IntoIterator<Item = (String, String)>,
        cursors: Option<&Cursors>,
    ) -> Result<ListRequest, Problem> {
        let others: &[&str] = if cursors.is_some() { &["order", "limit", "cursor"] } else { &["order", "limit"] };
        let (filter, query) = Filter::from_query(pairs, others)?;
        let order = match query.one("order")? {
            None => Order::default(),
            Some(name) => Order::parse(name)
                .ok_or_else(|| Problem::invalid("order", format_args!("must be one of {}", Order::NAMES.join(", "))))?,
        };
        let limit = query.integer("limit", 1, LIST_ROWS)?.unwrap_or(DEFAULT_ROWS);
        let after = match cursors {
            Some(cursors) => query.one("cursor")?.filter(|text| !text.is_empty()).map(|text| cursors.read(text)),
            None => None,
        };
        let after = after.transpose()?;
        Ok(ListRequest { filter, order, limit, after })
    }

    /// The request as a text for a URL that needs no percent-encoding.
    pub fn to_parameter(&self) -> String {
        let ListRequest { filter, order, limit, after } = self;
        let after = after.as_ref().map(RowKey::to_parameter);
        base64url(serde_json::json!([filter, order.as_str(), limit, after]).to_string().as_bytes())
    }

    /// The request of a text that [`ListRequest::to_parameter`] made; `None` for any other text.
    pub fn from_parameter(text: &str) -> Option<ListRequest> {
        type Parts = (Filter, String, u64, Option<String>);
        let (filter, order, limit, after): Parts = serde_json::from_slice(&from_base64url(text)?).ok()?;
        let after = match after {
            Some(after) => Some(RowKey::from_parameter(&after)?),
            None => None,
        };
        Some(ListRequest { filter, order: Order::parse(&order)?, limit, after })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::signer::Signer;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn cursors() -> Cursors {
        Cursors::new(&Signer::new(&"s".repeat(32), None).unwrap(), "acme", || [7; 24])
    }

    fn filter(text: &str) -> Filter {
        Filter::from_query(pairs(text), &[]).unwrap().0
    }

    fn refused(text: &str) -> String {
        let problem = ListRequest::from_query(pairs(text), Some(&cursors())).unwrap_err();
        problem.details()["field"].as_str().unwrap().to_owned()
    }

    fn row() -> Row {
        Row {
            job_id: "Import-42".to_owned(),
            status: Status::Failed,
            kind: Some("import".to_owned()),
            endpoint_id: Some("e".to_owned()),
            priority: Some("high".to_owned()),
            parent_id: Some("p".to_owned()),
            message: Some("Ärger mit Zeile 7".to_owned()),
            tags: json!({"userId": "u1", "n": 7, "title": "Nightly"}).as_object().cloned().unwrap(),
            created_at: Timestamp::parse("2026-01-02T00:00:00Z").unwrap(),
            ..Row::default()
        }
    }

    #[test]
    fn every_part_of_a_filter_selects_its_rows_and_no_other() {
        for (text, selects) in [
            ("", true),
            ("status=running,failed", true),
            ("status=running&status=completed", false),
            ("kind=import", true),
            ("kind=Import", false),
            ("endpointId=e", true),
            ("endpointId=x", false),
            ("priority=high", true),
            ("priority=low", false),
            ("parentId=p", true),
            ("parentId=q", false),
            ("tags.userId=u1&tags.n=7", true),
            ("tags.userId=u1&tags.n=8", false),
            ("tags.none=", false),
            ("tags.tags.n=7", false),
            ("q=import-4", true),
            ("q=ÄRGER", true),
            ("q=nightly", true),
            ("q=u1", true),
            ("q=u2", false),
            ("createdAfter=2026-01-02T00:00:00Z", true),
            ("createdAfter=2026-01-02T00:00:00.001Z", false),
            ("createdBefore=2026-01-02T00:00:00Z", false),
            ("createdBefore=2026-01-02T00:00:00.001Z", true),
            ("status=&kind=&endpointId=&priority=&q=", true),
        ] {
            assert_eq!(filter(text).selects(&row()), selects, "{text}");
        }
    }

    #[test]
    fn a_parameter_that_is_wrong_is_named() {
        for (text, field) in [
            ("status=done", "status"),
            ("parentId=a b", "parentId"),
            ("parentId=", "parentId"),
            ("createdAfter=yesterday", "createdAfter"),
            ("createdAfter=", "createdAfter"),
            ("createdBefore=", "createdBefore"),
            ("order=up", "order"),
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("cursor=x", "cursor"),
            ("kind=a&kind=b", "kind"),
            ("tags.=a", "tags."),
            ("tags.a=1&tags.a=2", "tags.a"),
            ("colour=red", "colour"),
        ] {
            assert_eq!(refused(text), field, "{text}");
        }
        let long = "x".repeat(NAME_BYTES + 1);
        for name in ["kind", "q", "tags.a"] {
            assert_eq!(refused(&format!("{name}={long}")), name);
        }
        assert!(ListRequest::from_query(pairs("cursor="), None).is_err(), "a stream has no cursor");
        assert_eq!(ListRequest::from_query(pairs("limit=100"), None).unwrap().limit, 100);
    }

    #[test]
    fn all_filters_together_have_a_limit() {
        let of = |tags: usize, bytes: usize| {
            let tags = (0..tags).map(|tag| (format!("tags.t{tag}"), "x".repeat(bytes)));
            Filter::from_query(tags, &[]).unwrap().0
        };
        let longest = of(10, 256);
        assert_eq!(Filter::from_text(&longest.to_text().unwrap()), Some(longest));
        let mut filter = of(9, 256);
        let rest = LIST_FILTER_BYTES - filter.to_text().unwrap().len();
        filter.text = Some("x".repeat(rest - 2 + 4));
        assert_eq!(filter.to_text().unwrap().len(), LIST_FILTER_BYTES);
        filter.text = Some("x".repeat(rest - 2 + 5));
        assert_eq!(filter.to_text().unwrap_err().details()["limit"], LIST_FILTER_BYTES);
        assert_eq!(Filter::from_text("x"), None);
    }

    #[test]
    fn filters_that_are_too_long_are_named_the_longest_one_first() {
        let refused = |filter: &Filter| {
            let problem = filter.to_text().unwrap_err();
            let names = problem.message().split('`').skip(1).step_by(2).collect::<Vec<_>>().join(",");
            (problem.details()["field"].clone(), names)
        };
        // A control character has six bytes in JSON.
        let long = |bytes: usize| Some("\u{1}".repeat(bytes / 6));
        let mut filter = Filter { kind: long(1_500), endpoint_id: long(1_400), ..Filter::default() };
        assert!(filter.to_text().is_ok());
        filter.text = long(1_530);
        assert_eq!(refused(&filter), (json!("q"), "q,kind,endpointId".to_owned()));
        for tag in 0..10 {
            filter.tags.add(format!("t{tag}"), "x".repeat(256), "tags").unwrap();
        }
        (filter.kind, filter.endpoint_id) = (Some("import".to_owned()), None);
        assert_eq!(refused(&filter), (json!("tags"), "tags,q".to_owned()));
        // All members that are not long have fewer bytes together than a filter may have.
        let parent_id = Some("x".repeat(protocol::limits::JOB_ID_CHARS));
        let short = || long(LONG_BYTES - 2);
        let mut filter =
            Filter { kind: short(), endpoint_id: short(), priority: short(), text: short(), ..Filter::default() };
        (filter.parent_id, filter.statuses) = (parent_id, Status::ALL.to_vec());
        (filter.created_after, filter.created_before) =
            (Some(Timestamp::from_millis(u64::MAX)), Some(Timestamp::from_millis(u64::MAX)));
        assert!(filter.to_text().unwrap().len() + LONG_BYTES < LIST_FILTER_BYTES);
    }

    #[test]
    fn a_request_survives_a_url() {
        let mut text =
            "status=failed&kind=a&tags.b=c&q=É&createdAfter=2026-01-02T00:00:00Z&order=asc&limit=7".to_owned();
        text.push_str(&format!("&cursor={}", cursors().write(&row().key())));
        let request = ListRequest::from_query(pairs(&text), Some(&cursors())).unwrap();
        assert_eq!(request.after, Some(row().key()));
        assert_eq!(ListRequest::from_parameter(&request.to_parameter()), Some(request));
    }
}
