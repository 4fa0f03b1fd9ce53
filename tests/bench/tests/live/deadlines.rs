//! Deadlines on the real runtime: each one passes once and in time, also if the runtime is killed meanwhile.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bench::{
    http::{Answer, Connection, Request},
    key::{Key, fresh_job, random_below},
    process,
    server::{Folder, Kind, Server},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{millis, processors, run};

/// The number of jobs, all of which are silent after their creation.
const JOBS: usize = 1_000;
/// Seconds of the deadlines: from the shortest that the fields allow.
const SECONDS: std::ops::Range<u64> = 5..20;
const KILLS: usize = 4;
/// Milliseconds within which a deadline passes while the server runs, and after its start, if it has a processor.
const LATE_MS: i64 = 2_000;
/// How long to wait for the last deadline; long enough to measure how late it really passes.
const SETTLED: Duration = Duration::from_secs(20);
/// The number of requests at a time.
const AT_ONCE: usize = 20;
/// How many jobs one request reads.
const BATCH: usize = 100;

/// A job that has reported nothing since its creation.
struct Silent {
    id: String,
    /// When it was created, in milliseconds of the server's clock.
    created_at: i64,
    /// When it stalls and when it ends.
    stall: Option<i64>,
    end: Option<(i64, &'static str)>,
}

impl Silent {
    /// A job that was created with these fields at that time.
    fn new(fields: &Value, document: &Value) -> Silent {
        let created_at = millis(&document["startedAt"]);
        let due = |field: &str| Some(created_at + 1_000 * fields[field].as_i64()?);
        // At the same time the execution timeout precedes the heartbeat timeout, and both precede the mark of a stall.
        let ends = [
            due("timeoutSeconds").map(|due| (due, "EXECUTION_TIMEOUT")),
            due("heartbeatTimeoutSeconds").map(|due| (due, "HEARTBEAT_TIMEOUT")),
        ];
        let end = ends.into_iter().flatten().min_by_key(|(due, _)| *due);
        let stall = due("stalledAfterSeconds").filter(|stall| end.is_none_or(|(end, _)| *stall < end));
        Silent { id: document["jobId"].as_str().unwrap().to_owned(), created_at, stall, end }
    }

    /// When the last of its deadlines is due.
    fn last_due(&self) -> i64 {
        self.end.map_or(self.stall, |(due, _)| Some(due)).unwrap()
    }

    /// Its `seq` once all of its deadlines have passed.
    fn last_seq(&self) -> u64 {
        1 + u64::from(self.stall.is_some()) + u64::from(self.end.is_some())
    }

    /// Checks the document after all deadlines; returns how late the last one passed, in milliseconds. While the runtime is up, it
    /// may be late by `most_late`.
    fn check(&self, document: &Value, outages: &[(i64, i64)], most_late: i64) -> i64 {
        assert_eq!(document["jobId"], *self.id);
        assert_eq!(document["seq"], self.last_seq(), "each deadline passes once: {document}");
        match self.end {
            Some((_, code)) => {
                assert_eq!((&document["status"], &document["error"]["code"]), (&"timeout".into(), &code.into()));
                assert_eq!(document["timedOutAt"], document["updatedAt"]);
            }
            None => {
                assert_eq!(
                    (&document["status"], millis(&document["stalledSince"])),
                    (&"running".into(), self.created_at)
                );
            }
        }
        let (passed, due) = (millis(&document["updatedAt"]), self.last_due());
        assert!(passed >= due, "{} ms early: {document}", due - passed);
        // A deadline that was due while the runtime was down, or was to pass when it was killed, passes after the start, or after
        // the next one if the runtime is killed again before.
        let is_put_off = |due: i64, (down, up): (i64, i64)| down <= due + most_late && up >= due;
        passed - outages.iter().fold(due, |due, outage| if is_put_off(due, *outage) { outage.1 } else { due })
    }
}

/// The fields of a job with a random set of deadlines.
fn draw() -> Value {
    let seconds = || SECONDS.start + random_below(SECONDS.end - SECONDS.start);
    let mut fields = json!({"status": "running"});
    let set = 1 + random_below(7);
    for (bit, field) in ["timeoutSeconds", "heartbeatTimeoutSeconds", "stalledAfterSeconds"].into_iter().enumerate() {
        if set & 1 << bit != 0 {
            fields[field] = seconds().into();
        }
    }
    fields
}

#[test]
fn each_of_a_thousand_jobs_ends_once_and_in_time_although_the_runtime_is_killed() {
    let _processors = processors();
    // On a disk, other programs could delay each commit by seconds.
    let (key, folder) = (Key::draw().unwrap(), Folder::in_memory("deadlines").unwrap());
    let mut server = Server::start(Kind::Ours, &folder, &key).unwrap();
    run(async {
        let jobs = create(server.port, &key.text).await;
        let (mut outages, mut waited) = (Vec::new(), 0);
        for _ in 0..KILLS {
            tokio::time::sleep(Duration::from_millis(500 + random_below(2_500))).await;
            waited = process::waited_ms(server.pid).unwrap().max(waited);
            let down = now_millis();
            server.crash().unwrap();
            tokio::time::sleep(Duration::from_millis(random_below(2_000))).await;
            server = Server::start(Kind::Ours, &folder, &key).unwrap();
            outages.push((down, now_millis()));
        }
        let last_due = jobs.iter().map(Silent::last_due).max().unwrap();
        let wait = u64::try_from(last_due - now_millis()).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let began = Instant::now();
        let documents = loop {
            let documents = read(server.port, &key.text, &jobs).await;
            let is_over = jobs.iter().zip(&documents).all(|(job, document)| document["seq"] == job.last_seq());
            if is_over || began.elapsed() > SETTLED {
                break documents;
            }
        };
        waited = process::waited_ms(server.pid).unwrap().max(waited);
        // Other programs keep a server from its processor, which is no fault of the server.
        let most_late = LATE_MS + waited;
        let check = |(job, document): (&Silent, &Value)| job.check(document, &outages, most_late);
        let late: Vec<_> = jobs.iter().zip(&documents).map(check).collect();
        let outages: Vec<i64> = outages.iter().map(|(down, up)| up - down).collect();
        let latest = late.iter().max().unwrap();
        println!("{JOBS} jobs, down for {outages:?} ms: the latest deadline passed {latest} ms late");
        println!("a server waited at most {waited} ms for a processor");
        assert!(*latest <= most_late, "a deadline passed {latest} ms late");
    });
}

async fn post(connection: &mut Connection, key: &str, path: &str, body: &Value) -> Answer {
    let request = Request::new("POST", path, key, &[], body.to_string().as_bytes());
    connection.ask(&request).await.unwrap().success().unwrap()
}

/// Creates the jobs over a few connections.
async fn create(port: u16, key: &str) -> Vec<Silent> {
    let mut tasks = JoinSet::new();
    for _ in 0..AT_ONCE {
        let key = key.to_owned();
        tasks.spawn(async move {
            let mut connection = Connection::open(port).await.unwrap();
            let mut jobs = Vec::new();
            for _ in 0..JOBS / AT_ONCE {
                let mut fields = draw();
                fields["jobId"] = fresh_job().unwrap().into();
                let document = post(&mut connection, &key, "/v2/jobs", &fields).await.json();
                jobs.push(Silent::new(&fields, &document));
            }
            jobs
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

fn now_millis() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Reads the documents of the jobs, in their order.
async fn read(port: u16, key: &str, jobs: &[Silent]) -> Vec<Value> {
    let mut connection = Connection::open(port).await.unwrap();
    let mut documents = Vec::new();
    for jobs in jobs.chunks(BATCH) {
        let ids: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
        let answer = post(&mut connection, key, "/v2/jobs/status/batch", &json!({"jobIds": ids})).await.json();
        assert_eq!(answer["errors"], json!([]));
        documents.extend(answer["jobs"].as_array().unwrap().clone());
    }
    documents
}
