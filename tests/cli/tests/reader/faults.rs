//! Cut, refused, silent and restarted connections.

use cli_tests::{
    following::Following,
    job::Job,
    proxy::{Mode, Proxy},
};
use client::{Link, native::Update};
use contract::{
    deployment::{Deployment, Runtime},
    http::Request,
    target::{Target, fresh_job},
};
use serde_json::json;

#[test]
fn every_change_and_every_log_line_arrives_through_cut_and_refused_connections() {
    let job = Job::create(&json!({"progress": 0, "logs": ["line 1"]}));
    let proxy = Proxy::start(&Target::get().base_url);
    let mut following = Following::start(&proxy.base_url, &job.id);
    following.progress(0);
    for round in 1..=5 {
        proxy.set(if round % 2 == 0 { Mode::Refuse } else { Mode::Pass });
        proxy.cut();
        job.report(&json!({"progress": round * 10, "logs": [format!("line {}", round + 1)]}));
        proxy.set(Mode::Pass);
        following.progress(round * 10);
    }
    job.report(&json!({"status": "completed"}));
    following.progress(100);
    following.end();
    assert_eq!(following.lines, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn the_end_of_a_job_during_an_outage_is_found_afterwards() {
    let job = Job::create(&json!({"progress": 10}));
    let proxy = Proxy::start(&Target::get().base_url);
    let mut following = Following::start(&proxy.base_url, &job.id);
    following.progress(10);
    proxy.set(Mode::Refuse);
    proxy.cut();
    job.report(&json!({"status": "completed"}));
    following.until("lost link", |update| (update == Update::Link(Link::Connecting)).then_some(()));
    proxy.set(Mode::Pass);
    following.progress(100);
    following.end();
}

#[test]
fn a_connection_that_falls_silent_is_replaced() {
    let job = Job::create(&json!({"progress": 10}));
    let proxy = Proxy::start(&Target::get().base_url);
    let mut following = Following::start(&proxy.base_url, &job.id);
    following.progress(10);
    proxy.set(Mode::Silence);
    job.report(&json!({"progress": 20}));
    following.until("lost link", |update| (update == Update::Link(Link::Connecting)).then_some(()));
    proxy.set(Mode::Pass);
    following.progress(20);
}

#[test]
fn a_server_that_restarts_is_found_again() {
    let setting = |name: &str| std::env::var(name).unwrap();
    let (keys, secret) = (setting("API_KEYS"), setting("TOKEN_SECRET"));
    let mut server = Deployment::start(Runtime::Raised, &[("API_KEYS", &keys), ("TOKEN_SECRET", &secret)]);
    let reports = format!("/v2/jobs/{}/reports?create=true", fresh_job());
    let report = |server: &Deployment, status, report| {
        Request::post(reports.as_str(), &report).to(&server.base_url).send().expect(status);
    };
    report(&server, 201, json!({"progress": 10}));
    let job = reports.split('/').nth(3).unwrap();
    let mut following = Following::start(&server.base_url, job);
    following.progress(10);
    server.kill();
    following.until("lost link", |update| (update == Update::Link(Link::Connecting)).then_some(()));
    server.restart();
    report(&server, 200, json!({"progress": 20}));
    following.progress(20);
    report(&server, 200, json!({"status": "completed"}));
    following.end();
}

#[test]
fn streams_that_a_proxy_ends_early_lead_to_long_polls() {
    let job = Job::create(&json!({"progress": 10}));
    let proxy = Proxy::start(&Target::get().base_url);
    proxy.set(Mode::EndStreams);
    let mut following = Following::start(&proxy.base_url, &job.id);
    let mut is_polling = false;
    following.until("document", |update| {
        is_polling |= update == Update::Link(Link::Polling);
        matches!(update, Update::Document(_)).then_some(())
    });
    if !is_polling {
        following.until("poll", |update| (update == Update::Link(Link::Polling)).then_some(()));
    }
    job.report(&json!({"progress": 20}));
    following.progress(20);
    job.report(&json!({"status": "completed"}));
    following.end();
}
