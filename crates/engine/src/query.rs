//! The query parameters of a request: which are allowed, and how their values are read.

use protocol::{Problem, include::Include, problem::Code};

use crate::include;

/// The parameter that holds a credential. It may be in any URL, if only to be refused there.
const TOKEN: &str = "token";

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
        let query = Query(parameters.into_iter().collect());
        match query.0.iter().find(|(name, _)| name != TOKEN && !allowed.contains(&name.as_str())) {
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
    fn a_flag_is_true_or_false_and_nothing_else() {
        assert_eq!(query("").flag("create"), Ok(false));
        assert_eq!(query("create=false").flag("create"), Ok(false));
        assert_eq!(query("create=true").flag("create"), Ok(true));
        for text in ["create=", "create=1", "create=True"] {
            assert!(query(text).flag("create").is_err(), "{text}");
        }
    }
}
