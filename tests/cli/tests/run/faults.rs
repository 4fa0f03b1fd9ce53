//! Servers that are away, and connections that are cut.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use cli_tests::{
    binary::run,
    job::Job,
    proxy::{Mode, Proxy},
    running::Running,
};
use contract::target::Target;
use serde_json::json;

use crate::jp_run;

/// How long a command may take without a server: five seconds by design, the rest is for a busy machine.
const WITHOUT_A_SERVER: Duration = Duration::from_secs(8);
/// Prints as many lines as a test waits for.
const LINES: &str = "i=0; while [ $i -lt 60 ]; do i=$((i + 1)); echo line $i/60 >&2; sleep 0.05; done";

#[test]
fn every_line_arrives_once_although_connections_are_cut() {
    let (job, proxy) = (Job::fresh(), Proxy::start(&Target::get().base_url));
    let mut command = jp_run(&job, &[], LINES);
    command.env("JOB_PROGRESS_URL", &proxy.base_url);
    let mut running = Running::start(command);
    for line in 1..=60 {
        let printed = format!("line {line}/60");
        while running.notice() != printed {}
        match line % 10 {
            2 => proxy.cut(),
            5 => proxy.set(Mode::Refuse),
            8 => {
                proxy.cut();
                proxy.set(Mode::Pass);
            }
            _ => {}
        }
    }
    assert_eq!(running.rest().1, 0);
    assert_eq!(job.log(), (1..=60).map(|line| format!("line {line}/60")).collect::<Vec<_>>());
    let document = job.document();
    assert_eq!((&document["status"], &document["current"]), (&json!("completed"), &json!(60)));
}

#[test]
fn a_command_runs_as_ever_while_no_server_can_be_reached() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let job = Job::fresh();
    let mut command = jp_run(&job, &[], "echo work; exit 4");
    command.env("JOB_PROGRESS_URL", format!("http://127.0.0.1:{port}"));
    let started = Instant::now();
    let ended = run(command);
    assert_eq!((ended.code, ended.out.as_str()), (4, "work\n"));
    assert!(started.elapsed() < WITHOUT_A_SERVER, "{:?}", started.elapsed());
    assert_eq!(ended.err, format!("jp: job {}: the server has not accepted the reports in time\n", job.id));
}

#[test]
fn a_key_that_is_refused_does_not_stop_the_command() {
    let job = Job::fresh();
    let mut command = jp_run(&job, &[], "sleep 0.5; echo work; exit 4");
    command.env("JOB_PROGRESS_KEY", &Target::get().read_key);
    let ended = run(command);
    assert_eq!((ended.code, ended.out.as_str()), (4, "work\n"));
    assert!(ended.err.contains("(ACCESS_DENIED); nothing is reported any more"), "{}", ended.err);
    assert!(!ended.err.contains(&Target::get().read_key), "{}", ended.err);
}
