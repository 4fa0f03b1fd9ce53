//! The parameter `include` of URLs and bodies: the parts of a document that a reader asks for.

use protocol::{Problem, fields, include::Include};
use serde_json::Value;

/// Reads the values of the query parameter: names, comma-separated or repeated.
///
/// # Errors
///
/// `INVALID_REQUEST` that names the unknown member and lists the allowed ones.
pub fn from_query<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Include, Problem> {
    Include::parse(values).map_err(|name| unknown(&name))
}

/// Reads the member of a body: a list of names, which may not contain commas.
///
/// # Errors
///
/// `INVALID_REQUEST` if it is not a list of strings, is too long, or has an unknown member.
///
/// ```
/// use engine::include;
/// let include = include::from_body(serde_json::json!(["logs"]), "include").unwrap();
/// assert!(include.logs() && !include.metrics());
/// let problem = include::from_body(serde_json::json!(["gpu"]), "include").unwrap_err();
/// assert_eq!(problem.message(), "`include` has the unknown member `gpu`; allowed: logs, metrics, resources");
/// ```
pub fn from_body(value: Value, name: &str) -> Result<Include, Problem> {
    let names = fields::list(value, name, Include::NAMES.len(), fields::short)?;
    match names.iter().find(|name| !Include::NAMES.contains(&name.as_str())) {
        Some(name) => Err(unknown(name)),
        None => from_query(names.iter().map(String::as_str)),
    }
}

fn unknown(name: &str) -> Problem {
    let allowed = Include::NAMES;
    Problem::invalid("include", format_args!("has the unknown member `{name}`; allowed: {}", allowed.join(", ")))
        .with("allowed", allowed.map(Value::from).to_vec())
}

/// The schema of `include` in a body.
#[cfg(feature = "schema")]
pub(crate) struct IncludeList;

#[cfg(feature = "schema")]
impl schemars::JsonSchema for IncludeList {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Include".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names = Include::NAMES;
        let items = serde_json::json!({ "type": "string", "enum": names });
        schemars::json_schema!({ "type": "array", "items": items, "maxItems": names.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn commas_separate_names_in_a_url_but_not_in_a_body() {
        assert_eq!(from_query(["logs,metrics", "logs"]), from_body(json!(["logs", "metrics"]), "include"));
        assert_eq!(from_query([""]), Ok(Include::NONE));
        for body in [json!(["logs,metrics"]), json!([""]), json!("logs"), json!(["logs", 1])] {
            assert!(from_body(body.clone(), "include").is_err(), "{body}");
        }
    }

    #[test]
    fn an_unknown_member_is_named_together_with_the_allowed_ones() {
        for problem in [from_query(["logs,gpu"]).unwrap_err(), from_body(json!(["gpu"]), "include").unwrap_err()] {
            assert_eq!(problem.message(), "`include` has the unknown member `gpu`; allowed: logs, metrics, resources");
            assert_eq!(problem.details()["allowed"], json!(Include::NAMES));
        }
    }
}
