//! Properties of the fold for any input: every report here enters as bytes, as it does in production.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used, reason = "a test")]

use proptest::{collection::vec, option, prelude::*, sample::select};
use protocol::{
    Document, Problem, Report, Timestamp,
    fold::fold,
    json,
    limits::{DEPTH, NAME_BYTES, OBJECT_KEYS},
    report::{self, Field, Role},
};
use serde_json::{Map, Value, json};

/// The names of the fields whose form is `form`; `Text<…>` has all the lengths.
fn fields_of(form: &str) -> Vec<String> {
    let is_of = |field: &&Field| field.form.split('<').next() == Some(form) && field.role == Role::Copied;
    let names: Vec<String> = Report::FIELDS.iter().filter(is_of).map(|field| field.name.to_owned()).collect();
    assert!(!names.is_empty(), "no field of a report is a {form}");
    names
}

fn names() -> Vec<&'static str> {
    Report::FIELDS.iter().map(|field| field.name).collect()
}

/// A value for every field that the fold copies as it is: free-form values, objects and texts.
fn copied_values() -> impl Strategy<Value = Map<String, Value>> {
    let each = |form: &str, value: BoxedStrategy<Value>| {
        let names = fields_of(form);
        vec(value, names.len()).prop_map(move |values| names.iter().cloned().zip(values).collect::<Vec<_>>())
    };
    let text = prop_oneof![".{0,20}", any::<String>()];
    (
        each("AnyJson", some_json().boxed()),
        each("Object", object_of(any_json()).prop_map(Value::from).boxed()),
        each("Strings", object_of(".{0,12}".prop_map(Value::from)).prop_map(Value::from).boxed()),
        each("Text", text.prop_filter("a limit", |text| text.len() <= NAME_BYTES).prop_map(Value::from).boxed()),
    )
        .prop_map(|(any, objects, strings, texts)| [any, objects, strings, texts].concat().into_iter().collect())
}

const STATUSES: [&str; 8] =
    ["queued", "initializing", "running", "paused", "completed", "failed", "cancelled", "timeout"];

fn read(value: &Value) -> Result<Report, Problem> {
    json::parse(&serde_json::to_vec(value).unwrap()).and_then(Report::from_json)
}

fn new() -> Document {
    Document::new("import-42".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(1_700_000_000_000))
}

/// The document after a report was folded into it.
fn folded(document: &Document, report: Report, now: Timestamp) -> Result<Document, Problem> {
    let mut next = document.clone();
    let result = fold(&mut next, report, now);
    if result.is_err() {
        assert_eq!(&next, document, "a refused report changes nothing");
    }
    result.map(|()| next)
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1_000)
}

/// The document as a reader gets it, after it was stored and loaded twice.
fn as_read(document: &Document) -> Value {
    let once: Document = serde_json::from_str(&serde_json::to_string(document).unwrap()).unwrap();
    let twice: Document = serde_json::from_str(&serde_json::to_string(&once).unwrap()).unwrap();
    serde_json::to_value(twice).unwrap()
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no infinite numbers", |float| float.is_finite()).prop_map(Value::from),
    ]
}

/// A finite number of at least 0, of every magnitude.
fn count() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0_u64..1_000).prop_map(Value::from),
        (0_u64..1 << 53).prop_map(Value::from),
        (0.0..1e3).prop_map(Value::from),
        select(vec![0.0, 5e-324, f64::MIN_POSITIVE, 1e-300, 1e300, f64::MAX]).prop_map(Value::from),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), number(), ".{0,12}".prop_map(Value::from)];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![vec(inner.clone(), 0..5).prop_map(Value::from), object_of(inner).prop_map(Value::from)]
    })
}

fn object_of(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    vec((".{0,6}", inner), 0..5).prop_map(|members| members.into_iter().collect())
}

/// Any JSON except `null`, which would clear the field.
fn some_json() -> impl Strategy<Value = Value> {
    any_json().prop_filter("null clears", |value| !value.is_null())
}

fn steps() -> impl Strategy<Value = Value> {
    let status = select(vec!["pending", "running", "completed", "failed", "skipped"]);
    let step = (status, option::of(0.0..=100.0), option::of(count()));
    vec(step, 0..6).prop_map(|steps| {
        let step = |(index, (status, progress, weight)): (usize, (&str, Option<f64>, Option<Value>))| {
            let mut step = json!({"id": format!("s{index}"), "status": status});
            if let Some(progress) = progress {
                step["progress"] = progress.into();
            }
            if let Some(weight) = weight {
                step["weight"] = weight;
            }
            step
        };
        steps.into_iter().enumerate().map(step).collect()
    })
}

/// A report that a producer may send; its values need not make sense together.
fn any_report() -> impl Strategy<Value = Value> {
    let nullable =
        |strategy: BoxedStrategy<Value>| option::weighted(0.4, prop_oneof![4 => strategy, 1 => Just(Value::Null)]);
    (
        option::weighted(0.3, select(STATUSES.to_vec())),
        nullable(count().boxed()),
        nullable(count().boxed()),
        option::weighted(0.2, count()),
        nullable((0.0..=100.0).prop_map(Value::from).boxed()),
        nullable(steps().boxed()),
        nullable(select(vec!["warming_up", "processing", "finalizing", "uploading"]).prop_map(Value::from).boxed()),
        option::weighted(0.2, prop_oneof![".{0,8}".prop_map(Value::from), Just(json!({"message": "m"}))]),
    )
        .prop_map(|(status, current, total, increment, progress, steps, substate, error)| {
            let mut report = Map::new();
            let mut put = |name: &str, value: Option<Value>| value.map(|value| report.insert(name.to_owned(), value));
            put("status", status.map(Value::from));
            put("increment", increment.filter(|_| current.is_none()));
            put("current", current);
            put("total", total);
            put("progress", progress);
            put("steps", steps);
            put("substate", substate);
            put("error", error);
            Value::from(report)
        })
}

proptest! {
    #[test]
    fn a_value_is_returned_as_it_was_sent(sent in copied_values()) {
        let report = read(&Value::from(sent.clone())).unwrap();
        let document = as_read(&folded(&new(), report, at(1)).unwrap());
        for (name, value) in sent {
            // As text, since equality of values forgives another order of members.
            prop_assert_eq!(document[&name].to_string(), value.to_string(), "{}", name);
        }
    }

    #[test]
    fn progress_stays_within_0_and_100_or_null(reports in vec(any_report(), 0..12)) {
        let mut document = new();
        for (second, sent) in (1..).zip(&reports) {
            if let Ok(next) = folded(&document, read(sent).unwrap(), at(second)) {
                document = next;
            }
            let seen = as_read(&document);
            match &seen["progress"] {
                Value::Null => {}
                progress => prop_assert!((0.0..=100.0).contains(&progress.as_f64().unwrap()), "{progress}"),
            }
            if seen["status"] == "completed" {
                prop_assert_eq!(&seen["progress"], 100);
            }
        }
    }

    #[test]
    fn every_fold_is_one_change_and_keeps_the_identity_of_the_job(reports in vec(any_report(), 1..12)) {
        let mut document = new();
        for (second, sent) in (1..).zip(&reports) {
            let Ok(next) = folded(&document, read(sent).unwrap(), at(second)) else { continue };
            prop_assert_eq!(next.seq, document.seq + 1);
            prop_assert_eq!(next.updated_at, at(second));
            prop_assert_eq!(
                (&next.job_id, &next.epoch, next.created_at, next.attempt),
                (&document.job_id, &document.epoch, document.created_at, document.attempt)
            );
            prop_assert!(document.status.may_become(next.status));
            prop_assert!(document.started_at.is_none() || next.started_at == document.started_at);
            prop_assert_eq!(next.status.is_terminal(), next.ended_at().is_some());
            document = next;
        }
    }

    #[test]
    fn a_terminal_job_changes_its_status_no_more(
        end in select(vec!["completed", "failed", "cancelled", "timeout"]),
        next in select(STATUSES.to_vec()),
    ) {
        let document = folded(&new(), read(&json!({"status": end})).unwrap(), at(1)).unwrap();
        let folded = folded(&document, read(&json!({"status": next})).unwrap(), at(2));
        prop_assert_eq!(folded.is_ok(), next == end);
    }

    #[test]
    fn a_string_error_becomes_code_and_message(text in ".{0,40}") {
        let report = read(&json!({"status": "failed", "error": text})).unwrap();
        let document = as_read(&folded(&new(), report, at(1)).unwrap());
        prop_assert_eq!(&document["error"], &json!({"code": "FAILED", "message": text}));
    }

    #[test]
    fn null_clears_what_was_set(sent in any_report()) {
        let mut members = sent.as_object().unwrap().clone();
        for single in ["status", "increment", "substate"] {
            members.remove(single);
        }
        let report = read(&Value::from(members.clone())).unwrap();
        let document = folded(&new(), report, at(1)).unwrap();
        let cleared: Map<String, Value> = members.keys().map(|name| (name.clone(), Value::Null)).collect();
        let document = as_read(&folded(&document, read(&cleared.into()).unwrap(), at(2)).unwrap());
        for name in members.keys() {
            prop_assert!(document.get(name).is_none_or(Value::is_null), "{}: {}", name, document);
        }
    }

    #[test]
    fn a_report_adds_the_free_form_bytes_it_says_and_no_more_than_its_weight(
        former in any_report(),
        sent in any_report(),
        copied in copied_values(),
    ) {
        let mut sent = sent.as_object().unwrap().clone();
        sent.extend(copied);
        let free_form_bytes = |document: &Document| Report::default().free_form_bytes_after(document);
        let before = read(&former).and_then(|report| folded(&new(), report, at(1))).unwrap_or_else(|_| new());
        if let Ok(report) = read(&sent.into()) {
            let most = free_form_bytes(&before) + report.weight();
            let expected = report.free_form_bytes_after(&before);
            prop_assert!(expected <= most);
            if let Ok(after) = folded(&before, report, at(2)) {
                prop_assert_eq!(free_form_bytes(&after), expected);
            }
        }
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in vec(any::<u8>(), 0..64)) {
        let _ = json::parse(&bytes).and_then(report::from_body);
    }

    #[test]
    fn no_json_makes_the_parser_panic(value in any_json(), name in select(names())) {
        for body in [value.clone(), json!({name: value}), json!([{name: value}])] {
            let _ = json::parse(&serde_json::to_vec(&body).unwrap()).and_then(report::from_body);
        }
    }

    #[test]
    fn every_refusal_names_the_field(value in any_json(), name in select(names())) {
        if let Err(problem) = read(&json!({name: value})) {
            let field = problem.details()["field"].as_str().unwrap();
            prop_assert!(field.starts_with(name), "{}: {}", field, problem.message());
        }
    }
}

#[test]
fn the_same_steps_give_the_same_progress_whether_counts_were_there_before_or_not() {
    let half = json!([{"id": "a", "status": "completed"}, {"id": "b"}]);
    let mut document = new();
    for (second, report) in
        (1..).zip([json!({"steps": half}), json!({"current": 1, "total": 4}), json!({"current": null, "total": null})])
    {
        document = folded(&document, read(&report).unwrap(), at(second)).unwrap();
    }
    assert_eq!(as_read(&document)["progress"], 50, "without counts the steps decide");
}

#[test]
fn a_report_in_a_list_may_be_as_deep_and_as_wide_as_one_alone() {
    let deep = (2..DEPTH).fold(json!({}), |inner, _| json!({"a": inner}));
    let wide: Map<String, Value> = (0..OBJECT_KEYS).map(|key| (key.to_string(), 0.into())).collect();
    let report = json!({"metadata": deep, "tags": wide});
    assert!(read(&report).is_ok());
    let body = json::parse(&serde_json::to_vec(&json!([report])).unwrap());
    assert!(body.and_then(report::from_body).is_ok());
}
