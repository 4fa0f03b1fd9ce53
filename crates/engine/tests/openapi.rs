//! The OpenAPI document agrees with the code and with PROTOCOL.md.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};

use engine::{
    batch::BatchRequest,
    control::{ControlBatchRequest, ControlOptions},
    mint::MintRequest,
    openapi::document,
    route::Route,
    stream_request::StreamRequest,
};
use protocol::{
    Document, Report,
    control::ControlRequest,
    creation::Creation,
    include::Include,
    limits::{JOBS, LOG_LINE_BYTES, LOG_LINES_RESUME, REPORTS, WAIT_SECONDS},
    problem::Code,
    report,
};
use serde_json::{Value, json};

/// PROTOCOL.md, which is compared with the document.
const PROTOCOL: &str = include_str!("../../protocol/PROTOCOL.md");

const METHODS: [&str; 3] = ["get", "post", "delete"];

/// Every operation, by its method and path, such as `POST /v2/jobs`.
fn operations(document: &Value) -> BTreeMap<String, Value> {
    let paths = document["paths"].as_object().unwrap().iter();
    let named = |(path, item): (&String, &Value)| {
        let operations = item.as_object().unwrap().clone().into_iter();
        let path = path.clone();
        operations.map(move |(method, operation)| {
            assert!(METHODS.contains(&method.as_str()), "{method} {path}");
            (format!("{} {path}", method.to_uppercase()), operation)
        })
    };
    paths.flat_map(named).collect()
}

fn schema<'a>(document: &'a Value, name: &str) -> &'a Value {
    let schema = &document["components"]["schemas"][name];
    assert!(schema.is_object(), "there is no schema {name}");
    schema
}

/// The texts between backticks in a line of Markdown.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The value that a reference points to, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect(reference),
        None => value,
    }
}

fn each(value: &Value, on_value: &mut impl FnMut(&Value)) {
    on_value(value);
    match value {
        Value::Object(members) => members.values().for_each(|member| each(member, on_value)),
        Value::Array(items) => items.iter().for_each(|item| each(item, on_value)),
        _ => {}
    }
}

fn member_names(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn examples(content: &Value) -> impl Iterator<Item = (&String, &Value)> {
    content["examples"].as_object().into_iter().flatten().map(|(name, example)| (name, &example["value"]))
}

#[test]
fn every_reference_resolves() {
    let document = document();
    each(&document, &mut |value| drop(resolved(&document, value).clone()));
}

#[test]
fn the_document_has_an_operation_for_every_route_and_no_other() {
    let routes: BTreeSet<String> = Route::all().map(|(method, template)| format!("{method} {template}")).collect();
    assert_eq!(routes, operations(&document()).into_keys().collect());
}

#[test]
fn the_document_has_the_operations_that_are_headings_of_the_protocol() {
    let headings = PROTOCOL.lines().filter(|line| line.starts_with('#'));
    let mut described: BTreeSet<&str> = headings.flat_map(quoted).filter(|quoted| quoted.contains(" /")).collect();
    assert!(described.remove("GET /openapi.json"), "the document does not describe itself");
    let document = document();
    let operations = operations(&document);
    assert_eq!(operations.keys().map(String::as_str).collect::<BTreeSet<_>>(), described);
}

#[test]
fn operation_ids_are_unique() {
    let operations = operations(&document());
    let ids: BTreeSet<&str> = operations.values().map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), operations.len());
}

#[test]
fn every_code_is_in_the_response_of_its_status_and_in_no_other() {
    let document = document();
    let enumerated = |value: &Value| value["schema"]["allOf"][1]["properties"]["error"]["enum"].clone();
    let mut seen = Vec::new();
    for (name, answer) in document["components"]["responses"].as_object().unwrap() {
        for word in enumerated(&answer["content"]["application/json"]).as_array().unwrap() {
            let code = Code::ALL.iter().find(|code| word == code.as_str()).unwrap();
            assert_eq!(*name, format!("Problem{}", code.http_status()));
            seen.push(code.as_str());
        }
    }
    seen.sort_unstable();
    let mut all: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    all.sort_unstable();
    assert_eq!(seen, all);
    let mut words = Vec::new();
    words.extend(schema(&document, "Code")["enum"].as_array().unwrap().iter().cloned());
    words.sort_unstable_by_key(|word| word.to_string());
    assert_eq!(json!(words), json!(all));
}

#[test]
fn every_operation_lists_the_problems_of_its_credential_and_its_body() {
    for (name, operation) in operations(&document()) {
        let answers = member_names(&operation["responses"]);
        let must: &[&str] = match (name.as_str(), operation.get("requestBody")) {
            ("GET /healthz", _) => &["200", "503"],
            (_, None) => &["400", "401", "403", "500", "503"],
            (_, Some(_)) => &["400", "401", "403", "413", "415", "500", "503"],
        };
        assert!(must.iter().all(|status| answers.contains(status)), "{name} answers {answers:?}");
    }
}

#[test]
fn the_schema_has_the_fields_of_a_report_and_no_other() {
    let document = document();
    let fields: BTreeSet<&str> = Report::FIELDS.iter().map(|field| field.name).collect();
    let report = schema(&document, "Report");
    assert_eq!((member_names(&report["properties"]), &report["additionalProperties"]), (fields.clone(), &json!(false)));
    let creation = schema(&document, "Creation");
    let more = fields.into_iter().chain(["jobId", "replace", "parentId"]).collect();
    assert_eq!((member_names(&creation["properties"]), &creation["additionalProperties"]), (more, &json!(false)));
    for (name, field) in report["properties"].as_object().unwrap() {
        assert!(field.get("description").is_some(), "{name} is not described");
    }
}

#[test]
fn the_limits_of_requests_are_those_of_the_code() {
    let document = document();
    let line = serde_json::to_string(schema(&document, "ReportedLogLine")).unwrap();
    assert!(line.contains(&format!("\"x-cutAfterBytes\":{LOG_LINE_BYTES}")), "{line}");
    let operations = operations(&document);
    let reports = &operations["POST /v2/jobs/{jobId}/reports"]["requestBody"]["content"];
    assert_eq!(reports["application/json"]["schema"]["oneOf"][1]["maxItems"], REPORTS);
    assert_eq!(reports["application/x-ndjson"]["schema"]["maxItems"], REPORTS);
    for (name, list) in [("BatchRequest", "jobIds"), ("StreamRequest", "jobs"), ("TokenRequest", "jobIds")] {
        assert_eq!(schema(&document, name)["properties"][list]["maxItems"], JOBS, "{name}");
    }
    let parameter = |operation: &str, name: &str| {
        let parameters = operations[operation]["parameters"].as_array().unwrap();
        parameters.iter().find(|parameter| parameter["name"] == name).unwrap()["schema"].clone()
    };
    assert_eq!(parameter("GET /v2/jobs/{jobId}/status", "wait")["maximum"], WAIT_SECONDS);
    assert_eq!(parameter("GET /v2/jobs/{jobId}/logs", "limit")["maximum"], LOG_LINES_RESUME);
    assert_eq!(document["components"]["parameters"]["Include"]["schema"]["items"]["enum"], json!(Include::NAMES));
}

fn accepts_options(body: &Value, request: ControlRequest) -> bool {
    ControlOptions::from_body(body.to_string().as_bytes(), request).is_ok()
}

#[test]
fn the_code_accepts_every_example_of_a_body() {
    let operations = operations(&document());
    type Reader = fn(Value) -> bool;
    let readers: [(&str, Reader); 11] = [
        ("POST /v2/jobs", |body| Creation::from_json(body).is_ok()),
        ("POST /v2/jobs/{jobId}/reports", |body| report::from_body(body).is_ok()),
        ("POST /applications/{application}/requests/{requestId}/progress", |body| report::from_body(body).is_ok()),
        ("POST /v2/jobs/status/batch", |body| BatchRequest::from_json(body).is_ok()),
        ("POST /v2/jobs/status/stream", |body| StreamRequest::from_json(body).is_ok()),
        ("POST /v2/jobs/{jobId}/cancel", |body| accepts_options(&body, ControlRequest::Cancel)),
        ("POST /v2/jobs/{jobId}/pause", |body| accepts_options(&body, ControlRequest::Pause)),
        ("POST /v2/jobs/{jobId}/resume", |body| accepts_options(&body, ControlRequest::Resume)),
        ("POST /v2/jobs/{jobId}/retry", |body| accepts_options(&body, ControlRequest::Retry)),
        ("POST /v2/jobs/control/batch", |body| ControlBatchRequest::from_json(body).is_ok()),
        ("POST /v2/tokens", |body| MintRequest::from_json(body).is_ok()),
    ];
    let with_body = operations.iter().filter(|(_, operation)| operation.get("requestBody").is_some());
    let with_body: BTreeSet<&str> = with_body.map(|(name, _)| name.as_str()).collect();
    assert_eq!(with_body, readers.iter().map(|(operation, _)| *operation).collect());
    for (operation, read) in readers {
        let content = operations[operation]["requestBody"]["content"].as_object().unwrap();
        for (media_type, content) in content {
            let mut count = 0;
            for (name, example) in examples(content) {
                assert!(read(example.clone()), "{operation} {media_type} {name}");
                count += 1;
            }
            assert!(count > 0, "{operation} has no example of {media_type}");
        }
    }
}

#[test]
fn every_example_of_a_response_exists() {
    for (name, operation) in operations(&document()) {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            for (example, value) in examples(&answer["content"]["application/json"]) {
                assert!(!value.is_null(), "{name} {status} {example}");
            }
        }
    }
}

#[test]
fn every_example_of_a_document_parses_and_serializes_to_itself() {
    let operations = operations(&document());
    let answers = [("POST /v2/jobs", "201"), ("GET /v2/jobs/{jobId}/status", "200")];
    for (operation, status) in answers {
        let content = &operations[operation]["responses"][status]["content"]["application/json"];
        for (name, example) in examples(content).filter(|(name, _)| *name != "summary") {
            let read: Document =
                serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
            let mut written = serde_json::to_value(&read).unwrap();
            for beside in ["pollAfterMs", "links", "token"] {
                if let Some(value) = example.get(beside) {
                    written[beside] = value.clone();
                }
            }
            assert_eq!(written, *example, "{name}");
        }
    }
}
