//! Reports: after any accepted report the document is valid and survives storage.
#![no_main]

use arbitrary::Arbitrary;
use engine::{
    accept::{self, Outcome},
    flask, frame,
    job::{Job, Record},
    poll, subscription, tensorlake,
};
use fuzz::Json;
use libfuzzer_sys::fuzz_target;
use protocol::{
    Document, Report, Timestamp,
    creation::Creation,
    include::Include,
    json,
    limits::DOCUMENT_BYTES,
    report::{self, Reports},
};
use serde_json::{Map, Value};

#[derive(Arbitrary, Debug)]
enum Body {
    Json(Vec<u8>),
    Ndjson(Vec<u8>),
    Creation(Vec<u8>),
    /// A list of reports with known fields and any values.
    Fields(Vec<Vec<(u8, Json)>>),
}

#[derive(Arbitrary, Debug)]
struct Call {
    body: Body,
    seconds: u32,
}

fn read(body: Body) -> Option<Reports> {
    match body {
        Body::Json(bytes) => report::from_body(json::parse(&bytes).ok()?).ok(),
        Body::Ndjson(bytes) => report::from_ndjson(&bytes).ok(),
        Body::Creation(bytes) => {
            let creation = Creation::from_json(json::parse(&bytes).ok()?).ok()?;
            Some(Reports::One(Box::new(creation.report)))
        }
        Body::Fields(reports) => {
            let name = |number: u8| Report::FIELDS[usize::from(number) % Report::FIELDS.len()].name.to_owned();
            let object = |fields: Vec<(u8, Json)>| {
                fields.into_iter().map(|(number, value)| (name(number), value.into())).collect::<Map<_, _>>()
            };
            // Serialized and parsed, as every report in production.
            let text = Value::from(reports.into_iter().map(object).collect::<Vec<_>>()).to_string();
            let read = report::from_body(json::parse(text.as_bytes()).ok()?);
            if let Err(problem) = &read {
                assert!(problem.details().contains_key("field"), "{problem:?}");
            }
            read.ok()
        }
    }
}

fn check(job: &Job, now: Timestamp) {
    let document = &job.document;
    assert!(document.progress.is_none_or(|progress| (0.0..=100.0).contains(&progress.get())), "{document:?}");
    let text = serde_json::to_string(document).expect("a document has a text");
    assert!(Report::default().free_form_bytes_after(document) <= DOCUMENT_BYTES);
    assert_eq!(&serde_json::from_str::<Document>(&text).expect("storage is read again"), document);
    let record = serde_json::to_string(&job.record).expect("a record has a text");
    assert_eq!(serde_json::from_str::<Record>(&record).expect("storage is read again"), job.record);

    for include in [Include::NONE, Include::from_bits(u8::MAX)] {
        let view = document.view(include);
        let frame = frame::document(&document.cursor(), &view);
        assert!(frame::Kind::read(&frame).is_some());
    }
    for text in [
        serde_json::to_string(&document.summary()),
        serde_json::to_string(&tensorlake::progress(document)),
        serde_json::to_string(&flask::task_status(document)),
    ] {
        assert!(text.is_ok());
    }
    subscription::admit(document, Some(&document.cursor()), now);
    poll::poll_after_ms(document, now);
}

fuzz_target!(|calls: Vec<Call>| {
    let mut now = Timestamp::from_millis(1_800_000_000_000);
    let mut job: Option<Job> = None;
    for call in calls {
        now = now.plus_millis(u64::from(call.seconds) * 10);
        let Some(reports) = read(call.body) else { continue };
        let accepted = match &job {
            Some(job) => accept::accept(job.clone(), reports, now),
            None => {
                let new = Job::new("a".to_owned(), "k3v9a0".to_owned(), now);
                let Ok(made) = accept::create(new, reports, now) else { continue };
                made
            }
        };
        let before = job.as_ref().map_or(0, |job| job.document.seq);
        let accepted_reports =
            accepted.outcomes.iter().filter(|report| report.outcome == Outcome::Accepted).count() as u64;
        assert_eq!(accepted.job.document.seq, before + accepted_reports, "one seq for each accepted report");
        assert_eq!(accepted.changed, accepted_reports > 0);
        if let Ok(answer) = accepted.answer() {
            serde_json::to_string(&answer).expect("an answer has a text");
        }
        if !accepted.changed {
            assert_eq!(job.as_ref().map(|job| &job.document), Some(&accepted.job.document));
        }
        check(&accepted.job, now);
        job = Some(accepted.job);
    }
});
