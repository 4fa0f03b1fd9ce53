//! Abuse: what one read token, or nobody's, can do to the viewers of other jobs.

mod bystander;

use std::time::{Duration, Instant};

use bench::{
    http::{Answer, Connection, Producer, Request},
    server::Kind,
    stream::{Item, Stream},
};
use serde_json::{Value, json};
use tokio::{net::TcpSocket, task::JoinSet, time::timeout};

use self::bystander::{Bystander, Seen};
use crate::{Contention, Fixture, processors, report, run};

/// How much longer than without abuse the slowest frame and the slowest answer of `/healthz` may take.
const MOST_DELAY_RATIO: f64 = 10.0;
/// Milliseconds below which that ratio says nothing on a busy machine.
const LEAST_DELAY_MS: f64 = 5_000.0;
/// Megabytes by which the server may grow. An isolate of the platform has 128 MB; V8 collects garbage late.
const MOST_GROWTH_MB: f64 = 200.0;
/// The same for bodies that are refused, of which no copy may be made.
const MOST_GROWTH_BY_BODIES_MB: f64 = 80.0;
/// Requests after which the server no longer grows by what it does once.
const WARM_UP: usize = 1_000;
/// Batches of many fat jobs that are sent.
const BATCHES: usize = 16;
/// How long a flood of requests may take.
const FLOOD_LIMIT: Duration = Duration::from_secs(60);
/// Viewers of one job that one reader may be.
const SHARE: usize = 500;

const ATTACKER: (&str, &str) = ("X-Forwarded-For", "203.0.113.66");
const READER: (&str, &str) = ("X-Forwarded-For", "203.0.113.7");

/// A server under attack, and the bystander who judges.
struct Scene {
    fixture: Fixture,
    bystander: Bystander,
    quiet: Seen,
    /// Megabytes by which the server may grow.
    most_growth_mb: f64,
}

impl Scene {
    async fn open(kind: Kind, name: &str) -> Scene {
        let fixture = Fixture::of_kind(kind, name);
        let token = token(&fixture, &[&fixture.job]).await;
        let bystander = Bystander::begin(&fixture, token);
        // What is done once is not measured.
        let healthz = Request::anonymous("GET", "/healthz", &[], b"");
        flood(fixture.server.port, vec![healthz; WARM_UP]).await;
        bystander.measure().await;
        bystander.forget();
        let quiet = bystander.measure().await;
        Scene { fixture, bystander, quiet, most_growth_mb: MOST_GROWTH_MB }
    }

    fn port(&self) -> u16 {
        self.fixture.server.port
    }

    /// Attacks, and compares what the bystander saw meanwhile with what it saw before.
    async fn survives<T>(&self, what: &str, attack: impl Future<Output = T>) -> T {
        self.bystander.forget();
        let (contention, began) = (Contention::of(&self.fixture.server), Instant::now());
        let result = attack.await;
        let took = began.elapsed();
        let seen = self.bystander.measure().await;
        let waited = contention.so_far_ms();
        let growth = seen.memory_mb - self.quiet.memory_mb;
        let [frames, health] = [&seen.frames, &seen.health].map(|sample| sample.percentile(1.0));
        let [quiet_frames, quiet_health] =
            [&self.quiet.frames, &self.quiet.health].map(|sample| sample.percentile(1.0));
        println!(
            "{what} ({took:.1?}): frames {quiet_frames:.0} → {frames:.0} ms, healthz {quiet_health:.0} → {health:.0} ms, {growth:+.0} MB of {:.0}",
            self.quiet.memory_mb
        );
        let most = |quiet: f64| (MOST_DELAY_RATIO * quiet).max(LEAST_DELAY_MS) + waited;
        assert!(frames <= most(quiet_frames), "{what}: the bystander's frames are {frames:.0} ms late");
        assert!(health <= most(quiet_health), "{what}: /healthz takes {health:.0} ms");
        assert!(growth <= self.most_growth_mb, "{what}: the server grew by {growth:.0} MB");
        result
    }
}

/// A token that reads these jobs.
async fn token(fixture: &Fixture, jobs: &[&str]) -> String {
    token_for(fixture, jobs, 3_600).await
}

/// A token that reads these jobs for as many seconds; it differs from one for another time.
async fn token_for(fixture: &Fixture, jobs: &[&str], seconds: usize) -> String {
    let body = json!({"jobIds": jobs, "expiresIn": seconds}).to_string();
    let mint = Request::new("POST", "/v2/tokens", &fixture.key.text, &[], body.as_bytes());
    ask(fixture.server.port, &mint).await.success().unwrap().json()["token"].as_str().unwrap().to_owned()
}

async fn ask(port: u16, request: &Request) -> Answer {
    Connection::open(port).await.unwrap().ask(request).await.unwrap()
}

fn post(path: &str, body: &[u8]) -> Request {
    Request::anonymous("POST", path, &[ATTACKER], body)
}

/// Sends each request over a connection of its own, a few at a time, and returns the statuses.
async fn flood(port: u16, requests: Vec<Request>) -> Vec<u16> {
    timeout(FLOOD_LIMIT, answers(port, requests))
        .await
        .expect("a flood of requests is answered, and no answer is a stream")
}

async fn answers(port: u16, requests: Vec<Request>) -> Vec<u16> {
    const AT_ONCE: usize = 4;
    let mut statuses = Vec::new();
    let mut tasks = JoinSet::new();
    for request in requests {
        if tasks.len() == AT_ONCE {
            statuses.extend(tasks.join_next().await.map(Result::unwrap));
        }
        tasks.spawn(async move {
            let mut connection = Connection::open(port).await.unwrap();
            // A server may refuse a body before it has read it all, and close the connection.
            connection.ask(&request).await.map_or(0, |answer| answer.head.status)
        });
    }
    while let Some(status) = tasks.join_next().await {
        statuses.push(status.unwrap());
    }
    statuses
}

/// A job with 1.6 MB of log lines and a document of 100 KB.
async fn make_fat(fixture: &Fixture, job: &str) {
    let mut producer = Producer::new(fixture.server.port, &fixture.key.text, job);
    report(&mut producer, json!({"status": "running", "metadata": {"part": "x".repeat(50_000)}})).await;
    for _ in 0..2 {
        add_lines(&mut producer, 100).await;
    }
}

/// Adds log lines of 8 KB.
async fn add_lines(producer: &mut Producer, count: usize) {
    let lines = vec!["x".repeat(8_000); count];
    // A report in a list has no limit of bytes of its own.
    producer.report(&json!([{ "logs": lines }])).await.unwrap().success().unwrap();
}

#[test]
fn a_batch_that_names_a_fat_job_many_times_harms_nobody() {
    let _processors = processors();
    run(async {
        let scene = Scene::open(Kind::Ours, "abuse-batch").await;
        let port = scene.port();
        make_fat(&scene.fixture, "fat").await;
        let token = token(&scene.fixture, &["fat"]).await;
        let body = json!({"jobIds": vec!["fat"; 100], "include": ["logs", "metrics", "resources"]}).to_string();
        let batch = Request::new("POST", "/v2/jobs/status/batch", &token, &[ATTACKER], body.as_bytes());
        let statuses = scene.survives("a batch that names a fat job 100 times", flood(port, vec![batch; 4])).await;
        assert_eq!(statuses, [200; 4]);
    });
}

#[test]
fn batches_of_many_fat_jobs_harm_nobody() {
    const JOBS: usize = 16;
    let _processors = processors();
    run(async {
        let scene = Scene::open(Kind::Ours, "abuse-fat-jobs").await;
        let port = scene.port();
        let jobs: Vec<String> = (0..JOBS).map(|index| format!("fat-{index}")).collect();
        for job in &jobs {
            make_fat(&scene.fixture, job).await;
        }
        let names: Vec<_> = jobs.iter().map(String::as_str).collect();
        let token = token(&scene.fixture, &names).await;
        let body = json!({"jobIds": names, "include": ["logs", "metrics", "resources"]}).to_string();
        let batch = Request::new("POST", "/v2/jobs/status/batch", &token, &[ATTACKER], body.as_bytes());
        let what = "batches of 16 fat jobs";
        let statuses = scene.survives(what, flood(port, vec![batch.clone(); BATCHES])).await;
        assert_eq!(statuses, [200; BATCHES]);
        let answer = ask(port, &batch).await.json();
        let [documents, errors] = ["jobs", "errors"].map(|list| answer[list].as_array().unwrap());
        assert_eq!((documents.len(), errors.len()), (2, JOBS - 2), "documents of 1.7 MB in 4 MiB");
        assert!(errors.iter().all(|error| error["error"] == "PAYLOAD_TOO_LARGE"), "{errors:?}");
    });
}

#[test]
fn one_reader_takes_its_share_of_a_job_and_slows_no_other() {
    let _processors = processors();
    run(async {
        let scene = Scene::open(Kind::Ours, "abuse-share").await;
        let (port, job) = (scene.port(), "busy");
        let mut producer = Producer::new(port, &scene.fixture.key.text, job);
        report(&mut producer, json!({"status": "running", "current": 0})).await;
        let token = token(&scene.fixture, &[job]).await;
        let repeated = json!({"jobs": vec![json!({"jobId": job, "token": token}); 100]}).to_string();
        let repeated = vec![post("/v2/jobs/status/stream", repeated.as_bytes()); 200];
        let statuses = scene.survives("200 streams that name a job 100 times", flood(port, repeated)).await;
        assert_eq!(statuses, [400; 200]);

        let mut neighbour = open(port, &token, job, READER).await.expect("another reader is let in");
        let viewers = scene.survives("600 viewers of one token and address", async {
            let mut viewers = Vec::new();
            for _ in 0..SHARE + 100 {
                viewers.push(open(port, &token, job, ATTACKER).await);
            }
            viewers
        });
        let viewers = viewers.await;
        let statuses: Vec<u16> =
            viewers.iter().map(|viewer| viewer.as_ref().map_or_else(|status| *status, |_| 200)).collect();
        assert_eq!((&statuses[..SHARE], &statuses[SHARE..]), (&[200; SHARE][..], &[429; 100][..]));
        assert!(open(port, &token, job, READER).await.is_ok(), "another reader is let in beside them");

        let (contention, began) = (Contention::of(&scene.fixture.server), Instant::now());
        let mut documents = 0;
        while documents < DOCUMENTS {
            report(&mut producer, json!({"increment": 1})).await;
            let read = neighbour.read(|item| documents += usize::from(matches!(item, Item::Document(..))));
            let _ = tokio::time::timeout(Duration::from_millis(20), read).await;
            let limit = DOCUMENTS_LIMIT + contention.so_far();
            assert!(began.elapsed() < limit, "the neighbour got {documents} documents in {limit:?}");
        }
        println!("{DOCUMENTS} documents in {:.1?}", began.elapsed());
    });
}

/// Documents that the neighbour of a reader with 500 viewers receives within this time; alone it receives ten a second.
const DOCUMENTS: usize = 30;
const DOCUMENTS_LIMIT: Duration = Duration::from_secs(15);

/// Opens a stream; the error is the status of a refusal.
async fn open(port: u16, token: &str, job: &str, address: (&str, &str)) -> Result<Stream, u16> {
    let mut connection = Connection::open(port).await.unwrap();
    let path = format!("/v2/jobs/{job}/status/stream");
    let (head, body) = connection.begin(&Request::new("GET", &path, token, &[address], b"")).await.unwrap();
    if head.status == 200 { Ok(Stream::begun(connection, head, body)) } else { Err(head.status) }
}

#[test]
fn streams_that_are_not_read_hold_little() {
    const JOBS: usize = 100;
    const STREAMS: usize = 5;
    let _processors = processors();
    run(async {
        let scene = Scene::open(Kind::Ours, "abuse-unread").await;
        let port = scene.port();
        let jobs: Vec<String> = (0..JOBS).map(|index| format!("chatty-{index}")).collect();
        let mut producers: Vec<_> = jobs.iter().map(|job| Producer::new(port, &scene.fixture.key.text, job)).collect();
        for producer in &mut producers {
            add_lines(producer, 32).await;
        }
        let token = token(&scene.fixture, &jobs.iter().map(String::as_str).collect::<Vec<_>>()).await;
        scene
            .survives("5 unread streams of the logs of 100 jobs", async {
                let path = format!("/v2/jobs/status/stream?include=logs&jobIds={}", jobs.join(","));
                let mut unread = Vec::new();
                for _ in 0..STREAMS {
                    let socket = TcpSocket::new_v4().unwrap();
                    // The system's buffers would take what the server has to hold.
                    socket.set_recv_buffer_size(4_096).unwrap();
                    let mut connection = Connection::over(socket.connect(([127, 0, 0, 1], port).into()).await.unwrap());
                    let (head, _) =
                        connection.begin(&Request::new("GET", &path, &token, &[ATTACKER], b"")).await.unwrap();
                    assert_eq!(head.status, 200);
                    unread.push(connection);
                }
                for producer in &mut producers {
                    add_lines(producer, 32).await;
                }
                unread
            })
            .await;
    });
}

#[test]
fn bodies_of_nobody_are_refused_cheaply() {
    const BYTES: usize = 1_000_000;
    let _processors = processors();
    run(async {
        let scene = Scene { most_growth_mb: MOST_GROWTH_BY_BODIES_MB, ..Scene::open(Kind::Ours, "abuse-bodies").await };
        let port = scene.port();
        let filled = |item: &str| format!("{{\"jobs\":[{}]}}", [item].repeat(BYTES / (item.len() + 1)).join(","));
        for (what, body) in [
            ("lists in lists", format!("{{\"jobs\":{}", "[".repeat(BYTES))),
            ("350,000 empty lists", filled("[]")),
            ("lists of depth 4", filled("[[[[]]]]")),
            ("60,000 jobs", filled(r#"{"jobId":"a"}"#)),
            ("garbage", "x".repeat(BYTES)),
            ("a list that does not end", format!("{{\"jobs\":[{}", "{\"a\":0},".repeat(BYTES / 8))),
        ] {
            let requests = vec![post("/v2/jobs/status/stream", body.as_bytes()); 8];
            let statuses = scene.survives(what, flood(port, requests)).await;
            assert_eq!(statuses, [400; 8], "{what}");
        }
        let token = token(&scene.fixture, &["a"]).await;
        let path = format!("/v2/jobs/status/stream?jobIds={}", ["a"].repeat(7_900).join(","));
        let requests = vec![Request::new("GET", &path, &token, &[ATTACKER], b""); 100];
        let statuses = scene.survives("7,900 ids in a URL", flood(port, requests)).await;
        assert_eq!(statuses, [400; 100]);
    });
}

#[test]
fn a_reader_cannot_use_up_the_limits_of_others() {
    // A new minute may begin in between, so up to twice the limit may pass.
    const STREAMS: usize = 2 * 300;
    const FAILURES: usize = 2 * 100;
    const OWN_TOKENS: usize = 13;
    let _processors = processors();
    run(async {
        let scene = Scene::open(Kind::OursWithRateLimits, "abuse-limits").await;
        let port = scene.port();
        for job in ["own", "victim"] {
            let mut producer = Producer::new(port, &scene.fixture.key.text, job);
            report(&mut producer, json!({"status": "completed"})).await;
        }
        let victim = token(&scene.fixture, &["victim"]).await;
        // The attacker has so many tokens that none of them reaches its limit.
        let mut own = Vec::new();
        for index in 0..OWN_TOKENS {
            let token = token_for(&scene.fixture, &["own"], 3_600 + index).await;
            own.push(json!({"jobId": "own", "token": token}));
        }
        // A stream whose jobs have all ended, and whose reader has seen that, is over at once.
        let stream = |jobs: Value, address: (&str, &str)| {
            let body = json!({"jobs": jobs}).to_string();
            let headers = [address, ("Last-Event-ID", "end")];
            Request::anonymous("POST", "/v2/jobs/status/stream", &headers, body.as_bytes())
        };
        let victim = json!({"jobId": "victim", "token": victim});
        let both = own.iter().map(|own| stream(json!([own, victim]), ATTACKER)).collect::<Vec<_>>();
        let malformed = Request::anonymous(
            "POST",
            "/v2/jobs/status/stream",
            &[("X-Forwarded-For", "203.0.113.67")],
            b"{\"jobs\":[[",
        );
        let guesses =
            stream(json!([own[0], {"jobId": "guess", "token": "a.b.c"}]), ("X-Forwarded-For", "203.0.113.68"));
        for (what, requests, limit) in [
            ("a victim's token second in the list", both, STREAMS),
            ("malformed bodies", vec![malformed], FAILURES),
            ("guesses beside a good token", vec![guesses], FAILURES),
        ] {
            let requests = requests.into_iter().cycle().take(limit + 50).collect();
            let statuses = scene.survives(what, flood(port, requests)).await;
            let refused = statuses.iter().filter(|status| **status == 429).count();
            assert!(refused >= 50, "{what}: only {refused} of {} were refused", statuses.len());
            // The victim's other readers are not affected.
            assert_eq!(ask(port, &stream(json!([victim]), READER)).await.head.status, 204);
        }
    });
}
