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

/// Checks that the answer is a picture that says these words; `cached` is its `Cache-Control`.
fn check(answer: &Answer, words: &str, cached: &str) {
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.header("content-type").as_deref(), Some("image/svg+xml"), "{answer}");
    assert!(answer.text.starts_with("<svg ") && answer.text.contains(&format!("<title>{words}</title>")), "{answer}");
    let policy = answer.header("content-security-policy").unwrap();
    assert_eq!(policy, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    assert_eq!(answer.header("cache-control").as_deref(), Some(cached), "{answer}");
}

#[test]
fn an_image_that_is_refused_is_a_picture_that_says_why_and_is_not_kept() {
    let job = fresh_job();
    Request::post(format!("/v2/jobs/{job}/reports?create=true"), &json!({"kind": "secret-kind"})).send().expect(201);
    check(&badge(&job).send(), "secret-kind: queued", "no-cache");
    let refused = |call: Request, words: &str| check(&call.send(), words, "no-store");
    refused(badge(&job).anonymous(), "job: invalid token");
    refused(badge(&job).bearer("jp_none_of-this-server"), "job: invalid token");
    refused(badge(&job).bearer(&Target::get().write_key), "job: access denied");
    refused(badge(&fresh_job()), "job: not found");
    refused(badge("a%20b"), "job: invalid request");
    let styled = Request { path: format!("/v2/jobs/{}/badge.svg?label=Video&style=bar", fresh_job()), ..badge(&job) };
    refused(styled, "Video: not found");
    let wrong = Request { path: format!("/v2/jobs/{job}/badge.svg?style=plastic"), ..badge(&job) };
    refused(wrong, "job: invalid request");
    // A program gets the problem that every other operation returns.
    let problem = badge(&job).anonymous().header("accept", "*/*").send().expect(401);
    assert_eq!(problem["error"], "UNAUTHENTICATED");
}

#[test]
fn a_picture_does_not_show_whether_a_job_exists_to_those_who_may_not_know() {
    let target = Target::get();
    let (existing, unknown) = (fresh_job(), fresh_job());
    Request::post(format!("/v2/jobs/{existing}/reports?create=true"), &json!({"kind": "secret-kind"}))
        .send()
        .expect(201);
    let another = sign(&claims(&target.project, "another"), &signing_secret(&target.token_secret, &target.project));
    for (credential, words) in
        [(&*target.other_key, "job: not found"), (&*another, "job: access denied"), ("nonsense", "job: invalid token")]
    {
        let [of_existing, of_unknown] = [&existing, &unknown].map(|job| badge(job).bearer(credential).send());
        check(&of_existing, words, "no-store");
        assert_eq!((of_existing.status, of_existing.text), (of_unknown.status, of_unknown.text), "{credential}");
    }
}
