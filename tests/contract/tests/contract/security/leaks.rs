//! Secrets are put wherever a caller can put one, then searched for in every answer and in the log.

use std::{
    cell::{Cell, RefCell},
    thread,
    time::{Duration, Instant},
};

use contract::{
    deployment::{Deployment, Runtime},
    http::{Answer, Request},
    key::{EVERYTHING, Key},
    stream::{FRAME_TIMEOUT, Stream},
    target::{fresh_job, fresh_name},
    token::{claims, now, sign, signing_secret, with},
};
use serde_json::{Value, json};

use super::operations::{OPERATIONS, Operation, Shape};

/// Secrets of the deployment that no other text contains.
const SECRET: &str = "PLANTED-token-secret-0123456789abcdef";
const PREVIOUS: &str = "PLANTED-former-secret-0123456789abcdef";

/// A deployment, the secrets it knows or was sent, and the number of requests sent to it.
struct Site {
    deployment: Deployment,
    key: Key,
    reader: Key,
    /// The texts that no answer and no log line may contain.
    secrets: RefCell<Vec<String>>,
    calls: Cell<usize>,
}

impl Site {
    fn open() -> Site {
        let (key, reader) = (Key::draw("all", "acme", EVERYTHING), Key::draw("read", "acme", "jobs:read"));
        let lines = format!("{}\n{}", key.line, reader.line);
        let settings = [("API_KEYS", &*lines), ("TOKEN_SECRET", SECRET), ("TOKEN_SECRET_PREVIOUS", PREVIOUS)];
        let deployment = Deployment::start(Runtime::Raised, &settings);
        let hashes = [&key, &reader].map(|key| key.line.rsplit(' ').next().unwrap().to_owned());
        let mut secrets = vec![key.text.clone(), reader.text.clone(), SECRET.to_owned(), PREVIOUS.to_owned()];
        secrets.extend([SECRET, PREVIOUS].map(|secret| signing_secret(secret, "acme")));
        secrets.extend(hashes);
        Site { deployment, key, reader, secrets: RefCell::new(secrets), calls: Cell::new(0) }
    }

    /// A new text that must not appear again.
    fn plant(&self) -> String {
        let planted = format!("PLANTED{}", fresh_name());
        self.secrets.borrow_mut().push(planted.clone());
        planted
    }

    /// A new token; neither it nor its signature may appear again.
    fn token(&self, job: &str, edit: impl Fn(Value) -> Value) -> String {
        let token = sign(&edit(claims("acme", job)), &signing_secret(SECRET, "acme"));
        self.add_secret_token(&token);
        token
    }

    fn add_secret_token(&self, token: &str) {
        let (_, signature) = token.rsplit_once('.').unwrap();
        self.secrets.borrow_mut().extend([token.to_owned(), signature.to_owned()]);
    }

    /// Sends a request; its answer must not contain a secret.
    fn send_checked(&self, operation: &Operation, call: &Request) -> Answer {
        let answer = self.send(operation, call);
        let printed = format!("{:?} {}", answer.headers, answer.text);
        for secret in self.secrets.borrow().iter() {
            assert!(!printed.contains(secret.as_str()), "{} reveals {secret}: {call}\n{answer}", operation.name);
        }
        answer
    }

    /// Sends a request whose answer may repeat what the request contains; only the log is checked.
    fn send(&self, operation: &Operation, call: &Request) -> Answer {
        self.calls.set(self.calls.get() + 1);
        operation.send(&call.clone().to(&self.deployment.base_url))
    }

    /// The lines of the log, one per request, once all of them are written; without those for `/healthz` by the launcher.
    fn log(&self) -> Vec<Value> {
        let deadline = Instant::now() + FRAME_TIMEOUT;
        loop {
            let log = self.deployment.log();
            let lines = log.lines().map(|line| {
                serde_json::from_str::<Value>(line)
                    .unwrap_or_else(|_| panic!("the log has another kind of line: {line}"))
            });
            let lines: Vec<Value> = lines.filter(|line| line["route"] != "/healthz").collect();
            assert!(lines.len() <= self.calls.get(), "{} lines for {} requests", lines.len(), self.calls.get());
            if lines.len() == self.calls.get() {
                return lines;
            }
            assert!(Instant::now() < deadline, "{} lines for {} requests", lines.len(), self.calls.get());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Checks that the log contains no secret and that every line has the fields it should have.
    fn check_log(&self) {
        for line in self.log() {
            let members = line.as_object().unwrap();
            assert!(members.keys().eq(["time", "method", "route", "status", "ms", "by"]), "{line}");
            let time = line["time"].as_str().unwrap();
            assert!(time.len() == "2026-01-31T12:00:00.000Z".len() && time.ends_with('Z'), "{line}");
            let route = line["route"].as_str().unwrap();
            assert!(route == "-" || !route.contains(|letter: char| letter.is_ascii_digit() && letter != '2'), "{line}");
            assert!(line["status"].is_u64() && line["ms"].is_u64(), "{line}");
            let by = line["by"].as_str();
            let print = by.and_then(|by| by.strip_prefix("token:"));
            assert!(
                by.is_none_or(|by| by.starts_with("key:")) || print.is_some_and(|print| print.len() == 16),
                "{line}"
            );
        }
        let log = self.deployment.log();
        for secret in self.secrets.borrow().iter() {
            assert!(!log.contains(secret.as_str()), "the log contains {secret}:\n{log}");
        }
        assert!(!log.contains("PLANTED"), "{log}");
    }

    /// The request with an addition to its query.
    fn with_query(call: Request, query: &str) -> Request {
        let separator = if call.path.contains('?') { '&' } else { '?' };
        Request { path: format!("{}{separator}{query}", call.path), ..call }
    }
}

fn operation(name: &str) -> &'static Operation {
    OPERATIONS.iter().find(|operation| operation.name == name).unwrap()
}

#[test]
fn no_answer_and_no_log_repeats_a_bad_credential() {
    let site = Site::open();
    for operation in OPERATIONS {
        let job = operation.job_id(&fresh_job());
        let call = || operation.request(&job);
        let planted = || site.plant();
        let mut calls = vec![
            call().bearer(&planted()),
            call().bearer(&format!("jp_all_{}{}", planted(), planted())),
            call().bearer(&format!("jp_{}", planted())),
            call().bearer(&format!("{}.{}.{}", planted(), planted(), planted())),
            call().bearer(&format!("{} {}", planted(), planted())),
            call().header("authorization", planted()),
            call().header("authorization", format!("{} {}", planted(), planted())),
            call().header("authorization", format!("Basic {}", planted())),
            call().header("x-api-key", planted()),
            call().header("cookie", format!("token={}", planted())),
            // Valid keys in the wrong place.
            call().header("authorization", &*site.key.text),
            call().header("cookie", format!("token={}", site.key.text)),
            Site::with_query(call(), &format!("token={}", site.key.text)),
            Site::with_query(call(), &format!("token={}", planted())),
            Site::with_query(call(), &format!("token={}&token={}", planted(), planted())),
            Site::with_query(call(), &format!("token={}", planted())).bearer(&site.key.text),
            Site::with_query(call(), &format!("key={}", planted())),
            Site::with_query(call(), &format!("api_key={}", site.key.text)).bearer(&site.reader.text),
            Site::with_query(call(), &format!("api_key={}", planted())).bearer(&site.key.text),
        ];
        for edit in [
            |claims| with(claims, "exp", Some((now() - 5).into())),
            |claims| with(claims, "aud", Some("PLANTED-audience".into())),
            |claims| with(claims, "jobs", Some("PLANTED-jobs".into())),
            |claims| with(claims, "perm", Some(json!(["PLANTED-permission"]))),
            |claims| with(claims, "prj", Some("PLANTED-project".into())),
            |claims| with(claims, "jobs", Some(json!(["another"]))),
        ] {
            calls.push(call().bearer(&site.token(&job, edit)));
            calls.push(Site::with_query(call(), &format!("token={}", site.token(&job, edit))));
        }
        for call in calls {
            let answer = site.send_checked(operation, &call);
            assert!(answer.status >= 400 || operation.outcome(&answer).contains('/'), "{call}: {answer}");
        }
    }
    let streams = operation("streams");
    for token in [site.plant(), site.key.text.clone(), format!("jp_{}", site.plant()), site.token("x", |claims| claims)]
    {
        let body = json!({"jobs": [{"jobId": "a", "token": token}]});
        site.send_checked(streams, &streams.request("a").json(&body));
        site.send_checked(streams, &streams.request("a").json(&body).bearer(&site.reader.text));
    }
    site.check_log();
}

#[test]
fn no_answer_and_no_log_repeats_an_unauthenticated_request() {
    let site = Site::open();
    for operation in OPERATIONS {
        let planted = site.plant();
        let call = operation.request(&operation.job_id(&planted));
        site.send_checked(operation, &call);
        // A body that contains credentials is read before authentication, and the answer names its faults.
        let send = if operation.name == "streams" { Site::send } else { Site::send_checked };
        send(&site, operation, &call.clone().json(&json!({&*planted: planted})));
        send(&site, operation, &Site::with_query(call, &format!("{planted}={planted}")));
    }
    let status = operation("status");
    for path in ["/", "/v2/", "/v2/jobs/", "/assets/", "/%00", "/v2/jobs/a/b/"] {
        let unknown = status.request("a");
        site.send_checked(status, &Request { path: format!("{path}{}", site.plant()), ..unknown });
    }
    site.check_log();
}

#[test]
fn the_log_contains_no_name_that_a_caller_chose() {
    let site = Site::open();
    for operation in OPERATIONS {
        let planted = site.plant();
        let call = || operation.request(&operation.job_id(&planted)).bearer(&site.key.text);
        // A job id may be any name, so a caller can use a secret as one; the answer then repeats it.
        site.send(operation, &call());
        site.send(operation, &Site::with_query(call(), &format!("include={planted}")));
        site.send(operation, &Site::with_query(call(), &format!("{planted}=1")));
        site.send(operation, &call().json(&json!({&*planted: planted})));
        site.send(operation, &call().json(&json!({"message": planted, "error": planted, "jobId": planted})));
        site.send(operation, &Request { body: Some(format!("{{\"{planted}").into_bytes()), ..call() });
        site.send(operation, &call().header("content-type", &*planted));
        site.send(operation, &call().header("last-event-id", &*planted).header("if-none-match", &*planted));
        site.send(operation, &Request { method: "PUT".to_owned(), ..call() });
    }
    site.check_log();
}

#[test]
fn a_token_is_given_only_to_callers_that_may_have_it() {
    let site = Site::open();
    let (create, report, mint) = (operation("create"), operation("report-create"), operation("mint"));
    let mut jobs = Vec::new();
    for operation in [create, report] {
        let job = fresh_job();
        let answer = site.send(operation, &operation.request(&job).bearer(&site.key.text));
        let body = answer.expect(201);
        let token = body["token"].as_str().unwrap().to_owned();
        let page = body["links"]["page"].as_str().unwrap().to_owned();
        // The token is in its own field, and after the `#` of the page, which browsers do not send.
        assert_eq!(answer.text.matches(&*token).count(), 2);
        assert!(page.ends_with(&format!("/job#{job}&{token}")), "{page}");
        for link in ["status", "stream", "reports"] {
            assert!(!body["links"][link].as_str().unwrap().contains(['?', '#']), "{answer}");
        }
        assert!(!format!("{:?}", answer.headers).contains(&token));
        site.add_secret_token(&token);
        jobs.push((job, token));
    }
    let (job, token) = &jobs[0];
    let answer = site.send(mint, &mint.request(job).bearer(&site.key.text));
    site.add_secret_token(answer.expect(200)["token"].as_str().unwrap());
    // A caller without permission to read gets no token, and a caller with a token gets no other.
    let writer = site.token(job, |claims| with(claims, "perm", Some(json!(["jobs:write"]))));
    let answer = site.send_checked(report, &report.request(job).bearer(&writer));
    assert!(answer.expect(200)["token"].is_null());
    // Afterwards no answer contains any of them.
    for operation in OPERATIONS.iter().filter(|operation| operation.name != "mint") {
        for credential in [token, &site.reader.text] {
            site.send_checked(operation, &operation.request(&operation.job_id(job)).bearer(credential));
        }
        if operation.shape == Shape::Stream && operation.method == "GET" {
            site.send_checked(operation, &Site::with_query(operation.request(job), &format!("token={token}")));
        }
    }
    site.check_log();
}

#[test]
fn a_request_is_one_log_line_with_method_route_status_and_credential() {
    let site = Site::open();
    let job = fresh_job();
    let token = site.token(&job, |claims| claims);
    let send = |method: &str, path: &str, credential: Option<&str>, body: Option<Value>| {
        let call = Request { method: method.to_owned(), path: path.to_owned(), ..Request::default() };
        let call = credential.map_or(call.clone(), |credential| call.bearer(credential));
        let call = body.map_or(call.clone(), |body| call.json(&body));
        site.calls.set(site.calls.get() + 1);
        let mut stream = Stream::open(&call.to(&site.deployment.base_url)).unwrap();
        if stream.status == 200 && path.contains("stream") {
            stream.frame(Instant::now() + FRAME_TIMEOUT).unwrap();
        }
        stream.status
    };
    let key = Some(&*site.key.text);
    let streams = json!({"jobs": [{"jobId": job, "token": token}]});
    let statuses = [
        send("POST", "/v2/jobs", key, Some(json!({"jobId": job}))),
        send("POST", &format!("/v2/jobs/{job}/reports"), key, Some(json!({"current": 1}))),
        send("POST", &format!("/v2/jobs/{job}/reports"), key, Some(json!({"current": "one"}))),
        send("GET", &format!("/v2/jobs/{job}/status?include=logs"), Some(&token), None),
        send("GET", &format!("/v2/jobs/{job}/status"), None, None),
        send("GET", "/v2/jobs/unknown/status", Some(&site.reader.text), None),
        send("DELETE", &format!("/v2/jobs/{job}"), Some(&site.reader.text), None),
        send("GET", &format!("/v2/jobs/{job}/status/stream?token={token}"), None, None),
        send("POST", "/v2/jobs/status/stream", None, Some(streams)),
        send("GET", "/applications/app/requests/r/progress", key, None),
        send("GET", "/api/task-status/unknown", key, None),
        send("OPTIONS", &format!("/v2/jobs/{job}/reports"), None, None),
        send("PATCH", &format!("/v2/jobs/{job}/reports"), key, None),
        send("GET", "/no/such/path", key, None),
    ];
    let print = {
        let line = site.log().into_iter().nth(3).unwrap();
        line["by"].as_str().unwrap().to_owned()
    };
    assert!(print.starts_with("token:"), "{print}");
    let (all, read, print) = (Some("key:all"), Some("key:read"), Some(&*print));
    let expected = [
        ("POST", "/v2/jobs", 201, all),
        ("POST", "/v2/jobs/{jobId}/reports", 200, all),
        ("POST", "/v2/jobs/{jobId}/reports", 400, all),
        ("GET", "/v2/jobs/{jobId}/status", 200, print),
        ("GET", "/v2/jobs/{jobId}/status", 401, None),
        ("GET", "/v2/jobs/{jobId}/status", 404, read),
        ("DELETE", "/v2/jobs/{jobId}", 403, read),
        ("GET", "/v2/jobs/{jobId}/status/stream", 200, print),
        ("POST", "/v2/jobs/status/stream", 200, print),
        ("GET", "/applications/{application}/requests/{requestId}/progress", 404, all),
        ("GET", "/api/task-status/{taskId}", 404, all),
        ("OPTIONS", "-", 204, None),
        ("PATCH", "-", 405, None),
        ("GET", "-", 404, None),
    ];
    assert_eq!(statuses, expected.map(|(_, _, status, _)| status));
    let log = site.log();
    for (line, (method, route, status, by)) in log.iter().zip(expected) {
        let expected = json!({
            "time": line["time"], "method": method, "route": route, "status": status, "ms": line["ms"], "by": by,
        });
        assert_eq!(*line, expected);
    }
    site.check_log();
}
