//! Errors: one sentence on standard error that names what to do, and an exit code.

use cli_tests::{
    binary::{bare, jp, run},
    job::Job,
    proxy::{Mode, Proxy},
};
use contract::{deployment::free_port, target::Target};
use serde_json::json;

#[test]
fn all_settings_that_are_missing_are_named_at_once() {
    let ended = run(bare(&["status", "job-1"]));
    assert_eq!((ended.code, ended.out.as_str(), ended.err.lines().count()), (2, "", 1), "{ended:?}");
    for name in ["JOB_PROGRESS_URL", "JOB_PROGRESS_KEY", "JOB_PROGRESS_TOKEN", "--url", "--key-file"] {
        assert!(ended.err.contains(name), "{name}: {}", ended.err);
    }
    let mut command = bare(&["status", "job-1"]);
    command.env("JOB_PROGRESS_KEY", "jp_a_secret");
    let ended = run(command);
    assert!(ended.err.contains("JOB_PROGRESS_URL") && !ended.err.contains("JOB_PROGRESS_KEY"), "{}", ended.err);
}

#[test]
fn no_key_is_taken_from_the_arguments() {
    let ended = run(bare(&["status", "job-1", "--key", "jp_a_secret"]));
    assert_eq!(ended.code, 2);
    assert!(!run(bare(&["--help"])).out.contains("--key <"), "other users of the machine see arguments");
}

#[test]
fn an_id_that_is_no_job_id_and_a_wrong_url_are_usage_errors() {
    assert_eq!(run(jp(&["status", "no id"])).code, 2);
    for url in ["localhost:8787", "https://user:secret@h", "https://h?key=secret"] {
        let ended = run(jp(&["status", "job-1", "--url", url]));
        assert_eq!(ended.code, 2, "{url}");
        assert!(ended.err.contains("--url") && !ended.err.contains("secret"), "{}", ended.err);
    }
}

#[test]
fn a_refusal_has_its_message_its_code_and_exit_5() {
    let ended = run(jp(&["status", "no-such-job-exists"]));
    assert_eq!((ended.code, ended.out.as_str()), (5, ""));
    assert_eq!(ended.err, "jp: Job no-such-job-exists does not exist or has expired (JOB_NOT_FOUND)\n");
}

#[test]
fn a_server_that_gives_no_response_is_named_with_the_reason_and_exit_6() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let ended = run(jp(&["status", "job-1", "--url", &url]));
    assert_eq!((ended.code, ended.out.as_str()), (6, ""));
    assert!(ended.err.starts_with(&format!("jp: {url} gives no response: ")), "{}", ended.err);
    assert!(!ended.err.contains(&Target::get().key), "{}", ended.err);
    let proxy = Proxy::start(&Target::get().base_url);
    proxy.set(Mode::Refuse);
    assert_eq!(run(jp(&["list", "job-1", "--url", &proxy.base_url])).code, 6);
}

#[test]
fn more_jobs_than_one_request_can_name_are_refused_with_the_limit() {
    let ids: Vec<String> = (0..101).map(|number| format!("job-{number}")).collect();
    for command in ["watch", "list", "cancel", "token"] {
        let arguments: Vec<&str> = [command].into_iter().chain(ids.iter().map(String::as_str)).collect();
        let ended = run(jp(&arguments));
        assert_eq!(ended.code, 2, "{command}");
        assert!(ended.err.contains("at most 100"), "{command}: {}", ended.err);
    }
}

#[test]
fn the_version_and_the_exit_codes_are_documented() {
    assert_eq!(run(bare(&["--version"])).out, format!("jp {}\n", env!("CARGO_PKG_VERSION")));
    let help = run(bare(&["--help"])).out;
    for code in ["  0  ", "  1  ", "  2  ", "  3  ", "  4  ", "  5  ", "  6  ", "  130  "] {
        assert!(help.contains(code), "{code}\n{help}");
    }
}

#[test]
fn a_token_without_the_permission_is_refused() {
    let job = Job::create(&json!({}));
    let token = run(jp(&["token", &job.id])).out.trim().to_owned();
    let mut command = jp(&["cancel", &job.id]);
    command.env_remove("JOB_PROGRESS_KEY").env("JOB_PROGRESS_TOKEN", token);
    let ended = run(command);
    assert_eq!(ended.code, 5);
    assert!(ended.err.contains("jobs:control"), "{}", ended.err);
}
