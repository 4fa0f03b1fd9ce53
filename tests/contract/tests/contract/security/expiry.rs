//! Tokens that expire while a stream is open: the stream sends a problem and then nothing more of that job.

use std::{
    thread,
    time::{Duration, Instant},
};

use contract::{
    http::Request,
    stream::{FRAME_TIMEOUT, Frame, Stream},
    target::{Target, fresh_job},
    token::{claims, now, sign, signing_secret, with},
};
use serde_json::{Value, json};

/// Seconds until a short token expires: enough to open a stream on a busy machine.
const LIFETIME: u64 = 6;

fn create_job() -> String {
    let job = fresh_job();
    Request::post(format!("/v2/jobs/{job}/reports?create=true"), &json!({"progress": 1})).send().expect(201);
    job
}

fn token(jobs: &[&str], lifetime: u64) -> String {
    let Target { project, token_secret, .. } = Target::get();
    let claims = with(claims(project, ""), "jobs", Some(json!(jobs)));
    sign(&with(claims, "exp", Some((now() + lifetime).into())), &signing_secret(token_secret, project))
}

/// The next frame; it may take until a short token has expired, and longer on a busy machine.
fn next(stream: &mut Stream) -> Option<Frame> {
    stream.frame(Instant::now() + Duration::from_secs(LIFETIME) + FRAME_TIMEOUT).unwrap()
}

fn is_expiry(frame: &Frame, job: &str) -> bool {
    let body = frame.json();
    frame.event.as_deref() == Some("problem") && body["error"] == "UNAUTHENTICATED" && body["jobId"] == job
}

fn by_body(jobs: &[(&str, &str)]) -> Request {
    let jobs: Vec<Value> = jobs.iter().map(|(job, token)| json!({"jobId": job, "token": token})).collect();
    Request::post("/v2/jobs/status/stream", &json!({"jobs": jobs})).anonymous()
}

#[test]
fn a_stream_whose_token_expires_sends_a_problem_and_ends() {
    let requests: [fn(&str, &str) -> Request; 4] = [
        |job, token| Request::get(format!("/v2/jobs/{job}/status/stream?token={token}")).anonymous(),
        |job, token| Request::get(format!("/v2/jobs/{job}/status/stream")).bearer(token),
        |job, token| Request::get(format!("/v2/jobs/status/stream?jobIds={job}")).bearer(token),
        |job, token| by_body(&[(job, token)]),
    ];
    thread::scope(|scope| {
        for make_request in requests {
            scope.spawn(move || {
                let job = create_job();
                let request = make_request(&job, &token(&[&job], LIFETIME));
                let mut stream = Stream::expect(&request);
                assert_eq!(next(&mut stream).unwrap().json()["progress"], 1);
                let last = next(&mut stream).unwrap();
                assert!(is_expiry(&last, &job), "{last:?}");
                assert_eq!(next(&mut stream), None, "the stream stays open after its token has expired");
                // The expired token opens no further stream.
                assert_eq!(Stream::open(&request).unwrap().status, 401);
            });
        }
    });
}

#[test]
fn an_expired_token_ends_its_own_job_only() {
    let (brief, lasting) = (create_job(), create_job());
    let (first, second) = (token(&[&brief], LIFETIME), token(&[&lasting], 600));
    let mut stream = Stream::expect(&by_body(&[(&brief, &first), (&lasting, &second)]));
    let mut jobs: Vec<Value> = (0..2).map(|_| next(&mut stream).unwrap().json()["jobId"].clone()).collect();
    jobs.sort_by_key(Value::to_string);
    let mut both = [json!(brief), json!(lasting)];
    both.sort_by_key(Value::to_string);
    assert_eq!(jobs, both);
    let problem = next(&mut stream).unwrap();
    assert!(is_expiry(&problem, &brief), "{problem:?}");

    for (job, progress) in [(&brief, 50), (&lasting, 60)] {
        Request::post(format!("/v2/jobs/{job}/reports"), &json!({"progress": progress})).send().expect(200);
    }
    let frame = next(&mut stream).unwrap();
    assert_eq!((&frame.json()["jobId"], &frame.json()["progress"]), (&json!(lasting), &json!(60)), "{frame:?}");
}

#[test]
fn a_stream_ends_when_the_last_of_its_tokens_expires() {
    let (first, second) = (create_job(), create_job());
    let (one, two) = (token(&[&first], LIFETIME), token(&[&second], LIFETIME + 2));
    let mut stream = Stream::expect(&by_body(&[(&second, &two), (&first, &one)]));
    let (_, _) = (next(&mut stream), next(&mut stream));
    // On a machine that is busy for two seconds both may expire in one step, in the order of the request.
    let ends = [next(&mut stream).unwrap(), next(&mut stream).unwrap()];
    for job in [&first, &second] {
        assert!(ends.iter().any(|end| is_expiry(end, job)), "{ends:?}");
    }
    assert_eq!(next(&mut stream), None);
}
