//! Leaks: whoever leaves is forgotten, whenever it leaves.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bench::{
    http::{Answer, Connection, Request},
    process::memory_mb,
    stream::Stream,
};
use serde_json::json;
use tokio::{io::AsyncReadExt as _, io::AsyncWriteExt as _, task::JoinSet};

use crate::{Stage, alone, report, run};

const ROUNDS: usize = 10;
/// Streams in a round, at once; twice as many in the first, which so makes all the room that the others can need.
const STREAMS: usize = 200;
/// How long the object may take to be rid of those who left.
const PATIENCE: Duration = Duration::from_secs(20);

/// A number that the worker tells of its object.
fn told(answer: &Answer, name: &str) -> usize {
    answer.head.header(name).unwrap_or_else(|| panic!("the worker does not tell {name}")).parse().unwrap()
}

#[test]
fn nothing_is_left_of_two_thousand_viewers_who_left_at_any_moment() {
    let _alone = alone();
    let stage = Stage::new("leak");
    let (port, key, job) = (stage.server.port, stage.key.text.clone(), stage.job.clone());
    run(async {
        let mut producer = stage.producer();
        // Frames of 40 KB, so that one can be left in its midst.
        let metadata: serde_json::Map<_, _> =
            (0..10).map(|index| (format!("part{index}"), json!("x".repeat(4_000)))).collect();
        report(&mut producer, json!({"status": "running", "current": 0, "metadata": metadata})).await;
        let (mut memory, mut ours) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let reporting = Arc::new(AtomicBool::new(true));
            let mut streams = JoinSet::new();
            for index in 0..if round == 0 { 2 * STREAMS } else { STREAMS } {
                streams.spawn(visit(port, key.clone(), job.clone(), index));
            }
            let mut most = 0;
            let mut number = 0;
            while reporting.load(Relaxed) {
                let answer = report(&mut producer, json!({"current": number})).await;
                most = most.max(told(&answer, "job-viewers"));
                number += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
                while let Some(left) = streams.try_join_next() {
                    left.unwrap();
                }
                reporting.store(!streams.is_empty(), Relaxed);
            }
            assert!(most > STREAMS / 10, "only {most} were there at a time: nobody can have left a mark");
            let left = Instant::now();
            loop {
                // Half a second apart: the reports themselves must not be what keeps it going.
                let answer = report(&mut producer, json!({"current": 0})).await;
                let there = told(&answer, "job-viewers");
                if there == 0 {
                    ours.push(told(&answer, "job-wasm-bytes") / 1024);
                    break;
                }
                assert!(left.elapsed() < PATIENCE, "{there} sockets are left of round {round}");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            memory.push(memory_mb(stage.server.pid).unwrap());
            println!(
                "round {round}: {most} at once, none left after {:?}, {:.0} MB, ours {} KB",
                left.elapsed(),
                memory[round],
                ours[round]
            );
        }
        // The first rounds make room: buffers, the heap of the isolates. Of our own memory, nothing may be left behind at
        // all; the runtime's own goes up and down with its garbage collector.
        let half = ROUNDS / 2 - 1;
        assert_eq!(ours[half], ours[ROUNDS - 1], "our memory grows: {ours:?} KB");
        assert!(memory[ROUNDS - 1] < memory[half] * 1.25 + 10.0, "memory grows: {memory:.0?} MB");
    });
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
