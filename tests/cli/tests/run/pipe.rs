//! `jp pipe`.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    process::{Command, Stdio},
};

use cli_tests::{binary::jp, job::Job, signals, wait};
use contract::target::fresh_name;
use serde_json::json;

fn jp_pipe(job: &Job, options: &[&str]) -> Command {
    let mut arguments = vec!["pipe", "--job", &job.id];
    arguments.extend(options);
    let mut command = jp(&arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Bytes that differ from one another, so that a lost or repeated part is noticed.
fn data(count: u32) -> Vec<u8> {
    (0..count).flat_map(u32::to_le_bytes).collect()
}

#[test]
fn the_data_is_copied_unchanged_and_counted() {
    let job = Job::fresh();
    let data = data(3_000_000);
    let mut child = jp_pipe(&job, &["--title", "Backup"]).spawn().unwrap();
    let (mut stdin, sent) = (child.stdin.take().unwrap(), data.clone());
    let writer = std::thread::spawn(move || stdin.write_all(&sent));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!((output.status.code(), output.stdout == data), (Some(0), true));
    let document = job.document();
    assert_eq!((&document["status"], &document["current"]), (&json!("completed"), &json!(data.len())));
    assert_eq!(
        (&document["unit"], &document["tags"]["title"], document.get("total")),
        (&json!("bytes"), &json!("Backup"), None)
    );
}

#[test]
fn the_size_is_that_of_the_file_or_of_the_option() {
    let path = std::env::temp_dir().join(format!("jp-pipe-{}", fresh_name()));
    fs::write(&path, data(50_000)).unwrap();
    let job = Job::fresh();
    let output = jp_pipe(&job, &[]).stdin(File::open(&path).unwrap()).output().unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(output.stdout.len(), 200_000);
    assert_eq!(job.document()["total"], 200_000);

    let job = Job::fresh();
    let mut child = jp_pipe(&job, &["--size", "4k"]).spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(&[0; 1024]).unwrap();
    let between = job.until(|document| document["current"] == 1024);
    assert_eq!((&between["total"], &between["progress"]), (&json!(4096), &json!(25)));
    assert_eq!(child.wait_with_output().unwrap().stdout.len(), 1024);
}

#[test]
fn a_reader_that_closes_the_output_ends_it_as_it_would_end_cat() {
    let job = Job::fresh();
    let mut child = jp_pipe(&job, &[]).spawn().unwrap();
    let mut first = [0; 10];
    child.stdin.as_mut().unwrap().write_all(&[1; 100]).unwrap();
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    // The output is closed now; the next write fails.
    let mut stdin = child.stdin.take().unwrap();
    while stdin.write_all(&[1; 1000]).is_ok() {}
    assert_eq!(child.wait().unwrap().code(), Some(141));
    let document = job.document();
    assert_eq!((&document["status"], &document["error"]["code"]), (&json!("cancelled"), &json!("OUTPUT_CLOSED")));
}

#[test]
fn a_signal_and_a_cancellation_end_it_while_it_waits_for_data() {
    let job = Job::fresh();
    let mut child = jp_pipe(&job, &[]).spawn().unwrap();
    let input = child.stdin.take();
    job.until_status("running");
    signals::send("INT", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(input);
    assert_eq!(job.document()["status"], "cancelled");

    let job = Job::fresh();
    let mut child = jp_pipe(&job, &[]).spawn().unwrap();
    let input = child.stdin.take();
    job.until_status("running");
    job.request("cancel", &json!({}));
    assert_eq!(child.wait().unwrap().code(), Some(143));
    drop(input);
    assert_eq!(job.document()["status"], "cancelled");
}

#[test]
fn a_pause_suspends_the_copy() {
    let job = Job::fresh();
    let mut child = jp_pipe(&job, &[]).spawn().unwrap();
    job.until_status("running");
    job.request("pause", &json!({}));
    job.until_status("paused");
    // The copy is suspended before its next read, at the latest after this one.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"first").unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 5];
    stdout.read_exact(&mut first).unwrap();
    stdin.write_all(b"second").unwrap();
    drop(stdin);
    job.request("resume", &json!({}));
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "second");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(
        wait::until(|| Some(job.document()).filter(|d| d["current"] == 11), || "".to_owned())["status"],
        "completed"
    );
}
