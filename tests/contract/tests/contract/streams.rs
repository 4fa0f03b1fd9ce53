//! Promises of streams beyond the frames of the cases: how they begin, their pace and heartbeats, how they resume.

use std::{
    thread,
    time::{Duration, Instant},
};

use contract::{
    http::Request,
    stream::{FRAME_TIMEOUT, Item, Stream},
    target::fresh_job,
};
use serde_json::{Value, json};

/// The longest time between two heartbeats of a stream without changes.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The most broadcasts of a job in a second.
const BROADCASTS_PER_SECOND: f64 = 10.0;
/// How late the last of many changes may arrive: 250 ms by design, the rest is for a busy machine. Where a report may take long, a
/// frame may be as late in addition.
const LAST_STATE_DELAY: Duration = Duration::from_secs(2);

fn create_job(report: &Value) -> String {
    let job = fresh_job();
    Request::post(reports(&job) + "?create=true", report).send().expect(201);
    job
}

fn reports(job: &str) -> String {
    format!("/v2/jobs/{job}/reports")
}

fn stream_request(job: &str) -> Request {
    Request::get(format!("/v2/jobs/{job}/status/stream"))
}

#[test]
fn a_stream_begins_with_ok_and_a_reconnection_time() {
    let job = create_job(&json!({}));
    let mut stream = Stream::expect(&stream_request(&job));
    let deadline = Instant::now() + FRAME_TIMEOUT;
    let mut before = Vec::new();
    while let Some(item) = stream.next(deadline).unwrap() {
        if let Item::Frame(_) = item {
            break;
        }
        before.push(item);
    }
    assert!(before.contains(&Item::Comment("ok".to_owned())), "{before:?}");
    assert!(before.iter().any(|item| matches!(item, Item::Retry(millis) if *millis > 0)), "{before:?}");
}

#[test]
fn a_stream_without_changes_sends_heartbeats() {
    let job = create_job(&json!({}));
    let mut stream = Stream::expect(&stream_request(&job));
    stream.until(|_| true);
    let began = Instant::now();
    let item = stream.next(began + HEARTBEAT + Duration::from_secs(2)).unwrap();
    assert!(matches!(item, Some(Item::Comment(_))), "{item:?}");
}

#[test]
fn a_fast_producer_becomes_a_paced_stream_that_ends_with_the_last_state() {
    const REPORTS: u64 = 200;
    let job = create_job(&json!({"current": 0, "total": REPORTS}));
    let mut stream = Stream::expect(&stream_request(&job));
    stream.until(|_| true);
    let producer = {
        let job = job.clone();
        thread::spawn(move || {
            let (began, mut slowest) = (Instant::now(), Duration::ZERO);
            for current in 1..=REPORTS {
                let sent = Instant::now();
                Request::post(reports(&job), &json!({"current": current})).send().expect(200);
                slowest = slowest.max(sent.elapsed());
            }
            (began.elapsed(), Instant::now(), slowest)
        })
    };
    let mut seen = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(60);
    let last_at = loop {
        let frame = stream.frame(deadline).unwrap().expect("the stream stays open");
        seen.push(frame.json()["seq"].as_u64().unwrap());
        if frame.json()["current"] == REPORTS {
            break Instant::now();
        }
    };
    let (took, acknowledged, slowest) = producer.join().unwrap();
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "seq falls: {seen:?}");
    let late = last_at.saturating_duration_since(acknowledged);
    let most = LAST_STATE_DELAY + slowest;
    assert!(late < most, "the last state came {late:?} after its report was acknowledged, more than {most:?}");
    let most = (took.as_secs_f64() * BROADCASTS_PER_SECOND).ceil() as usize + 2;
    assert!(seen.len() <= most, "{} frames in {took:?}", seen.len());
}

#[test]
fn a_new_status_and_the_end_are_sent_at_once() {
    let job = create_job(&json!({"progress": 1}));
    let mut stream = Stream::expect(&stream_request(&job));
    stream.until(|_| true);
    // A change right after a broadcast waits for the pace; a new status must not.
    Request::post(reports(&job), &json!({"progress": 2})).send().expect(200);
    Request::post(reports(&job), &json!({"status": "paused"})).send().expect(200);
    Request::post(reports(&job), &json!({"status": "running"})).send().expect(200);
    Request::post(reports(&job), &json!({"status": "completed"})).send().expect(200);
    let mut states = Vec::new();
    let deadline = Instant::now() + FRAME_TIMEOUT;
    while let Some(frame) = stream.frame(deadline).unwrap() {
        states.push(frame.event.clone().unwrap_or_else(|| frame.json()["status"].as_str().unwrap().to_owned()));
    }
    for state in ["paused", "running", "completed", "end"] {
        assert!(states.contains(&state.to_owned()), "{states:?}");
    }
    assert_eq!(states.last().map(String::as_str), Some("end"));
}

#[test]
fn every_viewer_sees_every_end_and_the_same_documents() {
    let job = create_job(&json!({"progress": 1}));
    let mut viewers: Vec<_> = (0..20).map(|_| Stream::expect(&stream_request(&job))).collect();
    for viewer in &mut viewers {
        viewer.until(|document| document["progress"] == 1);
    }
    Request::post(reports(&job), &json!({"status": "completed", "output": {"rows": 7}})).send().expect(200);
    let mut documents = Vec::new();
    for viewer in &mut viewers {
        documents.push(viewer.until(|document| document["status"] == "completed"));
        let deadline = Instant::now() + FRAME_TIMEOUT;
        let end = viewer.frame(deadline).unwrap().expect("an end");
        assert_eq!(end.event.as_deref(), Some("end"));
        assert_eq!(viewer.frame(deadline).unwrap(), None);
    }
    assert!(documents.iter().all(|document| *document == documents[0]));
}

#[test]
fn a_viewer_that_reconnects_gets_the_newest_state() {
    let job = create_job(&json!({"progress": 0}));
    let mut cursor: Option<String> = None;
    for progress in 1..=10 {
        let request = match &cursor {
            Some(cursor) => stream_request(&job).header("last-event-id", cursor.clone()),
            None => stream_request(&job),
        };
        let mut stream = Stream::expect(&request);
        Request::post(reports(&job), &json!({"progress": progress})).send().expect(200);
        let deadline = Instant::now() + FRAME_TIMEOUT;
        loop {
            let frame = stream.frame(deadline).unwrap().expect("the stream stays open");
            if frame.json()["progress"] == progress {
                cursor = frame.id;
                break;
            }
        }
        // Dropping the stream cuts the connection in the middle.
    }
    assert!(cursor.is_some_and(|cursor| cursor.ends_with(".11")));
}

#[test]
fn a_viewer_that_reconnects_misses_no_log_line() {
    let job = create_job(&json!({"logs": ["line 1"]}));
    let stream_request = |cursor: Option<&str>| {
        let request = Request::get(format!("/v2/jobs/{job}/status/stream?include=logs"));
        Stream::expect(&match cursor {
            Some(cursor) => request.header("last-event-id", cursor),
            None => request,
        })
    };
    let mut received = std::collections::BTreeSet::new();
    let mut cursor: Option<String> = None;
    for line in 2..=6 {
        let mut stream = stream_request(cursor.as_deref());
        Request::post(reports(&job), &json!({"logs": [format!("line {line}")]})).send().expect(200);
        let deadline = Instant::now() + FRAME_TIMEOUT;
        while !received.contains(&line) {
            let frame = stream.frame(deadline).unwrap().expect("the stream stays open");
            match frame.event.as_deref() {
                Some("log") => received.extend(frame.json()["lines"].as_array().unwrap().iter().map(|line| {
                    let number = line["number"].as_u64().unwrap();
                    assert_eq!(line["message"], format!("line {number}"));
                    number
                })),
                _ => cursor = frame.id,
            }
        }
    }
    assert!(received.into_iter().eq(1..=6));
}

/// A time half an hour after the creation of the job: its creation as the local time of a zone west of Greenwich.
fn half_an_hour_later(document: &Value) -> String {
    document["createdAt"].as_str().unwrap().replace('Z', "-00:30")
}

#[test]
fn viewers_and_waiting_readers_of_a_job_follow_it_when_it_is_replaced() {
    let job = fresh_job();
    let body = |logs: &[&str]| json!({"jobId": job, "replace": "ended", "status": "running", "logs": logs});
    let first = Request::post("/v2/jobs", &body(&[])).send().expect(201);
    let cursor = format!("{}.1", first["epoch"].as_str().unwrap());
    let one = Request::get(format!("/v2/jobs/{job}/status/stream?include=logs"));
    let several = Request::post("/v2/jobs/status/stream", &json!({"jobs": [{"jobId": job, "include": ["logs"]}]}));
    let mut viewers = [Stream::expect(&one), Stream::expect(&several)];
    // A retry is planned, so the streams stay open after the end.
    Request::post(reports(&job), &json!({"status": "failed", "nextRetryAt": half_an_hour_later(&first)}))
        .send()
        .expect(200);
    for viewer in &mut viewers {
        viewer.until(|document| document["status"] == "failed");
    }
    let waiting = {
        let path = format!("/v2/jobs/{job}/status?wait=60&cursor={}", cursor.replace(".1", ".2"));
        thread::spawn(move || Request::get(path).send())
    };
    let next = Request::post("/v2/jobs", &body(&["begun"])).send().expect(201);
    assert_eq!((next["seq"].as_u64(), next["epoch"] == first["epoch"]), (Some(1), false));
    for viewer in &mut viewers {
        let deadline = Instant::now() + FRAME_TIMEOUT;
        let log = viewer.frame(deadline).unwrap().expect("the stream stays open");
        assert_eq!(log.event.as_deref(), Some("log"));
        let page = log.json();
        assert_eq!((&page["epoch"], &page["lines"][0]["number"]), (&next["epoch"], &json!(1)));
        let document = viewer.frame(deadline).unwrap().expect("the stream stays open").json();
        assert_eq!((&document["epoch"], &document["status"]), (&next["epoch"], &json!("running")));
        assert!(document.get("failedAt").is_none());
    }
    assert_eq!(waiting.join().unwrap().expect(200)["epoch"], next["epoch"]);
    // A reader that missed all of it, as one that slept over the night.
    let mut late = Stream::expect(&stream_request(&job).header("last-event-id", cursor));
    assert_eq!(late.until(|_| true)["epoch"], next["epoch"]);
    Request::post(reports(&job), &json!({"status": "completed"})).send().expect(200);
    for viewer in &mut viewers {
        viewer.until(|document| document["status"] == "completed");
        let end = viewer.frame(Instant::now() + FRAME_TIMEOUT).unwrap().expect("an end");
        assert_eq!(end.event.as_deref(), Some("end"));
    }
}

#[test]
fn viewers_and_waiting_readers_of_a_job_that_awaits_a_retry_follow_the_next_attempt() {
    let job = fresh_job();
    let first = Request::post("/v2/jobs", &json!({"jobId": job, "status": "running"})).send().expect(201);
    let several = Request::post("/v2/jobs/status/stream", &json!({"jobs": [{"jobId": job}]}));
    let mut viewers = [Stream::expect(&stream_request(&job)), Stream::expect(&several)];
    let failure = json!({"status": "failed", "nextRetryAt": half_an_hour_later(&first)});
    Request::post(reports(&job), &failure).send().expect(200);
    for viewer in &mut viewers {
        viewer.until(|document| document["status"] == "failed");
    }
    let waiting = {
        let path = format!("/v2/jobs/{job}/status?wait=60&cursor={}.2", first["epoch"].as_str().unwrap());
        thread::spawn(move || Request::get(path).send())
    };
    Request::new("POST", format!("/v2/jobs/{job}/retry")).send().expect(200);
    for viewer in &mut viewers {
        let document = viewer.until(|document| document["attempt"] == 2);
        assert_eq!((&document["status"], document.get("nextRetryAt")), (&json!("queued"), None));
    }
    assert_eq!(waiting.join().unwrap().expect(200)["attempt"], 2);
    Request::post(reports(&job), &json!({"status": "completed"})).send().expect(200);
    for viewer in &mut viewers {
        viewer.until(|document| document["status"] == "completed");
        let end = viewer.frame(Instant::now() + FRAME_TIMEOUT).unwrap().expect("an end");
        assert_eq!(end.event.as_deref(), Some("end"));
    }
}
