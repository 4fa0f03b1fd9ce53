//! The programs of the README: the three back ends that mint a token, and every `curl`.

use std::{fs, process::Command};

use contract::{
    http::Request,
    target::{Target, fresh_job},
    token::signing_secret,
};
use serde_json::json;

use crate::programs::{program, root, stdout_of};

/// Mints a token with a program of `tests/minting` and checks what it permits.
fn check(mint: &mut Command) {
    let Target { project, token_secret, .. } = Target::get();
    let secret =
        stdout_of(program("XTASK").args(["key", "secret", "--project", project]).env("TOKEN_SECRET", token_secret));
    assert_eq!(secret, signing_secret(token_secret, project));
    let (job, other) = (fresh_job(), fresh_job());
    for job in [&job, &other] {
        Request::post("/v2/jobs", &json!({"jobId": job})).send().expect(201);
    }
    let token = stdout_of(mint.env("SIGNING_SECRET", secret).env("PROJECT", project).env("JOB", &job));
    let status_of = |method: &str, path: String| Request::new(method, path).bearer(&token).send().status;
    assert_eq!(status_of("GET", format!("/v2/jobs/{job}/status")), 200);
    assert_eq!(Request::get(format!("/v2/jobs/{job}/status?token={token}")).anonymous().send().status, 200);
    assert_eq!(status_of("GET", format!("/v2/jobs/{other}/status")), 403);
    assert_eq!(status_of("POST", format!("/v2/jobs/{job}/reports")), 403);
    assert_eq!(status_of("DELETE", format!("/v2/jobs/{job}")), 403);
}

#[test]
fn a_token_of_a_node_back_end_reads_its_job_and_no_other() {
    check(program("NODE").arg(root().join("tests/minting/mint.mjs")));
}

#[test]
fn a_token_of_a_python_back_end_reads_its_job_and_no_other() {
    check(program("PYTHON").arg(root().join("tests/minting/mint.py")));
}

#[test]
fn a_token_of_a_rust_back_end_reads_its_job_and_no_other() {
    let manifest = root().join("tests/minting/rust/Cargo.toml");
    check(program("CARGO").args(["run", "--quiet", "--locked", "--manifest-path"]).arg(manifest));
}

#[test]
fn every_curl_of_the_readme_runs_as_it_is_printed() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let commands = blocks.flat_map(|block| {
        let joined = block.replace("\\\n", " ");
        joined.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    let commands: Vec<String> = commands.filter(|command| command.starts_with("curl ")).collect();
    assert!(commands.len() >= 6, "the README has too few curl commands: {commands:?}");
    let Target { base_url, key, .. } = Target::get();
    for command in commands {
        // A test sends nothing to other machines, also no webhook; nothing listens on this port.
        let here = command
            .replace("https://status.example.com", "$BASE_URL")
            .replace("https://hooks.example.com", "http://127.0.0.1:9");
        // In a shell, as a person runs it; an error answer must fail the test.
        let script =
            format!("curl() {{ command curl --fail-with-body --silent --show-error --max-time 60 \"$@\"; }}\n{here}");
        let mut shell = Command::new("sh");
        let output = shell.args(["-c", &script]).env("BASE_URL", base_url).env("KEY", key).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{command}\n{out}\n{err}");
        assert!(out.contains("\"jobId\""), "{command}\n{out}");
    }
}
