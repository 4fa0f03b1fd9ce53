//! The index: what it costs, and that it has every job as it is, also after crashes and failures.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use bench::{
    http::{Connection, Request},
    key::Key,
    server::{Folder, Kind, Server},
};
use serde_json::{Value, json};

use crate::{Contention, Fixture, bundles, run};

/// The rows that the objects of jobs and of the index have written, and the calls of jobs to the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    job_rows: u64,
    index_rows: u64,
    calls: u64,
}

impl Cost {
    async fn of(port: u16, key: &str) -> Cost {
        let text = get(port, key, "/metrics").await.unwrap();
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(&format!("job_progress_{name} ")));
            line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
        };
        Cost {
            job_rows: value(r#"rows_written_total{object="job"}"#),
            index_rows: value(r#"rows_written_total{object="index"}"#),
            calls: value("index_calls_total"),
        }
    }

    fn since(self, before: Cost) -> Cost {
        Cost {
            job_rows: self.job_rows - before.job_rows,
            index_rows: self.index_rows - before.index_rows,
            calls: self.calls - before.calls,
        }
    }
}

async fn get(port: u16, key: &str, path: &str) -> anyhow::Result<String> {
    let request = Request::new("GET", path, key, &[], b"");
    Ok(Connection::open(port).await?.ask(&request).await?.success()?.text)
}

/// Sends a request; an error if it is not answered, or refused.
async fn send(port: u16, key: &str, method: &str, path: &str, body: &Value) -> anyhow::Result<()> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::new(method, path, key, &[], body.as_bytes());
    Connection::open(port).await?.ask(&request).await?.success()?;
    Ok(())
}

/// A job that is created, started, paused, continued and completed, with a report in between.
const LIFE: [(&str, &str); 6] = [
    ("/v2/jobs", r#"{"jobId": "{job}", "kind": "life"}"#),
    ("/v2/jobs/{job}/reports", r#"{"status": "running"}"#),
    ("/v2/jobs/{job}/reports", r#"{"progress": 10, "message": "on"}"#),
    ("/v2/jobs/{job}/reports", r#"{"status": "paused"}"#),
    ("/v2/jobs/{job}/reports", r#"{"status": "running"}"#),
    ("/v2/jobs/{job}/reports", r#"{"status": "completed"}"#),
];

/// What a life costs. With an index, where the objects of jobs write more rows than `alone`, each change waits until the index was
/// called for the former one, for which it would else need no call of its own; and the life lasts until the alarm, which would have
/// repeated a call, was put back.
async fn cost_of_life(port: u16, key: &str, job: &str, alone: Option<u64>) -> Cost {
    let before = Cost::of(port, key).await;
    let mut calls = 0;
    for (path, body) in LIFE {
        let body: Value = serde_json::from_str(&body.replace("{job}", job)).unwrap();
        send(port, key, "POST", &path.replace("{job}", job), &body).await.unwrap();
        calls += u64::from(alone.is_some() && body["progress"].is_null());
        wait_for_cost(port, key, before, "the index is not called", |cost| cost.calls >= calls).await;
    }
    let alone = alone.map_or(0, |alone| alone + 1);
    wait_for_cost(port, key, before, "the alarm is not put back", |cost| cost.job_rows >= alone).await
}

/// Waits until the cost since `before` is enough, and returns it.
async fn wait_for_cost(port: u16, key: &str, before: Cost, problem: &str, is_enough: impl Fn(Cost) -> bool) -> Cost {
    let began = Instant::now();
    loop {
        let cost = Cost::of(port, key).await.since(before);
        if is_enough(cost) {
            return cost;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{problem}: {cost:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn the_life_of_a_job_costs_at_most_six_rows_more_with_an_index_and_a_report_none() {
    run(async {
        let without = Fixture::with_environment("index-cost-off", &[("INDEX", "off")]);
        let off = cost_of_life(without.server.port, &without.key.text, "first", None).await;
        let with = Fixture::new("index-cost");
        let (port, key) = (with.server.port, with.key.text.as_str());
        // The first job makes the table of the index.
        cost_of_life(port, key, "first", Some(off.job_rows)).await;
        let cost = cost_of_life(port, key, "second", Some(off.job_rows)).await;
        println!("with an index {cost:?}, without {off:?}");
        assert_eq!((off.index_rows, off.calls), (0, 0));
        assert_eq!(cost.index_rows, 5, "a row for each change of the status");
        // The alarm repeats the last call if the object has left memory since, for only there it knows that it was answered.
        assert!((5..=6).contains(&cost.calls), "a call for each change of the status: {cost:?}");
        let more = cost.job_rows + cost.index_rows - off.job_rows;
        assert!(more <= 6, "{more} rows more");
        send(port, key, "POST", "/v2/jobs", &json!({"jobId": "third", "status": "running"})).await.unwrap();
        let began = Instant::now();
        while !get(port, key, "/v2/jobs?q=third").await.unwrap().contains("third") {
            assert!(began.elapsed() < SETTLED, "the job is not listed");
        }
        let before = Cost::of(port, key).await;
        for number in 0..50 {
            let report = json!({"progress": number, "message": "on"});
            send(port, key, "POST", "/v2/jobs/third/reports", &report).await.unwrap();
        }
        let cost = Cost::of(port, key).await.since(before);
        assert_eq!((cost.index_rows, cost.calls), (0, 0));
        // The alarm may have been put back meanwhile.
        assert!((50..=51).contains(&cost.job_rows), "{cost:?}");
    });
}

/// The time until the index is equal to the jobs once nothing changes them: the alarm of a job that was killed fires after 8 s;
/// the rest is for a slow machine.
const SETTLED: Duration = Duration::from_secs(30);

/// A small deterministic generator, so that a failure can be repeated.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A change of a job: method, path and body.
fn change(draw: &mut Draw, job: &str) -> (&'static str, String, Value) {
    let reports = format!("/v2/jobs/{job}/reports");
    match draw.below(12) {
        0..=3 => {
            ("POST", "/v2/jobs".to_owned(), json!({"jobId": job, "replace": "ended", "tags": {"group": draw.below(3)}}))
        }
        4 => ("POST", reports, json!({"status": "running", "progress": draw.below(100)})),
        5 => ("POST", reports, json!({"progress": draw.below(100)})),
        6 => ("POST", reports, json!({"tags": {"group": draw.below(3)}})),
        7 => ("POST", reports, json!({"status": "paused"})),
        8 => ("POST", reports, json!({"status": "failed"})),
        9 => ("POST", reports, json!({"status": "completed", "retentionSeconds": 60})),
        10 => ("POST", format!("/v2/jobs/{job}/retry"), Value::Null),
        _ => ("DELETE", format!("/v2/jobs/{job}"), Value::Null),
    }
}

/// What a row and a document have in common.
fn comparable(value: &Value) -> Value {
    let members = ["jobId", "epoch", "attempt", "status", "tags", "createdAt", "startedAt", "executionTime"];
    members.iter().map(|name| ((*name).to_owned(), value[*name].clone())).collect::<serde_json::Map<_, _>>().into()
}

/// Every row of the index, by job.
async fn rows(port: u16, key: &str, query: &str) -> anyhow::Result<BTreeMap<String, Value>> {
    let (mut rows, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = get(port, key, &format!("/v2/jobs?limit=100&cursor={cursor}&{query}")).await?;
        let page: Value = serde_json::from_str(&page)?;
        for row in page["jobs"].as_array().unwrap() {
            let former = rows.insert(row["jobId"].as_str().unwrap().to_owned(), comparable(row));
            assert!(former.is_none(), "two rows of one job: {row}");
        }
        match page["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return Ok(rows),
        }
    }
}

/// The documents of all jobs that exist.
async fn documents(port: u16, key: &str, jobs: &[String]) -> BTreeMap<String, Value> {
    let mut documents = BTreeMap::new();
    for some in jobs.chunks(100) {
        let body = json!({"jobIds": some}).to_string();
        let request = Request::new("POST", "/v2/jobs/status/batch", key, &[], body.as_bytes());
        let answer = Connection::open(port).await.unwrap().ask(&request).await.unwrap().success().unwrap().json();
        for document in answer["jobs"].as_array().unwrap() {
            documents.insert(document["jobId"].as_str().unwrap().to_owned(), comparable(document));
        }
        let is_known = |error: &Value| error["error"] == "JOB_NOT_FOUND";
        assert!(answer["errors"].as_array().unwrap().iter().all(is_known), "{answer}");
    }
    documents
}

/// Sets the share of the commands to the index that fail.
async fn fail_index(port: u16, key: &str, share: &str) {
    let failing = [("Fault-Injection", share)];
    let request = Request::new("GET", "/healthz", key, &failing, b"");
    Connection::open(port).await.unwrap().ask(&request).await.unwrap().success().unwrap();
}

/// Changes jobs of two projects at random on a server whose index fails and that is killed after each round, and then compares
/// the index of each project with its jobs.
async fn truth(bundle: &std::path::Path, jobs: usize, changes: usize, kills: usize, shards: &str) {
    let keys = [Key::draw().unwrap(), Key::draw_for("other").unwrap()];
    let (other, folder) = (keys[1].line(), Folder::new("index-truth").unwrap());
    let settings = [("INDEX_SHARDS", shards), ("API_KEYS_2", &other)];
    let start = || Server::from_bundle_with(Kind::OursWithDevHeaders, bundle, &settings, &folder, &keys[0]).unwrap();
    let mut server = start();
    // Both projects use the same ids.
    let ids: Vec<String> = (0..jobs).map(|number| format!("job-{number}")).collect();
    let mut draw = Draw(7);
    let mut made = 0;
    for _ in 0..kills {
        fail_index(server.port, &keys[0].text, "index 0.1").await;
        for _ in 0..changes / kills {
            let key = &keys[usize::from(draw.below(5) == 0)];
            let job = &ids[draw.below(jobs as u64) as usize];
            let (method, path, body) = change(&mut draw, job);
            // Many changes are refused: the job does not exist, or its state does not allow them.
            made += u32::from(send(server.port, &key.text, method, &path, &body).await.is_ok());
        }
        // This kills it with SIGKILL.
        drop(server);
        server = start();
    }
    assert!(made as usize > changes / 4, "{made} changes");
    let quiet = Quiet { since: Instant::now(), contention: Contention::of(&server) };
    let [one, other] = keys.each_ref().map(|key| converge(server.port, &key.text, &ids, &quiet));
    tokio::join!(one, other);
    println!("{made} changes, {kills} kills, {shards} shards");
}

/// The time since which nobody changes the jobs.
struct Quiet {
    since: Instant,
    contention: Contention,
}

/// Waits until the index is equal to the jobs of a project, and compares the lists by tag.
async fn converge(port: u16, key: &str, ids: &[String], quiet: &Quiet) {
    // Nothing changes the jobs any more but their retention, and a read sends the index nothing: alarms repeat the calls.
    let seen = watch(port, key, quiet).await;
    let expected = loop {
        let expected = documents(port, key, ids).await;
        let settled = rows(port, key, "").await.unwrap();
        // Jobs may have expired after they were read.
        if settled == expected {
            break expected;
        }
        let differ: Vec<_> = ids.iter().filter(|id| settled.get(*id) != expected.get(*id)).collect();
        let show = |id: &&String| format!("{id}: row {:?}, document {:?}", settled.get(*id), expected.get(*id));
        let some = differ.iter().take(5).map(show).collect::<Vec<_>>();
        assert!(quiet.since.elapsed() < EXPIRED, "{} differ: {some:#?}", differ.len());
    };
    // Rows of jobs that have completed since then may have expired.
    let is_equal = |rows: &BTreeMap<String, Value>| {
        let has = expected.iter().all(|(id, job)| rows.get(id) == Some(job));
        has && rows.iter().all(|(id, row)| expected.contains_key(id) || row["status"] == "completed")
    };
    let equal = seen.iter().rev().take_while(|(_, rows)| is_equal(rows)).last();
    let (after, _) = equal.expect("the index is equal to the jobs while it is watched");
    println!("{} rows, equal {after:.1?} after the kill", expected.len());
    assert!(!expected.is_empty());
    for group in 0..3 {
        let of_group = rows(port, key, &format!("tags.group={group}")).await.unwrap();
        assert!(of_group.values().all(|row| row["tags"]["group"] == group), "{of_group:?}");
        let count = expected.values().filter(|job| job["tags"]["group"] == group).count();
        assert_eq!(of_group.len(), count);
    }
}

/// A time without a change that is longer than the alarm of a killed job takes.
const UNCHANGED: Duration = Duration::from_secs(10);

/// The time within which every job that may expire has expired and all jobs were read, on a slow machine.
const EXPIRED: Duration = Duration::from_secs(300);

/// The rows of the index that differ from the former ones, with the time since nobody changes the jobs, until they have stayed the
/// same for longer than the alarm of a killed job takes. Alarms are later by as much as the server waits for a processor.
async fn watch(port: u16, key: &str, quiet: &Quiet) -> Vec<(Duration, BTreeMap<String, Value>)> {
    let mut seen: Vec<(Duration, BTreeMap<String, Value>)> = Vec::new();
    let is_watched = |last: Option<&(Duration, _)>| {
        let (now, changed) = (quiet.since.elapsed(), last.map_or(Duration::ZERO, |(after, _)| *after));
        let later = quiet.contention.so_far();
        now < SETTLED + later && now - changed < UNCHANGED + later
    };
    while is_watched(seen.last()) {
        let rows = rows(port, key, "").await.unwrap();
        if seen.last().is_none_or(|(_, last)| *last != rows) {
            seen.push((quiet.since.elapsed(), rows));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    seen
}

/// The ids and states of all rows of the index.
async fn states(port: u16, key: &str) -> Vec<(String, String)> {
    let rows = rows(port, key, "").await.unwrap().into_iter();
    rows.map(|(job, row)| (job, row["status"].as_str().unwrap().to_owned())).collect()
}

/// Waits until the index has these rows.
async fn wait_for(port: u16, key: &str, expected: &[(&str, &str)]) {
    let began = Instant::now();
    loop {
        let states = states(port, key).await;
        if states.iter().map(|(job, status)| (job.as_str(), status.as_str())).eq(expected.iter().copied()) {
            return;
        }
        assert!(began.elapsed() < SETTLED, "{expected:?} expected, the index has {states:?}");
    }
}

/// Jobs change while the index is off, or has another number of shards.
async fn settings(bundle: &std::path::Path) {
    let (key, folder) = (Key::draw().unwrap(), Folder::new("index-settings").unwrap());
    let start = |setting: (&str, &str)| {
        Server::from_bundle_with(Kind::OursWithDevHeaders, bundle, &[setting], &folder, &key).unwrap()
    };
    let text = key.text.as_str();
    let report = async |port, job: &str, body: Value| {
        send(port, text, "POST", &format!("/v2/jobs/{job}/reports"), &body).await.unwrap();
    };
    let server = start(("INDEX", "on"));
    for job in ["deleted", "ended", "same"] {
        send(server.port, text, "POST", "/v2/jobs", &json!({"jobId": job, "status": "running"})).await.unwrap();
    }
    wait_for(server.port, text, &[("deleted", "running"), ("ended", "running"), ("same", "running")]).await;
    drop(server);
    let server = start(("INDEX", "off"));
    send(server.port, text, "DELETE", "/v2/jobs/deleted", &Value::Null).await.unwrap();
    report(server.port, "ended", json!({"status": "completed"})).await;
    drop(server);
    let server = start(("INDEX", "on"));
    // A read of a job that changed while the index was off is enough.
    for job in ["deleted", "ended"] {
        let _ = get(server.port, text, &format!("/v2/jobs/{job}/status")).await;
    }
    wait_for(server.port, text, &[("ended", "completed"), ("same", "running")]).await;
    drop(server);
    let server = start(("INDEX_SHARDS", "4"));
    for job in ["ended", "same"] {
        get(server.port, text, &format!("/v2/jobs/{job}/status")).await.unwrap();
    }
    wait_for(server.port, text, &[("ended", "completed"), ("same", "running")]).await;
    send(server.port, text, "DELETE", "/v2/jobs/ended", &Value::Null).await.unwrap();
    report(server.port, "same", json!({"status": "paused"})).await;
    wait_for(server.port, text, &[("same", "paused")]).await;
    drop(server);
    // The former shard has no row any more of a job that left it.
    let server = start(("INDEX_SHARDS", "1"));
    let states = states(server.port, text).await;
    assert!(states.iter().all(|(job, status)| job == "same" && status == "paused"), "{states:?}");
    report(server.port, "same", json!({"message": "on"})).await;
    wait_for(server.port, text, &[("same", "paused")]).await;
}

#[test]
fn an_index_that_was_off_or_had_other_shards_is_corrected_by_its_jobs() {
    for (_, bundle) in bundles().into_iter().take(1) {
        run(settings(&bundle));
    }
}

#[test]
fn the_index_is_equal_to_the_jobs_soon_after_crashes_and_failures() {
    for (_, bundle) in bundles().into_iter().take(1) {
        run(truth(&bundle, 2_000, 8_000, 5, "1"));
        run(truth(&bundle, 200, 800, 3, "4"));
    }
}
