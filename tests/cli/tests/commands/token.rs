//! `jp token` and `jp completions`.

use cli_tests::{
    binary::{bare, jp, run},
    job::Job,
};
use contract::{
    http::Request,
    target::Target,
    token::{now, payload, signing_secret},
};
use serde_json::{Value, json};

#[test]
fn a_token_has_the_permissions_and_the_lifetime_that_were_asked_for() {
    let job = Job::create(&json!({}));
    let ended =
        run(jp(&["token", &job.id, "--permission", "jobs:read", "--permission", "jobs:control", "--expires", "1h"]));
    let claims = payload(ended.out.trim());
    assert_eq!((&claims["jobs"], &claims["perm"]), (&json!([job.id]), &json!(["jobs:read", "jobs:control"])));
    let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert_eq!(lifetime, 3600);
    let ended = run(jp(&["token", &job.id, "--json"]));
    let minted: Value = serde_json::from_str(&ended.out).unwrap();
    assert!(minted["token"].is_string() && minted["expiresAt"].is_string(), "{minted}");
}

#[test]
fn a_token_that_is_signed_without_the_server_reads_its_job() {
    let target = Target::get();
    let job = Job::create(&json!({"progress": 45}));
    let mut command = bare(&["token", &job.id, "--offline", "--project", &target.project]);
    command.env("JOB_PROGRESS_SIGNING_SECRET", signing_secret(&target.token_secret, &target.project));
    let ended = run(command);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let token = ended.out.trim();
    let expires = payload(token)["exp"].as_u64().unwrap();
    assert!(expires.abs_diff(now() + 24 * 3600) < 60, "{expires}");
    let path = format!("/v2/jobs/{}/status", job.id);
    assert_eq!(Request::get(path).bearer(token).send().expect(200)["progress"], json!(45));
}

#[test]
fn offline_settings_that_are_missing_or_wrong_are_named() {
    let offline = |arguments: &[&str], secret: Option<&str>| {
        let mut command = bare(&[&["token", "job-1", "--offline"], arguments].concat());
        command.envs(secret.map(|secret| ("JOB_PROGRESS_SIGNING_SECRET", secret)));
        run(command)
    };
    let cases: [(&[&str], _, _); 4] = [
        (&[], Some("s"), "--project"),
        (&["--project", "acme"], None, "JOB_PROGRESS_SIGNING_SECRET"),
        (&["--project", "Not A Project"], Some("s"), "the project must be"),
        (&["--project", "acme", "--expires", "31d"], Some("s"), "720 h"),
    ];
    for (arguments, secret, named) in cases {
        let ended = offline(arguments, secret);
        assert_eq!(ended.code, 2, "{arguments:?} {ended:?}");
        assert!(ended.err.contains(named), "{arguments:?} {ended:?}");
    }
}

#[test]
fn there_are_completions_for_each_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = run(bare(&["completions", shell]));
        assert_eq!(ended.code, 0, "{shell}");
        assert!(ended.out.contains("watch") && ended.out.contains("key-file"), "{shell}");
    }
}
