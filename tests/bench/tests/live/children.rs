//! Children: that a parent counts them exactly after crashes, and what it writes for them.

use std::time::{Duration, Instant};

use bench::{
    http::{Connection, Request},
    key::Key,
    sample::Sample,
    server::{Folder, Kind, Server},
    stream::{Item, Stream},
};
use serde_json::{Value, json};

use crate::{Fixture, processors, run};

/// The time until a parent is right once nothing changes its children: the alarm of a job that was killed fires after 30 s; the
/// rest is for a slow machine.
const SETTLED: Duration = Duration::from_secs(90);

async fn ask(port: u16, key: &str, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::new(method, path, key, &[], body.as_bytes());
    Ok(Connection::open(port).await?.ask(&request).await?.success()?.json())
}

/// Waits until the children of `parent` are in these states.
async fn wait_for(port: u16, key: &str, parent: &str, expected: &Value) -> Value {
    let began = Instant::now();
    loop {
        let document = ask(port, key, "GET", &format!("/v2/jobs/{parent}/status"), &Value::Null).await.unwrap();
        let states = document["children"]["byStatus"].as_object().cloned().unwrap_or_default();
        let states: serde_json::Map<_, _> = states.into_iter().filter(|(_, count)| *count != 0).collect();
        if Value::from(states) == *expected {
            println!("{expected} after {:?}", began.elapsed());
            return document;
        }
        assert!(began.elapsed() < SETTLED, "{expected} expected, the parent has {document:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A server that is killed with SIGKILL and started again.
struct Crashing {
    folder: Folder,
    key: Key,
    server: Option<Server>,
}

impl Crashing {
    fn new(name: &str) -> Crashing {
        let mut crashing = Crashing { folder: Folder::new(name).unwrap(), key: Key::draw().unwrap(), server: None };
        crashing.restart();
        crashing
    }

    fn restart(&mut self) {
        // This kills it.
        self.server = None;
        self.server = Some(Server::start(Kind::OursWithDevHeaders, &self.folder, &self.key).unwrap());
    }

    fn port(&self) -> u16 {
        self.server.as_ref().unwrap().port
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        ask(self.port(), &self.key.text, method, path, body).await
    }
}

/// Two hundred children are created, begin and end; the server is killed between any two requests, and most of the time while
/// notices are on their way.
async fn counts_survive() {
    const CHILDREN: u64 = 200;
    let mut crashing = Crashing::new("children-crash");
    crashing.ask("POST", "/v2/jobs", &json!({"jobId": "parent", "status": "running"})).await.unwrap();
    for number in 0..CHILDREN {
        let child = json!({"jobId": format!("c{number}"), "parentId": "parent"});
        crashing.ask("POST", "/v2/jobs", &child).await.unwrap();
        if number % 67 == 66 {
            crashing.restart();
        }
    }
    for (step, kill_each) in [(json!({"status": "running", "progress": 50}), 61), (Value::Null, 23)] {
        for number in 0..CHILDREN {
            let ended = if number % 5 == 0 { "failed" } else { "completed" };
            let report = if step.is_null() { json!({"status": ended}) } else { step.clone() };
            crashing.ask("POST", &format!("/v2/jobs/c{number}/reports"), &report).await.unwrap();
            if number % kill_each == kill_each - 1 {
                crashing.restart();
            }
        }
    }
    for number in 0..10 {
        crashing.ask("POST", &format!("/v2/jobs/c{}/retry", number * 5), &json!({})).await.unwrap();
        crashing.ask("DELETE", &format!("/v2/jobs/c{}", number * 5 + 1), &Value::Null).await.unwrap();
        if number % 4 == 3 {
            crashing.restart();
        }
    }
    let expected = json!({"queued": 10, "completed": 150, "failed": 30});
    let document = wait_for(crashing.port(), &crashing.key.text, "parent", &expected).await;
    assert_eq!(document["children"]["total"], 190);
    // 150 completed ones, 30 that failed at the half, 10 that begin anew.
    let progress = document["children"]["progress"].as_f64().unwrap();
    assert!((progress - (15_000.0 + 1_500.0) / 190.0).abs() < 1e-6, "{document:#}");
    // The same after one more start, from what is stored alone.
    crashing.restart();
    assert_eq!(
        wait_for(crashing.port(), &crashing.key.text, "parent", &expected).await["children"],
        document["children"]
    );
}

#[test]
fn a_parent_counts_its_children_exactly_after_crashes() {
    run(counts_survive());
}

/// The children of a job are cancelled although the server is killed as soon as it has answered.
async fn cancellation_survives() {
    let mut crashing = Crashing::new("children-cancel");
    crashing.ask("POST", "/v2/jobs", &json!({"jobId": "parent", "status": "running"})).await.unwrap();
    for number in 0..40 {
        let parent = if number < 20 { "parent".to_owned() } else { format!("c{}", number - 20) };
        let child = json!({"jobId": format!("c{number}"), "parentId": parent, "status": "running"});
        crashing.ask("POST", "/v2/jobs", &child).await.unwrap();
    }
    wait_for(crashing.port(), &crashing.key.text, "parent", &json!({"running": 20})).await;
    wait_for(crashing.port(), &crashing.key.text, "c19", &json!({"running": 1})).await;
    crashing.ask("POST", "/v2/jobs/parent/cancel", &json!({"children": true, "force": true})).await.unwrap();
    crashing.restart();
    wait_for(crashing.port(), &crashing.key.text, "parent", &json!({"cancelled": 20})).await;
    crashing.restart();
    for number in 0..20 {
        wait_for(crashing.port(), &crashing.key.text, &format!("c{number}"), &json!({"cancelled": 1})).await;
    }
}

#[test]
fn the_cancellation_of_children_is_made_again_after_a_crash() {
    run(cancellation_survives());
}

/// The metric with this name.
async fn metric(port: u16, key: &str, name: &str) -> u64 {
    let request = Request::new("GET", "/metrics", key, &[], b"");
    let text = Connection::open(port).await.unwrap().ask(&request).await.unwrap().success().unwrap().text;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("job_progress_{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

/// Sends the reports of some children over one connection, each child's in its turn, five times a second as far as the machine
/// can; returns how many there were, and the sum of the last progress of the children.
async fn report_for(port: u16, key: String, children: Vec<String>, lasts: Duration) -> (u64, u64) {
    let (mut connection, began, mut sent) = (Connection::open(port).await.unwrap(), Instant::now(), 0_u64);
    let mut round = 0_u32;
    while began.elapsed() < lasts {
        for child in &children {
            let report = json!({"progress": round.min(99)}).to_string();
            let path = format!("/v2/jobs/{child}/reports");
            let request = Request::new("POST", &path, &key, &[], report.as_bytes());
            connection.ask(&request).await.unwrap().success().unwrap();
            sent += 1;
        }
        round += 1;
        tokio::time::sleep_until((began + Duration::from_millis(200) * round).into()).await;
    }
    (sent, u64::from((round - 1).min(99)) * children.len() as u64)
}

/// Reads documents of the parent from its stream until one is as `is_expected` wants it; returns when it came.
async fn shown(stream: &mut Stream, mut is_expected: impl FnMut(&Value) -> bool) -> Instant {
    let mut at = None;
    while at.is_none() {
        let is_open = stream
            .read(|item| {
                if let Item::Document(_, text) = item
                    && is_expected(&serde_json::from_str(&text).unwrap())
                {
                    at = at.or_else(|| Some(Instant::now()));
                }
            })
            .await
            .unwrap();
        assert!(is_open || at.is_some(), "the stream has ended");
    }
    at.unwrap()
}

async fn enter(port: u16, key: &str, child: &str, status: &str) {
    ask(port, key, "POST", &format!("/v2/jobs/{child}/reports"), &json!({ "status": status })).await.unwrap();
}

/// Pauses and continues a child for as long, and measures after how many milliseconds a viewer of the parent sees it.
async fn probe(port: u16, key: String, child: String, lasts: Duration) -> Sample {
    let mut stream = Stream::open(port, &key, "parent", None).await.unwrap();
    let (mut lags, began) = (Sample::default(), Instant::now());
    while began.elapsed() < lasts {
        for (status, paused) in [("paused", 1), ("running", 0)] {
            let reported = Instant::now();
            let is_shown = |document: &Value| document["children"]["byStatus"]["paused"] == paused;
            let (_, at) = tokio::join!(enter(port, &key, &child, status), shown(&mut stream, is_shown));
            lags.add((at - reported).as_secs_f64() * 1_000.0);
        }
    }
    lags
}

/// When a viewer of the parent sees that so many children have completed, for each number up to `total`.
async fn completions(mut stream: Stream, total: u64) -> Vec<Instant> {
    let mut times = Vec::new();
    while (times.len() as u64) < total {
        let next = times.len() as u64 + 1;
        let mut count = 0;
        let at = shown(&mut stream, |document| {
            count = document["children"]["byStatus"]["completed"].as_u64().unwrap_or_default();
            count >= next
        })
        .await;
        times.resize(count as usize, at);
    }
    times
}

fn print_lags(what: &str, lags: &Sample) {
    let [median, most] = [0.5, 0.99].map(|share| lags.percentile(share));
    println!("{what}: shown by the parent after {median:.0} ms (p50), {most:.0} ms (p99), of {}", lags.count());
}

#[test]
fn a_thousand_children_that_report_five_times_a_second_cost_their_parent_ten_rows_a_second() {
    const CHILDREN: u64 = 1_000;
    const LASTS: Duration = Duration::from_secs(8);
    let _alone = processors();
    let fixture = Fixture::with_environment("children-cost", &[("INDEX", "off")]);
    let (port, key) = (fixture.server.port, fixture.key.text.clone());
    run(async {
        ask(port, &key, "POST", "/v2/jobs", &json!({"jobId": "parent", "status": "running"})).await.unwrap();
        let ids: Vec<String> = (0..CHILDREN).map(|number| format!("c{number}")).collect();
        for child in ids.iter().map(String::as_str).chain(["probe"]) {
            let body = json!({"jobId": child, "parentId": "parent", "status": "running"});
            ask(port, &key, "POST", "/v2/jobs", &body).await.unwrap();
        }
        let before = wait_for(port, &key, "parent", &json!({"running": CHILDREN + 1})).await;
        let (rows, calls) = (
            metric(port, &key, r#"rows_written_total{object="job"}"#).await,
            metric(port, &key, "parent_calls_total").await,
        );
        let began = Instant::now();
        let groups = ids.chunks(50).map(|some| tokio::spawn(report_for(port, key.clone(), some.to_vec(), LASTS)));
        let probing = tokio::spawn(probe(port, key.clone(), "probe".to_owned(), LASTS));
        let (mut reports, mut points) = (0, 0);
        for group in groups.collect::<Vec<_>>() {
            let (sent, last) = group.await.unwrap();
            (reports, points) = (reports + sent, points + last);
        }
        let lags = probing.await.unwrap();
        // Each is a report, and a row of the parent.
        let (probes, seconds) = (lags.count() as u64, began.elapsed().as_secs_f64());
        let after = ask(port, &key, "GET", "/v2/jobs/parent/status", &Value::Null).await.unwrap();
        let changes = after["seq"].as_u64().unwrap() - before["seq"].as_u64().unwrap();
        let rows = metric(port, &key, r#"rows_written_total{object="job"}"#).await - rows;
        let calls = metric(port, &key, "parent_calls_total").await - calls;
        println!(
            "{reports} reports in {seconds:.1} s ({:.0}/s): {calls} calls, {changes} changes of the parent and as many rows \
             ({:.1}/s), {} rows beyond those of the reports",
            reports as f64 / seconds,
            changes as f64 / seconds,
            rows - reports - probes,
        );
        print_lags("changes of a status while all report", &lags);
        assert!(changes as f64 <= 10.0 * seconds + 2.0, "{changes} changes");
        // Alarms, which repeat notices that a crash has lost, fire once for each child and are set again; on a busy machine the
        // last reports are late, and alarms fire for longer.
        let longer = (seconds / LASTS.as_secs_f64()).max(1.0);
        let most = changes as f64 + 2.0 * CHILDREN as f64 * longer + 2.0 * probes as f64;
        assert!((rows - reports) as f64 <= most, "{rows} rows for {reports} reports, {most:.0} beyond them allowed");
        assert!(calls as f64 <= CHILDREN as f64 * (seconds + 2.0) + probes as f64, "{calls} calls");
        // Each child sends its last progress too, after the interval that its parent asks for.
        enter(port, &key, "probe", "completed").await;
        let (mean, began) = ((points + 100) as f64 / (CHILDREN + 1) as f64, Instant::now());
        let after = loop {
            let after = ask(port, &key, "GET", "/v2/jobs/parent/status", &Value::Null).await.unwrap();
            if (after["progress"].as_f64().unwrap() - mean).abs() < 1e-6 {
                println!("the last progress of all of them: exact after {:?}", began.elapsed());
                break after;
            }
            assert!(began.elapsed() < SETTLED, "{mean} expected, the parent has {after:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        // Each change of a status is a row of the parent; the counts are exact at the end.
        let (rows, began) = (metric(port, &key, r#"rows_written_total{object="job"}"#).await, Instant::now());
        let stream = Stream::open(port, &key, "parent", None).await.unwrap();
        let completing = tokio::spawn(completions(stream, CHILDREN + 1));
        let mut reported = Vec::new();
        for child in &ids {
            reported.push(Instant::now());
            enter(port, &key, child, "completed").await;
        }
        let ended = wait_for(port, &key, "parent", &json!({"completed": CHILDREN + 1})).await;
        let mut lags = Sample::default();
        // The probe is the first one that has completed.
        for (reported, shown) in reported.into_iter().zip(completing.await.unwrap().into_iter().skip(1)) {
            lags.add((shown - reported).as_secs_f64() * 1_000.0);
        }
        print_lags("ends one after the other", &lags);
        let rows = metric(port, &key, r#"rows_written_total{object="job"}"#).await - rows;
        let changes = ended["seq"].as_u64().unwrap() - after["seq"].as_u64().unwrap();
        println!("{CHILDREN} ends in {:?}: {changes} changes of the parent, {rows} rows in all", began.elapsed());
        assert_eq!((&ended["children"]["progress"], &ended["progress"]), (&json!(100), &json!(100)));
        assert!(changes as f64 <= 10.0 * began.elapsed().as_secs_f64() + 12.0, "{changes} changes");
        // The report, the row of the child at its parent, and an alarm.
        assert!(rows <= changes + 4 * CHILDREN, "{rows} rows");
    });
}
