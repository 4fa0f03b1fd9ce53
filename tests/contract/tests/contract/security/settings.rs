//! Settings of an operator: a deployment without its secrets, and one whose secrets are being rotated.

use contract::{
    deployment::{Deployment, Runtime},
    key::{EVERYTHING, Key},
    target::fresh_job,
    token::{claims, payload, sign, signing_secret, with},
};
use serde_json::json;

use super::operations::{OPERATIONS, Shape};

const SECRET: &str = "a-secret-of-32-characters-or-more";
const OLD_SECRET: &str = "another-secret-of-32-characters-or-more";

/// Checks that every request is refused, whatever its credential, with a message that contains `expected`.
fn check_unconfigured(deployment: &Deployment, key: &Key, expected: &str) {
    deployment.get("/healthz").send().expect(200);
    let token = sign(&claims("acme", "a"), &signing_secret(SECRET, "acme"));
    for operation in OPERATIONS {
        for credential in [None, Some(&key.text), Some(&token), Some(&"nonsense".to_owned())] {
            let call = operation.request(&operation.job_id("a")).to(&deployment.base_url);
            let call = credential.map_or(call.clone(), |credential| call.bearer(credential));
            let body = operation.send(&call).expect(503);
            assert_eq!(body["error"], "NOT_CONFIGURED", "{}", operation.name);
            let message = body["message"].as_str().unwrap();
            assert!(message.contains(expected), "{}: {message}", operation.name);
        }
        // Any other status would end a native EventSource for good.
        if operation.shape == Shape::Stream && operation.method == "GET" {
            let mut call = operation.request("a").to(&deployment.base_url);
            call.path += if call.path.contains('?') { "&token=x" } else { "?token=x" };
            let answer = call.send();
            assert_eq!((answer.status, answer.text.contains("\nretry: ")), (200, true), "{answer}");
        }
    }
}

#[test]
fn a_deployment_without_its_secrets_refuses_every_request_and_names_what_is_missing() {
    let key = Key::draw("ci", "acme", EVERYTHING);
    let demo = Key::draw("insecuredemo", "acme", EVERYTHING);
    let unhashed = format!("ci acme {EVERYTHING} {}", key.text);
    for (settings, missing) in [
        (vec![], "no API keys"),
        (vec![("TOKEN_SECRET", SECRET)], "no API keys"),
        (vec![("API_KEYS", &*key.line)], "no TOKEN_SECRET"),
        (vec![("API_KEYS", &*key.line), ("TOKEN_SECRET", "short")], "shorter than 32"),
        (vec![("API_KEYS", &*unhashed), ("TOKEN_SECRET", SECRET)], "Line 1 of API_KEYS"),
        (
            vec![
                ("API_KEYS", &*key.line),
                ("TOKEN_SECRET", SECRET),
                ("WEBHOOKS", "acme https://example.com/ok\nacme http://10.0.0.1/hook"),
            ],
            "Line 2 of WEBHOOKS",
        ),
        // The demo key is printed on terminals, so it is valid in development mode only.
        (vec![("API_KEYS", &*demo.line), ("TOKEN_SECRET", SECRET)], "insecure"),
    ] {
        let deployment = Deployment::start(Runtime::Raised, &settings);
        check_unconfigured(&deployment, &key, missing);
        if missing == "insecure" {
            check_unconfigured(&deployment, &demo, missing);
        }
        assert!(!deployment.log().contains(&key.text), "the log contains the key");
    }
    let settings = [("API_KEYS", &*demo.line), ("TOKEN_SECRET", SECRET), ("JOB_PROGRESS_DEV", "1")];
    let deployment = Deployment::start(Runtime::Raised, &settings);
    deployment.get("/v2/jobs/a/status").bearer(&demo.text).send().expect(404);
}

#[test]
fn a_deployment_without_its_secrets_serves_its_static_files() {
    let deployment = Deployment::start(Runtime::Shipped, &[]);
    deployment.get("/v2/jobs/a/status").send().expect(503);
    for path in ["/", "/job", "/job-progress.js"] {
        deployment.get(path).send().expect(200);
    }
}

#[test]
fn two_keys_of_a_project_work_side_by_side_and_a_removed_key_does_not() {
    let (old, new) = (Key::draw("old", "acme", EVERYTHING), Key::draw("new", "acme", EVERYTHING));
    let removed = Key::draw("removed", "acme", EVERYTHING);
    let settings = [("API_KEYS", &*old.line), ("API_KEYS_9", &*new.line), ("TOKEN_SECRET", SECRET)];
    let deployment = Deployment::start(Runtime::Raised, &settings);
    let job = fresh_job();
    let report = |key: &Key| {
        let path = format!("/v2/jobs/{job}/reports?create=true");
        deployment.request("POST", path).json(&json!({"increment": 1})).bearer(&key.text).send().status
    };
    assert_eq!([report(&old), report(&new), report(&removed)], [201, 200, 401]);
    let document = deployment.get(format!("/v2/jobs/{job}/status")).bearer(&old.text).send().expect(200);
    assert_eq!(document["current"], 2);
}

#[test]
fn the_previous_token_secret_is_accepted_during_a_rotation() {
    let key = Key::draw("ci", "acme", EVERYTHING);
    let creation = |job: &str| json!({"jobId": job});
    let read = |deployment: &Deployment, job: &str, token: &str| {
        deployment.get(format!("/v2/jobs/{job}/status")).bearer(token).send().status
    };
    let job = fresh_job();
    let signed_with =
        |secret: &str, project: &str| sign(&with(claims(project, &job), "iat", None), &signing_secret(secret, project));
    for (settings, previous) in [
        (vec![("TOKEN_SECRET", SECRET), ("TOKEN_SECRET_PREVIOUS", OLD_SECRET)], 200),
        (vec![("TOKEN_SECRET", SECRET)], 401),
    ] {
        let settings = [settings, vec![("API_KEYS", &*key.line)]].concat();
        let deployment = Deployment::start(Runtime::Raised, &settings);
        let created = deployment.request("POST", "/v2/jobs").json(&creation(&job)).bearer(&key.text).send().expect(201);
        let minted = created["token"].as_str().unwrap();
        assert_eq!(read(&deployment, &job, minted), 200);
        assert_eq!(read(&deployment, &job, &signed_with(SECRET, "acme")), 200);
        assert_eq!(read(&deployment, &job, &signed_with(OLD_SECRET, "acme")), previous);
        assert_eq!(read(&deployment, &job, &signed_with("a-secret-that-never-was-in-any-place", "acme")), 401);
        // A project without keys has no valid tokens either: removing its keys removes the project.
        assert_eq!(read(&deployment, &job, &signed_with(SECRET, "removed")), 401);
        // A token minted during the rotation stays valid after it.
        let claims = payload(minted);
        assert_eq!(sign(&claims, &signing_secret(SECRET, "acme")), minted);
    }
}
