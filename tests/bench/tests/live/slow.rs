//! A slow reader: it hurts only itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bench::{
    audience::{Load, play},
    http::{Connection, Producer},
    process::memory_mb,
    stream::{Heard, Stream},
};
use serde_json::json;
use tokio::{io::AsyncReadExt as _, net::TcpSocket};

use crate::{Stage, alone, report, run};

#[test]
fn one_who_reads_a_kilobyte_a_second_holds_nobody_up_and_ends_on_the_final_document() {
    let _alone = alone();
    let stage = Stage::new("slow");
    let (port, key, job) = (stage.server.port, stage.key.text.clone(), stage.job.clone());
    // What the runtime needs for so many viewers anyway shall not count.
    let warm = format!("{job}-warm");
    run(fill(&mut Producer::new(port, &key, &warm)));
    play(&stage.server, &key, &warm, Load { viewers: 50, rate: 100.0, seconds: 5.0 }).unwrap();
    run(fill(&mut stage.producer()));
    let over = Arc::new(AtomicBool::new(false));
    let slow = {
        let (key, job, over) = (key.clone(), job.clone(), Arc::clone(&over));
        std::thread::spawn(move || run(read_slowly(port, &key, &job, &over)))
    };
    let before = memory_mb(stage.server.pid).unwrap();
    let figures = play(&stage.server, &key, &job, Load { viewers: 49, rate: 100.0, seconds: 15.0 }).unwrap();
    over.store(true, Relaxed);
    let growth = figures.memory_mb - before;
    let (p50, p99) = (figures.arrival.percentile(0.5), figures.arrival.percentile(0.99));
    let (documents, seq) = slow.join().unwrap();
    println!("49 others: {p50:.0} / {p99:.0} ms, {} frames; memory {growth:+.0} MB; {documents} slow", figures.frames);
    assert_eq!(figures.finals, 49);
    assert!(p99 < 1_000.0, "the others were held up: p99 {p99:.0} ms");
    assert!(growth < 48.0, "memory grew by {growth:.0} MB");
    assert!(documents < figures.frames / 49 / 2, "it was not slow: {documents} documents");
    assert_eq!(seq, figures.reports + FILLING + 1);
}

/// Reports that [`fill`] sends.
const FILLING: u64 = 2;

/// Makes documents of 80 KB: in 15 s these are 12 MB, three times what Linux lets one connection buffer (`tcp_wmem`), so
/// that a reader who takes nothing is seen to be slow.
async fn fill(producer: &mut Producer) {
    let part = "x".repeat(40_000);
    report(producer, json!({"status": "running", "current": 0, "metadata": {"part": part}})).await;
    report(producer, json!({"output": part})).await;
}

/// Reads a kilobyte a second as long as the job goes on, then what is left; how many documents, and the last one.
async fn read_slowly(port: u16, key: &str, job: &str, over: &AtomicBool) -> (u64, u64) {
    let socket = TcpSocket::new_v4().unwrap();
    // What the system buffers would hide the slowness.
    socket.set_recv_buffer_size(4_096).unwrap();
    let socket = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap();
    let mut stream = Stream::over(Connection::over(socket), key, job, None).await.unwrap();
    let (mut documents, mut last, mut ended) = (0, 0, false);
    let began = Instant::now();
    let mut few = [0; 100];
    while !ended {
        assert!(began.elapsed() < Duration::from_secs(90), "it did not end; the last document was {last}");
        let count = stream.socket().read(&mut few).await.unwrap();
        let open = stream.feed(&few[..count], |heard| match heard {
            Heard::Document(seq, _) => (documents, last) = (documents + 1, seq),
            Heard::End => ended = true,
            _ => {}
        });
        assert!(open.unwrap() && count > 0 || ended, "the stream was cut at {last}");
        if !over.load(Relaxed) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    (documents, last)
}
