//! The rate limits as they are shipped: who is counted with whom, and what is told past the limit.

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

/// A deployment with the shipped limits, and two keys of it.
struct Site {
    deployment: Deployment,
    keys: [Key; 2],
}

impl Site {
    fn open() -> Site {
        let keys = ["one", "two"].map(|id| Key::draw(id, "acme", EVERYTHING));
        let lines = keys.each_ref().map(|key| key.line.as_str()).join("\n");
        let settings = [("API_KEYS", &*lines), ("TOKEN_SECRET", SECRET)];
        Site { deployment: Deployment::start(Runtime::Shipped, &settings), keys }
    }

    /// Makes a job that has ended; its cursor, and a token that reads it.
    fn make(&self, job: &str) -> (String, String) {
        let report = json!({"jobId": job, "status": "completed"});
        let made = self.deployment.ask("POST", "/v2/jobs").json(&report).bearer(&self.keys[0].text).send().expect(201);
        let cursor = format!("{}.{}", made["epoch"].as_str().unwrap(), made["seq"]);
        (cursor, sign(&claims("acme", job), &signing_secret(SECRET, "acme")))
    }

    fn read(&self, job: &str, credential: &str) -> Request {
        self.deployment.get(format!("/v2/jobs/{job}/status")).bearer(credential)
    }
}

/// Sends the call again and again until it is refused; what it was told until then, and the refusal.
///
/// The window may turn once meanwhile, so that up to twice as many may pass, less one.
fn until_refused(limit: usize, call: &Request) -> (BTreeMap<u16, usize>, Answer) {
    let mut told = BTreeMap::new();
    for _ in 0..2 * limit {
        let answer = call.send();
        if answer.status == 429 {
            return (told, answer);
        }
        *told.entry(answer.status).or_default() += 1;
    }
    panic!("{call}: {} calls were never refused: {told:?}", 2 * limit)
}

/// As many calls as the limit allows are told `status`, and then one is refused.
fn exhaust(limit: usize, call: &Request, status: u16, message: &str) {
    let (told, refusal) = until_refused(limit, call);
    assert_eq!(told.keys().copied().collect::<Vec<_>>(), [status]);
    assert!(told[&status] >= limit, "refused after {}, and should be after {limit}", told[&status]);
    check_refusal(&refusal, message, limit);
}

/// The answer to a call past a limit that `spent` has reached; if the window has turned since, it is reached again.
fn past(limit: usize, spent: &Request, call: &Request, refused: impl Fn(&Answer) -> bool) -> Answer {
    let answer = call.send();
    if refused(&answer) {
        return answer;
    }
    until_refused(limit, spent);
    call.send()
}

/// Whether a native `EventSource` was told to come back later: any status but 200 would end it for ever.
fn comes_back_later(answer: &Answer) -> bool {
    let retry = answer.text.lines().find_map(|line| line.strip_prefix("retry: "));
    let millis: Option<u64> = retry.and_then(|millis| millis.parse().ok());
    answer.status == 200
        && answer.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"))
        && millis.is_some_and(|millis| (10_000..=60_000).contains(&millis))
        && !answer.text.contains("data:")
        && answer.text.ends_with("\n\n")
}

/// The body of a refusal: the source API's words, and the right numbers in them.
fn check_refusal(answer: &Answer, message: &str, limit: usize) {
    assert_eq!(answer.header("retry-after").as_deref(), Some("60"), "{answer}");
    assert!(answer.header("www-authenticate").is_none());
    let body = json!({
        "error": "RATE_LIMIT_EXCEEDED",
        "message": message,
        "details": {
            "limit": limit,
            "window": "1m",
            "retryAfter": 60,
            "recommendation": "Use webhooks or SSE for real-time updates",
        },
    });
    assert_eq!(answer.json(), body);
}

#[test]
fn reads_are_counted_by_credential_and_job_and_for_a_token_by_address() {
    const MESSAGE: &str = "Too many status check requests";
    let site = Site::open();
    let (job, other) = (fresh_job(), fresh_job());
    let (_, token) = site.make(&job);
    site.make(&other);
    let [key, second] = &site.keys;

    exhaust(READS, &site.read(&job, &key.text), 200, MESSAGE);
    // Whoever and whatever else goes on.
    site.read(&other, &key.text).send().expect(200);
    site.read(&job, &second.text).send().expect(200);
    site.read(&job, &token).send().expect(200);
    // Reports are never refused: the owner of the key pays for them.
    let path = format!("/v2/jobs/{other}/reports");
    for _ in 0..READS + 50 {
        site.deployment.ask("POST", &*path).json(&json!({})).bearer(&key.text).send().expect(200);
    }

    // A token is as public as its page: one reader must not lock out the others.
    let from = |address: &str| site.read(&job, &token).header("cf-connecting-ip", address);
    exhaust(READS, &from("203.0.113.7"), 200, MESSAGE);
    from("203.0.113.8").send().expect(200);

    // Batches are reads too, and so are logs.
    let batch = json!({"jobIds": [job, other]});
    let batch = site.deployment.ask("POST", "/v2/jobs/status/batch").json(&batch).bearer(&second.text);
    exhaust(READS, &batch, 200, MESSAGE);
    let logs = site.deployment.get(format!("/v2/jobs/{other}/logs")).bearer(&second.text);
    exhaust(READS, &logs, 200, MESSAGE);
}

#[test]
fn streams_are_counted_by_token_and_address_and_not_for_keys() {
    const MESSAGE: &str = "Too many streams opened";
    let site = Site::open();
    let job = fresh_job();
    let (cursor, token) = site.make(&job);
    // With the cursor of its end a stream is over at once, and opened all the same.
    let watch = |credential: &str| {
        let call = site.deployment.get(format!("/v2/jobs/{job}/status/stream")).bearer(credential);
        call.header("last-event-id", &*cursor)
    };
    let spent = watch(&token);
    exhaust(STREAMS, &spent, 204, MESSAGE);
    watch(&token).header("cf-connecting-ip", "203.0.113.8").send().expect(204);

    let native = site.deployment.get(format!("/v2/jobs/{job}/status/stream?token={token}"));
    let several = site.deployment.get(format!("/v2/jobs/status/stream?jobIds={job}&token={token}"));
    for call in [native, several] {
        let answer = past(STREAMS, &spent, &call, comes_back_later);
        assert!(comes_back_later(&answer), "{answer}");
    }
    let body = json!({"jobs": [{"jobId": job, "token": token}]});
    let posted = site.deployment.ask("POST", "/v2/jobs/status/stream").json(&body);
    check_refusal(&past(STREAMS, &spent, &posted, |answer| answer.status == 429), MESSAGE, STREAMS);

    for _ in 0..STREAMS + 50 {
        watch(&site.keys[0].text).send().expect(204);
    }
}

#[test]
fn who_fails_to_show_who_it_is_is_counted_by_address() {
    const MESSAGE: &str = "Too many requests with a credential that is not valid";
    let site = Site::open();
    let job = fresh_job();
    let (_, token) = site.make(&job);
    let wrong = Key::draw("one", "acme", EVERYTHING).text;
    let spent = site.read(&job, &wrong);
    exhaust(AUTH_FAILURES, &spent, 401, MESSAGE);
    // Nobody is locked out by a neighbour who guesses, and a stranger elsewhere is told what is wrong.
    site.read(&job, &site.keys[0].text).send().expect(200);
    site.read(&job, &token).send().expect(200);
    site.read(&job, &wrong).header("cf-connecting-ip", "203.0.113.8").send().expect(401);
    // A token in the body is as good a guess as any.
    let guesses: Vec<Value> = (0..100).map(|guess| json!({"jobId": job, "token": format!("a.b.{guess}")})).collect();
    let guess = site.deployment.ask("POST", "/v2/jobs/status/stream").json(&json!({"jobs": guesses}));
    check_refusal(&past(AUTH_FAILURES, &spent, &guess, |answer| answer.status == 429), MESSAGE, AUTH_FAILURES);
    let native = site.deployment.get(format!("/v2/jobs/{job}/status/stream?token=a.b.c"));
    let answer = past(AUTH_FAILURES, &spent, &native, comes_back_later);
    assert!(comes_back_later(&answer), "{answer}");

    // A good credential that may not do this is no guess.
    let denied = site.read("another", &token).header("cf-connecting-ip", "203.0.113.9");
    let denied_stream = site.deployment.ask("POST", "/v2/jobs/status/stream");
    let denied_stream = denied_stream.json(&json!({"jobs": [{"jobId": "another", "token": token}]}));
    for call in [denied, denied_stream.header("cf-connecting-ip", "203.0.113.9")] {
        for _ in 0..AUTH_FAILURES + 20 {
            call.send().expect(403);
        }
    }
}
