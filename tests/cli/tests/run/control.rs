//! Requests from a page, signals and time limits.

use cli_tests::{binary::run, job::Job, running::Running, signals, terminal::Terminal, wait};
use serde_json::json;

use crate::jp_run;

/// Prints its process id, then works until it is asked to end, and ends in its own way. It starts no programs meanwhile: a shell
/// that is stopped while it starts one can be in the state `D` in place of `T`.
const POLITE: &str = "trap 'echo bye >&2; exit 7' TERM; echo $$; sleep 60 & wait";
/// Does not end when it is asked to.
const STUBBORN: &str = "trap '' TERM; echo $$; while :; do sleep 0.05; done";

#[test]
fn a_cancellation_ends_the_command_politely() {
    let job = Job::fresh();
    let mut running = Running::start(jp_run(&job, &[], POLITE));
    running.line();
    job.until_status("running");
    job.request("cancel", &json!({"reason": "The wrong file"}));
    assert_eq!(running.rest().1, 7);
    let document = job.document();
    assert_eq!(document["status"], "cancelled");
    assert_eq!(document["error"], json!({"code": "CANCELLED", "message": "The wrong file"}));
    assert_eq!(job.log().last().map(String::as_str), Some("bye"));
}

#[test]
fn a_command_that_does_not_end_in_time_is_killed_with_its_children() {
    let job = Job::fresh();
    let mut running = Running::start(jp_run(&job, &["--grace", "1s"], STUBBORN));
    let pid = running.line().parse().unwrap();
    job.until_status("running");
    job.request("cancel", &json!({}));
    assert_eq!(running.rest().1, 137);
    assert_eq!(job.document()["status"], "cancelled");
    assert_eq!(signals::state(pid), None);
}

#[test]
fn a_job_that_was_cancelled_by_force_ends_its_command() {
    let job = Job::fresh();
    let mut running = Running::start(jp_run(&job, &[], "trap 'exit 7' TERM; while :; do echo work; sleep 0.2; done"));
    running.line();
    job.until_status("running");
    job.request("cancel", &json!({"force": true}));
    assert_eq!(running.rest().1, 7);
    assert_eq!(job.document()["status"], "cancelled");
}

#[test]
fn a_pause_stops_the_command_and_a_resumption_continues_it() {
    let job = Job::fresh();
    let mut running = Running::start(jp_run(&job, &[], POLITE));
    let pid = running.line().parse().unwrap();
    job.until_status("running");
    let is_stopped = || signals::state(pid) == Some('T');
    job.request("pause", &json!({}));
    job.until_status("paused");
    wait::until(|| is_stopped().then_some(()), || "it is not stopped".to_owned());
    job.request("resume", &json!({}));
    job.until_status("running");
    wait::until(|| (!is_stopped()).then_some(()), || "it is stopped".to_owned());
    // A command that is paused can be cancelled too.
    job.request("pause", &json!({}));
    job.until_status("paused");
    job.request("cancel", &json!({}));
    assert_eq!(running.rest().1, 7);
    assert_eq!(job.document()["status"], "cancelled");
}

#[test]
fn a_command_that_takes_too_long_times_out() {
    let job = Job::fresh();
    let ended = run(jp_run(&job, &["--timeout", "1s", "--grace", "1s"], STUBBORN));
    assert_eq!(ended.code, 137);
    let document = job.document();
    assert_eq!((&document["status"], &document["error"]["code"]), (&json!("timeout"), &json!("EXECUTION_TIMEOUT")));
}

#[test]
fn signals_are_forwarded_and_the_command_decides() {
    for (signal, script, code, status) in [
        ("TERM", "trap 'exit 5' TERM", 5, "cancelled"),
        ("HUP", "true", 129, "cancelled"),
        ("INT", "trap 'exit 0' INT", 0, "completed"),
    ] {
        let job = Job::fresh();
        let mut running =
            Running::start(jp_run(&job, &[], &format!("{script}; echo ready; while :; do sleep 0.05; done")));
        running.line();
        signals::send(signal, running.pid());
        assert_eq!(running.rest().1, code, "{signal}");
        assert_eq!(job.document()["status"], status, "{signal}");
    }
}

#[test]
fn a_command_without_its_jp_is_noticed_by_the_server() {
    let job = Job::fresh();
    // It ends itself when nothing reads its output any more.
    let mut running = Running::start(jp_run(&job, &["--heartbeat", "5s"], "while echo work; do sleep 0.2; done"));
    running.line();
    job.until_status("running");
    signals::send("KILL", running.pid());
    let document = job.until_status("timeout");
    assert_eq!(document["error"]["code"], "HEARTBEAT_TIMEOUT");
}

#[test]
fn a_silent_command_stays_alive_longer_than_its_heartbeat_timeout() {
    let job = Job::fresh();
    assert_eq!(run(jp_run(&job, &["--heartbeat", "10s"], "sleep 12")).code, 0);
    assert_eq!(job.document()["status"], "completed");
}

#[test]
fn in_a_terminal_the_command_reads_the_keyboard_and_gets_ctrl_c() {
    let job = Job::fresh();
    let script = "trap 'echo interrupted; exit 9' INT; read name; echo Hello $name; while :; do sleep 0.05; done";
    let mut terminal = Terminal::run(&["run", "--job", &job.id, "--", "sh", "-c", script], 24, 100, &[]);
    terminal.press("Ada\r");
    terminal.until(|screen| screen.contains("Hello Ada"));
    terminal.press("\u{3}");
    terminal.until(|screen| screen.contains("interrupted"));
    assert_eq!(terminal.exit(), 9);
    job.until(|document| document["status"] == "failed");
}

#[test]
fn ctrl_z_suspends_the_command_and_the_job() {
    let job = Job::fresh();
    let script = "echo pid $PPID; exec sleep 60";
    let mut terminal = Terminal::run(&["run", "--job", &job.id, "--", "sh", "-c", script], 24, 100, &[]);
    let screen = terminal.until(|screen| screen.contains("pid "));
    let pid: u32 = screen.split("pid ").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    job.until_status("running");
    terminal.press("\u{1a}");
    job.until_status("paused");
    wait::until(|| (signals::state(pid) == Some('T')).then_some(()), || "jp is not stopped".to_owned());
    signals::send("CONT", pid);
    job.until_status("running");
    terminal.press("\u{3}");
    assert_eq!(terminal.exit(), 130);
    assert_eq!(job.until(|document| document["cancelledAt"].is_string())["error"]["code"], "SIGNAL");
}

#[test]
fn a_program_in_a_terminal_of_its_own_follows_the_size_of_ours() {
    let job = Job::fresh();
    let script = "trap 'stty size <&1' WINCH; stty size <&1; while :; do sleep 0.05; done";
    let mut terminal = Terminal::run(&["run", "--pty", "--job", &job.id, "--", "sh", "-c", script], 30, 90, &[]);
    terminal.until(|screen| screen.contains("30 90"));
    terminal.resize(25, 70);
    terminal.until(|screen| screen.contains("25 70"));
    terminal.press("\u{3}");
    assert_eq!(terminal.exit(), 130);
}
