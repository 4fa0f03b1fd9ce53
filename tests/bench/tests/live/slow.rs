//! A slow reader: it hurts only itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bench::{
    audience::{Figures, Load, play},
    http::{Connection, Producer},
    stream::{Heard, Stream},
};
use serde_json::json;
use tokio::{io::AsyncReadExt as _, net::TcpSocket};

use crate::{Stage, alone, report, run};

#[test]
fn one_who_reads_a_kilobyte_a_second_holds_nobody_up_and_ends_on_the_final_document() {
    let _alone = alone();
    let stage = Stage::new("slow");
    // What the runtime needs for as many who all keep up shall not count.
    let quick = play_beside(&stage, &format!("{}-quick", stage.job), false);
    let slow = play_beside(&stage, &stage.job, true);
    let growth = slow.others.memory_mb - quick.others.memory_mb;
    let (p50, p99) = (slow.others.arrival.percentile(0.5), slow.others.arrival.percentile(0.99));
    println!(
        "49 others: {p50:.0} / {p99:.0} ms, {} frames; memory {growth:+.0} MB; {} documents, {} when quick",
        slow.others.frames, slow.documents, quick.documents
    );
    for round in [&quick, &slow] {
        assert_eq!(round.others.finals, 49);
        assert_eq!(round.last, round.others.reports + FILLING + 1);
    }
    assert!(p99 < 1_000.0, "the others were held up: p99 {p99:.0} ms");
    assert!(growth < 48.0, "memory grew by {growth:.0} MB");
    assert!(slow.documents < quick.documents / 2, "it was not slow: {} documents", slow.documents);
}

/// What 49 ordinary viewers saw, and the one beside them.
struct Round {
    others: Figures,
    documents: u64,
    last: u64,
}

fn play_beside(stage: &Stage, job: &str, is_slow: bool) -> Round {
    let (port, key) = (stage.server.port, stage.key.text.clone());
    run(fill(&mut Producer::new(port, &key, job)));
    let hurry = Arc::new(AtomicBool::new(!is_slow));
    let one = {
        let (key, job, hurry) = (key.clone(), job.to_owned(), Arc::clone(&hurry));
        std::thread::spawn(move || run(read(port, &key, &job, &hurry)))
    };
    let others = play(&stage.server, &key, job, Load { viewers: 49, rate: 100.0, seconds: 15.0 }).unwrap();
    hurry.store(true, Relaxed);
    let (documents, last) = one.join().unwrap();
    Round { others, documents, last }
}

/// Reports that [`fill`] sends.
const FILLING: u64 = 2;

/// Makes documents of 100 KB for those who include it all: in 15 s these are 15 MB, more than thrice what Linux lets one
/// connection buffer (`tcp_wmem`), so that a reader who takes nothing is seen to be slow.
async fn fill(producer: &mut Producer) {
    let part = "x".repeat(50_000);
    report(producer, json!({"status": "running", "current": 0, "metrics": {"part": part}})).await;
    report(producer, json!({"resources": {"part": part}})).await;
}

/// Reads a kilobyte a second until it is to hurry, then what is left; how many documents, and the last one.
async fn read(port: u16, key: &str, job: &str, hurry: &AtomicBool) -> (u64, u64) {
    let socket = TcpSocket::new_v4().unwrap();
    // What the system buffers would hide the slowness.
    socket.set_recv_buffer_size(4_096).unwrap();
    let socket = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap();
    let path = format!("/v2/jobs/{job}/status/stream?include=metrics,resources");
    let mut stream = Stream::at(Connection::over(socket), key, &path, None).await.unwrap();
    let (mut documents, mut last, mut ended) = (0, 0, false);
    let began = Instant::now();
    let mut buffer = [0; 16_384];
    while !ended {
        assert!(began.elapsed() < Duration::from_secs(120), "it did not end; the last document was {last}");
        let some = if hurry.load(Relaxed) { &mut buffer[..] } else { &mut buffer[..100] };
        let count = stream.socket().read(some).await.unwrap();
        let open = stream.feed(&buffer[..count], |heard| match heard {
            Heard::Document(seq, _) => (documents, last) = (documents + 1, seq),
            Heard::End => ended = true,
            _ => {}
        });
        assert!(open.unwrap() && count > 0 || ended, "the stream was cut at {last}");
        if !hurry.load(Relaxed) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    (documents, last)
}
