//! The components: the schemas of the Rust types, the parameters, the problem responses, the security scheme.

use protocol::{
    Document, Problem, Report,
    answer::{Access, ControlState, End, Receipt, ReportAnswer},
    creation::Creation,
    document::Summary,
    log_line::LogPage,
    schema::PairId,
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    batch::BatchRequest,
    control::{Cancellation, ControlBatchRequest, ControlReason},
    flask::TaskStatus,
    index::summary::Summary as JobsSummary,
    mint::{MintRequest, Minted},
    stream_request::StreamRequest,
    tensorlake::Progress,
    webhook::delivery::{Delivery, DeliveryPage},
};

use super::{
    bodies::{BatchAnswer, ControlBatchAnswer, Health, JobList, JobProblem, Polling, TaskNotFound},
    parameters, reference, responses, section,
};

const BEARER: &str = "An API key `jp_<id>_<secret>` for servers, or for browsers a token: a JWT that names its jobs \
and expires. Permissions: `jobs:read` for every GET, the batch and the streams; `jobs:write` for creation and reports; \
`jobs:control` to cancel, pause, resume and retry; `jobs:admin` for deletion and webhook deliveries.";

/// Every component.
pub(super) fn all() -> Value {
    json!({
        "schemas": schemas(),
        "parameters": parameters::all(),
        "headers": responses::headers(),
        "responses": responses::all_problems(),
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": format!("{BEARER} See {}.", section("Credentials")),
            },
        },
    })
}

fn schemas() -> Map<String, Value> {
    let mut requests = settings().for_deserialize().into_generator();
    name::<Report>(&mut requests);
    name::<Creation>(&mut requests);
    name::<BatchRequest>(&mut requests);
    name::<Cancellation>(&mut requests);
    name::<ControlReason>(&mut requests);
    name::<ControlBatchRequest>(&mut requests);
    name::<StreamRequest>(&mut requests);
    name::<MintRequest>(&mut requests);
    name::<PairId>(&mut requests);
    let mut responses = settings().for_serialize().into_generator();
    name::<Document>(&mut responses);
    name::<Polling>(&mut responses);
    name::<Summary<'_>>(&mut responses);
    name::<ReportAnswer<'_>>(&mut responses);
    name::<Receipt<'_>>(&mut responses);
    name::<Access>(&mut responses);
    name::<BatchAnswer>(&mut responses);
    name::<ControlState<'_>>(&mut responses);
    name::<ControlBatchAnswer<'_>>(&mut responses);
    name::<LogPage>(&mut responses);
    name::<Delivery>(&mut responses);
    name::<DeliveryPage>(&mut responses);
    name::<End<'_>>(&mut responses);
    name::<Problem>(&mut responses);
    name::<JobProblem>(&mut responses);
    name::<Minted>(&mut responses);
    name::<Progress<'_>>(&mut responses);
    name::<TaskStatus<'_>>(&mut responses);
    name::<TaskNotFound>(&mut responses);
    name::<Health>(&mut responses);
    name::<JobList>(&mut responses);
    name::<JobsSummary>(&mut responses);
    let mut responses = responses.take_definitions(true);
    responses.values_mut().for_each(never_null_when_absent);
    let mut schemas = requests.take_definitions(true);
    // Schemas that requests and responses share (statuses, ids) are the same in both.
    schemas.extend(responses);
    schemas.values_mut().for_each(plain);
    ["Report", "Creation", "Summary"].iter().for_each(|name| describe(&mut schemas, name));
    schemas.insert("Frame".to_owned(), frame());
    schemas
}

/// An event of a stream as a parser of server-sent events yields it; an unnamed event is a document.
fn frame() -> Value {
    let named = |name: &str, schema: &str| {
        let data = json!({ "contentSchema": reference("schemas", schema) });
        json!({ "properties": { "event": { "const": name }, "data": data } })
    };
    json!({
        "type": "object",
        "description": "An event of a stream.",
        "properties": {
            "event": { "type": "string", "description": "The type; `message` is an unnamed event, a document." },
            "id": { "type": "string", "description": "In a stream of one job, the cursor of a document; in a stream of many jobs, `end` in the last event." },
            "retry": { "type": "integer", "description": "The number of milliseconds to wait before a reconnection." },
            "data": { "type": "string", "contentMediaType": "application/json" },
        },
        "required": ["event", "data"],
        "anyOf": [
            named("message", "Document"),
            named("log", "LogPage"),
            named("end", "End"),
            named("problem", "JobProblem"),
        ],
    })
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    })
}

/// Adds a type, and every type it refers to, to the definitions of the generator.
fn name<T: JsonSchema>(generator: &mut SchemaGenerator) {
    generator.subschema_for::<T>();
}

/// Removes `null` from optional members: a response omits an unknown member and never sends it as null.
fn never_null_when_absent(schema: &mut Value) {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(members) = schema["properties"].as_object_mut() else { return };
    for (_, member) in members.iter_mut().filter(|(name, _)| !required.contains(&json!(name))) {
        let Some(member) = member.as_object_mut() else { continue };
        if let Some(Value::Array(types)) = member.get("type") {
            let types: Vec<Value> = types.iter().filter(|name| *name != "null").cloned().collect();
            member.insert("type".to_owned(), if let [only] = types.as_slice() { only.clone() } else { types.into() });
        }
        if let Some(Value::Array(forms)) = member.get_mut("anyOf") {
            forms.retain(|form| form["type"] != "null");
            if let [Value::Object(only)] = forms.as_slice() {
                let only = only.clone();
                member.shift_remove("anyOf");
                member.extend(only);
            }
        }
    }
}

/// Simplifies a schema: no integer widths, no Rust examples, and a list of words for an enumeration.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("format").is_some_and(|format| format == "uint64" || format == "uint") {
                members.shift_remove("format");
            }
            if let Some(Value::String(text)) = members.get_mut("description") {
                text.truncate(text.find("\n\n```").unwrap_or(text.len()));
            }
            enumerate(members);
            members.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}

/// Turns a choice between constants into an enumeration, whose description lists the meaning of each.
fn enumerate(members: &mut Map<String, Value>) {
    let Some(forms) = members.get("oneOf").and_then(Value::as_array) else { return };
    let words: Vec<Value> = forms.iter().map(|form| form["const"].clone()).collect();
    if words.iter().any(|word| !word.is_string()) {
        return;
    }
    let line = |form: &Value| format!("\n- `{}`: {}", text(&form["const"]), text(&form["description"]));
    let lines: String = forms.iter().map(line).collect();
    let about = members.get("description").map(text).unwrap_or_default().to_owned();
    let about = about.split("\n\n```").next().unwrap_or_default();
    let description = format!("{about}\n{lines}");
    members.clear();
    members.insert("type".to_owned(), "string".into());
    members.insert("enum".to_owned(), words.into());
    members.insert("description".to_owned(), description.into());
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Copies the descriptions of the document's members to the members of `name` that have the same name and none of their
/// own.
fn describe(schemas: &mut Map<String, Value>, name: &str) {
    let document = schemas["Document"]["properties"].clone();
    let Some(members) = schemas[name]["properties"].as_object_mut() else { return };
    for (name, member) in members {
        if *member == json!(true) {
            *member = json!({});
        }
        if let Some(meaning) = document[name].get("description").filter(|_| member.get("description").is_none()) {
            member["description"] = meaning.clone();
        }
    }
}
