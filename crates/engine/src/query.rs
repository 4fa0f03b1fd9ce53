//! The query parameters of a request: which are allowed, and how their values are read.

use protocol::{Problem, creation::Replace, id::JobId, include::Include, problem::Code};

use crate::include;

/// The parameter that holds a credential. It may be in any URL, if only to be refused there.
const TOKEN: &str = "token";

/// The name under which polyfills of `EventSource` send the last event that they have seen: they reconnect by themselves, as
/// a browser's `EventSource` does, but cannot rely on a header in every browser.
const LAST_EVENT_ID: &str = "lastEventId";

/// The parameters of a URL, in order, percent-decoded.
#[derive(Clone, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

// The values are left out: one of them may be a token.
impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Query {
    /// The parameters of a URL whose operation knows the parameters `allowed`.
    ///
    /// Parameters that tools add to every URL are dropped: a name that begins with `_`, `t` (both defeat caches), a name that
    /// begins with `utm_` (the source of a link). Any other unknown name may be a mistake of the caller's, and is an error.
    ///
    /// ```
    /// use engine::query::Query;
    /// let pairs = || [("wait".to_owned(), "30".to_owned())];
    /// let query = Query::new(pairs(), &["wait"]).unwrap();
    /// assert_eq!(query.integer("wait", 0, 60), Ok(Some(30)));
    /// let problem = Query::new(pairs(), &["include", "cursor"]).unwrap_err();
    /// assert_eq!(problem.message(), "unknown query parameter `wait`; allowed: include, cursor");
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the first unknown parameter.
    pub fn new(parameters: impl IntoIterator<Item = (String, String)>, allowed: &[&str]) -> Result<Query, Problem> {
        let is_known = |name: &str| name == TOKEN || allowed.contains(&name);
        let query = Query(parameters.into_iter().filter(|(name, _)| is_known(name) || !is_meaningless(name)).collect());
        match query.0.iter().find(|(name, _)| !is_known(name)) {
            None => Ok(query),
            Some((name, _)) => Err(unknown(name, allowed)),
        }
    }

    /// The values of a parameter, which may be repeated.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` if the parameter is repeated.
    pub fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, Problem> {
        only(name, self.all(name))
    }

    /// The value of a parameter that is an integer from `low` to `high`.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` if the value is anything else, or the parameter is repeated.
    pub fn integer(&self, name: &str, low: u64, high: u64) -> Result<Option<u64>, Problem> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        // Rust also parses `+1`.
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let value = text.parse().ok().filter(|value| digits && (low..=high).contains(value));
        value.map(Some).ok_or_else(|| {
            Problem::invalid(name, format_args!("must be an integer from {low} to {high}")).with("limit", high)
        })
    }

    /// The value of a parameter that is `true` or `false`; `false` if it is absent.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` if the value is anything else, or the parameter is repeated.
    pub fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.one(name)? {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Problem::invalid(name, "must be true or false")),
        }
    }

    /// Whether the parameter `replace` is `ended`, its only value: whether a job that has ended is replaced by a new one.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` if the value is anything else, or the parameter is repeated.
    pub fn replaces_ended(&self) -> Result<bool, Problem> {
        match self.one("replace")? {
            None => Ok(false),
            Some(word) if word == Replace::Ended.as_str() => Ok(true),
            Some(_) => Err(Problem::invalid("replace", "must be ended")),
        }
    }

    /// The parameter `parentId` of a report about the job `job_id`, which `can_create` that job.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` if the value is not the id of another job, the parameter is repeated, or the report cannot create a job.
    pub fn parent_id(&self, job_id: &JobId, can_create: bool) -> Result<Option<JobId>, Problem> {
        let Some(text) = self.one("parentId")? else { return Ok(None) };
        let parent_id = JobId::parse(text);
        let parent_id =
            parent_id.ok_or_else(|| Problem::invalid("parentId", format_args!("must be {}", JobId::FORM)))?;
        match (can_create, parent_id == *job_id) {
            (false, _) => Err(Problem::invalid("parentId", "requires create=true or replace=ended; it never changes")),
            (true, true) => Err(Problem::invalid("parentId", "must be the id of another job")),
            (true, false) => Ok(Some(parent_id)),
        }
    }

    /// The last event that the reader of a stream has seen: the value of the `header` `Last-Event-ID`, else of the parameter
    /// `lastEventId`, else of `cursor`. The first two are sent when a connection is opened again, so they are newer than a
    /// `cursor` in the URL with which it was opened first.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` if a parameter is repeated.
    pub fn last_event_id(&self, header: Option<String>) -> Result<Option<String>, Problem> {
        let (last_event_id, cursor) = (self.one(LAST_EVENT_ID)?, self.one("cursor")?);
        Ok(header.or_else(|| last_event_id.filter(|id| !id.is_empty()).or(cursor).map(str::to_owned)))
    }

    /// The parts of a document that the parameter `include` asks for.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the first unknown part.
    pub fn include(&self) -> Result<Include, Problem> {
        include::from_query(self.all("include"))
    }
}

/// The token among the parameters of a URL.
///
/// # Errors
///
/// `INVALID_REQUEST` if there are two.
pub fn token<T: AsRef<str>>(parameters: impl IntoIterator<Item = (T, T)>) -> Result<Option<T>, Problem> {
    only(TOKEN, parameters.into_iter().filter(|(name, _)| name.as_ref() == TOKEN).map(|(_, value)| value))
}

fn only<T>(name: &str, mut values: impl Iterator<Item = T>) -> Result<Option<T>, Problem> {
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(Problem::invalid(name, "appears more than once; send it once")),
    }
}

/// Whether a parameter of this name has no meaning in any API, because tools add it to every URL.
fn is_meaningless(name: &str) -> bool {
    name == "t" || name.starts_with('_') || name.starts_with("utm_")
}

fn unknown(name: &str, allowed: &[&str]) -> Problem {
    let allowed = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
    Problem::new(Code::InvalidRequest, format!("unknown query parameter `{name}`; allowed: {allowed}"))
        .with("field", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: [&str; 3] = ["include", "wait", "create"];

    fn pairs(text: &str) -> Vec<(String, String)> {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn query(text: &str) -> Query {
        Query::new(pairs(text), &ALLOWED).unwrap()
    }

    #[test]
    fn an_unknown_parameter_is_named_together_with_the_allowed_ones() {
        let problem = Query::new(pairs("wait=1&verbose=1"), &ALLOWED).unwrap_err();
        assert_eq!(problem.message(), "unknown query parameter `verbose`; allowed: include, wait, create");
        assert_eq!(problem.details()["field"], "verbose");
        let problem = Query::new(pairs("wait=1"), &[]).unwrap_err();
        assert_eq!(problem.message(), "unknown query parameter `wait`; allowed: none");
    }

    #[test]
    fn parameters_that_tools_add_to_every_url_mean_nothing() {
        let query = Query::new(pairs("_=1&wait=5&t=2&utm_source=mail&__cf=3&t=4"), &["wait"]).unwrap();
        assert_eq!(query, Query(pairs("wait=5")));
        assert_eq!(Query::new(pairs("t=5"), &["t"]).unwrap().one("t"), Ok(Some("5")));
        for name in ["T", "ts", "time", "utm", "a_", "inculde"] {
            assert!(Query::new(pairs(&format!("{name}=1")), &["include"]).is_err(), "{name}");
        }
    }

    #[test]
    fn the_last_event_is_named_by_the_header_then_by_the_polyfill_then_by_the_url() {
        let last = |header: Option<&str>, text: &str| {
            let query = Query::new(pairs(text), &["cursor", "lastEventId"]).unwrap();
            query.last_event_id(header.map(str::to_owned)).unwrap()
        };
        assert_eq!(last(Some("c.3"), "cursor=a.1&lastEventId=b.2").as_deref(), Some("c.3"));
        assert_eq!(last(None, "cursor=a.1&lastEventId=b.2").as_deref(), Some("b.2"));
        assert_eq!(last(None, "cursor=a.1&lastEventId=").as_deref(), Some("a.1"));
        assert_eq!(last(None, "cursor=a.1").as_deref(), Some("a.1"));
        assert_eq!(last(None, ""), None);
        let twice = Query::new(pairs("lastEventId=a&lastEventId=b"), &["lastEventId"]).unwrap();
        assert_eq!(twice.last_event_id(None).unwrap_err().details()["field"], "lastEventId");
    }

    #[test]
    fn a_token_is_allowed_in_every_url_but_only_once() {
        assert!(Query::new(pairs("token=a"), &[]).is_ok());
        assert_eq!(token(pairs("wait=1&token=a")), Ok(Some("a".to_owned())));
        assert_eq!(token(pairs("wait=1")), Ok(None));
        let problem = token(pairs("token=a&token=a")).unwrap_err();
        assert_eq!(problem.message(), "`token` appears more than once; send it once");
    }

    #[test]
    fn debug_shows_no_token() {
        assert_eq!(format!("{:?}", query("wait=1&token=secret")), r#"["wait", "token"]"#);
    }

    #[test]
    fn a_repeated_parameter_is_refused_unless_it_is_a_list() {
        assert_eq!(query("wait=1").one("wait"), Ok(Some("1")));
        assert_eq!(query("wait=1").one("create"), Ok(None));
        let problem = query("wait=1&wait=1").one("wait").unwrap_err();
        assert_eq!(problem.message(), "`wait` appears more than once; send it once");
        assert!(query("include=logs&include=metrics").include().unwrap().metrics());
    }

    #[test]
    fn an_integer_is_accepted_at_both_ends_of_its_range_and_refused_past_them() {
        let read = |text: &str| query(&format!("wait={text}")).integer("wait", 1, 60);
        assert_eq!((read("1"), read("60"), read("007")), (Ok(Some(1)), Ok(Some(60)), Ok(Some(7))));
        assert_eq!(query("").integer("wait", 1, 60), Ok(None));
        for text in ["", "0", "61", "-1", "+1", "1.0", "1e1", " 1", "x", "99999999999999999999"] {
            let problem = read(text).unwrap_err();
            assert_eq!(problem.message(), "`wait` must be an integer from 1 to 60", "{text}");
            assert_eq!(problem.details()["limit"], 60);
        }
    }

    #[test]
    fn the_only_jobs_that_are_replaced_are_those_that_have_ended() {
        let replaces = |text: &str| Query::new(pairs(text), &["replace"]).unwrap().replaces_ended();
        assert_eq!((replaces(""), replaces("replace=ended")), (Ok(false), Ok(true)));
        for text in ["replace=", "replace=true", "replace=running", "replace=Ended", "replace=ended&replace=ended"] {
            assert_eq!(replaces(text).unwrap_err().details()["field"], "replace", "{text}");
        }
    }

    #[test]
    fn a_flag_is_true_or_false_and_nothing_else() {
        assert_eq!(query("").flag("create"), Ok(false));
        assert_eq!(query("create=false").flag("create"), Ok(false));
        assert_eq!(query("create=true").flag("create"), Ok(true));
        for text in ["create=", "create=1", "create=True"] {
            assert!(query(text).flag("create").is_err(), "{text}");
        }
    }
}
