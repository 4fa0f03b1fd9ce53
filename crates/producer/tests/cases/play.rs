//! Plays one case.

use std::{
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use cases::{
    bindings::Bindings,
    matchers::matches,
    producer::{Call, ExpectedProducer, ExpectedRequest, ProducerCase, ProducerStep, ScriptedAnswer},
};
use job_progress::{Client, ControlRequest, Job, Report};
use serde_json::{Value, json};

use crate::server::{DEADLINE, Held, Reply, Server};

/// The timeout of a flush that is to fail.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(5);

/// A case that is being played.
struct Play {
    job: Job,
    server: Server,
    bindings: Bindings,
    held: Option<Held>,
    answered: Option<Instant>,
    /// The requests of which the application was notified.
    controls: Arc<Mutex<Vec<String>>>,
}

/// Plays a case.
///
/// # Errors
///
/// The step that failed, and why.
pub(crate) fn play(case: &ProducerCase) -> Result<(), String> {
    let server = Server::start();
    let mut bindings = Bindings::default();
    bindings.set("job", case.id.as_str());
    let client = Client::new(&server.base_url, "jp_test_key").unwrap();
    let mut builder = client
        .producer(case.id.as_str())
        .create(case.options.create)
        .replace_ended(case.options.replace)
        .interval(Duration::from_secs_f64(case.options.interval));
    if let Some(parent) = &case.options.parent {
        builder = builder.parent(parent);
    }
    if let Some(name) = &case.options.producer {
        builder = builder.producer_name(name);
    }
    // The controls are set with the first report, which a step makes.
    let mut controls = case.options.controls.clone();
    let notified = Arc::new(Mutex::new(Vec::new()));
    let job = builder.start();
    // A callback makes the producer wait for requests, which a case without `controls` does not expect.
    let listens =
        controls.is_some() || case.steps.iter().any(|step| step.expect.as_ref().is_some_and(|e| e.controls.is_some()));
    if listens {
        let notified = Arc::clone(&notified);
        job.on_control(move |control| notified.lock().unwrap().push(control.request.as_str().to_owned()));
    }
    let mut play = Play { job, server, bindings, held: None, answered: None, controls: notified };
    for (index, step) in case.steps.iter().enumerate() {
        play.step(step, &mut controls).map_err(|error| format!("step {index}: {error}"))?;
    }
    // What the case leaves open is not delivered: nobody answers any more.
    play.job.detach();
    Ok(())
}

impl Play {
    fn step(&mut self, step: &ProducerStep, controls: &mut Option<Vec<String>>) -> Result<(), String> {
        match step.call {
            Some(Call::Report) => {
                let mut report = Report::from(step.fields.clone());
                if let Some(controls) = controls.take() {
                    report = report.controls(controls.iter().filter_map(|word| ControlRequest::parse(word)));
                }
                self.job.report(report);
            }
            Some(Call::Log) => self.log(step),
            None => {}
        }
        if let Some(expected) = &step.request {
            self.expect_request(expected)?;
        }
        if let Some(answer) = &step.answer {
            self.answer(answer)?;
        }
        if step.cut {
            self.held()?.reply(Reply::Cut);
        }
        if let Some(expected) = &step.expect {
            self.expect(expected)?;
        }
        match step.flush {
            Some(expected) => {
                let flushed = self.job.flush(if expected { DEADLINE } else { FLUSH_TIMEOUT });
                let is_as_expected = flushed.is_ok() == expected;
                if is_as_expected { Ok(()) } else { Err(format!("flush: {flushed:?}")) }
            }
            None => Ok(()),
        }
    }

    fn log(&self, step: &ProducerStep) {
        let line = step.line.as_deref().unwrap_or_default();
        for index in 0..step.times.unwrap_or(1) {
            let line = line.replace("{{#}}", &index.to_string());
            match &step.level {
                Some(level) => self.job.log_with_level(level, line),
                None => self.job.log(line),
            }
        }
    }

    fn held(&mut self) -> Result<Held, String> {
        self.answered = Some(Instant::now());
        self.held.take().ok_or_else(|| "no request is held".to_owned())
    }

    fn expect_request(&mut self, expected: &ExpectedRequest) -> Result<(), String> {
        let held = self.server.next(expected.method.as_deref().unwrap_or("POST"))?;
        let bindings = &mut self.bindings;
        match &expected.path {
            Some(path) if bindings.fill_text(path) != held.path => {
                return Err(format!("the path is {}; expected {path}", held.path));
            }
            None if !held.path.contains("/reports") => return Err(format!("the path is {}", held.path)),
            _ => {}
        }
        for (name, expected) in &expected.headers {
            let actual = held.headers.get(name).map(|value| Value::from(value.as_str()));
            matches(&bindings.resolve(expected, actual.as_ref()), actual.as_ref(), name)?;
        }
        if let Some(reports) = &expected.reports {
            let actual: Value = serde_json::from_str(&held.body).map_err(|error| error.to_string())?;
            let expected = bindings.resolve(&reports.clone().into(), Some(&actual));
            matches(&expected, Some(&actual), "reports")?;
        }
        if let Some(answered) = self.answered {
            let waited = held.arrived.saturating_duration_since(answered).as_secs_f64();
            if expected.after.is_some_and(|least| waited < least) || expected.within.is_some_and(|most| waited > most) {
                return Err(format!("the request came {waited:.3} s after the former answer"));
            }
        }
        self.held = Some(held);
        Ok(())
    }

    fn answer(&mut self, answer: &ScriptedAnswer) -> Result<(), String> {
        let held = self.held()?;
        let status = answer.status.unwrap_or(200);
        let body = match (&answer.text, &answer.json) {
            (Some(text), _) => text.clone(),
            (None, json) if (200..300).contains(&status) && json != &Some(Value::Null) => {
                let mut body = accepting(&held);
                for (name, value) in json.iter().filter_map(Value::as_object).flatten() {
                    body[name] = self.bindings.resolve(value, None);
                }
                body.to_string()
            }
            (None, json) => json.clone().unwrap_or_default().to_string(),
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let headers = answer.headers.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        held.reply(Reply::Answer { status, headers, body });
        Ok(())
    }

    /// Waits until the application sees what is expected.
    fn expect(&self, expected: &ExpectedProducer) -> Result<(), String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let problem = self.job.problem().map(|problem| problem.code);
            let controls = self.controls.lock().unwrap().clone();
            let seen = (
                self.job.has_ended(),
                problem,
                self.job.is_cancel_requested(),
                self.job.is_pause_requested(),
                controls,
            );
            let is_as_expected = expected.ended.is_none_or(|ended| ended == seen.0)
                && expected.problem.as_ref().is_none_or(|problem| *problem == seen.1)
                && expected.cancel_requested.is_none_or(|requested| requested == seen.2)
                && expected.pause_requested.is_none_or(|requested| requested == seen.3)
                && expected.controls.as_ref().is_none_or(|controls| *controls == seen.4);
            if is_as_expected {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("{seen:?} (ended, problem, cancel, pause, controls); expected {expected:?}"));
            }
            thread::sleep(POLL);
        }
    }
}

/// The answer of a server that accepts every report.
fn accepting(held: &Held) -> Value {
    let reports = serde_json::from_str::<Vec<Value>>(&held.body).unwrap_or_default();
    let results: Vec<Value> = reports.iter().map(|_| json!({"seq": 1, "accepted": true})).collect();
    let job = held.path.split('/').nth(3).unwrap_or_default();
    json!({"jobId": job, "seq": 1, "status": "running", "attempt": 1, "accepted": true, "control": null, "results": results})
}
