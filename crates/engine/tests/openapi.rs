//! The OpenAPI document agrees with the code and with PROTOCOL.md.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::{BTreeMap, BTreeSet};

use engine::mint::MintRequest;
use engine::openapi::document;
use protocol::{
    Document, Problem, Report, Timestamp,
    creation::Creation,
    fold::fold,
    include::Include,
    json,
    limits::{JOBS, LOG_LINE_BYTES, LOG_LINES_RESUME, REPORTS, WAIT_SECONDS},
    problem::Code,
    report::{self, Role},
};
use serde_json::{Map, Value, json};

/// The words of PROTOCOL.md and of the edge's table of routes, to be held against the document.
const PROTOCOL: &str = include_str!("../../protocol/PROTOCOL.md");
const LIMITS: &str = include_str!("../../protocol/src/limits.rs");
const ROUTES: &str = include_str!("../../edge/src/route.rs");

const REPORTS_SECTION: &str = "\n## 5. Reports\n";

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

/// The rows of the first table in a section of PROTOCOL.md, each with its cells.
fn table(section: &str) -> Vec<Vec<&'static str>> {
    let (_, text) = PROTOCOL.split_once(section).unwrap();
    let rows = text.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    // The first two lines are the head and the rule under it.
    rows.skip(2).map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
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
fn the_document_has_the_routes_of_the_edge_and_no_other() {
    let document = document();
    let template = |line: &str| {
        let (_, text) = line.split_once(" \"/")?;
        Some(format!("/{}", text.split('"').next()?))
    };
    let (_, templates) = ROUTES.split_once("fn template").unwrap();
    let routes: BTreeSet<String> = templates.lines().take_while(|line| *line != "}").filter_map(template).collect();
    // A route whose arm is a block has its template on a line of its own.
    let paths: BTreeSet<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(routes, paths);
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
            let code = Code::ALL.into_iter().find(|code| word == code.as_str()).unwrap();
            assert_eq!(*name, format!("Problem{}", code.http_status()));
            seen.push(code.as_str());
        }
    }
    seen.sort_unstable();
    let mut all = Code::ALL.map(Code::as_str);
    all.sort_unstable();
    assert_eq!(seen, all);
    let mut words = Vec::new();
    words.extend(schema(&document, "Code")["enum"].as_array().unwrap().iter().cloned());
    words.sort_unstable_by_key(|word| word.to_string());
    assert_eq!(json!(words), json!(all));
}

#[test]
fn every_code_is_in_the_table_of_the_protocol() {
    for code in Code::ALL {
        let row = format!("| `{}` | {} |", code.as_str(), code.http_status());
        assert!(PROTOCOL.contains(&row), "PROTOCOL.md has no row {row}");
    }
}

#[test]
fn every_operation_lists_the_problems_of_its_credential_and_its_body() {
    for (name, operation) in operations(&document()) {
        let answers = member_names(&operation["responses"]);
        let must: &[&str] = match (name.as_str(), operation.get("requestBody")) {
            ("GET /healthz", _) => &["200"],
            (_, None) => &["400", "401", "403", "500", "503"],
            (_, Some(_)) => &["400", "401", "403", "413", "415", "500", "503"],
        };
        assert!(must.iter().all(|status| answers.contains(status)), "{name} answers {answers:?}");
    }
}

#[test]
fn the_schema_and_the_protocol_have_the_fields_of_a_report_and_no_other() {
    let document = document();
    let fields: BTreeSet<&str> = Report::FIELDS.iter().map(|field| field.name).collect();
    let report = schema(&document, "Report");
    assert_eq!((member_names(&report["properties"]), &report["additionalProperties"]), (fields.clone(), &json!(false)));
    let creation = schema(&document, "Creation");
    let more = fields.into_iter().chain(["jobId"]).collect();
    assert_eq!((member_names(&creation["properties"]), &creation["additionalProperties"]), (more, &json!(false)));
    for (name, field) in report["properties"].as_object().unwrap() {
        assert!(field.get("description").is_some(), "{name} is not described");
    }
    let rows = table(REPORTS_SECTION);
    let mut named: Vec<_> = rows.iter().flat_map(|row| quoted(row[0])).collect();
    named.sort_unstable();
    let mut fields: Vec<_> = Report::FIELDS.iter().map(|field| field.name).collect();
    fields.sort_unstable();
    assert_eq!(named, fields, "the table of PROTOCOL.md has these fields, the code those");
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
        (Some("string"), _) => "x".repeat(field["maxLength"].as_u64().unwrap() as usize).into(),
        (Some("integer" | "number"), _) => json!(7),
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
        folded.status = protocol::Status::Running;
        fold(&mut folded, Report::default(), now).unwrap();
        let before = serde_json::to_string(&folded).unwrap().len();
        // Numbers, times and words weigh nothing: `FIXED` covers all of them together.
        let most = if sent.weight() == 0 { 64 } else { sent.weight() };
        fold(&mut folded, sent, now).unwrap();
        let after = serde_json::to_value(&folded).unwrap();
        assert!(!after[name].is_null(), "the fold drops {name}");
        assert!(after.to_string().len() <= before + most, "{name} weighs too little");
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
fn null_clears_the_fields_whose_schema_and_row_in_the_protocol_say_so() {
    let document = document();
    let rows = table(REPORTS_SECTION);
    for (name, field) in schema(&document, "Report")["properties"].as_object().unwrap() {
        let is_null = |schema: &Value| schema["type"] == "null";
        let nullable = field["type"].as_array().is_some_and(|types| types.contains(&json!("null")))
            || field["anyOf"].as_array().is_some_and(|forms| forms.iter().any(is_null))
            || !["type", "$ref", "anyOf", "enum"].iter().any(|key| field.get(key).is_some());
        let accepted = Report::from_json(json!({ name: null })).is_ok();
        assert_eq!(accepted, nullable, "{name}: {field}");
        let row = rows.iter().find(|row| quoted(row[0]).any(|quoted| quoted == name)).unwrap();
        assert_eq!(row.last(), Some(&if accepted { "yes" } else { "no" }), "PROTOCOL.md says otherwise of {name}");
    }
}

/// A text of `bytes` bytes, a list of `bytes` items, …: the largest value that the schema allows, and one past it.
fn at_and_past_the_limit(field: &Value) -> Vec<(Value, Value)> {
    let limit = |keyword: &str| field[keyword].as_u64().and_then(|limit| usize::try_from(limit).ok());
    let text = |length: usize| Value::from("x".repeat(length));
    let steps = |count: usize| (0..count).map(|id| json!({ "id": id.to_string() })).collect::<Value>();
    let members = |count: usize| (0..count).map(|key| (key.to_string(), "".into())).collect::<Map<_, _>>().into();
    let pair = |limit: usize, value: &dyn Fn(usize) -> Value| (value(limit), value(limit + 1));
    [
        limit("maxLength").map(|limit| pair(limit, &text)),
        limit("maxItems").map(|limit| pair(limit, &steps)),
        limit("maxProperties").map(|limit| pair(limit, &members)),
        field["maximum"].as_u64().map(|limit| (limit.into(), (limit + 1).into())),
        field["minimum"].as_u64().map(|limit| (limit.into(), json!(-1))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A report as the API reads it.
fn report(body: &Value) -> Result<Report, Problem> {
    json::parse(body.to_string().as_bytes()).and_then(Report::from_json)
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

#[test]
fn the_limits_of_requests_are_those_of_the_code() {
    let document = document();
    let line = serde_json::to_string(schema(&document, "ReportedLogLine")).unwrap();
    assert!(line.contains(&format!("\"maxLength\":{LOG_LINE_BYTES}")), "{line}");
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

#[test]
fn every_limit_is_in_the_protocol_with_its_value() {
    let constants = LIMITS.lines().filter_map(|line| line.strip_prefix("pub const ")?.split_once(" = "));
    let mut count = 0;
    for (declaration, value) in constants {
        let name = declaration.split(':').next().unwrap();
        let value: u64 = value
            .trim_end_matches(';')
            .split(" * ")
            .map(|factor| factor.replace('_', "").parse::<u64>().unwrap())
            .product();
        let row = format!("| `{name}` | {} |", grouped(value));
        assert!(PROTOCOL.contains(&row), "PROTOCOL.md has no row {row}");
        count += 1;
    }
    assert!(count > 20, "limits.rs has another form than this test expects");
}

/// `65,536` for 65536.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let grouped: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    grouped.join(",")
}

#[test]
fn the_code_accepts_every_example_of_a_body() {
    let operations = operations(&document());
    let read = |operation: &str, read: &dyn Fn(Value) -> bool| {
        let content = operations[operation]["requestBody"]["content"].as_object().unwrap();
        for (media_type, content) in content {
            let mut count = 0;
            for (name, example) in examples(content) {
                assert!(read(example.clone()), "{operation} {media_type} {name}");
                count += 1;
            }
            assert!(count > 0, "{operation} has no example of {media_type}");
        }
    };
    read("POST /v2/jobs", &|body| Creation::from_json(body).is_ok());
    read("POST /v2/jobs/{jobId}/reports", &|body| report::from_body(body).is_ok());
    read("POST /applications/{application}/requests/{requestId}/progress", &|body| report::from_body(body).is_ok());
    read("POST /v2/tokens", &|body| MintRequest::from_json(body).is_ok());
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
