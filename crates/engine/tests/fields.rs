//! Facts that are stated once: each field of a report, each limit and the tables of PROTOCOL.md.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

use engine::openapi::{document, tables::with_tables};
use protocol::{Document, Problem, Report, Status, Timestamp, fold::fold, json, report::Role};
use serde_json::{Map, Value, json};

const PROTOCOL: &str = include_str!("../../protocol/PROTOCOL.md");

fn schema<'a>(openapi: &'a Value, name: &str) -> &'a Value {
    &openapi["components"]["schemas"][name]
}

/// The schema behind a reference, or the schema itself.
fn resolved<'a>(openapi: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => openapi.pointer(reference.trim_start_matches('#')).expect(reference),
        None => schema,
    }
}

/// A report as the API reads it.
fn report(body: &Value) -> Result<Report, Problem> {
    json::parse(body.to_string().as_bytes()).and_then(Report::from_json)
}

#[test]
fn the_tables_of_the_protocol_are_up_to_date() {
    let generated = with_tables(PROTOCOL, &document()).expect("PROTOCOL.md has a broken marker");
    for (line, expected) in PROTOCOL.lines().zip(generated.lines()) {
        assert_eq!(line, expected, "PROTOCOL.md is older than the code; run `cargo xtask build`");
    }
    assert_eq!(PROTOCOL.len(), generated.len());
    assert!(generated.matches("<!-- generated: ").count() >= 5, "PROTOCOL.md has lost a table");
}

/// The bytes after which a text is refused or cut.
fn text_limit(field: &Value) -> Option<u64> {
    field["maxLength"].as_u64().or_else(|| field["x-cutAfterBytes"].as_u64())
}

/// A value that the schema of a field allows; texts are as long as they may be.
fn sample(document: &Value, field: &Value) -> Value {
    let field = resolved(document, field);
    let kind = match &field["type"] {
        Value::Array(kinds) => &kinds[0],
        kind => kind,
    };
    match (kind.as_str(), field["format"].as_str()) {
        (_, _) if field["enum"].is_array() => field["enum"][0].clone(),
        (Some("string"), Some("date-time")) => json!("2026-01-02T03:04:05Z"),
        (Some("string"), _) => "x".repeat(text_limit(field).unwrap() as usize).into(),
        (Some("integer" | "number"), _) => json!(field["minimum"].as_u64().unwrap_or(0).max(7)),
        (Some("boolean"), _) => json!(true),
        (Some("array"), _) => json!([sample(document, &field["items"])]),
        (Some("object"), _) if field["additionalProperties"] != false => json!({ "any": "x".repeat(100) }),
        (Some("object"), _) => {
            let required = field["required"].as_array().cloned().unwrap_or_default();
            let members = required.iter().map(|name| name.as_str().unwrap());
            members
                .map(|name| (name.to_owned(), sample(document, &field["properties"][name])))
                .collect::<Map<_, _>>()
                .into()
        }
        _ => field["anyOf"]
            .as_array()
            .map_or_else(|| json!({ "any": "x".repeat(100) }), |forms| sample(document, &forms[0])),
    }
}

/// A field is said once, in the table of `protocol::report`: this walks each row all the way.
#[test]
fn every_field_of_a_report_reaches_the_document_the_size_limit_and_the_schema() {
    let openapi = document();
    let now = Timestamp::from_millis(1_700_000_000_000);
    for field in Report::FIELDS {
        let name = field.name;
        let value = sample(&openapi, &schema(&openapi, "Report")["properties"][name]);
        let sent = report(&json!({ name: value })).unwrap_or_else(|problem| panic!("{}", problem.message()));
        assert_ne!(sent, Report::default(), "{name} is not read");
        if field.role == Role::Sent {
            continue;
        }
        let mut folded = Document::new("import-42".to_owned(), "k3v9a0".to_owned(), now);
        folded.status = Status::Running;
        fold(&mut folded, Report::default(), now).unwrap();
        // A value with a limit of its own weighs nothing.
        let is_free_form = sent.weight() > 0 && name != "error";
        let free_form_bytes = sent.free_form_bytes_after(&folded);
        fold(&mut folded, sent, now).unwrap();
        let after = serde_json::to_value(&folded).unwrap();
        assert!(!after[name].is_null(), "the fold drops {name}");
        let expected = if is_free_form { json!({ name: after[name] }).to_string().len() - 1 } else { 0 };
        assert_eq!(free_form_bytes, expected, "{name}");
        let shown = &schema(&openapi, "Document")["properties"][name];
        assert!(shown["description"].is_string(), "{name} is not described in the document");
        if field.role == Role::Copied {
            assert_eq!(shown["description"], schema(&openapi, "Report")["properties"][name]["description"], "{name}");
        }
        let cleared = report(&json!({ name: null })).unwrap();
        fold(&mut folded, cleared, now).unwrap();
        assert!(serde_json::to_value(&folded).unwrap().get(name).is_none_or(Value::is_null), "null keeps {name}");
    }
}

#[test]
fn null_is_accepted_exactly_where_the_schema_allows_it() {
    let document = document();
    for (name, field) in schema(&document, "Report")["properties"].as_object().unwrap() {
        let is_null = |schema: &Value| schema["type"] == "null";
        let nullable = field["type"].as_array().is_some_and(|types| types.contains(&json!("null")))
            || field["anyOf"].as_array().is_some_and(|forms| forms.iter().any(is_null))
            || !["type", "$ref", "anyOf", "enum"].iter().any(|key| field.get(key).is_some());
        let taken = Report::from_json(json!({ name: null })).is_ok();
        assert_eq!(taken, nullable, "{name}: {field}");
    }
}

/// A text of `bytes` bytes, a list of `bytes` items, …: the largest value that the schema allows, and one past it.
fn at_and_past_the_limit(field: &Value) -> Vec<(Value, Value)> {
    let limit = |keyword: &str| field[keyword].as_u64().and_then(|limit| usize::try_from(limit).ok());
    let text = |length: usize| Value::from("x".repeat(length));
    // Items that are objects have one required member, which differs between them.
    let required = field["items"]["required"][0].as_str().unwrap_or("id");
    let objects = |count: usize| (0..count).map(|id| json!({ required: id.to_string() })).collect::<Value>();
    let words = field["items"]["enum"].as_array().cloned().unwrap_or_default();
    let items = |count: usize| {
        if words.is_empty() { objects(count) } else { words.iter().cycle().take(count).cloned().collect() }
    };
    let members = |count: usize| (0..count).map(|key| (key.to_string(), "".into())).collect::<Map<_, _>>().into();
    let pair = |limit: usize, value: &dyn Fn(usize) -> Value| (value(limit), value(limit + 1));
    [
        limit("maxLength").map(|limit| pair(limit, &text)),
        limit("maxItems").map(|limit| pair(limit, &items)),
        limit("maxProperties").map(|limit| pair(limit, &members)),
        field["maximum"].as_u64().map(|limit| (limit.into(), (limit + 1).into())),
        field["minimum"].as_u64().map(|limit| (limit.into(), json!(-1))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn the_limits_of_a_report_are_those_of_the_code() {
    let document = document();
    let mut limits = 0;
    for (name, field) in schema(&document, "Report")["properties"].as_object().unwrap() {
        for (largest, past) in at_and_past_the_limit(field) {
            assert!(report(&json!({ name: largest })).is_ok(), "{name} is refused at the limit of {field}");
            let problem = report(&json!({ name: past })).expect_err(name);
            assert_eq!(problem.details()["field"], name.as_str());
            limits += 1;
        }
    }
    assert!(limits > 20, "the schema was not understood");
}
