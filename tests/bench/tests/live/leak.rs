//! Leaks: whoever leaves is forgotten, whenever it leaves.

use std::time::{Duration, Instant};

use bench::{
    http::{Answer, Connection, Producer, Request},
    stream::Stream,
};
use serde_json::json;
use tokio::{io::AsyncReadExt as _, io::AsyncWriteExt as _, task::JoinSet};

use crate::{Stage, alone, bundles, report, run};

/// Rounds of viewers, after a few who have everything made that is made once.
const ROUNDS: usize = 5;
/// Viewers of a round, at once.
const STREAMS: usize = 400;
const FEW: usize = 30;
/// How long the object may take to be rid of those who left.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes that may come to be held in as many allocations as before: queues that were longer than ever keep their room. It
/// is less than 64 a viewer.
const ROOM: usize = 100_000;
/// Megabytes by which the process may grow after the first round. What the runtime's own allocator once had it keeps: a
/// worker that does nothing but stream grows by 4 MB a round until V8 collects.
const GROWTH_MB: f64 = 100.0;

/// What the worker holds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    allocations: usize,
    bytes: usize,
    /// JavaScript's, held by our code.
    values: usize,
    /// Sockets, writers and signals of viewers, held by anybody.
    followed: usize,
}

impl Held {
    /// What the worker tells, which it does while no socket to a viewer is left.
    fn told(answer: &Answer) -> Option<Held> {
        let told = answer.head.header("job-heap-stats")?;
        let mut numbers = told.split(' ').map(|number| number.parse().unwrap());
        let mut number = || numbers.next().expect("four numbers");
        Some(Held { allocations: number(), bytes: number(), values: number(), followed: number() })
    }

    /// Whether it is no more than there was before.
    fn is_only(&self, before: &Held) -> bool {
        self.allocations <= before.allocations
            && self.values <= before.values
            && self.followed <= before.followed
            && self.bytes <= before.bytes + ROOM
    }
}

#[test]
fn nothing_is_left_of_two_thousand_viewers_who_left_at_any_moment() {
    let _alone = alone();
    let (_, bundle) = bundles().swap_remove(0);
    let stage = Stage::of_bundle("leak", &bundle);
    run(async {
        let mut producer = stage.producer();
        // Frames of 40 KB, so that one can be left in its midst.
        let metadata: serde_json::Map<_, _> =
            (0..10).map(|index| (format!("part{index}"), json!("x".repeat(4_000)))).collect();
        report(&mut producer, json!({"status": "running", "current": 0, "metadata": metadata})).await;
        come_and_go(&stage, &mut producer, FEW).await;
        let mut before = None;
        // What had to wait when the last one left has gone out when it tells the same twice.
        let before = until(&mut producer, "at rest", |held| before.replace(held) == Some(held)).await;
        let mut memory = Vec::new();
        for round in 1..=ROUNDS {
            let most = come_and_go(&stage, &mut producer, STREAMS).await;
            assert!(most > STREAMS / 10, "only {most} were there at a time: nobody can have left a mark");
            let left = Instant::now();
            let what = format!("rid of round {round}, before which it held {before:?}");
            let held = until(&mut producer, &what, |held| held.is_only(&before)).await;
            memory.push(stage.server.memory_mb().unwrap());
            println!("round {round}: {most} at once, gone after {:?}, {held:?}, {memory:.0?} MB", left.elapsed());
        }
        // That is exact, of all that is ours or that our code could hold; this is a coarse net under the rest.
        assert!(memory[ROUNDS - 1] < memory[0] + GROWTH_MB, "memory grows: {memory:.0?} MB");
    });
}

/// Has viewers come, and leave at any moment, while the job goes on; how many there were at most.
async fn come_and_go(stage: &Stage, producer: &mut Producer, count: usize) -> usize {
    let mut streams = JoinSet::new();
    for index in 0..count {
        streams.spawn(visit(stage.server.port, stage.key.text.clone(), stage.job.clone(), index));
    }
    let (mut most, mut number) = (0, 0);
    while !streams.is_empty() {
        let answer = report(producer, json!({"current": number})).await;
        let there = answer.head.header("job-viewers").expect("the worker tells how many are there");
        most = most.max(there.parse().unwrap());
        number += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
        while let Some(left) = streams.try_join_next() {
            left.unwrap();
        }
    }
    most
}

/// Waits until what is held is as it should be.
async fn until(producer: &mut Producer, what: &str, mut is_so: impl FnMut(Held) -> bool) -> Held {
    let began = Instant::now();
    loop {
        let answer = report(producer, json!({"current": 0})).await;
        let held = Held::told(&answer);
        if let Some(held) = held.filter(|held| is_so(*held)) {
            return held;
        }
        let there = answer.head.header("job-viewers");
        assert!(began.elapsed() < PATIENCE, "not {what}: {there:?} sockets are left, and {held:?}");
        // Half a second apart: the reports themselves must not be what keeps it going.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Opens a stream and leaves it: before its first byte, when all is still, or in the midst of a frame.
async fn visit(port: u16, key: String, job: String, index: usize) {
    let path = format!("/v2/jobs/{job}/status/stream");
    let request = Request::new("GET", &path, &key, &[], b"");
    let mut connection = Connection::open(port).await.unwrap();
    match index % 3 {
        0 => {
            connection.socket().write_all(request.bytes()).await.unwrap();
            // Some go before they were heard, some in the midst of it.
            tokio::time::sleep(Duration::from_millis(index as u64 % 20)).await;
        }
        1 => {
            let mut stream = Stream::over(connection, &key, &job, None).await.unwrap();
            let mut documents = 0;
            while documents == 0 {
                stream.hear(|_| documents += 1).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(1_000)).await;
            return reset(stream.socket(), index);
        }
        _ => {
            connection.begin(&request).await.unwrap();
            let mut few = [0; 1_000];
            // Far less than a frame; the rest of it is on its way.
            connection.socket().read_exact(&mut few).await.unwrap();
            tokio::time::sleep(Duration::from_millis(index as u64 % 300)).await;
        }
    }
    reset(connection.socket(), index);
}

/// Every other one leaves with a reset in place of a farewell.
fn reset(socket: &mut tokio::net::TcpStream, index: usize) {
    if index.is_multiple_of(2) {
        socket.set_zero_linger().unwrap();
    }
}
