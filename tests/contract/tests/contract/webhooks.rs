//! Deliveries as receivers get them: the programs of the README, each with the Standard Webhooks library of its language.

use std::{
    io::{self, BufRead as _, BufReader},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use contract::{
    deployment::{Deployment, Runtime, free_port},
    http::Request,
    key::{EVERYTHING, Key},
    target::{Target, authority, fresh_job},
    token::now,
    webhook::{secret, sign},
};
use serde_json::{Value, json};

use crate::programs::{program, root, stdout_of};

/// How long a receiver may take to listen; the one in Rust is built first.
const START_TIMEOUT: Duration = Duration::from_secs(300);

/// How long a delivery may take. It is sent at once, but a small machine may be busy.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(60);

/// How long between two checks of a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A running program of `tests/receivers`; dropping it ends it.
struct Receiver {
    base_url: String,
    program: Child,
    /// The lines that it prints: type and job of each delivery that it has verified.
    lines: mpsc::Receiver<String>,
}

impl Receiver {
    fn start(command: &mut Command, secret: &str) -> Receiver {
        let port = free_port();
        command.env("PORT", port.to_string()).env("WEBHOOK_SECRET", secret);
        // Python logs each request to stderr; it is shown only if the test fails.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut program = command.spawn().unwrap();
        let printed = BufReader::new(program.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || printed.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut receiver = Receiver { base_url: format!("http://127.0.0.1:{port}"), program, lines };
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(authority(&receiver.base_url)).is_err() {
            let ended = receiver.program.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "the receiver does not listen: {command:?}, {ended:?}"
            );
            thread::sleep(POLL_INTERVAL);
        }
        receiver
    }

    fn webhook(&self) -> Value {
        json!({"url": format!("{}/hook", self.base_url)})
    }

    /// The next line that it prints.
    fn line(&self) -> String {
        self.lines.recv_timeout(DELIVERY_TIMEOUT).expect("the receiver verified no delivery in time")
    }

    /// Its answer to a delivery that this test sends.
    fn answer(&self, headers: &[(&str, &str)], body: &str) -> u16 {
        let mut request = Request::new("POST", "/hook").anonymous().to(&self.base_url);
        request.body = Some(body.as_bytes().to_vec());
        headers.iter().fold(request, |request, (name, value)| request.header(name, *value)).send().status
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
        if let Some(errors) = self.program.stderr.take().filter(|_| thread::panicking()) {
            eprintln!("{}", io::read_to_string(errors).unwrap_or_default());
        }
    }
}

fn in_node() -> Command {
    let mut node = program("NODE");
    node.arg(root().join("tests/receivers/receive.mjs"));
    node
}

fn in_python() -> Command {
    let mut python = program("PYTHON");
    python.arg(root().join("tests/receivers/receive.py"));
    python
}

/// On Unix, `cargo run` becomes the program that it has built.
fn in_rust() -> Command {
    let mut cargo = program("CARGO");
    cargo.args(["run", "--quiet", "--locked", "--manifest-path"]).arg(root().join("tests/receivers/rust/Cargo.toml"));
    cargo
}

/// The secret that an operator gives to the receivers of a project.
fn printed_secret(token_secret: &str, project: &str) -> String {
    let mut xtask = program("XTASK");
    stdout_of(xtask.args(["key", "webhook", "--project", project]).env("TOKEN_SECRET", token_secret))
}

/// Type, status and tries of each delivery of a job, once none is pending.
fn settled_deliveries(job: &str) -> Value {
    let deadline = Instant::now() + DELIVERY_TIMEOUT;
    loop {
        let page = Request::get(format!("/v2/jobs/{job}/deliveries")).send().expect(200);
        let deliveries = page["deliveries"].as_array().unwrap();
        if deliveries.iter().all(|delivery| delivery["status"] != "pending") {
            return deliveries.iter().map(|known| json!([known["type"], known["status"], known["tries"]])).collect();
        }
        assert!(Instant::now() < deadline, "deliveries are still pending: {page}");
        thread::sleep(POLL_INTERVAL);
    }
}

/// Sends the events of a job to a receiver, and then deliveries that it must not accept.
fn check(command: &mut Command) {
    let Target { project, token_secret, .. } = Target::get();
    let ours = printed_secret(token_secret, project);
    assert_eq!(ours, secret(token_secret, project));
    let receiver = Receiver::start(command, &ours);
    let job = fresh_job();
    // Bytes are signed and libraries take strings, so the text is beyond ASCII.
    let created = json!({"jobId": job, "message": "größer – 大きい", "webhooks": [receiver.webhook()]});
    Request::post("/v2/jobs", &created).send().expect(201);
    let report = |report: Value| Request::post(format!("/v2/jobs/{job}/reports"), &report).send().expect(200);
    report(json!({"progress": 50.25}));
    report(json!({"status": "completed"}));
    let events = ["job.queued", "job.started", "job.completed"];
    assert_eq!(events.map(|_| receiver.line()), events.map(|event| format!("{event} {job}")));
    assert_eq!(settled_deliveries(&job), json!(events.map(|event| json!([event, "delivered", 1]))));

    let body = |event: &str| json!({"type": event, "data": {"jobId": job}}).to_string();
    let (good, forged, now, id) = (body("job.failed"), body("job.forged"), now(), "k3v9a0_4_failed");
    let foreign = secret(token_secret, "other");
    for (what, id, at, signature, body) in [
        ("another body", id, now, sign(&ours, id, now, &good), &forged),
        ("another id", "k3v9a0_5_failed", now, sign(&ours, id, now, &good), &good),
        ("another time", id, now + 1, sign(&ours, id, now, &good), &good),
        ("an hour late", id, now - 3600, sign(&ours, id, now - 3600, &good), &good),
        ("an hour early", id, now + 3600, sign(&ours, id, now + 3600, &good), &good),
        ("the secret of another project", id, now, sign(&foreign, id, now, &forged), &forged),
        ("no signature", id, now, String::new(), &forged),
        ("not base64", id, now, "v1,%".to_owned(), &forged),
        ("no version", id, now, "signed".to_owned(), &forged),
    ] {
        let headers = [("webhook-id", id), ("webhook-timestamp", &at.to_string()), ("webhook-signature", &signature)];
        assert_eq!(receiver.answer(&headers, body), 400, "{what}");
    }
    assert_eq!(receiver.answer(&[], &forged), 400, "no headers");
    let (at, signature) = (now.to_string(), sign(&ours, id, now, &good));
    let headers = [("webhook-id", id), ("webhook-timestamp", &at), ("webhook-signature", &signature)];
    assert_eq!(receiver.answer(&headers, &good), 204);
    assert_eq!(receiver.line(), format!("job.failed {job}"), "the receiver printed a forged delivery");
}

#[test]
fn a_node_receiver_verifies_every_event_in_order_and_refuses_what_is_forged() {
    check(&mut in_node());
}

#[test]
fn a_python_receiver_verifies_every_event_in_order_and_refuses_what_is_forged() {
    check(&mut in_python());
}

#[test]
fn a_rust_receiver_verifies_every_event_in_order_and_refuses_what_is_forged() {
    check(&mut in_rust());
}

#[test]
fn receivers_verify_with_the_former_secret_while_it_is_replaced() {
    let key = Key::draw("all", "rotated", EVERYTHING);
    let (former, current) =
        ("the former secret, of 32 characters or more", "the current secret, of 32 characters or more");
    let deployment = Deployment::start(
        Runtime::Raised,
        &[
            ("API_KEYS", &key.line),
            ("TOKEN_SECRET", current),
            ("TOKEN_SECRET_PREVIOUS", former),
            ("JOB_PROGRESS_DEV", "1"),
        ],
    );
    for secret in [former, current].map(|token_secret| printed_secret(token_secret, "rotated")) {
        let receivers = [in_node(), in_python(), in_rust()].map(|mut command| Receiver::start(&mut command, &secret));
        let webhooks = receivers.each_ref().map(Receiver::webhook);
        let job = fresh_job();
        let created = json!({"jobId": job, "webhooks": webhooks});
        deployment.request("POST", "/v2/jobs").bearer(&key.text).json(&created).send().expect(201);
        for receiver in &receivers {
            assert_eq!(receiver.line(), format!("job.queued {job}"));
        }
    }
}

#[test]
fn a_project_gets_the_events_of_each_of_its_jobs_and_no_url_is_logged() {
    let (ours, other) = (Key::draw("ours", "ours", EVERYTHING), Key::draw("other", "other", EVERYTHING));
    let token_secret = "the secret of a deployment, of 32 characters or more";
    let receiver = Receiver::start(&mut in_node(), &printed_secret(token_secret, "ours"));
    let webhook = receiver.webhook();
    let url = format!("{}/PLANTED?key=PLANTED", webhook["url"].as_str().unwrap());
    let webhooks = format!("# receivers\nours {url} job.completed,job.deleted\n");
    let keys = format!("{}\n{}", ours.line, other.line);
    let settings =
        [("API_KEYS", &*keys), ("TOKEN_SECRET", token_secret), ("WEBHOOKS", &webhooks), ("JOB_PROGRESS_DEV", "1")];
    let deployment = Deployment::start(Runtime::Raised, &settings);
    let ended = json!({"status": "completed"});
    let end = |key: &Key, job: &str| {
        let path = format!("/v2/jobs/{job}/reports?create=true");
        deployment.request("POST", path).bearer(&key.text).json(&ended).send().expect(201);
    };
    let jobs = [fresh_job(), fresh_job(), fresh_job()];
    end(&ours, &jobs[0]);
    assert_eq!(receiver.line(), format!("job.completed {}", jobs[0]));
    // The second job is the witness that nothing was sent of the job of another project.
    end(&other, &jobs[1]);
    end(&ours, &jobs[2]);
    assert_eq!(receiver.line(), format!("job.completed {}", jobs[2]));
    deployment.request("DELETE", format!("/v2/jobs/{}", jobs[0])).bearer(&ours.text).send().expect(204);
    assert_eq!(receiver.line(), format!("job.deleted {}", jobs[0]));
    assert!(!deployment.log().contains("PLANTED"), "{}", deployment.log());
}
