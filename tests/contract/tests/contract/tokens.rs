//! Tokens minted by hand, as any back end does with its own JWT library and the project's signing secret.

use std::time::{Duration, Instant, SystemTime};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::{
    http::Request,
    stream::Stream,
    target::{Target, fresh_job},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// The text that a project's tokens are signed with.
fn signing_secret(project: &str) -> String {
    let message = format!("job-progress/v1/{project}");
    URL_SAFE_NO_PAD.encode(hmac(Target::get().token_secret.as_bytes(), message.as_bytes()))
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

fn claims(job: &str) -> Value {
    json!({"aud": "job-progress", "prj": Target::get().project, "jobs": [job], "perm": ["jobs:read"], "exp": now() + 600})
}

fn sign(header: &Value, claims: &Value, secret: &str) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(hmac(secret.as_bytes(), message.as_bytes()));
    format!("{message}.{signature}")
}

fn token(claims: &Value) -> String {
    sign(&json!({"alg": "HS256", "typ": "JWT"}), claims, &signing_secret(&Target::get().project))
}

fn status_with(job: &str, token: &str) -> u16 {
    Request::get(format!("/v2/jobs/{job}/status")).bearer(token).send().status
}

fn made() -> String {
    let job = fresh_job();
    Request::post(format!("/v2/jobs/{job}/reports?create=true"), &json!({})).send().expect(201);
    job
}

#[test]
fn a_token_minted_elsewhere_reads_its_jobs() {
    let (job, other) = (made(), made());
    assert_eq!(status_with(&job, &token(&claims(&job))), 200);
    assert_eq!(status_with(&other, &token(&claims(&job))), 403);
    let mut both = claims(&job);
    both["jobs"] = json!([job, other]);
    both["iat"] = now().into();
    assert_eq!((status_with(&job, &token(&both)), status_with(&other, &token(&both))), (200, 200));
}

#[test]
fn a_token_of_100_jobs_is_taken_and_one_of_101_is_not() {
    let job = made();
    let of = |count: usize| {
        let mut claims = claims(&job);
        let others = (1..count).map(|other| format!("o{other}"));
        claims["jobs"] = std::iter::once(job.clone()).chain(others).collect();
        token(&claims)
    };
    assert_eq!((status_with(&job, &of(100)), status_with(&job, &of(101))), (200, 401));
}

#[test]
fn a_token_that_says_anything_else_is_401() {
    let job = made();
    let changed = |name: &str, value: Value| {
        let mut claims = claims(&job);
        claims[name] = value;
        token(&claims)
    };
    let lacking = |name: &str| {
        let mut claims = claims(&job);
        claims.as_object_mut().unwrap().remove(name);
        token(&claims)
    };
    let secret = signing_secret(&Target::get().project);
    let good = token(&claims(&job));
    let (message, signature) = good.rsplit_once('.').unwrap();
    for (what, token) in [
        ("expired", changed("exp", (now() - 1).into())),
        ("expires in a year", changed("exp", (now() + 365 * 86_400).into())),
        ("exp is a text", changed("exp", "2099-01-01T00:00:00Z".into())),
        ("not yet valid", changed("nbf", (now() + 3_600).into())),
        ("made in the future", changed("iat", (now() + 3_600).into())),
        ("another audience", changed("aud", "elsewhere".into())),
        ("no audience", lacking("aud")),
        ("no project", lacking("prj")),
        ("another project", changed("prj", "other".into())),
        ("no jobs", changed("jobs", json!([]))),
        ("jobs is a text", changed("jobs", job.clone().into())),
        ("no permissions", changed("perm", json!([]))),
        ("an unknown permission", changed("perm", json!(["jobs:own"]))),
        ("admin", changed("perm", json!(["jobs:admin"]))),
        ("no expiry", lacking("exp")),
        ("alg none", sign(&json!({"alg": "none", "typ": "JWT"}), &claims(&job), &secret)),
        (
            "alg none, no signature",
            format!("{}.", sign(&json!({"alg": "none"}), &claims(&job), "").rsplit_once('.').unwrap().0),
        ),
        ("alg HS512", sign(&json!({"alg": "HS512", "typ": "JWT"}), &claims(&job), &secret)),
        ("another secret", sign(&json!({"alg": "HS256", "typ": "JWT"}), &claims(&job), "secret")),
        (
            "the deployment's secret itself",
            sign(&json!({"alg": "HS256", "typ": "JWT"}), &claims(&job), &Target::get().token_secret),
        ),
        ("no signature", format!("{message}.")),
        ("a signature cut short", format!("{message}.{}", &signature[..signature.len() - 2])),
        (
            "claims of another token",
            format!("{}.{signature}", token(&changed_claims(&job)).rsplit_once('.').unwrap().0),
        ),
        ("one part", "nonsense-0123456789".to_owned()),
        ("four parts", format!("{good}.{signature}")),
    ] {
        let answer = Request::get(format!("/v2/jobs/{job}/status")).bearer(&token).send();
        assert_eq!(answer.status, 401, "{what}: {answer}");
        assert!(answer.header("www-authenticate").is_some_and(|header| header.starts_with("Bearer")), "{what}");
        assert!(!answer.text.contains(&token), "the answer repeats the credential: {answer}");
    }
}

fn changed_claims(job: &str) -> Value {
    let mut claims = claims(job);
    claims["jobs"] = json!([job, "another"]);
    claims
}

#[test]
fn a_stream_ends_when_its_token_does() {
    const LIFE: u64 = 4;
    let job = made();
    let mut claims = claims(&job);
    claims["exp"] = (now() + LIFE).into();
    let mut stream = Stream::expect(&Request::get(format!("/v2/jobs/{job}/status/stream")).bearer(&token(&claims)));
    stream.until(|_| true);
    let deadline = Instant::now() + Duration::from_secs(LIFE + 10);
    loop {
        match stream.next(deadline) {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => panic!("the token has expired and the stream goes on: {error}"),
        }
    }
    assert_eq!(status_with(&job, &token(&claims)), 401);
}
