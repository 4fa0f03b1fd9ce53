//! What a command prints, and how it ends.

use std::process::Stdio;

use cli_tests::{
    binary::{bare, jp, run, run_joined},
    job::Job,
};
use contract::target::Target;
use serde_json::json;

use crate::jp_run;

/// Prints what a terminal would treat in a special way, and bytes that are no text.
const BYTES: &str = r"printf 'a\n 10%%\r 20%%\rdone \033[32mgreen\033[0m\r\n\377b\nno end'; printf 'to stderr\n' >&2";

#[test]
fn the_output_is_passed_on_unchanged_and_becomes_the_log() {
    let job = Job::fresh();
    let (code, written) = run_joined(jp_run(&job, &[], BYTES));
    let printed = b"a\n 10%\r 20%\rdone \x1b[32mgreen\x1b[0m\r\n\xffb\nno end";
    assert!(written.windows(printed.len()).any(|part| part == printed), "{written:?}");
    let notices = String::from_utf8_lossy(&written);
    assert!(notices.contains("to stderr\n"), "{notices}");
    assert!(notices.contains(&format!("jp: {}/job#", Target::get().base_url)), "{notices}");
    assert_eq!(code, 0);
    let document = job.document();
    assert_eq!((&document["status"], &document["startedAt"].is_string()), (&json!("completed"), &true));
    let mut log = job.log();
    log.sort();
    assert_eq!(log, ["a", "done green", "no end", "to stderr", "\u{fffd}b"]);
}

#[test]
fn a_stream_with_a_nul_byte_is_data_and_none_of_it_is_reported_from_there_on() {
    let job = Job::fresh();
    let script = r"printf 'pass\000word\nsecret 4/10\n' >&2; echo 'secret 5/10' >&2; echo 'text 3/10'; exit 1";
    assert_eq!(run_joined(jp_run(&job, &[], script)).0, 1);
    let document = job.document();
    assert_eq!(job.log(), ["text 3/10"]);
    assert_eq!(document["error"]["message"], "The command ended with exit code 1:\ntext 3/10");
    assert_eq!((&document["current"], &document["total"]), (&json!(3), &json!(10)));
}

#[test]
fn an_archive_on_standard_output_is_not_reported() {
    let job = Job::fresh();
    let script = "cd $(mktemp -d) && echo hunter2 > password.txt && tar -cf - . && rm -r $PWD; exit 1";
    let (code, written) = run_joined(jp_run(&job, &[], script));
    assert_eq!((code, String::from_utf8_lossy(&written).contains("hunter2")), (1, true));
    assert_eq!(job.log(), [""; 0]);
    assert_eq!(job.document()["error"]["message"], "The command ended with exit code 1");
}

#[test]
fn without_a_log_the_progress_is_reported_and_no_line() {
    let job = Job::fresh();
    let script = "echo secret 3/10; echo secret >&2; exit 1";
    assert_eq!(run_joined(jp_run(&job, &["--no-log"], script)).0, 1);
    let document = job.document();
    assert_eq!(job.log(), [""; 0]);
    assert_eq!(document["error"]["message"], "The command ended with exit code 1");
    assert_eq!((&document["current"], &document["total"]), (&json!(3), &json!(10)));
    assert!(!document.to_string().contains("secret"), "{document}");
}

#[test]
fn standard_output_that_another_program_reads_is_not_logged() {
    let job = Job::fresh();
    let script = "echo secret 3/10; echo dumping >&2; exit 1";
    let ended = run(jp_run(&job, &[], script));
    assert_eq!((ended.code, ended.out.as_str()), (1, "secret 3/10\n"));
    let document = job.document();
    assert_eq!(job.log(), ["dumping"]);
    assert_eq!(document["error"]["message"], "The command ended with exit code 1:\ndumping");
    assert_eq!(document["current"], 3);
}

#[test]
fn standard_output_that_is_discarded_is_logged() {
    let job = Job::fresh();
    let mut command = jp_run(&job, &[], "echo work");
    assert!(command.stdout(Stdio::null()).stderr(Stdio::piped()).output().unwrap().status.success());
    assert_eq!(job.log(), ["work"]);
}

#[test]
fn a_command_that_fails_shows_its_code_and_its_last_lines() {
    let job = Job::fresh();
    let script = "for i in 1 2 3; do echo row $i of 9; done; echo 'disk full' >&2; exit 9";
    assert_eq!(run_joined(jp_run(&job, &[], script)).0, 9);
    let document = job.document();
    assert_eq!((&document["status"], &document["execution"]), (&json!("failed"), &json!({"exitCode": 9})));
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("The command ended with exit code 9:\n"), "{message}");
    assert!(message.contains("row 3 of 9") && message.contains("disk full"), "{message}");
    assert_eq!((&document["current"], &document["total"]), (&json!(3), &json!(9)));
}

#[test]
fn a_command_that_a_signal_has_killed_gives_128_and_the_signal() {
    let job = Job::fresh();
    assert_eq!(run(jp_run(&job, &[], "kill -s KILL $$")).code, 137);
    let document = job.document();
    assert_eq!((&document["status"], &document["error"]["code"]), (&json!("failed"), &json!("SIGNAL")));
    assert_eq!(document["execution"], json!({"signal": "SIGKILL"}));
}

#[test]
fn a_command_that_cannot_be_started_is_a_failed_job() {
    let job = Job::fresh();
    let ended = run(jp(&["run", "--job", &job.id, "--", "no-such-program", "-x"]));
    assert_eq!(ended.code, 127);
    assert!(ended.err.contains("jp: no-such-program cannot be started: "), "{}", ended.err);
    assert_eq!(job.document()["status"], "failed");
    assert_eq!(run(jp(&["run", "--job", &Job::fresh().id, "--", "/etc/passwd"])).code, 126);
}

#[test]
fn the_job_has_the_title_the_kind_and_the_tags_of_the_arguments() {
    let job = Job::fresh();
    let options =
        ["--title", "Nightly", "--kind", "backup", "--tag", "host=a1", "--tag", "note=a=b", "--timeout", "2h"];
    assert_eq!(run(jp_run(&job, &options, "true")).code, 0);
    let document = job.document();
    assert_eq!(document["kind"], "backup");
    assert_eq!(document["tags"], json!({"title": "Nightly", "host": "a1", "note": "a=b"}));
    assert_eq!((&document["timeoutSeconds"], &document["controls"]), (&json!(7200), &json!(["cancel", "pause"])));
}

#[test]
fn the_title_is_the_name_of_the_program_and_never_its_arguments() {
    let job = Job::fresh();
    assert_eq!(run(jp(&["run", "--job", &job.id, "--", "/bin/true", "--password=secret"])).code, 0);
    let document = job.document();
    assert_eq!(document["tags"], json!({"title": "true"}));
    assert!(!document.to_string().contains("secret"), "{document}");
}

#[test]
fn the_command_finds_its_job_and_can_report_it_too() {
    let job = Job::fresh();
    let ended = run(jp_run(&job, &[], "echo $JOB_PROGRESS_JOB $JOB_PROGRESS_URL"));
    assert_eq!(ended.out, format!("{} {}\n", job.id, Target::get().base_url));
}

#[test]
fn a_run_replaces_the_former_one_that_has_ended() {
    let job = Job::fresh();
    assert_eq!(run(jp_run(&job, &[], "exit 1")).code, 1);
    let former = job.document();
    assert_eq!(run(jp_run(&job, &[], "true")).code, 0);
    let document = job.document();
    assert_eq!((&document["status"], document["epoch"] == former["epoch"]), (&json!("completed"), false));
}

#[test]
fn a_program_sees_a_terminal_only_if_it_gets_one() {
    let script = "test -t 1 && echo terminal || echo pipe";
    assert_eq!(run(jp_run(&Job::fresh(), &[], script)).out, "pipe\n");
    let job = Job::fresh();
    let ended = run(jp_run(&job, &["--pty"], &format!("{script}; echo err >&2; exit 5")));
    assert_eq!((ended.code, ended.out.as_str()), (5, "terminal\r\nerr\r\n"));
    assert_eq!(job.log(), ["terminal", "err"]);
}

#[test]
fn a_program_that_is_left_behind_does_not_keep_the_job_running() {
    let job = Job::fresh();
    // It holds the streams open; it ends itself.
    assert_eq!(run(jp_run(&job, &[], "sleep 20 & echo started")).code, 0);
    let document = job.document();
    assert_eq!(document["status"], "completed");
    assert!(document["executionTime"].as_f64().unwrap() < 12.0, "{document}");
}

#[test]
fn wrong_arguments_are_refused_before_the_command_runs() {
    let job = Job::fresh();
    for (options, word) in
        [(["--regex", "(?<done>.)"], "current, total"), (["--tag", "x"], "NAME=VALUE"), (["--grace", "5"], "5")]
    {
        let ended = run(jp_run(&job, &options, "echo started"));
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{options:?}");
        assert!(ended.err.contains(word), "{}", ended.err);
    }
    let ended = run(bare(&["run", "--", "echo", "started"]));
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert!(ended.err.contains("JOB_PROGRESS_URL"), "{}", ended.err);
}
