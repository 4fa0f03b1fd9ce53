//! A load balancer: it passes each connection on to a server whose `/healthz` answers with 200.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Result;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::http::get;

/// How often each server is checked, and how long its answer may take.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// A running load balancer; it ends on drop.
#[derive(Debug)]
pub struct Balancer {
    /// The port on which it listens.
    pub port: u16,
    servers: Servers,
    tasks: Vec<JoinHandle<()>>,
}

/// The ports of the servers, and whether each was healthy when it was checked last.
type Servers = Arc<Mutex<Vec<(u16, bool)>>>;

impl Balancer {
    /// Starts it without a server behind it. It works only while the runtime of the caller does.
    pub async fn start() -> Result<Balancer> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (port, servers) = (listener.local_addr()?.port(), Servers::default());
        let tasks = vec![tokio::spawn(accept(listener, Arc::clone(&servers)))];
        Ok(Balancer { port, servers, tasks })
    }

    /// Adds a healthy server.
    pub fn add(&mut self, port: u16) {
        lock(&self.servers).push((port, true));
        self.tasks.push(tokio::spawn(check(port, Arc::clone(&self.servers))));
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn lock(servers: &Servers) -> std::sync::MutexGuard<'_, Vec<(u16, bool)>> {
    servers.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn check(port: u16, servers: Servers) {
    loop {
        let answer = timeout(CHECK_TIMEOUT, get(port, "", "/healthz")).await;
        let is_healthy = answer.is_ok_and(|answer| answer.is_ok_and(|answer| answer.head.status == 200));
        lock(&servers).iter_mut().filter(|(known, _)| *known == port).for_each(|server| server.1 = is_healthy);
        sleep(CHECK_INTERVAL).await;
    }
}

async fn accept(listener: TcpListener, servers: Servers) {
    let mut number = 0;
    while let Ok((client, _)) = listener.accept().await {
        // In turn, and those that are not healthy only if no other accepts the connection.
        let mut ports = lock(&servers).clone();
        number += 1;
        let turn = number % ports.len().max(1);
        ports.rotate_left(turn);
        ports.sort_by_key(|(_, is_healthy)| !is_healthy);
        tokio::spawn(pass(client, ports));
    }
}

async fn pass(mut client: TcpStream, ports: Vec<(u16, bool)>) {
    for (port, _) in ports {
        if let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await {
            let _ = client.set_nodelay(true);
            let _ = server.set_nodelay(true);
            let _ = copy_bidirectional(&mut client, &mut server).await;
            return;
        }
    }
}
