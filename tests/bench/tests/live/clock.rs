//! A wall clock that is set back while the server runs, or while it does not run: nobody notices.

use std::time::{Duration, Instant};

use bench::{
    http::{Connection, Producer, Request, get},
    key::{Key, fresh_job},
    server::{Folder, Server},
    stream::{Item, Stream},
};
use protocol::Timestamp;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{offset_clock::OffsetClock, report, run};

/// How far the clock is set back; without our care viewers were silent for as long.
const STEPS: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(3_600)];
/// How long anything may take afterwards: less than the clock is set back, and long because a small machine may be busy.
const LIMIT: Duration = Duration::from_secs(25);
/// Between two reports.
const TICK: Duration = Duration::from_millis(50);

/// A job on a server whose clock the test sets.
struct Scene {
    /// It is absent only during a restart.
    server: Option<Server>,
    clock: OffsetClock,
    key: Key,
    job: String,
    folder: Folder,
}

impl Scene {
    fn new(name: &str) -> Scene {
        let (key, folder) = (Key::draw().unwrap(), Folder::new(name).unwrap());
        let clock = OffsetClock::new(&folder);
        Scene { server: Some(clock.server(&folder, &key)), clock, key, job: fresh_job().unwrap(), folder }
    }

    fn port(&self) -> u16 {
        self.server.as_ref().unwrap().port
    }

    fn producer(&self) -> Producer {
        Producer::new(self.port(), &self.key.text, &self.job)
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = Request::new("POST", path, &self.key.text, &[], body.to_string().as_bytes());
        let mut connection = Connection::open(self.port()).await.unwrap();
        connection.ask(&request).await.unwrap().success().unwrap().json()
    }

    async fn status(&self) -> Value {
        let path = format!("/v2/jobs/{}/status", self.job);
        get(self.port(), &self.key.text, &path).await.unwrap().success().unwrap().json()
    }
}

/// A viewer, with the documents or the rows that it has received.
struct Viewer {
    stream: Stream,
    documents: Vec<Value>,
}

impl Viewer {
    async fn open(scene: &Scene) -> Viewer {
        let stream = Stream::open(scene.port(), &scene.key.text, &scene.job, None).await.unwrap();
        Viewer { stream, documents: Vec::new() }
    }

    /// A viewer of the list of all jobs.
    async fn of_list(scene: &Scene) -> Viewer {
        let connection = Connection::open(scene.port()).await.unwrap();
        let stream = Stream::at(connection, &scene.key.text, "/v2/jobs/stream", None).await.unwrap();
        Viewer { stream, documents: Vec::new() }
    }

    /// Reads for as long as [`TICK`].
    async fn read(&mut self) {
        let documents = &mut self.documents;
        let read = self.stream.read(|item| match item {
            Item::Document(_, data) => documents.push(serde_json::from_str(&data).unwrap()),
            Item::Other(event, data) if event == "job" => documents.push(serde_json::from_str(&data).unwrap()),
            _ => {}
        });
        if let Ok(read) = timeout(TICK, read).await {
            read.unwrap();
        }
    }

    /// Reads until `is_true` for the last document.
    async fn until(&mut self, what: &str, is_true: impl Fn(&Value) -> bool) {
        let began = Instant::now();
        while !self.documents.last().is_some_and(&is_true) {
            assert!(began.elapsed() < LIMIT, "not within {LIMIT:?}: {what}");
            self.read().await;
        }
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap()
}

fn time(document: &Value, field: &str) -> Timestamp {
    let text = document[field].as_str().unwrap_or_else(|| panic!("no {field} in {document}"));
    Timestamp::parse(text).unwrap()
}

#[test]
fn a_clock_set_back_silences_no_viewer_and_no_time_of_a_job_goes_back() {
    let scene = Scene::new("clock-viewers");
    run(async {
        let mut producer = scene.producer();
        report(&mut producer, json!({"status": "running", "current": 0, "total": 1_000_000})).await;
        let mut viewer = Viewer::open(&scene).await;
        let mut current = 0;
        for by in STEPS {
            // The object is in the middle of a broadcast interval.
            for _ in 0..10 {
                current += 1;
                report(&mut producer, json!({"current": current})).await;
                viewer.read().await;
            }
            scene.clock.set(-seconds(by));
            let (began, before) = (Instant::now(), viewer.documents.len());
            while viewer.documents.len() < before + 20 {
                current += 1;
                report(&mut producer, json!({"current": current})).await;
                viewer.read().await;
                assert!(began.elapsed() < LIMIT, "{by:?}: {} documents", viewer.documents.len() - before);
            }
            println!("{by:?} back: 20 documents in {:.1?}", began.elapsed());
            // The last report of a series needs a timer.
            for _ in 0..5 {
                current += 1;
                report(&mut producer, json!({"current": current})).await;
            }
            let began = Instant::now();
            viewer.until("the last report", |document| document["current"] == current).await;
            println!("{by:?} back: the last report after {:.1?}", began.elapsed());
        }
        report(&mut producer, json!({"status": "completed"})).await;
        viewer.until("the end", |document| document["status"] == "completed").await;
        let times: Vec<_> = viewer.documents.iter().map(|document| time(document, "updatedAt")).collect();
        assert!(times.is_sorted(), "{times:?}");
        let last = viewer.documents.last().unwrap();
        assert!(time(last, "completedAt") >= time(last, "startedAt"));
    });
}

#[test]
fn a_clock_set_back_makes_no_poll_wait_longer() {
    let scene = Scene::new("clock-wait");
    run(async {
        report(&mut scene.producer(), json!({"status": "running"})).await;
        let path = format!("/v2/jobs/{}/status?wait=4", scene.job);
        let request = Request::new("GET", &path, &scene.key.text, &[], b"");
        let mut connection = Connection::open(scene.port()).await.unwrap();
        let began = Instant::now();
        let (answer, ()) = tokio::join!(timeout(LIMIT, connection.ask(&request)), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            scene.clock.set(-seconds(STEPS[0]));
        });
        answer.expect("an answer").unwrap().success().unwrap();
        let took = began.elapsed();
        assert!(took >= Duration::from_secs(4), "{took:?}");
    });
}

#[test]
fn a_restart_with_the_clock_an_hour_back_keeps_rate_and_completion() {
    const PER_SECOND: f64 = 20.0;
    const TOTAL: f64 = 2_000.0;
    let mut scene = Scene::new("clock-restart");
    run(async {
        let began = Instant::now();
        let worked = || began.elapsed().as_secs_f64() * PER_SECOND;
        report(&mut scene.producer(), json!({"status": "running", "current": 0, "total": TOTAL})).await;
        let work = async |scene: &Scene, reports: usize| {
            let mut producer = scene.producer();
            for _ in 0..reports {
                tokio::time::sleep(TICK).await;
                report(&mut producer, json!({"current": worked()})).await;
            }
            let document = scene.status().await;
            let rate = document["throughput"]["rate"].as_f64().unwrap();
            let remaining = time(&document, "estimatedCompletion").seconds_since(time(&document, "updatedAt"));
            let expected = (TOTAL - worked()) / PER_SECOND;
            println!("rate {rate:.1} of {PER_SECOND}, remaining {remaining:.1} s of {expected:.1} s");
            assert!((0.5..2.0).contains(&(rate / PER_SECOND)), "{document}");
            assert!((0.5..2.0).contains(&(remaining / expected)), "{document}");
        };
        work(&scene, 60).await;
        scene.clock.set(-seconds(STEPS[1]));
        let before = scene.status().await;
        scene.server.take().unwrap().crash().unwrap();
        scene.server = Some(scene.clock.server(&scene.folder, &scene.key));
        work(&scene, 60).await;
        assert!(time(&scene.status().await, "updatedAt") >= time(&before, "updatedAt"));
    });
}

#[test]
fn a_clock_set_back_delays_no_change_in_a_list() {
    let scene = Scene::new("clock-list");
    run(async {
        let mut producer = scene.producer();
        let mut viewer = Viewer::of_list(&scene).await;
        report(&mut producer, json!({"status": "running"})).await;
        viewer.until("the job", |row| row["status"] == "running").await;
        for by in STEPS {
            scene.clock.set(-seconds(by));
            // The last change of a series needs a timer, in the index and for its viewers.
            for status in ["paused", "running", "paused", "running", "paused"] {
                report(&mut producer, json!({"status": status})).await;
            }
            viewer.until("the last change", |row| row["status"] == "paused").await;
            report(&mut producer, json!({"status": "running"})).await;
            viewer.until("the next change", |row| row["status"] == "running").await;
        }
    });
}

#[test]
fn a_clock_set_back_delays_neither_what_a_parent_shows_nor_a_request_to_many_jobs() {
    let scene = Scene::new("clock-parent");
    run(async {
        report(&mut scene.producer(), json!({"status": "running"})).await;
        let mut viewer = Viewer::open(&scene).await;
        for by in STEPS {
            let mut children = Vec::new();
            for _ in 0..5 {
                let child = json!({"jobId": fresh_job().unwrap(), "parentId": scene.job, "status": "running"});
                scene.post("/v2/jobs", &child).await;
                children.push(Producer::new(scene.port(), &scene.key.text, child["jobId"].as_str().unwrap()));
            }
            viewer.until("the children", |document| document["children"]["byStatus"]["running"] == 5).await;
            scene.clock.set(-seconds(by));
            for child in &mut children {
                report(child, json!({"status": "completed"})).await;
            }
            viewer.until("their ends", |document| document["children"]["byStatus"]["running"] == 0).await;
            // The last change of a series needs a timer.
            for request in ["pause", "resume", "pause", "resume", "pause"] {
                let many = json!({"jobIds": [scene.job], "request": request});
                scene.post("/v2/jobs/control/batch", &many).await;
            }
            viewer.until("the last request", |document| document["control"]["request"] == "pause").await;
            scene.post(&format!("/v2/jobs/{}/resume", scene.job), &json!({})).await;
            viewer.until("the next request", |document| document["control"]["request"] == "resume").await;
        }
    });
}
