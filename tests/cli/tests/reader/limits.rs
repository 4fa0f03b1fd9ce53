//! What a reader uses: connections, memory, time.

use std::time::{Duration, Instant};

use cli_tests::{following::Following, job::Job, proxy::Proxy, wait};
use client::{
    Subscription,
    native::{Reader, Update},
};
use contract::target::{Target, fresh_job};
use protocol::{id::JobId, include::Include};
use serde_json::{Value, json};

#[test]
fn all_jobs_of_a_reader_share_one_connection() {
    let jobs: Vec<Job> = (0..20).map(|index| Job::create(&json!({"progress": index}))).collect();
    let proxy = Proxy::start(&Target::get().base_url);
    let mut reader = Reader::new(&proxy.base_url, Some(Target::get().key.clone()));
    for job in &jobs {
        reader.join(Subscription::new(JobId::parse(&job.id).unwrap(), None, Include::NONE)).unwrap();
    }
    let deadline = Instant::now() + wait::TIMEOUT;
    let mut documents = 0;
    while documents < jobs.len() {
        let (_, update) = reader.next(deadline).expect("a document of each job arrives in time");
        documents += usize::from(matches!(update, Update::Document(_)));
    }
    // A busy server may be so late that the reader requests the stream again, in place of the former one.
    wait::until(|| (proxy.open() == 1).then_some(()), || format!("{} connections are open", proxy.open()));
}

#[test]
fn a_reader_follows_100_jobs_each_once_and_refuses_another_one() {
    let mut reader = Reader::new(&Target::get().base_url, Some(Target::get().key.clone()));
    let subscription = |id: String| Subscription::new(JobId::parse(&id).unwrap(), None, Include::NONE);
    let first = fresh_job();
    assert!(reader.join(subscription(first.clone())).is_some());
    assert_eq!(reader.join(subscription(first)), None);
    assert!((1..100).all(|_| reader.join(subscription(fresh_job())).is_some()));
    assert_eq!(reader.join(subscription(fresh_job())), None);
}

#[test]
fn a_program_that_reads_slowly_skips_documents_and_ends_on_the_last_one() {
    const REPORTS: u64 = 300;
    let job = Job::create(&json!({"progress": 0}));
    let mut following = Following::start(&Target::get().base_url, &job.id);
    following.progress(0);
    // 18 MB of documents, far more than the buffers on the way hold.
    let ballast = "x".repeat(60_000);
    for current in 1..=REPORTS {
        job.report(&json!({"current": current, "total": REPORTS, "metadata": {"ballast": ballast}}));
    }
    job.report(&json!({"status": "completed", "message": "done"}));
    let mut documents = 0;
    let last = following.until("completed document", |update| match update {
        Update::Document(document) => {
            documents += 1;
            (document.get("status") == Some(&json!("completed"))).then_some(document)
        }
        _ => None,
    });
    assert_eq!(last.get("message").and_then(Value::as_str), Some("done"));
    assert!(documents < REPORTS / 2, "{documents} of {REPORTS} documents were kept for the reader");
}

#[test]
fn a_reader_that_is_dropped_closes_its_connections() {
    let job = Job::create(&json!({"progress": 10}));
    let proxy = Proxy::start(&Target::get().base_url);
    let mut following = Following::start(&proxy.base_url, &job.id);
    following.progress(10);
    assert_eq!(proxy.open(), 1);
    drop(following);
    wait::until(|| (proxy.open() == 0).then_some(()), || format!("{} connections are open", proxy.open()));
}

#[test]
fn a_job_that_leaves_is_not_streamed_any_more() {
    let (stays, leaves) = (Job::create(&json!({"progress": 10})), Job::create(&json!({"progress": 10})));
    let mut following = Following::start(&Target::get().base_url, &leaves.id);
    following.progress(10);
    let id = JobId::parse(&stays.id).unwrap();
    following.reader.join(Subscription::new(id, None, Include::NONE)).unwrap();
    following.progress(10);
    following.reader.leave(following.key);
    leaves.report(&json!({"progress": 20}));
    stays.report(&json!({"progress": 30}));
    let next = following.until("document", |update| match update {
        Update::Document(document) => Some(document),
        _ => None,
    });
    assert_eq!((&next["jobId"], &next["progress"]), (&json!(stays.id), &json!(30)));
}

#[test]
fn a_wait_without_updates_ends_at_its_deadline() {
    let job = Job::create(&json!({"progress": 10}));
    let mut following = Following::start(&Target::get().base_url, &job.id);
    following.progress(10);
    let wait = Duration::from_millis(300);
    // The link follows the first document.
    while following.reader.next(Instant::now() + wait).is_some() {}
    let started = Instant::now();
    assert_eq!(following.reader.next(started + wait), None);
    assert!((wait..Duration::from_secs(5)).contains(&started.elapsed()));
}

#[test]
fn a_refresh_is_answered_also_without_a_change() {
    let job = Job::create(&json!({"progress": 10}));
    let mut following = Following::start(&Target::get().base_url, &job.id);
    following.progress(10);
    following.reader.refresh(following.key);
    following.until("answer to the refresh", |update| (update == Update::Unchanged).then_some(()));
}

#[test]
fn the_time_of_the_server_is_known() {
    let job = Job::create(&json!({"progress": 10}));
    let mut following = Following::start(&Target::get().base_url, &job.id);
    let document = following.progress(10);
    let changed = protocol::Timestamp::parse(document["updatedAt"].as_str().unwrap()).unwrap();
    let difference = following.reader.server_time().millis().abs_diff(changed.millis());
    assert!(difference < 30_000, "{difference} ms");
}
