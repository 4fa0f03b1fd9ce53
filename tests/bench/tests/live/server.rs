//! The executable `job-progress`, as its users run it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use bench::{
    cluster::executable,
    http::{Connection, Request, get},
    key::{Key, fresh_job},
    server::{Folder, files_below, free_port},
    stream::{Item, Stream},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;

use crate::run;

const SECRET: &str = "a secret of at least thirty-two characters, for tests";
/// A user without rights.
const NOBODY: u32 = 65_534;
/// How long the server may take to end after SIGTERM.
const STOP_LIMIT: Duration = Duration::from_secs(10);

fn command(folder: &Folder) -> Command {
    let mut command = Command::new(executable());
    // Nothing of the environment of the tests is needed, not even PATH.
    command.env_clear().arg("--data").arg(folder.path().join("data"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running server, which is killed on drop.
struct Running {
    child: Child,
    port: u16,
}

impl Running {
    fn start(folder: &Folder, key: &Key, settings: &[(&str, &str)]) -> Running {
        Running::of(command(folder), key, settings)
    }

    fn of(mut command: Command, key: &Key, settings: &[(&str, &str)]) -> Running {
        let port = free_port().unwrap();
        command.args(["--listen", &format!("127.0.0.1:{port}")]).stderr(Stdio::inherit());
        command.env("API_KEYS", key.line()).env("TOKEN_SECRET", SECRET).envs(settings.iter().copied());
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains(" listens at ") {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0, "the server did not start");
        }
        // The log continues, and nobody reads it in a test.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        Running { child, port }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Waits for the end; returns how long it took.
    fn ended(&mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, began.elapsed());
            }
            assert!(began.elapsed() < STOP_LIMIT, "the server still runs after {STOP_LIMIT:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The launcher ends the runtime; if it is killed, the runtime would stay.
        let _ = kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGINT);
        let _ = self.child.wait();
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What it prints and how it ends if it cannot start.
fn refused(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success());
    text(&output)
}

#[test]
fn it_prints_its_version_and_its_settings() {
    let output = |argument: &str| text(&Command::new(executable()).arg(argument).output().unwrap());
    assert_eq!(output("--version"), format!("job-progress {}\n", env!("CARGO_PKG_VERSION")));
    for name in ["API_KEYS", "TOKEN_SECRET", "TRUSTED_PROXIES", "--data", "--listen"] {
        assert!(output("--help").contains(name), "{name}");
    }
}

#[test]
fn its_checksum_is_in_the_file_beside_it() {
    let dir = executable().parent().map(Path::to_owned).unwrap();
    let checked = Command::new("sha256sum").args(["--check", "job-progress.sha256"]).current_dir(dir).output().unwrap();
    assert!(checked.status.success(), "{}", text(&checked));
}

#[test]
fn it_names_each_setting_that_is_missing_or_wrong_and_does_not_start() {
    let folder = Folder::new("server-settings").unwrap();
    let message = refused(&mut command(&folder));
    assert!(message.contains("API_KEYS") && message.contains("TOKEN_SECRET"), "{message}");
    let (key, wrong) =
        (Key::draw().unwrap(), [("TRUSTED_PROXIES", "nginx"), ("WEBHOOKS", "acme"), ("TOKEN_SECRET", "PLANTED")]);
    let message = refused(command(&folder).env("API_KEYS", key.line()).envs(wrong));
    for (name, _) in wrong {
        assert!(message.contains(name), "{name}: {message}");
    }
    assert!(!message.contains("PLANTED") && !message.contains("no API keys"), "{message}");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn it_refuses_a_data_folder_of_a_newer_release_and_one_that_another_server_uses() {
    let (folder, key) = (Folder::new("server-data").unwrap(), Key::draw().unwrap());
    let running = Running::start(&folder, &key, &[]);
    let start = || {
        refused(
            command(&folder).args(["--listen", "127.0.0.1:1"]).env("API_KEYS", key.line()).env("TOKEN_SECRET", SECRET),
        )
    };
    let message = start();
    assert!(message.contains("another server uses the data folder"), "{message}");
    drop(running);
    fs::write(folder.path().join("data/format"), "2\n").unwrap();
    let message = start();
    assert!(message.contains("a newer release has written to the data folder"), "{message}");
}

#[test]
fn it_serves_the_api_and_the_pages_and_keeps_jobs_when_it_is_started_again() {
    let (folder, key, job) = (Folder::new("server-serves").unwrap(), Key::draw().unwrap(), fresh_job().unwrap());
    let mut running = Running::start(&folder, &key, &[]);
    run(async {
        let body = json!({"jobId": job, "current": 3}).to_string();
        let request = Request::new("POST", "/v2/jobs", &key.text, &[], body.as_bytes());
        Connection::open(running.port).await.unwrap().ask(&request).await.unwrap().success().unwrap();
        for (path, kind) in [("/", "text/html"), ("/job", "text/html"), ("/job-progress.js", "text/javascript")] {
            let answer = get(running.port, &key.text, path).await.unwrap().success().unwrap();
            assert!(answer.head.header("content-type").is_some_and(|found| found.starts_with(kind)), "{path}");
            assert_eq!(answer.head.header("x-content-type-options"), Some("nosniff"), "{path}");
        }
    });
    running.signal(Signal::SIGINT);
    assert!(running.ended().0.success());
    let mut left: Vec<_> =
        fs::read_dir(folder.path().join("data")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["format", "job-progress-JobIndex", "job-progress-JobObject", "server.lock"]);
    let running = Running::start(&folder, &key, &[]);
    run(async {
        let answer = get(running.port, &key.text, &format!("/v2/jobs/{job}/status")).await.unwrap().success().unwrap();
        assert_eq!(answer.json()["current"], 3);
    });
}

#[test]
fn it_cannot_be_put_into_development_mode() {
    let (folder, key, job) = (Folder::new("server-mode").unwrap(), Key::draw().unwrap(), fresh_job().unwrap());
    let running = Running::start(&folder, &key, &[("JOB_PROGRESS_DEV", "1")]);
    run(async {
        let body = json!({"jobId": job, "webhooks": [{"url": "http://127.0.0.1:9/"}]}).to_string();
        let request = Request::new("POST", "/v2/jobs", &key.text, &[], body.as_bytes());
        let answer = Connection::open(running.port).await.unwrap().ask(&request).await.unwrap();
        assert_eq!((answer.head.status, &answer.json()["details"]["field"]), (400, &json!("webhooks[0].url")));
    });
}

#[test]
fn sigterm_announces_the_end_then_ends_streams_and_waits_without_a_final_frame_within_ten_seconds() {
    let (folder, key, job) = (Folder::new("server-stop").unwrap(), Key::draw().unwrap(), fresh_job().unwrap());
    let mut running = Running::start(&folder, &key, &[]);
    let port = running.port;
    let (ended, took) = run(async {
        let body = json!({"jobId": job, "current": 3}).to_string();
        let request = Request::new("POST", "/v2/jobs", &key.text, &[], body.as_bytes());
        Connection::open(port).await.unwrap().ask(&request).await.unwrap().success().unwrap();
        let mut stream = Stream::open(port, &key.text, &job, None).await.unwrap();
        let path = format!("/v2/jobs/{job}/status?wait=60");
        let wait = get(port, &key.text, &path);
        let stop = async {
            let mut seen = Vec::new();
            while !seen.iter().any(|item| matches!(item, Item::Document(..))) {
                stream.read(|item| seen.push(item)).await.unwrap();
            }
            running.signal(Signal::SIGTERM);
            let began = Instant::now();
            // It still serves, and says that it will not for long.
            loop {
                let answer = get(port, &key.text, "/healthz").await.unwrap();
                if answer.head.status == 503 {
                    assert_eq!(answer.json(), json!({"status": "draining"}));
                    break;
                }
                assert!(began.elapsed() < Duration::from_secs(2), "the end is not announced");
            }
            let report = Request::new("POST", &format!("/v2/jobs/{job}/reports"), &key.text, &[], b"{\"current\": 4}");
            Connection::open(port).await.unwrap().ask(&report).await.unwrap().success().unwrap();
            while stream.read(|item| seen.push(item)).await.unwrap() {}
            (seen, began)
        };
        let (answer, (seen, began)) = tokio::join!(wait, stop);
        // The report ended the wait, or the end of the server did; both are answers.
        answer.unwrap().success().unwrap();
        assert!(seen.iter().any(|item| matches!(item, Item::Retry(_))), "{seen:?}");
        assert!(
            seen.iter().any(|item| matches!(item, Item::Document(_, data) if data.contains("\"current\":4"))),
            "{seen:?}"
        );
        assert!(!seen.contains(&Item::End), "the reader would not come back: {seen:?}");
        (running.ended().0, began.elapsed())
    });
    assert!(ended.success() && took < STOP_LIMIT, "{ended} after {took:?}");
}

#[test]
fn a_wait_ends_with_the_server() {
    let (folder, key, job) = (Folder::new("server-wait").unwrap(), Key::draw().unwrap(), fresh_job().unwrap());
    let mut running = Running::start(&folder, &key, &[]);
    let port = running.port;
    run(async {
        let body = json!({"jobId": job, "current": 3}).to_string();
        let request = Request::new("POST", "/v2/jobs", &key.text, &[], body.as_bytes());
        Connection::open(port).await.unwrap().ask(&request).await.unwrap().success().unwrap();
        let path = format!("/v2/jobs/{job}/status?wait=60");
        let wait = get(port, &key.text, &path);
        let stop = async {
            let metrics = async || get(port, &key.text, "/metrics").await.unwrap().text;
            let began = Instant::now();
            // The job is in memory from the first request on; the wait is open once its request has been received.
            while !metrics().await.contains("job_progress_jobs_in_memory 1") {
                assert!(began.elapsed() < STOP_LIMIT, "the job is not in memory");
            }
            running.signal(Signal::SIGTERM);
        };
        let (answer, ()) = tokio::join!(wait, stop);
        assert_eq!(answer.unwrap().success().unwrap().json()["current"], 3);
    });
    assert!(running.ended().0.success());
}

#[test]
fn it_needs_no_rights_and_leaves_no_program_in_its_data_folder() {
    let (folder, key) = (Folder::new("server-rights").unwrap(), Key::draw().unwrap());
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let mut command = command(&folder);
    if fs::metadata(&data).unwrap().uid() == 0 {
        // The tests run as root: the server as `nobody`, who may write to this folder alone.
        chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    }
    let running = Running::of(command, &key, &[]);
    // The file of the runtime is gone once it runs.
    for file in files_below(&data).unwrap() {
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0, "{} is executable", file.display());
    }
    drop(running);
}

#[test]
fn its_metrics_count_what_it_does_and_need_jobs_admin() {
    let (folder, key, job) = (Folder::new("server-metrics").unwrap(), Key::draw().unwrap(), fresh_job().unwrap());
    let running = Running::start(&folder, &key, &[("TRUSTED_PROXIES", "127.0.0.1")]);
    let port = running.port;
    run(async {
        let post = async |path: &str, body: &str| {
            let request = Request::new("POST", path, &key.text, &[], body.as_bytes());
            Connection::open(port).await.unwrap().ask(&request).await.unwrap()
        };
        let token =
            post("/v2/jobs", &json!({"jobId": job}).to_string()).await.json()["token"].as_str().unwrap().to_owned();
        post(&format!("/v2/jobs/{job}/reports"), "[{\"current\": 1}, {\"current\": 2}]").await.success().unwrap();
        let stream = Stream::open(port, &key.text, &job, None).await.unwrap();
        let answer = get(port, &key.text, "/metrics").await.unwrap().success().unwrap();
        let kind = answer.head.header("content-type").unwrap();
        assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
        for line in [
            "job_progress_requests_total{route=\"/v2/jobs\",status=\"201\"} 1",
            "job_progress_requests_total{route=\"/v2/jobs/{jobId}/reports\",status=\"200\"} 1",
            "job_progress_request_duration_seconds_count{route=\"/v2/jobs/{jobId}/reports\"} 1",
            "job_progress_reports_total 2",
            "job_progress_open_streams 1",
            "job_progress_jobs_in_memory 1",
        ] {
            assert!(answer.text.lines().any(|found| found == line), "{line} in {}", answer.text);
        }
        assert!(answer.text.ends_with("# EOF\n") && !answer.text.contains(&job));
        drop(stream);
        assert_eq!(get(port, &token, "/metrics").await.unwrap().head.status, 403);
        assert_eq!(get(port, &key.text, "/metrics?name=reports").await.unwrap().head.status, 400);
        let anonymous = Request::anonymous("GET", "/metrics", &[], b"");
        assert_eq!(Connection::open(port).await.unwrap().ask(&anonymous).await.unwrap().head.status, 401);
        // Only the launcher can end the server.
        for path in ["/server/drain", "/server/end-streams"] {
            assert_eq!(post(path, "").await.head.status, 404, "{path}");
        }
        assert_eq!(get(port, &key.text, "/healthz").await.unwrap().head.status, 200);
    });
}
