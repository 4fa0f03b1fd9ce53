//! What `<img>` gets in place of a badge that it may not have, or that does not exist.

use contract::{
    http::{Answer, Request},
    target::{Target, fresh_job},
    token::{claims, sign, signing_secret},
};
use serde_json::json;

/// The header `Accept` of an `<img>` in Chromium.
const IMAGE: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";

fn badge(job: &str) -> Request {
    Request::get(format!("/v2/jobs/{job}/badge.svg")).header("accept", IMAGE)
}

/// Checks that the answer is a picture with this status that says these words.
fn check(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(answer.header("content-type").as_deref(), Some("image/svg+xml"), "{answer}");
    assert!(answer.text.starts_with("<svg ") && answer.text.contains(&format!("<title>{words}</title>")), "{answer}");
    let policy = answer.header("content-security-policy").unwrap();
    assert_eq!(policy, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    let cached = if status == 200 { "no-cache" } else { "no-store" };
    assert_eq!(answer.header("cache-control").as_deref(), Some(cached), "{answer}");
}

#[test]
fn a_refused_image_is_a_picture_with_the_status_and_the_headers_of_the_problem() {
    let job = fresh_job();
    Request::post(format!("/v2/jobs/{job}/reports?create=true"), &json!({"kind": "secret-kind"})).send().expect(201);
    check(&badge(&job).send(), 200, "secret-kind: queued");
    let anonymous = badge(&job).anonymous().send();
    check(&anonymous, 401, "job: invalid token");
    assert_eq!(anonymous.header("www-authenticate").as_deref(), Some("Bearer realm=\"job-progress\""));
    check(&badge(&job).bearer("jp_none_of-this-server").send(), 401, "job: invalid token");
    check(&badge(&job).bearer(&Target::get().write_key).send(), 403, "job: access denied");
    check(&badge(&fresh_job()).send(), 404, "job: not found");
    check(&badge("a%20b").send(), 400, "job: invalid request");
    let styled = Request { path: format!("/v2/jobs/{}/badge.svg?label=Video&style=bar", fresh_job()), ..badge(&job) };
    check(&styled.send(), 404, "Video: not found");
    let wrong = Request { path: format!("/v2/jobs/{job}/badge.svg?style=plastic"), ..badge(&job) };
    check(&wrong.send(), 400, "job: invalid request");
    // A program gets the problem that every other operation returns.
    let problem = badge(&job).anonymous().header("accept", "*/*").send().expect(401);
    assert_eq!(problem["error"], "UNAUTHENTICATED");
}

#[test]
fn a_picture_does_not_show_whether_a_job_exists_to_those_who_may_not_know() {
    let target = Target::get();
    let (existing, unknown) = (fresh_job(), fresh_job());
    Request::post(format!("/v2/jobs/{existing}/reports?create=true"), &json!({"kind": "secret-kind"})).send().expect(201);
    let another = sign(&claims(&target.project, "another"), &signing_secret(&target.token_secret, &target.project));
    for (credential, status) in [(&*target.other_key, 404), (&*another, 403), ("nonsense", 401)] {
        let [of_existing, of_unknown] = [&existing, &unknown].map(|job| badge(job).bearer(credential).send());
        assert_eq!((of_existing.status, &of_existing.text), (status, &of_unknown.text), "{credential}");
        assert_eq!(of_unknown.status, status);
    }
}
