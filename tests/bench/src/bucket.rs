//! A bucket of moto, an S3 server in Python that honours conditional writes and keeps everything in memory.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::time::sleep;

use crate::{
    http::{Connection, Request},
    server::free_port,
};

/// The name of the bucket.
const NAME: &str = "jobs";
/// How long the server may take to start. Python on a busy machine takes seconds.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// The methods of requests to a bucket.
pub const METHODS: [&str; 3] = ["PUT", "GET", "DELETE"];

/// A running S3 server with one bucket; it is killed on drop.
#[derive(Debug)]
pub struct Bucket {
    port: u16,
    log: PathBuf,
    child: Child,
}

impl Bucket {
    /// Starts the server, with its log in `folder`, and creates the bucket.
    pub async fn start(folder: &Path) -> Result<Bucket> {
        let program = env::var_os("MOTO").context("MOTO is not set: the program moto_server, which xtask installs")?;
        let (port, log) = (free_port()?, folder.join("bucket.log"));
        let output = fs::File::create(&log)?;
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdin(Stdio::null());
        let child = command.stdout(output.try_clone()?).stderr(output).spawn().context("cannot run moto_server")?;
        let mut bucket = Bucket { port, log, child };
        let deadline = Instant::now() + START_TIMEOUT;
        while !bucket.create().await {
            if Instant::now() > deadline || bucket.child.try_wait()?.is_some() {
                bail!("moto_server did not start:\n{}", fs::read_to_string(&bucket.log)?);
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(bucket)
    }

    async fn create(&self) -> bool {
        let request = Request::anonymous("PUT", &format!("/{NAME}"), &[], b"");
        let created = async { Connection::open(self.port).await?.ask(&request).await };
        created.await.is_ok_and(|answer| answer.head.status == 200)
    }

    /// The settings by which an instance finds the bucket; clusters with different prefixes share nothing.
    pub fn settings(&self, prefix: &str) -> [(&'static str, String); 5] {
        [
            ("CLUSTER_BUCKET", format!("s3://{NAME}/{prefix}")),
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ]
    }

    /// Stops the server without ending it: connections are accepted, and nothing is answered.
    pub fn freeze(&self) -> Result<()> {
        Ok(kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGSTOP)?)
    }

    /// The number of requests so far, by what they were for.
    pub fn requests(&self) -> Result<Requests> {
        let log = fs::read_to_string(&self.log)?;
        let mut counts = BTreeMap::new();
        // 127.0.0.1 - - [26/Nov/2026 19:37:25] "PUT /jobs/a/v1/nodes/….json HTTP/1.1" 200 -
        for line in log.lines().filter(|line| line.contains(" HTTP/1.1")) {
            let purpose = if line.contains("/do/") { Purpose::Objects } else { Purpose::Membership };
            // Failures are coloured, so that the method is not always behind the quotation mark.
            let method = METHODS.into_iter().find(|method| line.contains(&format!("{method} /")));
            *counts.entry((purpose, method.unwrap_or_default())).or_insert(0) += 1;
        }
        Ok(Requests(counts))
    }
}

/// What a request to the bucket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// The data of objects, and who owns them.
    Objects,
    /// The leases of the instances: they cost the same without any load.
    Membership,
}

/// Counts of requests.
#[derive(Clone, Debug, Default)]
pub struct Requests(BTreeMap<(Purpose, &'static str), u64>);

impl Requests {
    /// Those of a purpose with each of [`METHODS`].
    pub fn of(&self, purpose: Purpose) -> [u64; 3] {
        METHODS.map(|method| self.0.get(&(purpose, method)).copied().unwrap_or_default())
    }

    /// All of them.
    pub fn all(&self) -> u64 {
        self.0.values().sum()
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
