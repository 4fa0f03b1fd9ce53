//! A slow reader delays only itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bench::{
    audience::{self, Figures, Load},
    http::{Connection, Producer},
    stream::{Item, Stream},
};
use serde_json::json;
use tokio::{io::AsyncReadExt as _, net::TcpSocket};

use crate::{Fixture, processors, report, run};

/// How much longer than beside a quick reader frames may take beside the slow one, at p99.
const MOST_DELAY_RATIO: f64 = 3.0;

/// How often both are measured until the frames are not late. A slow reader that delays others does so each time; other programs
/// need the processors now beside the quick one, now beside the slow one.
const MEASUREMENTS: usize = 3;

/// The delay in milliseconds below which the ratio says nothing: one interval of the pace at which the job broadcasts.
const PACE_MS: f64 = 100.0;

/// Megabytes that the process may grow by more than beside a quick reader. The job sends 15 MB of documents: a server that
/// queued them without bound at each of the three stages (object, relay, response) would hold 45 MB and their buffers.
const MOST_GROWTH_MB: f64 = 48.0;

#[test]
fn a_reader_of_one_kilobyte_a_second_delays_nobody_and_receives_the_final_document() {
    let _processors = processors();
    let fixture = Fixture::new("slow");
    let is_in_time = (0..MEASUREMENTS).any(|number| measure(&fixture, number));
    assert!(is_in_time, "the others were delayed in each of {MEASUREMENTS} measurements");
}

/// Measures beside a quick reader and beside a slow one; returns whether the others were as quick beside the slow one.
fn measure(fixture: &Fixture, number: usize) -> bool {
    // The same load with a quick reader is the baseline.
    let quick = run_beside(fixture, &format!("{}-{number}-quick", fixture.job), false);
    let slow = run_beside(fixture, &format!("{}-{number}", fixture.job), true);
    let growth = slow.others.memory_mb - quick.others.memory_mb;
    let (p50, p99) = (slow.others.arrival.percentile(0.5), slow.others.arrival.percentile(0.99));
    println!(
        "49 others: {p50:.0} / {p99:.0} ms, {} frames; memory {growth:+.0} MB; {} documents, {} when quick",
        slow.others.frames, slow.documents, quick.documents
    );
    for round in [&quick, &slow] {
        assert_eq!(round.others.finals, 49);
        assert!(round.others.frames >= LEAST_FRAMES, "the others received {} frames only", round.others.frames);
        assert_eq!(round.last, round.others.reports + FILLING + 1);
    }
    let most_p99 = MOST_DELAY_RATIO * quick.others.arrival.percentile(0.99).max(PACE_MS);
    println!("p99 is {p99:.0} ms, at most {most_p99:.0} ms are allowed");
    assert!(growth < MOST_GROWTH_MB, "memory grew by {growth:.0} MB");
    assert!(slow.documents < quick.documents / 2, "the reader was not slow: {} documents", slow.documents);
    p99 <= most_p99
}

/// Frames that the 49 others receive at least, together: half of ten a second for 15 s. The one beside them includes 100 KB a
/// document, and must not slow those that include little of it.
const LEAST_FRAMES: u64 = 49 * 15 * 10 / 2;

/// The figures of 49 ordinary viewers, and what the one beside them received.
struct Round {
    others: Figures,
    documents: u64,
    last: u64,
}

fn run_beside(fixture: &Fixture, job: &str, is_slow: bool) -> Round {
    let (port, key) = (fixture.server.port, fixture.key.text.clone());
    run(fill(&mut Producer::new(port, &key, job)));
    let catch_up = Arc::new(AtomicBool::new(!is_slow));
    let one = {
        let (key, job, catch_up) = (key.clone(), job.to_owned(), Arc::clone(&catch_up));
        std::thread::spawn(move || run(read(port, &key, &job, &catch_up)))
    };
    let others =
        audience::run(&fixture.server.processes(), &key, job, Load { viewers: 49, rate: 100.0, seconds: 15.0 })
            .unwrap();
    catch_up.store(true, Relaxed);
    let (documents, last) = one.join().unwrap();
    Round { others, documents, last }
}

/// Reports that [`fill`] sends.
const FILLING: u64 = 2;

/// Makes the documents 100 KB long for viewers that include all of it: 15 MB in 15 s, over three times what Linux lets one
/// connection buffer (`tcp_wmem`), so that the server notices a reader that reads nothing.
async fn fill(producer: &mut Producer) {
    let part = "x".repeat(50_000);
    report(producer, json!({"status": "running", "current": 0, "metrics": {"part": part}})).await;
    report(producer, json!({"resources": {"part": part}})).await;
}

/// Reads a kilobyte a second until `catch_up` is set, then the rest; returns the number of documents and the last `seq`.
async fn read(port: u16, key: &str, job: &str, catch_up: &AtomicBool) -> (u64, u64) {
    let socket = TcpSocket::new_v4().unwrap();
    // The system's buffers would hide that the reader is slow.
    socket.set_recv_buffer_size(4_096).unwrap();
    let socket = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap();
    let path = format!("/v2/jobs/{job}/status/stream?include=metrics,resources");
    let mut stream = Stream::at(Connection::over(socket), key, &path, None).await.unwrap();
    let (mut documents, mut last, mut ended) = (0, 0, false);
    let began = Instant::now();
    let mut buffer = [0; 16_384];
    while !ended {
        assert!(began.elapsed() < Duration::from_secs(120), "the stream did not end; the last document was {last}");
        let some = if catch_up.load(Relaxed) { &mut buffer[..] } else { &mut buffer[..100] };
        let count = stream.socket().read(some).await.unwrap();
        let open = stream.feed(&buffer[..count], |item| match item {
            Item::Document(seq, _) => (documents, last) = (documents + 1, seq),
            Item::End => ended = true,
            _ => {}
        });
        assert!(open.unwrap() && count > 0 || ended, "the stream was closed after document {last}");
        if !catch_up.load(Relaxed) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    (documents, last)
}
