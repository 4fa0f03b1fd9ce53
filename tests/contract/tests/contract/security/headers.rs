//! Headers of every answer: those that let pages of other origins embed it, and those that restrict everything else.

use contract::{
    deployment::{Deployment, Runtime},
    http::{Answer, Request},
    key::{EVERYTHING, Key},
    target::{Target, fresh_job},
};
use serde_json::json;

use super::operations::{OPERATIONS, PUBLIC_OPERATIONS};

const ORIGIN: &str = "https://shop.example";

/// The names in a header that is a list, in lower case.
fn names(answer: &Answer, header: &str) -> Vec<String> {
    let list = answer.header(header).unwrap_or_default().to_ascii_lowercase();
    list.split(',').map(|name| name.trim().to_owned()).collect()
}

fn check_api(answer: &Answer, what: &str) {
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ] {
        assert_eq!(answer.header(name).as_deref(), Some(value), "{what}: {name}");
    }
    let transport = answer.header("strict-transport-security").unwrap_or_default();
    assert!(transport.starts_with("max-age="), "{what}: {transport}");
    assert!(answer.header("cache-control").is_some_and(|value| value.contains("no-")), "{what}: no Cache-Control");
    assert!(answer.header("date").is_some(), "{what}: no Date");
    let exposed = names(answer, "access-control-expose-headers");
    for name in ["date", "etag", "retry-after"] {
        assert!(exposed.contains(&name.to_owned()), "{what}: {name} is not exposed");
    }
    // The page puts the token into a header itself; the browser must never send credentials on its own.
    assert!(answer.header("access-control-allow-credentials").is_none(), "{what}");
    assert!(answer.header("set-cookie").is_none(), "{what}");
}

#[test]
fn every_answer_of_the_api_can_be_embedded_and_has_the_security_headers() {
    let target = Target::get();
    for operation in OPERATIONS.iter().chain(PUBLIC_OPERATIONS) {
        for credential in [None, Some(&target.key), Some(&target.write_key), Some(&target.other_key)] {
            let call = operation.request(&operation.job_id(&fresh_job())).header("origin", ORIGIN);
            let call = credential.map_or(call.clone(), |credential| call.bearer(credential));
            check_api(&operation.send(&call), operation.name);
        }
        let mut wrong = operation.request(&operation.job_id("a")).header("origin", ORIGIN);
        wrong.method = "PUT".to_owned();
        let answer = wrong.send();
        answer.expect(405);
        check_api(&answer, operation.name);
    }
    let unknown = Request::get("/no/such/path").header("origin", ORIGIN).send();
    unknown.expect(404);
    check_api(&unknown, "an unknown path");
    let job = fresh_job();
    let created = Request::post(format!("/v2/jobs/{job}/reports?create=true"), &json!({})).send();
    check_api(&created, "a creation");
    let status = Request::get(format!("/v2/jobs/{job}/status"));
    let read = status.send();
    check_api(&read, "a status");
    let unchanged = status.header("if-none-match", read.header("etag").unwrap()).send();
    unchanged.expect(304);
    check_api(&unchanged, "an unchanged status");
}

#[test]
fn a_preflight_is_answered_for_every_operation_and_can_be_cached() {
    for operation in OPERATIONS {
        let mut call = operation.request(&operation.job_id("a")).header("origin", ORIGIN);
        call = call.header("access-control-request-method", operation.method);
        call = call.header("access-control-request-headers", "authorization,content-type,last-event-id,if-none-match");
        (call.method, call.body) = ("OPTIONS".to_owned(), None);
        let answer = call.send();
        assert_eq!((answer.status, &*answer.text), (204, ""), "{}: {answer}", operation.name);
        check_api(&answer, operation.name);
        let methods = names(&answer, "access-control-allow-methods");
        assert!(methods.contains(&operation.method.to_ascii_lowercase()), "{}: {methods:?}", operation.name);
        let headers = names(&answer, "access-control-allow-headers");
        for name in ["authorization", "content-type", "last-event-id", "if-none-match"] {
            assert!(headers.contains(&name.to_owned()), "{}: {headers:?}", operation.name);
        }
        let age: u64 = answer.header("access-control-max-age").and_then(|age| age.parse().ok()).unwrap();
        assert!(age >= 3_600, "a preflight is cached for only {age} s");
    }
}

#[test]
fn static_files_have_the_security_headers_and_the_element_can_be_embedded() {
    for (path, kind) in [
        ("/", "text/html"),
        ("/job", "text/html"),
        ("/jobs", "text/html"),
        ("/demo.js", "javascript"),
        ("/site.css", "text/css"),
        ("/demo-job.sh", "text/plain"),
        ("/demo-states.sh", "text/plain"),
        ("/icon.svg", "image/svg"),
        ("/job-progress.js", "javascript"),
        ("/job-progress-element.js", "javascript"),
        ("/job-progress-element.wasm", "application/wasm"),
        ("/openapi.json", "application/json"),
    ] {
        let answer = Request::get(path).anonymous().header("origin", ORIGIN).send();
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").is_some_and(|found| found.contains(kind)), "{path}");
        assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy").as_deref(), Some("no-referrer"), "{path}");
        let transport = answer.header("strict-transport-security").unwrap_or_default();
        assert!(transport.starts_with("max-age="), "{path}: {transport}");
        assert!(answer.header("set-cookie").is_none(), "{path}");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        for hole in ["unsafe-inline", "'unsafe-eval'", "*", "http:", "https:", "data:"] {
            assert!(!policy.contains(hole), "{path}: {hole} in {policy}");
        }
        let embeddable = path.starts_with("/job-progress") || path == "/openapi.json";
        let origin = answer.header("access-control-allow-origin");
        assert_eq!(origin.as_deref(), embeddable.then_some("*"), "{path}");
        let resource = answer.header("cross-origin-resource-policy");
        assert_eq!(resource.as_deref(), embeddable.then_some("cross-origin"), "{path}");
    }
}

#[test]
fn allowed_origins_limit_the_pages_that_may_call() {
    let key = Key::draw("ci", "acme", EVERYTHING);
    let settings = [
        ("API_KEYS", &*key.line),
        ("TOKEN_SECRET", "a-secret-of-32-characters-or-more"),
        ("ALLOWED_ORIGINS", "https://shop.example, https://admin.example:8443"),
    ];
    let deployment = Deployment::start(Runtime::Raised, &settings);
    for operation in OPERATIONS {
        let call = operation.request(&operation.job_id("a")).to(&deployment.base_url).bearer(&key.text);
        let mut preflight = call.clone().anonymous();
        (preflight.method, preflight.body) = ("OPTIONS".to_owned(), None);
        for call in [call, preflight] {
            for (origin, allowed) in [
                (Some("https://shop.example"), true),
                (Some("https://admin.example:8443"), true),
                (Some("https://admin.example"), false),
                (Some("http://shop.example"), false),
                (Some("https://shop.example.evil.example"), false),
                (Some("https://evil.example"), false),
                (Some("null"), false),
                (None, false),
            ] {
                let call = origin.map_or(call.clone(), |origin| call.clone().header("origin", origin));
                let answer = operation.send(&call);
                let sent = answer.header("access-control-allow-origin");
                assert_eq!(sent.as_deref(), origin.filter(|_| allowed), "{} from {origin:?}", operation.name);
                // Without it a cache would give the answer for one origin to another.
                assert!(names(&answer, "vary").contains(&"origin".to_owned()), "{}", operation.name);
            }
        }
    }
}
