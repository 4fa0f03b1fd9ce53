//! Leaks: a viewer that leaves is released, at whatever time it leaves.

use std::time::{Duration, Instant};

use bench::{
    http::{Answer, Connection, Producer, Request, get},
    stream::{Item, Stream},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::JoinSet,
};

use crate::{Fixture, bundles, processors, report, run};

/// Rounds of viewers. A few viewers come before them, so that everything that is allocated once exists.
const ROUNDS: usize = 5;
/// Viewers of a round, all at once.
const STREAMS: usize = 400;
const FEW: usize = 30;
/// The jobs of the list beside the one that reports.
const LISTED: usize = 20;
/// How long the worker may take to release the viewers of a round. The shard of a list leaves memory ten seconds after its last
/// viewer, and with it what it has allocated.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes by which the same number of allocations may grow: a queue keeps the capacity of its longest state. It is less
/// than 64 bytes a viewer.
const CAPACITY_BYTES: usize = 100_000;
/// Megabytes by which the process may grow after the first round. The runtime's allocator keeps what it once had: a worker
/// that only streams grows by 4 MB a round until V8 collects garbage, in measurements from 89 to 197 MB.
const GROWTH_MB: f64 = 100.0;

/// What the worker holds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    allocations: usize,
    bytes: usize,
    /// JavaScript values that our code holds.
    values: usize,
    /// Sockets, writers and signals of viewers that are not collected yet, held by our code or by the runtime.
    followed: usize,
}

impl Held {
    /// Reads the header that the worker sends while no socket to a viewer is open.
    fn from_answer(answer: &Answer) -> Option<Held> {
        let header = answer.head.header("job-heap-stats")?;
        let mut numbers = header.split(' ').map(|number| number.parse().unwrap());
        let mut number = || numbers.next().expect("four numbers");
        Some(Held { allocations: number(), bytes: number(), values: number(), followed: number() })
    }

    /// Whether the worker holds no more than before.
    fn is_within(&self, before: &Held) -> bool {
        self.allocations <= before.allocations
            && self.values <= before.values
            && self.followed <= before.followed
            && self.bytes <= before.bytes + CAPACITY_BYTES
    }
}

#[test]
fn two_thousand_viewers_of_a_job_that_leave_at_any_time_leave_nothing_behind() {
    leaves_nothing_behind("leak", |fixture| format!("/v2/jobs/{}/status/stream", fixture.job));
}

#[test]
fn two_thousand_viewers_of_a_list_that_leave_at_any_time_leave_nothing_behind() {
    leaves_nothing_behind("leak-list", |_| "/v2/jobs/stream".to_owned());
}

/// Opens and leaves streams of this path, and compares what the worker holds before and after.
fn leaves_nothing_behind(name: &str, path: fn(&Fixture) -> String) {
    let _processors = processors();
    let (_, bundle) = bundles().swap_remove(0);
    let fixture = Fixture::from_bundle(name, &bundle);
    let path = path(&fixture);
    run(async {
        let mut producer = fixture.producer();
        // Frames of 40 KB, so that a viewer can leave in the middle of one.
        let of_bytes = |bytes: usize| -> serde_json::Map<_, _> {
            (0..10).map(|index| (format!("part{index}"), json!("x".repeat(bytes)))).collect()
        };
        report(&mut producer, json!({"status": "running", "current": 0, "metadata": of_bytes(4_000)})).await;
        fill_list(&fixture, &of_bytes(190)).await;
        come_and_go(&fixture, &path, &mut producer, FEW).await;
        let mut before = None;
        // The worker is at rest once two answers in a row name the same figures, and no viewer.
        let is_at_rest = |held: Held| before.replace(held) == Some(held) && held.followed == 0;
        let before = until(&mut producer, "the worker is at rest", is_at_rest).await;
        let mut memory = Vec::new();
        for round in 1..=ROUNDS {
            let most = come_and_go(&fixture, &path, &mut producer, STREAMS).await;
            assert!(most > STREAMS / 10, "only {most} viewers were connected at a time, too few to find a leak");
            let left = Instant::now();
            let what = format!("the viewers of round {round} are released, before which the worker held {before:?}");
            let held = until(&mut producer, &what, |held| held.is_within(&before)).await;
            memory.push(fixture.server.memory_mb().unwrap());
            println!("round {round}: {most} at once, gone after {:?}, {held:?}, {memory:.0?} MB", left.elapsed());
        }
        // The figures above are exact for everything that our code can hold; this bound is a coarse one for everything else.
        assert!(memory[ROUNDS - 1] < memory[0] + GROWTH_MB, "memory grows: {memory:.0?} MB");
    });
}

/// Creates jobs whose rows have 2 KB each, and waits until the list has them.
async fn fill_list(fixture: &Fixture, tags: &serde_json::Map<String, Value>) {
    let (port, key) = (fixture.server.port, &fixture.key.text);
    for number in 0..LISTED {
        let body = json!({"jobId": format!("{}-{number}", fixture.job), "tags": tags}).to_string();
        let request = Request::new("POST", "/v2/jobs", key, &[], body.as_bytes());
        Connection::open(port).await.unwrap().ask(&request).await.unwrap().success().unwrap();
    }
    let began = Instant::now();
    while get(port, key, "/v2/jobs").await.unwrap().text.matches("part9").count() < LISTED {
        assert!(began.elapsed() < RELEASE_TIMEOUT, "the index lags");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Connects viewers that leave at any time while the job reports; returns the most that were connected at once.
async fn come_and_go(fixture: &Fixture, path: &str, producer: &mut Producer, count: usize) -> usize {
    let (port, key) = (fixture.server.port, &fixture.key.text);
    let mut streams = JoinSet::new();
    for index in 0..count {
        streams.spawn(open_and_leave(port, key.clone(), path.to_owned(), index));
    }
    let (mut most, mut number) = (0, 0);
    while !streams.is_empty() {
        report(producer, json!({"current": number})).await;
        let metrics = get(port, key, "/metrics").await.unwrap().success().unwrap().text;
        let open =
            metrics.lines().find_map(|line| line.strip_prefix("job_progress_open_streams ")).expect("open streams");
        most = most.max(open.parse().unwrap());
        number += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
        while let Some(left) = streams.try_join_next() {
            left.unwrap();
        }
    }
    most
}

/// Waits until the figures satisfy `is_so` and returns them.
async fn until(producer: &mut Producer, what: &str, mut is_so: impl FnMut(Held) -> bool) -> Held {
    let began = Instant::now();
    loop {
        let answer = report(producer, json!({"current": 0})).await;
        let held = Held::from_answer(&answer);
        if let Some(held) = held.filter(|held| is_so(*held)) {
            return held;
        }
        let there = answer.head.header("job-viewers");
        assert!(
            began.elapsed() < RELEASE_TIMEOUT,
            "not within {RELEASE_TIMEOUT:?}: {what}; {there:?} sockets, {held:?}"
        );
        // Half a second apart, so that the reports themselves do not keep the worker busy.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Opens a stream and leaves it: before its first byte, while nothing is sent, or in the middle of a frame.
async fn open_and_leave(port: u16, key: String, path: String, index: usize) {
    let request = Request::new("GET", &path, &key, &[], b"");
    let mut connection = Connection::open(port).await.unwrap();
    match index % 3 {
        0 => {
            connection.socket().write_all(request.bytes()).await.unwrap();
            // Some leave before the worker has read the request, some while it answers.
            tokio::time::sleep(Duration::from_millis(index as u64 % 20)).await;
        }
        1 => {
            let mut stream = Stream::at(connection, &key, &path, None).await.unwrap();
            let (mut has_state, is_state) = (false, |item: &Item| matches!(item, Item::Document(..) | Item::Other(..)));
            while !has_state {
                stream.read(|item| has_state |= is_state(&item)).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(1_000)).await;
            return reset(stream.socket(), index);
        }
        _ => {
            connection.begin(&request).await.unwrap();
            let mut few = [0; 1_000];
            // Far less than a frame, whose rest is still to come.
            connection.socket().read_exact(&mut few).await.unwrap();
            tokio::time::sleep(Duration::from_millis(index as u64 % 300)).await;
        }
    }
    reset(connection.socket(), index);
}

/// Makes every other viewer leave with a TCP reset and without a FIN.
fn reset(socket: &mut tokio::net::TcpStream, index: usize) {
    if index.is_multiple_of(2) {
        socket.set_zero_linger().unwrap();
    }
}
