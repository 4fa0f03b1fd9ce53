//! Required tags: names and values of which a job must carry each, in a token or in a filter of the index.

use protocol::{
    Problem,
    document::Object,
    fields::Fields,
    limits::{NAME_BYTES, REQUIRED_TAGS},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::crypto::{base64url, from_base64url};

/// The first segment of the path of a command with required tags.
const TAGGED: &str = "/tagged";

/// The path of a command to an object that has to check required tags. An object of a release that knows no tags would ignore
/// the parameter with them and answer; it does not know this path.
///
/// ```
/// use engine::tags::{from_tagged_path, tagged_path};
/// assert_eq!(tagged_path("/document"), "/tagged/document");
/// assert_eq!(from_tagged_path("/tagged/document"), ("/document", true));
/// assert_eq!(from_tagged_path("/document"), ("/document", false));
/// ```
pub fn tagged_path(path: &str) -> String {
    format!("{TAGGED}{path}")
}

/// The path of a command without the segment that says that tags are required, and whether it was there.
pub fn from_tagged_path(path: &str) -> (&str, bool) {
    path.strip_prefix(TAGGED).map_or((path, false), |path| (path, true))
}

/// Names and values of which a job must carry each. The order does not matter, and no name occurs twice.
///
/// ```
/// use engine::tags::RequiredTags;
/// let mut required = RequiredTags::default();
/// required.add("userId".to_owned(), "7".to_owned(), "tags").unwrap();
/// let of = |tags: serde_json::Value| tags.as_object().cloned();
/// assert!(required.are_carried_by(of(serde_json::json!({"userId": "7", "plan": "free"})).as_ref()));
/// assert!(required.are_carried_by(of(serde_json::json!({"userId": 7})).as_ref()));
/// assert!(!required.are_carried_by(of(serde_json::json!({"userId": "8"})).as_ref()));
/// assert!(!required.are_carried_by(None));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequiredTags(Vec<(String, String)>);

impl RequiredTags {
    /// Adds a tag; `field` is the name of the field in problems.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` if the name is empty, the name or the value is longer than [`NAME_BYTES`], there are more tags than
    /// [`REQUIRED_TAGS`], or the name has another value already.
    pub fn add(&mut self, name: String, value: String, field: &str) -> Result<(), Problem> {
        if name.is_empty() {
            return Err(Problem::invalid(field, "must name a tag"));
        }
        if name.len() > NAME_BYTES || value.len() > NAME_BYTES {
            return Err(Problem::past_limit(field, NAME_BYTES, "bytes in the name and in the value"));
        }
        match self.0.iter().find(|(known, _)| *known == name) {
            Some((_, known)) if *known == value => return Ok(()),
            Some(_) => return Err(Problem::invalid(field, "has two values, which no job can carry; send one")),
            None => {}
        }
        if self.0.len() >= REQUIRED_TAGS {
            return Err(Problem::past_limit("tags", REQUIRED_TAGS, "tags"));
        }
        self.0.push((name, value));
        Ok(())
    }

    /// Reads the member `name` of a body: an object of 1 to [`REQUIRED_TAGS`] strings.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the field and the expected form.
    pub fn from_json(value: Value, name: &str) -> Result<RequiredTags, Problem> {
        Fields::of(value.clone(), name)?;
        let mut tags = RequiredTags::default();
        for (tag, value) in value.as_object().cloned().unwrap_or_default() {
            let field = format!("{name}.{tag}");
            let Value::String(value) = value else { return Err(Problem::invalid(&field, "must be a string")) };
            tags.add(tag, value, &field)?;
        }
        if tags.is_empty() {
            return Err(Problem::invalid(name, format_args!("must have 1 to {REQUIRED_TAGS} tags")));
        }
        Ok(tags)
    }

    /// The tags as the object of a claim or a body.
    pub fn to_object(&self) -> Object {
        self.0.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect::<Map<_, _>>()
    }

    /// The tags as a text for a URL that needs no percent-encoding.
    pub fn to_parameter(&self) -> String {
        base64url(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }

    /// The tags of a text that [`RequiredTags::to_parameter`] made; `None` for any other text.
    pub fn from_parameter(text: &str) -> Option<RequiredTags> {
        serde_json::from_slice(&from_base64url(text)?).ok()
    }

    /// Whether no tag is required.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether `tags` has each of these. A tag that is a number or a boolean counts as its JSON text.
    pub fn are_carried_by(&self, tags: Option<&Object>) -> bool {
        let of = |name: &str| tags.and_then(|tags| tags.get(name)).and_then(text_of);
        self.iter().all(|(name, value)| of(name).is_some_and(|text| text == value))
    }
}

/// The text of the value of a tag; `None` if the value has parts, or is null.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(tags: Value) -> Problem {
        RequiredTags::from_json(tags, "tags").unwrap_err()
    }

    #[test]
    fn a_set_of_tags_is_read_at_its_limits_and_refused_past_them() {
        let tags = |count: usize| (0..count).map(|index| (format!("t{index}"), json!("v"))).collect::<Object>();
        assert_eq!(RequiredTags::from_json(tags(REQUIRED_TAGS).into(), "tags").unwrap().iter().count(), REQUIRED_TAGS);
        assert_eq!(refusal(tags(REQUIRED_TAGS + 1).into()).details()["limit"], REQUIRED_TAGS);
        let longest = "x".repeat(NAME_BYTES);
        assert!(RequiredTags::from_json(json!({ longest.clone(): longest.clone() }), "tags").is_ok());
        for tags in [json!({ "a": format!("{longest}x") }), json!({ format!("{longest}x"): "a" })] {
            assert_eq!(refusal(tags).details()["limit"], NAME_BYTES);
        }
        for tags in [json!({}), json!([]), json!("a"), json!({"a": 7}), json!({"a": null}), json!({"": "a"})] {
            assert!(refusal(tags.clone()).details()["field"].as_str().unwrap().starts_with("tags"), "{tags}");
        }
    }

    #[test]
    fn tags_survive_a_url() {
        let tags = RequiredTags::from_json(json!({"a&b=": "é\u{1}#%", "c": ""}), "tags").unwrap();
        let text = tags.to_parameter();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert_eq!(RequiredTags::from_parameter(&text), Some(tags));
        assert_eq!(RequiredTags::from_parameter("x"), None);
    }

    #[test]
    fn a_value_with_parts_is_carried_by_no_job() {
        let tags = RequiredTags::from_json(json!({"a": "null"}), "tags").unwrap();
        for value in [json!(null), json!(["null"]), json!({}), json!("NULL")] {
            assert!(!tags.are_carried_by(json!({"a": value}).as_object()), "{value}");
        }
    }
}
