//! Webhooks: what subscriptions to receivers that never answer cost the producer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use bench::{
    http::Producer,
    key::{Key, fresh_job},
    machine,
    receiver::{Received, Receiver, Response},
    sample::median,
    server::{Folder, Kind, Server},
};
use serde_json::{Value, json};

use crate::{Options, page};

const HEAD: &str = "\
| subscriptions of the job to a receiver that never answers | reports/s | ratio |
|---|--:|--:|";

/// The number of subscriptions of the job.
const SUBSCRIPTIONS: usize = 5;

/// Measures the reports a second of one producer without subscriptions and with five, in turn.
pub(crate) fn run(options: &Options) -> Result<()> {
    println!("{}", machine::describe());
    let mut rates: [Vec<f64>; 3] = Default::default();
    for _ in 0..options.pairs {
        for (index, way) in [Way::None, Way::Subscribed, Way::Compared].into_iter().enumerate() {
            rates[index].push(once(way, options.seconds)?);
        }
    }
    let [none, subscribed, compared] = rates.map(median);
    let row = |name: &str, rate: f64| format!("| {name} | {rate:.0} | {:.2} |\n", rate / none);
    let rows =
        [row("none", none), row("five", subscribed), row("five, each with two thresholds and an alert", compared)];
    let table = format!("{HEAD}\n{}", rows.concat());
    print!("{table}");
    if options.page {
        page::write("webhooks", &table)?;
    }
    Ok(())
}

/// The subscriptions of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// None.
    None,
    /// Five, to all events.
    Subscribed,
    /// Five that also compare numbers with each report.
    Compared,
}

fn webhooks(way: Way, receiver: &Receiver) -> Value {
    let webhook = |index: usize| {
        let mut webhook = json!({"url": receiver.url(&index.to_string())});
        if way == Way::Compared {
            webhook["progress"] = json!([50, 90]);
            webhook["alerts"] = json!([{"field": "execution.costAccrued", "above": 5}]);
        }
        webhook
    };
    if way == Way::None { json!([]) } else { (0..SUBSCRIPTIONS).map(webhook).collect() }
}

/// The acknowledged reports a second.
fn once(way: Way, seconds: f64) -> Result<f64> {
    let (key, folder) = (Key::draw()?, Folder::new("webhooks")?);
    let server = Server::start(Kind::OursWithDevHeaders, &folder, &key)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let receiver = Receiver::start(Arc::new(|_: &Received| Response::Silence)).await?;
        let mut producer = Producer::new(server.port, &key.text, &fresh_job()?);
        producer.report(&json!({"status": "running", "webhooks": webhooks(way, &receiver)})).await?.success()?;
        // A short load first: a runtime that has just started compiles the code that it runs.
        load(&mut producer, 2.0).await?;
        let rate = load(&mut producer, seconds).await?;
        ensure!(receiver.received().is_empty() == (way == Way::None), "the subscriptions are not in use");
        Ok(rate)
    })
}

async fn load(producer: &mut Producer, seconds: f64) -> Result<f64> {
    let began = Instant::now();
    let mut count = 0_u32;
    while began.elapsed() < Duration::from_secs_f64(seconds) {
        count += 1;
        let body = json!({"current": count, "total": 1_000_000_000, "message": "Processing one batch after the other",
            "execution": {"costAccrued": 1}});
        producer.report(&body).await?.success()?;
    }
    Ok(f64::from(count) / began.elapsed().as_secs_f64())
}
