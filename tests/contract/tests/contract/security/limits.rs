//! The shipped rate limits: which requests are counted together, and the answer beyond the limit.

use std::collections::BTreeMap;

use contract::{
    deployment::{Deployment, Runtime},
    http::{Answer, Request},
    key::{EVERYTHING, Key},
    target::fresh_job,
    token::{claims, sign, signing_secret},
};
use serde_json::{Value, json};

const SECRET: &str = "a-secret-of-32-characters-or-more";
const READS: usize = 100;
const STREAMS: usize = 300;
const AUTH_FAILURES: usize = 100;

/// A deployment with the shipped limits, two keys of it, and the header with the address of a caller.
struct Site {
    deployment: Deployment,
    keys: [Key; 2],
    address: &'static str,
}

impl Site {
    /// A server behind a proxy, as which the test reports the addresses of callers.
    fn open() -> Site {
        Site::of(Runtime::Shipped, "X-Forwarded-For", &[("TRUSTED_PROXIES", "127.0.0.1")])
    }

    fn of(runtime: Runtime, address: &'static str, more: &[(&str, &str)]) -> Site {
        let keys = ["one", "two"].map(|id| Key::draw(id, "acme", EVERYTHING));
        let lines = keys.each_ref().map(|key| key.line.as_str()).join("\n");
        let settings = [&[("API_KEYS", &*lines), ("TOKEN_SECRET", SECRET)], more].concat();
        Site { deployment: Deployment::start(runtime, &settings), keys, address }
    }

    /// Creates a job that has ended; returns its cursor and a token that reads it.
    fn create(&self, job: &str) -> (String, String) {
        let report = json!({"jobId": job, "status": "completed"});
        let created =
            self.deployment.request("POST", "/v2/jobs").json(&report).bearer(&self.keys[0].text).send().expect(201);
        let cursor = format!("{}.{}", created["epoch"].as_str().unwrap(), created["seq"]);
        (cursor, sign(&claims("acme", job), &signing_secret(SECRET, "acme")))
    }

    fn read(&self, job: &str, credential: &str) -> Request {
        self.deployment.get(format!("/v2/jobs/{job}/status")).bearer(credential)
    }

    fn cancel(&self, job: &str, credential: &str) -> Request {
        self.deployment.request("POST", format!("/v2/jobs/{job}/cancel")).bearer(credential)
    }
}

/// Sends the request until it is refused; returns the number of answers by status before that, and the refusal.
///
/// A new window may begin in between, so up to twice the limit, less one, may pass.
fn until_refused(limit: usize, call: &Request) -> (BTreeMap<u16, usize>, Answer) {
    let mut statuses = BTreeMap::new();
    for _ in 0..2 * limit {
        let answer = call.send();
        if answer.status == 429 {
            return (statuses, answer);
        }
        *statuses.entry(answer.status).or_default() += 1;
    }
    panic!("{call}: {} requests, and none was refused: {statuses:?}", 2 * limit)
}

/// Checks that as many requests as the limit allows get `status`, and that then one is refused.
fn exhaust(limit: usize, call: &Request, status: u16, message: &str) {
    let (statuses, refusal) = until_refused(limit, call);
    assert_eq!(statuses.keys().copied().collect::<Vec<_>>(), [status]);
    assert!(statuses[&status] >= limit, "refused after {} requests; expected at least {limit}", statuses[&status]);
    check_refusal(&refusal, message, limit);
}

/// The answer to a request beyond a limit that `spent` has reached; if a new window has begun since, `spent` reaches it again.
fn past(limit: usize, spent: &Request, call: &Request, refused: impl Fn(&Answer) -> bool) -> Answer {
    let answer = call.send();
    if refused(&answer) {
        return answer;
    }
    until_refused(limit, spent);
    call.send()
}

/// Whether the answer makes a native `EventSource` reconnect later: any status but 200 would end it for good.
fn reconnects_later(answer: &Answer) -> bool {
    let retry = answer.text.lines().find_map(|line| line.strip_prefix("retry: "));
    let millis: Option<u64> = retry.and_then(|millis| millis.parse().ok());
    answer.status == 200
        && answer.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"))
        && millis.is_some_and(|millis| (10_000..=60_000).contains(&millis))
        && !answer.text.contains("data:")
        && answer.text.ends_with('\n')
}

/// Checks a refusal: the message and the limit, and that it says how long to wait and what to do.
fn check_refusal(answer: &Answer, message: &str, limit: usize) {
    assert_eq!(answer.header("retry-after").as_deref(), Some("60"), "{answer}");
    assert!(answer.header("www-authenticate").is_none());
    let body = answer.json();
    assert_eq!((&body["error"], &body["message"]), (&json!("RATE_LIMIT_EXCEEDED"), &json!(message)));
    let recommendation = &body["details"]["recommendation"];
    assert!(recommendation.as_str().is_some_and(|text| !text.is_empty()), "{answer}");
    let details = json!({"limit": limit, "window": "1m", "retryAfter": 60, "recommendation": recommendation});
    assert_eq!(body["details"], details);
}

#[test]
fn reads_are_counted_by_credential_and_job_and_for_a_token_by_address() {
    count_reads(&Site::open());
}

#[test]
fn control_requests_are_counted_like_reads_but_separately() {
    count_control_requests(&Site::open());
}

#[test]
fn streams_are_counted_by_token_and_address_and_not_for_keys() {
    count_streams(&Site::open());
}

#[test]
fn failed_authentications_are_counted_by_address() {
    count_failures(&Site::open());
}

#[test]
fn wrangler_counts_as_workerd_does_and_by_the_address_that_cloudflare_sets() {
    let site = Site::of(Runtime::Wrangler, "CF-Connecting-IP", &[]);
    count_reads(&site);
    count_control_requests(&site);
    count_streams(&site);
    count_failures(&site);
}

#[test]
fn no_header_gives_a_caller_of_a_server_another_address() {
    let forge = |site: &Site, index: usize, behind: &str| {
        let forged = format!("198.51.{}.{}", index / 256, index % 256);
        let call =
            site.read("a", "wrong").header("CF-Connecting-IP", &*forged).header("Forwarded", format!("for={forged}"));
        let call = call.header("X-Real-IP", &*forged).header("True-Client-IP", &*forged);
        call.header("X-Forwarded-For", format!("{forged}{behind}")).send().status
    };
    // Without a proxy the whole header is the caller's; behind one, all of it but the last address, which the proxy adds.
    for (settings, behind) in [(&[][..], ""), (&[("TRUSTED_PROXIES", "127.0.0.0/8")], ", 203.0.113.7")] {
        let site = Site::of(Runtime::Shipped, "X-Forwarded-For", settings);
        let statuses: Vec<u16> = (0..2 * AUTH_FAILURES).map(|index| forge(&site, index, behind)).collect();
        assert!(statuses.contains(&429), "{} forged addresses, and none was refused: {statuses:?}", statuses.len());
    }
}

fn count_reads(site: &Site) {
    const MESSAGE: &str = "Too many status check requests";
    let (job, other) = (fresh_job(), fresh_job());
    let (_, token) = site.create(&job);
    site.create(&other);
    let [key, second] = &site.keys;

    exhaust(READS, &site.read(&job, &key.text), 200, MESSAGE);
    // Other jobs, other keys and tokens are not affected.
    site.read(&other, &key.text).send().expect(200);
    site.read(&job, &second.text).send().expect(200);
    site.read(&job, &token).send().expect(200);
    // Reports are not limited: the owner of the key pays for them.
    let path = format!("/v2/jobs/{other}/reports");
    for _ in 0..READS + 50 {
        site.deployment.request("POST", &*path).json(&json!({})).bearer(&key.text).send().expect(200);
    }

    // A token is as public as its page: one reader must not lock out the others.
    let from = |address: &str| site.read(&job, &token).header(site.address, address);
    exhaust(READS, &from("203.0.113.7"), 200, MESSAGE);
    from("203.0.113.8").send().expect(200);

    // Logs count as reads, and so does each job of a batch: one that is past its limit does not fail the others.
    let logs = site.deployment.get(format!("/v2/jobs/{other}/logs")).bearer(&second.text);
    exhaust(READS, &logs, 200, MESSAGE);
    let batch = |jobs: &Value| {
        site.deployment.request("POST", "/v2/jobs/status/batch").json(&json!({"jobIds": jobs})).bearer(&second.text)
    };
    let is_refused = |answer: &Answer| answer.json()["errors"][0]["error"] == "RATE_LIMIT_EXCEEDED";
    let answer = past(READS, &logs, &batch(&json!([job, other])), is_refused);
    assert!(is_refused(&answer) && answer.json()["jobs"][0]["jobId"] == job, "{answer}");

    // No name of a job shares the budget of the batches.
    site.create("batch");
    let call = batch(&json!([job]));
    assert!((0..2 * READS).any(|_| is_refused(&call.send())), "a batch does not count as a read of its jobs");
    site.read("batch", &second.text).send().expect(200);
}

fn count_control_requests(site: &Site) {
    const MESSAGE: &str = "Too many control requests";
    let (job, other) = (fresh_job(), fresh_job());
    site.create(&job);
    site.create(&other);
    let [key, second] = &site.keys;

    // The job is completed, so that no request is allowed; a request that is not allowed counts too.
    let spent = site.cancel(&job, &key.text);
    exhaust(READS, &spent, 409, MESSAGE);
    site.read(&job, &key.text).send().expect(200);
    site.cancel(&other, &key.text).send().expect(409);
    site.cancel(&job, &second.text).send().expect(409);

    // Each job of a batch counts; one that is past its limit does not fail the others.
    let body = json!({"jobIds": [job, other], "request": "cancel"});
    let batch = site.deployment.request("POST", "/v2/jobs/control/batch").json(&body).bearer(&key.text);
    let error_of = |answer: &Answer, index: usize| answer.json()["errors"][index]["error"].clone();
    let answer = past(READS, &spent, &batch, |answer| error_of(answer, 0) == "RATE_LIMIT_EXCEEDED");
    assert_eq!(
        (error_of(&answer, 0), error_of(&answer, 1)),
        (json!("RATE_LIMIT_EXCEEDED"), json!("INVALID_TRANSITION"))
    );

    // A page that has used up its reads can still cancel.
    let reads = site.read(&other, &second.text);
    exhaust(READS, &reads, 200, "Too many status check requests");
    site.cancel(&other, &second.text).send().expect(409);
}

fn count_streams(site: &Site) {
    const MESSAGE: &str = "Too many streams opened";
    let job = fresh_job();
    let (cursor, token) = site.create(&job);
    // With the cursor of the end a stream is over at once, but it counts as opened.
    let watch = |credential: &str| {
        let call = site.deployment.get(format!("/v2/jobs/{job}/status/stream")).bearer(credential);
        call.header("last-event-id", &*cursor)
    };
    let spent = watch(&token);
    exhaust(STREAMS, &spent, 204, MESSAGE);
    watch(&token).header(site.address, "203.0.113.8").send().expect(204);

    let native = site.deployment.get(format!("/v2/jobs/{job}/status/stream?token={token}"));
    let several = site.deployment.get(format!("/v2/jobs/status/stream?jobIds={job}&token={token}"));
    for call in [native, several] {
        let answer = past(STREAMS, &spent, &call, reconnects_later);
        assert!(reconnects_later(&answer), "{answer}");
    }
    let body = json!({"jobs": [{"jobId": job, "token": token}]});
    let posted = site.deployment.request("POST", "/v2/jobs/status/stream").json(&body);
    check_refusal(&past(STREAMS, &spent, &posted, |answer| answer.status == 429), MESSAGE, STREAMS);

    // Every token of a stream counts, not only the first.
    let (_, own) = site.create("own");
    let both = json!({"jobs": [{"jobId": "own", "token": own}, {"jobId": job, "token": token}]});
    let both = site.deployment.request("POST", "/v2/jobs/status/stream").json(&both).header("last-event-id", "end");
    check_refusal(&past(STREAMS, &spent, &both, |answer| answer.status == 429), MESSAGE, STREAMS);

    for _ in 0..STREAMS + 50 {
        watch(&site.keys[0].text).send().expect(204);
    }
}

fn count_failures(site: &Site) {
    const MESSAGE: &str = "Too many requests with a credential that is not valid";
    let job = fresh_job();
    let (_, token) = site.create(&job);
    let wrong = Key::draw("one", "acme", EVERYTHING).text;
    let spent = site.read(&job, &wrong);
    exhaust(AUTH_FAILURES, &spent, 401, MESSAGE);
    // Past the limit nothing from the address is verified any more, and other addresses are not affected.
    for credential in [&site.keys[0].text, &token] {
        let refusal = past(AUTH_FAILURES, &spent, &site.read(&job, credential), |answer| answer.status == 429);
        check_refusal(&refusal, MESSAGE, AUTH_FAILURES);
        site.read(&job, credential).header(site.address, "203.0.113.8").send().expect(200);
    }
    site.deployment.get("/healthz").send().expect(200);
    site.read(&job, &wrong).header(site.address, "203.0.113.8").send().expect(401);
    // A wrong token in the body counts too.
    let guesses: Vec<Value> =
        (0..100).map(|guess| json!({"jobId": format!("{job}-{guess}"), "token": format!("a.b.{guess}")})).collect();
    let guess = site.deployment.request("POST", "/v2/jobs/status/stream").json(&json!({"jobs": guesses}));
    check_refusal(&past(AUTH_FAILURES, &spent, &guess, |answer| answer.status == 429), MESSAGE, AUTH_FAILURES);
    let native = site.deployment.get(format!("/v2/jobs/{job}/status/stream?token=a.b.c"));
    let answer = past(AUTH_FAILURES, &spent, &native, reconnects_later);
    assert!(reconnects_later(&answer), "{answer}");

    // A body that nobody has authenticated for counts, and so does an invalid token beside a valid one.
    let stream = || site.deployment.request("POST", "/v2/jobs/status/stream");
    let mut malformed = stream().header(site.address, "203.0.113.20");
    malformed.body = Some(b"{\"jobs\":[[".to_vec());
    exhaust(AUTH_FAILURES, &malformed, 400, MESSAGE);
    let beside = json!({"jobs": [{"jobId": job, "token": token}, {"jobId": "a", "token": "a.b.c"}]});
    let beside = stream().json(&beside).header(site.address, "203.0.113.21").header("last-event-id", "end");
    exhaust(AUTH_FAILURES, &beside, 204, MESSAGE);

    // The addresses of one IPv6 network are one caller.
    let from = |index: usize| site.read(&job, &wrong).header(site.address, format!("2001:db8:1:2::{index:x}"));
    assert!((0..2 * AUTH_FAILURES).any(|index| from(index).send().status == 429));
    from(0).header(site.address, "2001:db8:1:3::1").send().expect(401);

    // A valid credential without the permission does not count.
    let denied = site.read("another", &token).header(site.address, "203.0.113.9");
    let denied_stream = site.deployment.request("POST", "/v2/jobs/status/stream");
    let denied_stream = denied_stream.json(&json!({"jobs": [{"jobId": "another", "token": token}]}));
    for call in [denied, denied_stream.header(site.address, "203.0.113.9")] {
        for _ in 0..AUTH_FAILURES + 20 {
            call.send().expect(403);
        }
    }
}
