//! The tables of PROTOCOL.md that are generated from the OpenAPI document: fields, problems and limits.
//!
//! A table is between the lines `<!-- generated: NAME -->` and `<!-- end of generated -->`.

use protocol::{
    number::MAX_SAFE_INTEGER,
    problem::Code,
    report::{Report, Role},
};
use serde_json::Value;

const BEGIN: &str = "<!-- generated: ";
const END: &str = "<!-- end of generated -->";
/// The fields of the document that the server computes while reports do not set them.
const COMPUTED_OR_SENT: [&str; 3] = ["progress", "estimatedCompletion", "throughput"];

/// `text` with its tables generated from `openapi`; `None` if a marker lacks its end or names an unknown table.
pub fn with_tables(text: &str, openapi: &Value) -> Option<String> {
    let mut parts = text.split(BEGIN);
    let mut result = parts.next()?.to_owned();
    for part in parts {
        let (name, rest) = part.split_once(" -->")?;
        let (_, rest) = rest.split_once(END)?;
        let table = table(name, openapi)?;
        result.push_str(&format!("{BEGIN}{name} -->\n\n{table}\n{END}{rest}"));
    }
    Some(result)
}

fn table(name: &str, openapi: &Value) -> Option<String> {
    Some(match name {
        "document-required" => document(openapi, true),
        "document-optional" => document(openapi, false),
        "report" => report(openapi),
        "problems" => problems(),
        "limits" => limits(openapi),
        _ => return None,
    })
}

fn markdown<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | ")).replace("|  |", "| |");
    let mut table = line(&head.map(str::to_owned));
    table.push_str(&format!("{}|\n", "|---".repeat(N)));
    rows.for_each(|row| table.push_str(&line(&row)));
    table
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

fn is_required(schema: &Value, name: &str) -> bool {
    schema["required"].as_array().is_some_and(|names| names.iter().any(|required| required == name))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The fields of the document that are always present, or the others.
fn document(openapi: &Value, required: bool) -> String {
    let schemas = &openapi["components"]["schemas"];
    let schema = &schemas["Document"];
    let rows = properties(schema).filter(|(name, _)| is_required(schema, name) == required);
    let row = |(name, field): (&String, &Value)| {
        let or_null = if is_nullable(field) { " or null" } else { "" };
        let kind = format!("{}{or_null}", type_of(schemas, field));
        [format!("`{name}`"), kind, text(&field["description"]), set_by(schemas, name)]
    };
    markdown(["field", "type", "meaning", "set by"], rows.map(row))
}

/// Whether reports set the field of the document, the creation, or only the server.
fn set_by(schemas: &Value, name: &str) -> String {
    let by_report =
        |field: &protocol::report::Field| field.name == name && (field.role != Role::Sent || name == "status");
    if COMPUTED_OR_SENT.contains(&name) {
        "reports or server".to_owned()
    } else if Report::FIELDS.iter().any(by_report) {
        "reports".to_owned()
    } else if schemas["Report"]["properties"].get(name).is_none()
        && schemas["Creation"]["properties"].get(name).is_some()
    {
        "creation or server".to_owned()
    } else {
        "server".to_owned()
    }
}

/// The fields of a report, with the meaning of those that the document does not have.
fn report(openapi: &Value) -> String {
    let schemas = &openapi["components"]["schemas"];
    let row = |(name, field): (&String, &Value)| {
        let row = Report::FIELDS.iter().find(|row| row.name == name);
        let is_sent = row.is_some_and(|row| row.role == Role::Sent);
        [
            format!("`{name}`"),
            type_of(schemas, field),
            limits_of(schemas, field).join(", "),
            if is_sent { "refused" } else { "clears" }.to_owned(),
            if is_sent { text(&field["description"]) } else { String::new() },
        ]
    };
    markdown(["field", "type", "limits", "`null`", "meaning"], properties(&schemas["Report"]).map(row))
}

fn problems() -> String {
    let row = |code: &Code| {
        let status = code.http_status().to_string();
        [format!("`{}`", code.as_str()), status, code.meaning().to_owned(), code.details().to_owned()]
    };
    markdown(["code", "HTTP", "meaning", "details"], Code::ALL.iter().map(row))
}

fn limits(openapi: &Value) -> String {
    let row = |(name, limit): (&String, &Value)| {
        let value = limit["value"].as_u64().unwrap_or_default();
        [format!("`{name}`"), grouped(value), text(&limit["past"]), text(&limit["description"])]
    };
    markdown(
        ["constant", "value", "past it", "meaning"],
        openapi["x-limits"].as_object().into_iter().flatten().map(row),
    )
}

/// `65,536` for 65536.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

/// The schema behind a reference, or the schema itself.
fn resolved<'a>(schemas: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => &schemas[reference.rsplit('/').next().unwrap_or_default()],
        None => schema,
    }
}

/// The alternatives of a schema apart from null, each resolved.
fn forms<'a>(schemas: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let schema = resolved(schemas, schema);
    match schema["anyOf"].as_array() {
        Some(forms) => {
            forms.iter().filter(|form| form["type"] != "null").flat_map(|form| self::forms(schemas, form)).collect()
        }
        None => vec![schema],
    }
}

fn is_nullable(schema: &Value) -> bool {
    schema["type"].as_array().is_some_and(|types| types.iter().any(|name| name == "null"))
}

/// The JSON type of a schema apart from null, `None` for any JSON.
fn json_type(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        name => name.as_str(),
    }
}

fn type_of(schemas: &Value, schema: &Value) -> String {
    let types: Vec<String> = forms(schemas, schema).into_iter().map(|form| one_type(schemas, form)).collect();
    types.join(" or ")
}

fn one_type(schemas: &Value, form: &Value) -> String {
    match json_type(form) {
        None => "any JSON".to_owned(),
        Some("string") if form["format"] == "date-time" => "time".to_owned(),
        Some("array") => format!("list of {}", list_item(schemas, &form["items"])),
        Some("object") if form["properties"].is_object() => members(form),
        Some("object") if form["additionalProperties"]["type"] == "string" => "object of strings".to_owned(),
        Some(name) => name.to_owned(),
    }
}

/// `[steps](#33-parts)`, or the type of the items where they have no name.
fn list_item(schemas: &Value, items: &Value) -> String {
    match items["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        Some("Step") => "[steps](#33-parts)".to_owned(),
        Some("Attempt") => "[attempts](#33-parts)".to_owned(),
        Some("LogLine") => "[log lines](#33-parts)".to_owned(),
        _ => type_of(schemas, items),
    }
}

/// `{rate, unit?}`.
fn members(schema: &Value) -> String {
    let name = |(name, _): (&String, &Value)| format!("{name}{}", if is_required(schema, name) { "" } else { "?" });
    format!("`{{{}}}`", properties(schema).map(name).collect::<Vec<_>>().join(", "))
}

/// The limits in a schema, those of its members under their names.
fn limits_of(schemas: &Value, schema: &Value) -> Vec<String> {
    forms(schemas, schema).into_iter().flat_map(|form| limits_of_form(schemas, form)).collect()
}

fn limits_of_form(schemas: &Value, form: &Value) -> Vec<String> {
    let number = |keyword: &str| form[keyword].as_u64();
    let mut limits = Vec::new();
    if let Some(words) = form["enum"].as_array() {
        let words: Vec<String> = words.iter().map(|word| format!("`{}`", text(word))).collect();
        limits.push(format!("one of {}", words.join(" ")));
    }
    match number("maxLength") {
        Some(bytes) if bytes >= 1024 => limits.push(format!("{} KiB", bytes / 1024)),
        Some(bytes) => limits.push(format!("{bytes} bytes")),
        None => {}
    }
    limits.extend(number("x-cutAfterBytes").map(|bytes| format!("cut after {} KiB", bytes / 1024)));
    match (number("minimum"), number("maximum").filter(|most| *most < MAX_SAFE_INTEGER)) {
        (Some(least), Some(most)) => limits.push(format!("{least}–{most}")),
        (Some(least), None) => limits.push(format!("≥ {least}")),
        _ => {}
    }
    limits.extend(number("maxItems").map(|count| format!("{count} items")));
    limits.extend(number("maxProperties").map(|count| format!("{count} members")));
    if form["items"].is_object() {
        limits.extend(limits_of(schemas, &form["items"]));
    }
    for (name, member) in properties(form) {
        limits.extend(limits_of(schemas, member).into_iter().map(|limit| format!("`{name}` {limit}")));
    }
    limits
}
