//! Tests of the JSON reader.

use super::*;
use crate::limits::{DEPTH, OBJECT_KEYS};

fn problem_of(text: &[u8]) -> Problem {
    parse(text).expect_err("must be refused")
}

#[test]
fn malformed_json_is_refused_with_its_place() {
    for text in [&b"{"[..], b"{]", b"nul", b"{\"a\":01}", b"{}{}", b"{'a':1}"] {
        let problem = problem_of(text);
        assert_eq!((problem.code(), &problem.details()["field"]), (Code::InvalidRequest, &"body".into()));
        assert!(problem.message().contains("line 1 column"), "{}", problem.message());
    }
    assert!(problem_of(b" \n").message().contains("empty"));
    assert!(problem_of(b"{\"a\":\"\xff\"}").message().contains("byte 6"));
}

#[test]
fn a_body_has_as_many_values_as_the_limit_and_a_list_of_reports_more() {
    // The object and the list are values too.
    let report = |zeros: usize| format!("{{\"output\":[{}0]}}", "0,".repeat(zeros - 1));
    assert!(parse(report(JSON_VALUES - 2).as_bytes()).is_ok());
    let problem = problem_of(report(JSON_VALUES - 1).as_bytes());
    assert_eq!((&problem.details()["field"], &problem.details()["limit"]), (&"body".into(), &JSON_VALUES.into()));
    let rest = REPORTS_VALUES - 1 - (JSON_VALUES - 1);
    let list = |more: usize| format!("[{},{}]", report(JSON_VALUES - 3), report(rest - 2 + more));
    assert!(parse(list(0).as_bytes()).is_ok());
    assert_eq!(problem_of(list(1).as_bytes()).details()["limit"], REPORTS_VALUES);
}

#[test]
fn the_parser_stops_at_the_first_item_past_the_limit() {
    // What follows is not JSON, and is not read.
    let problem = problem_of(format!("[{}nonsense", "{},".repeat(REPORTS + 1)).as_bytes());
    assert_eq!((&problem.details()["field"], &problem.details()["limit"]), (&"body".into(), &REPORTS.into()));
    let jobs = |jobs: usize, rest: &str| format!("{{\"jobs\":[{}{rest}", "{},".repeat(jobs));
    assert!(parse_request(jobs(JOBS - 1, "{}]}").as_bytes()).is_ok());
    let problem = parse_request(jobs(JOBS + 1, "nonsense").as_bytes()).unwrap_err();
    assert_eq!((&problem.details()["field"], &problem.details()["limit"]), (&"jobs".into(), &JOBS.into()));
    assert!(parse(jobs(JOBS + 1, "{}]}").as_bytes()).is_ok());
}

#[test]
fn several_texts_have_their_values_together() {
    let mut left = 5;
    assert!(parse_next(b"{\"a\":[1]}", &mut left).is_ok());
    assert_eq!(left, 2);
    assert!(parse_next(b"[0,1]", &mut left).is_err());
    assert!(parse_next(b"[0]", &mut left).is_ok());
    assert!(parse_next(b"0", &mut left).is_err());
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_start_of_a_body_only() {
    assert_eq!(parse_body("\u{feff}{\"a\":1}".as_bytes()), parse(b"{\"a\":1}"));
    for text in ["\u{feff}", "\u{feff}\u{feff}{}", " \u{feff}{}", "{}\u{feff}", "{\u{feff}}"] {
        assert_eq!(parse_body(text.as_bytes()).unwrap_err().details()["field"], "body", "{text:?}");
    }
    assert_eq!(parse_body(b"\xef\xbb\xbf\"\xff\"").unwrap_err().details()["offset"], 4);
    assert!(parse("\u{feff}{}".as_bytes()).is_err(), "only bodies may begin with one");
}

#[test]
fn a_value_of_another_language_is_named_with_its_place_and_the_json_to_send() {
    for (text, message, field) in [
        ("{\"a\": NaN}", "`NaN` is not JSON (at `a`): send null", "a"),
        (
            "{\"metrics\": {\"loss\": [0.5,\n -Infinity]}}",
            "`-Infinity` is not JSON (at `metrics.loss[1]`): send null",
            "metrics.loss[1]",
        ),
        ("{\"a\": {\"b\": Infinity, \"c\": 1}}", "`Infinity` is not JSON (at `a.b`): send null", "a.b"),
        ("{\"a\": nan}", "`nan` is not JSON (at `a`): send null", "a"),
        ("{\"a\": -inf}", "`-inf` is not JSON (at `a`): send null", "a"),
        ("{\"a\": None}", "`None` is not JSON (at `a`): send null", "a"),
        ("{\"a\": True}", "`True` is not JSON (at `a`): send true", "a"),
        ("{\"a\": undefined}", "`undefined` is not JSON (at `a`): send null", "a"),
        ("NaN", "`NaN` is not JSON (at `body`): send null", "body"),
    ] {
        let problem = problem_of(text.as_bytes());
        assert_eq!((problem.message(), &problem.details()["field"]), (message, &field.into()));
    }
    assert_eq!(problem_of(b"[{}, {\"a\": NaN}]").details()["index"], 1);
    for text in ["{\"a\": NaNo}", "{\"NaN\": x}", "{\"a\": \"NaN\" x}", "{NaN: 1}"] {
        assert!(problem_of(text.as_bytes()).message().contains("line 1 column"), "{text}");
    }
}

#[test]
fn a_lone_surrogate_becomes_the_replacement_character() {
    let value = parse(br#"{"\ud800": ["cat \ud83d", "\ud83d\ude00"]}"#).unwrap();
    assert_eq!(value, serde_json::json!({"\u{fffd}": ["cat \u{fffd}", "\u{1f600}"]}));
    assert_eq!(problem_of(br#"{"\ud800": 1, "\udfff": 2}"#).details()["field"], "\u{fffd}");
    assert!(problem_of(br#"{"a": "\ud800", "b": nul}"#).message().contains("line 1 column 25"));
}

#[test]
fn a_duplicate_key_is_named_by_its_full_path() {
    assert_eq!(problem_of(br#"{"a":1,"a":1}"#).details()["field"], "a");
    let problem = problem_of(br#"{"a":{"b":[0,{"c":1,"d":2,"c":3}]}}"#);
    assert_eq!(problem.details()["field"], "a.b[1].c");
    assert!(problem.message().starts_with("`a.b[1].c` "), "{}", problem.message());
    assert_eq!(problem.details().get("index"), None);
}

#[test]
fn in_a_list_the_path_is_relative_to_the_item_and_index_is_its_position() {
    let problem = problem_of(br#"[{}, {"a":{"b":1,"b":2}}]"#);
    assert_eq!((&problem.details()["field"], &problem.details()["index"]), (&"a.b".into(), &1.into()));
    let wide = (0..=OBJECT_KEYS).map(|key| format!("\"{key}\":0")).collect::<Vec<_>>().join(",");
    let problem = problem_of(format!("[{{{wide}}}]").as_bytes());
    assert_eq!((&problem.details()["field"], &problem.details()["index"]), (&"body".into(), &0.into()));
    let problem = problem_of("[".repeat(100).as_bytes());
    assert_eq!((&problem.details()["field"], &problem.details()["index"]), (&"body".into(), &0.into()));
}

#[test]
fn nesting_is_accepted_at_the_limit_and_refused_one_past_it() {
    let nested = |levels: usize| format!("{{\"deep\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    assert!(parse(nested(DEPTH).as_bytes()).is_ok());
    let problem = problem_of(nested(DEPTH + 1).as_bytes());
    let path = format!("deep{}", "[0]".repeat(DEPTH - 1));
    assert_eq!((&problem.details()["field"], &problem.details()["limit"]), (&path.into(), &DEPTH.into()));
    assert!(parse(nested(100_000).as_bytes()).is_err());
}

#[test]
fn an_object_is_accepted_at_the_limit_and_refused_one_past_it() {
    let wide = |keys: usize| {
        format!("{{\"tags\":{{{}}}}}", (0..keys).map(|key| format!("\"{key}\":0")).collect::<Vec<_>>().join(","))
    };
    assert!(parse(wide(OBJECT_KEYS).as_bytes()).is_ok());
    let problem = problem_of(wide(OBJECT_KEYS + 1).as_bytes());
    assert_eq!((&problem.details()["field"], &problem.details()["limit"]), (&"tags".into(), &OBJECT_KEYS.into()));
}

#[test]
fn values_and_their_order_are_kept() {
    let text = r#"{"z":1,"a":[true,null,-3,0.5,"x\n\u0000"],"m":{"big":18446744073709551615}}"#;
    assert_eq!(serde_json::to_string(&parse(text.as_bytes()).unwrap()).unwrap(), text);
}

#[test]
fn a_number_keeps_its_digits() {
    for number in [
        "0",
        "-0",
        "7.0",
        "1.10",
        "1e-7",
        "-12.50",
        "9007199254740993",
        "18446744073709551616",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "0.30000000000000004440892098500626",
        "1e+308",
    ] {
        let text = format!("{{\"a\":[{number}]}}");
        assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
    }
    assert_eq!(parse(b"[1.50E5, 1e5]").unwrap().to_string(), "[1.50e+5,1e+5]");
    for number in ["1e309", "-1e400", "1e99999999999999999999"] {
        let problem = problem_of(format!("{{\"a\":{{\"b\":{number}}}}}").as_bytes());
        assert_eq!(problem.details()["field"], "a.b", "{}", problem.message());
    }
}

#[test]
fn no_name_of_a_member_makes_an_object_a_number() {
    // The name by which serde_json passes the text of a number on.
    for text in [
        r#"{"a":{"$serde_json::private::Number":"7"}}"#,
        r#"{"a":{"$serde_json::private::Number":"x"}}"#,
        r#"{"a":{"$serde_json::private::Number":7}}"#,
        r#"{"a":{"$serde_json::private::Number":"7","b":1}}"#,
    ] {
        assert_eq!(problem_of(text.as_bytes()).details()["field"], "a.$serde_json::private::Number", "{text}");
    }
}
