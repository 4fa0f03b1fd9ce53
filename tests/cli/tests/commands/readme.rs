//! The commands of the README of `jp`, run as it shows them.

use std::{fs, path::Path, process::Command};

use cli_tests::{binary, binary::run};
use contract::target::{Target, fresh_name};

/// The part that installs `jp` and names the server, which the test does in its own way.
const SET_UP: &str = "## Set up";

#[test]
fn every_command_of_the_readme_runs_and_shows_what_it_promises() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/cli/README.md")).unwrap();
    let parts = readme.split("\n## ").skip(1).filter(|part| !SET_UP.ends_with(part.lines().next().unwrap_or_default()));
    let blocks = parts.flat_map(|part| part.split("\n```sh\n").skip(1)).filter_map(|rest| rest.split("\n```").next());
    let script = blocks.collect::<Vec<_>>().join("\n");
    assert!(script.matches("jp ").count() > 20, "{script}");
    // All users of the server share its jobs.
    let name = fresh_name();
    let script = script.replace("video-", &format!("video-{name}-"));
    let folder = std::env::temp_dir().join(format!("jp-readme-{name}"));
    let script = script.replace("/tmp/", &format!("{}/", folder.display()));
    // The work that takes a second, so that a reader sees it, takes less here.
    let script = script.replace("sleep 1", "sleep 0.1");

    let work = folder.join("work");
    fs::create_dir_all(&work).unwrap();
    fs::write(work.join("video.txt"), "frames").unwrap();
    let target = Target::get();
    let programs = binary::path().parent().map(Path::to_path_buf).unwrap();
    let path =
        std::env::join_paths([programs].into_iter().chain(std::env::split_paths(&std::env::var("PATH").unwrap())));
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &script]).current_dir(&work).env("PATH", path.unwrap());
    bash.env("JOB_PROGRESS_URL", &target.base_url).env("JOB_PROGRESS_KEY", &target.key);
    let ended = run(bash);
    let completions = fs::read_to_string(work.join("jp.bash"));
    let archive = run(tar(&folder.join("backup.tar.gz")));
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(ended.code, 0, "{ended:?}");
    for promised in [
        &format!("video-{name}-9  completed  100%"),
        "the video is ready",
        &format!("video-{name}-10: cancel requested; the job is running"),
        &format!("video-{name}-10: deleted"),
        "eyJ",
    ] {
        assert!(ended.out.contains(promised), "{promised}\n{}\n{}", ended.out, ended.err);
    }
    assert!(archive.out.contains("./video.txt"), "{archive:?}");
    assert!(completions.unwrap().contains("_jp()"));
}

/// Lists an archive.
fn tar(archive: &Path) -> Command {
    let mut tar = Command::new("tar");
    tar.arg("-tzf").arg(archive);
    tar
}
