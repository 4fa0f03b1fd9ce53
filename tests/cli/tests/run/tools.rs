//! The progress of real tools, and of recordings of those that a machine may not have.

use std::{fs, path::Path, process::Command};

use cli_tests::{
    binary::{jp, run},
    file_server,
    job::Job,
    running::Running,
};
use contract::target::fresh_name;
use serde_json::{Value, json};

use crate::jp_run;

const MIB: usize = 1024 * 1024;

/// Plays a recorded output and returns the document afterwards.
fn recorded(name: &str) -> Value {
    let job = Job::fresh();
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/cli/recordings").join(name);
    // It fails, because a job that completes has a progress of 100 in any case.
    assert_eq!(run(jp_run(&job, &[], &format!("cat '{}'; exit 1", recording.display()))).code, 1);
    job.document()
}

#[test]
fn curl_shows_the_bytes_of_a_download_while_it_runs() {
    let job = Job::fresh();
    let url = file_server::start(4 * MIB, MIB / 20);
    let running = Running::start(jp(&["run", "--job", &job.id, "--", "curl", "--output", "/dev/null", &url]));
    let between = job.until(|document| document["current"].as_f64().is_some_and(|current| current > 0.0));
    assert_eq!((&between["unit"], &between["total"]), (&json!("bytes"), &json!(4 * MIB)));
    assert_eq!(running.rest().1, 0);
    let document = job.document();
    assert_eq!((&document["status"], &document["current"]), (&json!("completed"), &json!(4 * MIB)));
}

#[test]
fn tar_shows_its_records_and_the_archive_is_whole() {
    let job = Job::fresh();
    let folder = std::env::temp_dir().join(format!("jp-tar-{}", fresh_name()));
    fs::create_dir(&folder).unwrap();
    for name in ["a", "b", "c"] {
        fs::write(folder.join(name), vec![b'x'; 2 * MIB]).unwrap();
    }
    let is_gnu =
        Command::new("tar").arg("--version").output().is_ok_and(|output| output.stdout.starts_with(b"tar (GNU"));
    let script = format!(
        "tar {} -cf - -C '{}' . | tar -tf - | sort",
        if is_gnu { "--checkpoint=50" } else { "" },
        folder.display()
    );
    let ended = run(jp_run(&job, &[], &script));
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!((ended.code, ended.out.as_str()), (0, "./\n./a\n./b\n./c\n"));
    let document = job.document();
    if is_gnu {
        assert_eq!((&document["unit"], &document["current"]), (&json!("records"), &json!(600)));
    }
}

#[test]
fn rsync_ffmpeg_and_pv_show_what_they_have_recorded() {
    let rsync = recorded("rsync-progress2.txt");
    assert_eq!(
        (&rsync["current"], &rsync["progress"], &rsync["unit"]),
        (&json!(8_400_000), &json!(100), &json!("bytes"))
    );
    let ffmpeg = recorded("ffmpeg.txt");
    assert_eq!((&ffmpeg["current"], &ffmpeg["total"], &ffmpeg["progress"]), (&json!(5.88), &json!(6), &json!(98)));
    let pv = recorded("pv.txt");
    assert_eq!((&pv["progress"], &pv["unit"]), (&json!(100), &json!("bytes")));
}

#[test]
fn a_pattern_of_the_user_decides_alone() {
    let job = Job::fresh();
    let pattern = r"^> (?<current>\d+)/(?<total>\d+) (?<message>.*)";
    let ended =
        run(jp_run(&job, &["--regex", pattern], "echo '> 7/20 Berlin'; echo '19/20 of another kind, 99%'; exit 1"));
    assert_eq!(ended.code, 1);
    let document = job.document();
    assert_eq!(
        (&document["current"], &document["total"], &document["message"]),
        (&json!(7), &json!(20), &json!("Berlin"))
    );
}
