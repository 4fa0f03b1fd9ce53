//! The field `controls`: the requests that a producer honours.

use serde_json::Value;

use crate::{control::ControlRequest, fields, form::Form, problem::Problem};

/// A list of the requests that a producer honours, each of them once.
#[derive(Debug)]
pub struct Controls;

impl Form for Controls {
    type Value = Vec<ControlRequest>;
    #[cfg(feature = "schema")]
    type Schema = Self;

    fn read(value: Value, name: &str) -> Result<Vec<ControlRequest>, Problem> {
        let word = |value, name: &str| fields::word(value, name, ControlRequest::LISTED, ControlRequest::as_str);
        let controls = fields::list(value, name, ControlRequest::LISTED.len(), word)?;
        match fields::first_repeated(&controls, PartialEq::eq) {
            None => Ok(controls),
            Some(index) => Err(Problem::invalid(&format!("{name}[{index}]"), "is an earlier item")),
        }
    }
}

#[cfg(feature = "schema")]
crate::schema::inline_schema!(Controls, "Controls", {
    "type": "array",
    "items": { "enum": ControlRequest::LISTED.map(ControlRequest::as_str) },
    "maxItems": ControlRequest::LISTED.len(),
    "uniqueItems": true
});

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn controls_are_read_in_any_order_and_each_of_them_once() {
        let read = |value| Controls::read(value, "controls");
        assert_eq!(read(json!(["retry", "cancel"])), Ok(vec![ControlRequest::Retry, ControlRequest::Cancel]));
        assert_eq!(read(json!([])), Ok(Vec::new()));
        for (value, field) in [
            (json!("cancel"), "controls"),
            (json!(["resume"]), "controls[0]"),
            (json!(["cancel", "cancel"]), "controls[1]"),
            (json!(["cancel", "pause", "retry", "cancel"]), "controls"),
        ] {
            assert_eq!(read(value.clone()).unwrap_err().details()["field"], field, "{value}");
        }
    }
}
