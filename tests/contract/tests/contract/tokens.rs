//! Tokens minted by hand, as any back end does with its own JWT library and the project's signing secret.

use contract::{
    http::Request,
    target::{Target, fresh_job},
    token::{self, now, sign_as, with},
};
use serde_json::{Value, json};

/// Bytes of the longest token.
const TOKEN_BYTES: usize = 8_192;

fn signing_secret() -> String {
    token::signing_secret(&Target::get().token_secret, &Target::get().project)
}

fn claims(job: &str) -> Value {
    token::claims(&Target::get().project, job)
}

fn token(claims: &Value) -> String {
    token::sign(claims, &signing_secret())
}

fn status_with(job: &str, token: &str) -> u16 {
    Request::get(format!("/v2/jobs/{job}/status")).bearer(token).send().status
}

fn create_job() -> String {
    let job = fresh_job();
    Request::post(format!("/v2/jobs/{job}/reports?create=true"), &json!({})).send().expect(201);
    job
}

#[test]
fn a_token_minted_elsewhere_reads_its_jobs() {
    let (job, other) = (create_job(), create_job());
    assert_eq!(status_with(&job, &token(&claims(&job))), 200);
    assert_eq!(status_with(&other, &token(&claims(&job))), 403);
    let mut both = claims(&job);
    both["jobs"] = json!([job, other]);
    both["iat"] = now().into();
    assert_eq!((status_with(&job, &token(&both)), status_with(&other, &token(&both))), (200, 200));
}

#[test]
fn a_token_of_100_jobs_is_accepted_and_one_of_101_is_not() {
    let job = create_job();
    let of = |count: usize| {
        let mut claims = claims(&job);
        let others = (1..count).map(|other| format!("o{other}"));
        claims["jobs"] = std::iter::once(job.clone()).chain(others).collect();
        token(&claims)
    };
    assert_eq!((status_with(&job, &of(100)), status_with(&job, &of(101))), (200, 401));
}

#[test]
fn a_token_of_8192_bytes_is_accepted_and_one_of_8193_is_not() {
    let job = create_job();
    // Base64 turns three bytes into four characters; padding both header and claims reaches every length.
    let padded = |header: usize, body: usize| {
        let header = json!({"alg": "HS256", "typ": "JWT", "pad": "x".repeat(header)});
        sign_as(&header, &with(claims(&job), "pad", Some("x".repeat(body).into())), &signing_secret())
    };
    let of = |length: usize| {
        let tokens = (0..3).flat_map(|header| (5_700..6_000).map(move |body| (header, body)));
        let fits = tokens.map(|(header, body)| padded(header, body)).find(|token| token.len() == length);
        fits.unwrap_or_else(|| panic!("no token has {length} bytes"))
    };
    assert_eq!((status_with(&job, &of(TOKEN_BYTES)), status_with(&job, &of(TOKEN_BYTES + 1))), (200, 401));
    let in_url = |token: &str| Request::get(format!("/v2/jobs/{job}/status?token={token}")).anonymous().send().status;
    assert_eq!((in_url(&of(TOKEN_BYTES)), in_url(&of(TOKEN_BYTES + 1))), (200, 401));
}

#[test]
fn a_token_with_a_wrong_claim_header_or_signature_is_401() {
    let job = create_job();
    let changed = |name: &str, value: Value| token(&with(claims(&job), name, Some(value)));
    let without = |name: &str| token(&with(claims(&job), name, None));
    let secret = signing_secret();
    let good = token(&claims(&job));
    let (message, signature) = good.rsplit_once('.').unwrap();
    for (what, token) in [
        ("expired", changed("exp", (now() - 1).into())),
        ("expires in a year", changed("exp", (now() + 365 * 86_400).into())),
        ("exp is a string", changed("exp", "2099-01-01T00:00:00Z".into())),
        ("not yet valid", changed("nbf", (now() + 3_600).into())),
        ("made in the future", changed("iat", (now() + 3_600).into())),
        ("another audience", changed("aud", "elsewhere".into())),
        ("no audience", without("aud")),
        ("no project", without("prj")),
        ("another project", changed("prj", "other".into())),
        ("no jobs", changed("jobs", json!([]))),
        ("jobs is a string", changed("jobs", job.clone().into())),
        ("no permissions", changed("perm", json!([]))),
        ("an unknown permission", changed("perm", json!(["jobs:own"]))),
        ("admin", changed("perm", json!(["jobs:admin"]))),
        ("no expiry", without("exp")),
        ("alg none", sign_as(&json!({"alg": "none", "typ": "JWT"}), &claims(&job), &secret)),
        (
            "alg none, no signature",
            format!("{}.", sign_as(&json!({"alg": "none"}), &claims(&job), "").rsplit_once('.').unwrap().0),
        ),
        ("alg HS512", sign_as(&json!({"alg": "HS512", "typ": "JWT"}), &claims(&job), &secret)),
        ("another secret", sign_as(&json!({"alg": "HS256", "typ": "JWT"}), &claims(&job), "secret")),
        (
            "the deployment's secret itself",
            sign_as(&json!({"alg": "HS256", "typ": "JWT"}), &claims(&job), &Target::get().token_secret),
        ),
        ("no signature", format!("{message}.")),
        ("a signature cut short", format!("{message}.{}", &signature[..signature.len() - 2])),
        (
            "claims of another token",
            format!("{}.{signature}", changed("jobs", json!([job, "another"])).rsplit_once('.').unwrap().0),
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
