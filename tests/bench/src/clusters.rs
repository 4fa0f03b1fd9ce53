//! What a cluster costs: one server, and the same executable as a cluster of one and of three instances over one bucket.

use std::time::Duration;

use anyhow::Result;
use bench::{
    audience::{self, Figures, Load},
    bucket::{Bucket, Purpose, Requests},
    cluster::{Cluster, Instance},
    key::{Key, fresh_job},
    machine,
    process::Processes,
    sample::median,
    server::{Folder, free_port},
};
use tokio::runtime::{Builder, Runtime};

use crate::{
    Options,
    ingest::{ONE_PRODUCER, Way, load},
    page,
};

/// The numbers of instances; 0 is the server without a cluster.
const INSTANCES: [usize; 3] = [0, 1, 3];

const FIFTY_JOBS: Way = Way { name: "fifty jobs", jobs: 50, producers: 1, batch: 1 };

/// The load of the fan-out.
const VIEWERS: usize = 100;
const RATE: f64 = 10.0;

/// How long nothing is done while the requests of the leases are counted.
const IDLE: Duration = Duration::from_secs(20);

/// The figures of one run.
struct Measured {
    one_job: f64,
    fifty_jobs: f64,
    /// Requests to the bucket for each report, by method: of one job, and of fifty.
    requests: [[f64; 3]; 2],
    /// Requests to the bucket a second while nothing happens.
    idle: f64,
    fan_out: Figures,
}

/// The servers of one run, which end on drop.
enum Servers {
    Alone(Instance),
    Cluster(Cluster, Bucket),
}

/// Runs the loads against each number of instances in turn.
pub(crate) fn run(options: &Options) -> Result<()> {
    println!("{}", machine::describe());
    let mut runs: [Vec<Measured>; 3] = Default::default();
    for _ in 0..options.pairs {
        for (count, runs) in INSTANCES.into_iter().zip(&mut runs) {
            runs.push(once(count, options.seconds)?);
        }
    }
    let rows: Vec<String> = INSTANCES.into_iter().zip(&runs).map(|(count, runs)| row(count, runs)).collect();
    let table = format!("{HEAD}\n{}\n", rows.join("\n"));
    print!("{table}");
    if options.page {
        page::write("cluster", &table)?;
    }
    Ok(())
}

const HEAD: &str = "\
| server | one job, reports/s | fifty jobs, reports/s | PUT + GET + DELETE a report: one job | fifty jobs | idle, requests/s | arrival p50 ms | p99 | CPU ms a report | MB |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|";

fn row(count: usize, runs: &[Measured]) -> String {
    let middle = |figure: &dyn Fn(&Measured) -> f64| median(runs.iter().map(figure));
    let name = match count {
        0 => "alone, on disk".to_owned(),
        1 => "cluster of 1".to_owned(),
        count => format!("cluster of {count}"),
    };
    let requests = |way: usize| {
        let [put, get, delete] = [0, 1, 2].map(|method| middle(&|run| run.requests[way][method]));
        format!("{put:.2} + {get:.2} + {delete:.2}")
    };
    let fan_out = |figure: &dyn Fn(&Figures) -> f64| middle(&|run| figure(&run.fan_out));
    format!(
        "| {name} | {:.0} | {:.0} | {} | {} | {:.1} | {:.1} | {:.0} | {:.1} | {:.0} |",
        middle(&|run| run.one_job),
        middle(&|run| run.fifty_jobs),
        requests(0),
        requests(1),
        middle(&|run| run.idle),
        fan_out(&|figures| figures.arrival.percentile(0.5)),
        fan_out(&|figures| figures.arrival.percentile(0.99)),
        fan_out(&|figures| 1_000.0 * figures.cpu_seconds / figures.reports as f64),
        fan_out(&|figures| figures.memory_mb),
    )
}

fn once(count: usize, seconds: f64) -> Result<Measured> {
    let (key, folder) = (Key::draw()?, Folder::new("clusters")?);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let servers = runtime.block_on(async {
        if count == 0 {
            return Ok(Servers::Alone(Instance::start(folder.path(), free_port()?, &key, &[])?));
        }
        let bucket = Bucket::start(folder.path()).await?;
        anyhow::Ok(Servers::Cluster(Cluster::start(&bucket, folder.path(), &key, count, 1).await?, bucket))
    })?;
    let processes = servers.processes();
    let before = servers.requests()?;
    std::thread::sleep(IDLE);
    let idle = (servers.requests()?.all() - before.all()) as f64 / IDLE.as_secs_f64();
    // A short load first: a runtime that has just started compiles the code that it runs.
    runtime.block_on(load(&processes.ports, &key, &ONE_PRODUCER, 2.0))?;
    let (one_job, requests_of_one) = servers.ingest(&runtime, &processes, &key, &ONE_PRODUCER, seconds)?;
    let (fifty_jobs, requests_of_fifty) = servers.ingest(&runtime, &processes, &key, &FIFTY_JOBS, seconds)?;
    let fan_out = audience::run(&processes, &key.text, &fresh_job()?, Load { viewers: VIEWERS, rate: RATE, seconds })?;
    Ok(Measured { one_job, fifty_jobs, requests: [requests_of_one, requests_of_fifty], idle, fan_out })
}

impl Servers {
    fn processes(&self) -> Processes {
        let instances = match self {
            Servers::Alone(instance) => std::slice::from_ref(instance),
            Servers::Cluster(cluster, _) => &cluster.instances,
        };
        let ports = instances.iter().map(|instance| instance.port).collect();
        Processes { ports, pids: instances.iter().map(|instance| instance.runtime).collect(), relay: false }
    }

    fn requests(&self) -> Result<Requests> {
        match self {
            Servers::Alone(_) => Ok(Requests::default()),
            Servers::Cluster(_, bucket) => bucket.requests(),
        }
    }

    /// The acknowledged reports a second, and the requests for the data of objects that each cost.
    fn ingest(
        &self,
        runtime: &Runtime,
        processes: &Processes,
        key: &Key,
        way: &Way,
        seconds: f64,
    ) -> Result<(f64, [f64; 3])> {
        let before = self.requests()?.of(Purpose::Objects);
        let (count, took) = runtime.block_on(load(&processes.ports, key, way, seconds))?;
        let after = self.requests()?.of(Purpose::Objects);
        let requests = [0, 1, 2].map(|method| (after[method] - before[method]) as f64 / count as f64);
        Ok((count as f64 / took.as_secs_f64(), requests))
    }
}
