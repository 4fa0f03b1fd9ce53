//! A low limit of open files: jobs past it are refused, and the server stays alive.

use std::time::{Duration, Instant};

use bench::{
    http::{Connection, Request, get},
    key::{Key, fresh_job},
    server::{Folder, Server},
};

use crate::run;

/// Linux's usual soft limit, as a hard one.
const FILES: u64 = 1_024;
/// Jobs that would open more files than that.
const JOBS: usize = 450;
/// How long the first jobs may stay in memory: 15 s by design, the rest is for a busy machine.
const WARM: Duration = Duration::from_secs(40);

#[test]
fn more_jobs_than_the_limit_of_open_files_allows_are_refused_until_others_have_left_memory() {
    let (key, folder) = (Key::draw().unwrap(), Folder::new("open-files").unwrap());
    let server = Server::with_open_files(FILES, &folder, &key).unwrap();
    let name = fresh_job().unwrap();
    let report = async |index: usize| {
        let path = format!("/v2/jobs/{name}-{index}/reports?create=true");
        let request = Request::new("POST", &path, &key.text, &[], b"{\"progress\": 1}");
        let mut connection = Connection::open(server.port).await.expect("the server is alive");
        connection.ask(&request).await.expect("the server is alive")
    };
    run(async {
        let mut refused = Vec::new();
        for index in 0..JOBS {
            let answer = report(index).await;
            match answer.head.status {
                201 => {}
                503 => {
                    assert!(answer.head.header("retry-after").is_some(), "{answer:?}");
                    let body = answer.json();
                    assert_eq!((&body["error"], &body["details"]["limit"]), (&"OVERLOADED".into(), &256.into()));
                    refused.push(index);
                }
                _ => panic!("{answer:?}"),
            }
        }
        assert!(!refused.is_empty(), "no job was refused");
        assert_eq!(get(server.port, &key.text, "/healthz").await.unwrap().head.status, 200);
        let began = Instant::now();
        for index in refused {
            loop {
                match report(index).await.head.status {
                    201 => break,
                    status => assert!(status == 503 && began.elapsed() < WARM, "{status} after {:?}", began.elapsed()),
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    });
}
