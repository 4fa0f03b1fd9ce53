//! Plays a case against the target.

use std::{collections::HashMap, time::Instant};

use cases::{
    case::{Case, ExpectedFrame, ExpectedResponse, FoldCase, RequestTemplate, Step},
    matchers::{exactly, matches},
};
use serde_json::{Map, Value};

use crate::{
    http::{Answer, Request},
    rules::check_rules,
    stream::{FRAME_TIMEOUT, Frame, Stream},
    variables::Variables,
};

/// The frames that a reader gets.
pub trait Frames {
    /// The next frame, or `None` at the end of the stream.
    ///
    /// # Errors
    ///
    /// When nothing arrives before `deadline`.
    fn frame(&mut self, deadline: Instant) -> Result<Option<Frame>, String>;
}

/// How the reads of a case are made: by plain HTTP, or by a reader that is under test too.
pub trait Reads {
    /// Opens a stream, and checks what is expected of the head of the answer.
    ///
    /// # Errors
    ///
    /// What is not as expected.
    fn open(
        &mut self,
        request: &Request,
        expect: &ExpectedResponse,
        variables: &mut Variables,
    ) -> Result<Box<dyn Frames>, String>;

    /// Makes a request again whose answer was as expected, if it is a read that this reader makes.
    ///
    /// # Errors
    ///
    /// What is not as expected.
    fn read_again(&mut self, _: &Request, _: &ExpectedResponse, _: &mut Variables) -> Result<(), String> {
        Ok(())
    }
}

/// Reads by plain HTTP.
#[derive(Clone, Copy, Debug)]
pub struct PlainHttp;

impl Reads for PlainHttp {
    fn open(
        &mut self,
        request: &Request,
        expect: &ExpectedResponse,
        variables: &mut Variables,
    ) -> Result<Box<dyn Frames>, String> {
        let mut stream = Stream::open(request)?;
        let status = expect.status.unwrap_or(200);
        if stream.status != status {
            let rest = stream.rest();
            return Err(format!("the status is {}; expected {status}: {rest}", stream.status));
        }
        check_headers(&expect.headers, |name| stream.header(name).map(str::to_owned), variables)?;
        Ok(Box::new(stream))
    }
}

impl Frames for Stream {
    fn frame(&mut self, deadline: Instant) -> Result<Option<Frame>, String> {
        Stream::frame(self, deadline)
    }
}

/// Plays a case, step by step.
///
/// # Errors
///
/// The step that failed, and why.
pub fn play(case: &Case) -> Result<(), String> {
    play_with(case, &mut PlainHttp)
}

/// Plays a case whose reads are made by `reads`.
///
/// # Errors
///
/// As [`play`].
pub fn play_with(case: &Case, reads: &mut dyn Reads) -> Result<(), String> {
    let mut variables = Variables::new();
    let mut streams = HashMap::new();
    for (number, step) in (1..).zip(&case.steps) {
        let played = match &step.stream {
            Some(name) => play_stream(name, step, &mut variables, &mut streams, reads),
            None => play_request(step, &mut variables, reads),
        };
        played.map_err(|error| format!("step {number}: {error}"))?;
    }
    Ok(())
}

/// Sends the reports of a case and compares the document they made.
///
/// # Errors
///
/// The answer or the field of the document that is not as expected.
pub fn play_fold(case: &FoldCase) -> Result<(), String> {
    let mut variables = Variables::new();
    let reports = variables.fill_text("/v2/jobs/{{job}}/reports")?;
    for (index, report) in case.reports.iter().enumerate() {
        let path = if index == 0 { format!("{reports}?create=true") } else { reports.clone() };
        let answer = Request::post(path, &variables.fill(report)?).send();
        let place = format!("the answer to report {index}");
        check_rules(&answer, "")?;
        matches(&case.expected_answer(index), Some(&answer.json()), &place)
            .map_err(|error| format!("{error}; it was {answer}"))?;
    }
    let answer = Request::get(variables.fill_text("/v2/jobs/{{job}}/status?include=metrics,resources")?).send();
    let expected = variables.fill(&case.expect)?;
    matches(&expected, Some(&answer.json()), "the document").map_err(|error| format!("{error}; it was {answer}"))
}

/// The request that a template describes.
///
/// # Errors
///
/// The member of the template that is missing or wrong.
pub fn render(template: &RequestTemplate, variables: &mut Variables) -> Result<Request, String> {
    let path = variables.fill_text(template.path.as_deref().ok_or("a request needs a path")?)?;
    let has_body =
        template.json.is_some() || template.lines.is_some() || template.text.is_some() || template.hex.is_some();
    let method = template.method.as_deref().unwrap_or(if has_body { "POST" } else { "GET" });
    let mut request = Request::new(method, path);
    match &template.auth {
        None => {}
        Some(None) => request = request.anonymous(),
        Some(Some(credential)) => request = request.bearer(&variables.fill_text(credential)?),
    }
    if let Some(body) = &template.json {
        request = request.json(&variables.fill(body)?);
    }
    if let Some(lines) = &template.lines {
        let lines: Result<String, String> =
            lines.iter().map(|line| Ok(format!("{}\n", variables.fill(line)?))).collect();
        request.body = Some(lines?.into_bytes());
        request = request.header("content-type", "application/x-ndjson");
    }
    if let Some(text) = &template.text {
        let text = variables.fill(text)?;
        request.body = Some(text.as_str().ok_or("`text` must be a string")?.as_bytes().to_vec());
    }
    if let Some(digits) = &template.hex {
        let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2).unwrap_or("?"), 16);
        let bytes: Result<Vec<u8>, _> = (0..digits.len()).step_by(2).map(byte).collect();
        request.body = Some(bytes.map_err(|_| format!("not hexadecimal digits: {digits}"))?);
    }
    for (name, value) in &template.headers {
        request = match value.as_str() {
            Some(value) => request.header(name, variables.fill_text(value)?),
            None => return Err(format!("the header {name} must be a string")),
        };
    }
    Ok(request)
}

fn play_request(step: &Step, variables: &mut Variables, reads: &mut dyn Reads) -> Result<(), String> {
    let request = render(step.request.as_ref().ok_or("a step needs a request or a stream")?, variables)?;
    let answer = request.send();
    let context = |error: String| format!("{request}\n    {error}\n    the answer: {answer}");
    check_rules(&answer, &request.path).map_err(context)?;
    let no_expectation = ExpectedResponse::default();
    let expect = step.expect.as_ref().unwrap_or(&no_expectation);
    check(expect, &answer, variables).map_err(context)?;
    for (name, place) in &step.save {
        let place = place.as_str().unwrap_or_default();
        let value = match place.strip_prefix("header:") {
            Some(header) => answer.header(header).map(Value::from),
            None => answer.json().pointer(place).cloned(),
        };
        variables.save(name, value.ok_or_else(|| context(format!("{place} is missing and cannot be saved")))?);
    }
    reads.read_again(&request, expect, variables)
}

fn check(expect: &ExpectedResponse, answer: &Answer, variables: &mut Variables) -> Result<(), String> {
    let status = expect.status.unwrap_or(200);
    if answer.status != status {
        return Err(format!("the status is {}; expected {status}", answer.status));
    }
    check_headers(&expect.headers, |name| answer.header(name), variables)?;
    if let Some(body) = &expect.body {
        matches(&variables.fill(body)?, Some(&answer.json()), "the body")?;
    }
    if let Some(body) = &expect.exact {
        exactly(&variables.fill(body)?, &answer.json(), "the body")?;
    }
    if let Some(text) = &expect.text {
        matches(&variables.fill(text)?, Some(&answer.text.as_str().into()), "the body")?;
    }
    Ok(())
}

fn check_headers(
    expected: &Map<String, Value>,
    header: impl Fn(&str) -> Option<String>,
    variables: &mut Variables,
) -> Result<(), String> {
    expected.iter().try_for_each(|(name, expected)| {
        let value = header(&name.to_ascii_lowercase()).map(Value::from);
        matches(&variables.fill(expected)?, value.as_ref(), &format!("the header {name}"))
    })
}

fn play_stream(
    name: &str,
    step: &Step,
    variables: &mut Variables,
    streams: &mut HashMap<String, Box<dyn Frames>>,
    reads: &mut dyn Reads,
) -> Result<(), String> {
    if let Some(template) = &step.request {
        let request = render(template, variables)?;
        let no_expectation = ExpectedResponse::default();
        let stream = reads.open(&request, step.expect.as_ref().unwrap_or(&no_expectation), variables)?;
        streams.insert(name.to_owned(), stream);
    }
    let stream = streams.get_mut(name).ok_or_else(|| format!("the stream {name} is not open"))?;
    for frame in &step.frames {
        await_frame(stream.as_mut(), frame, variables)?;
    }
    if step.closed {
        await_close(stream.as_mut())?;
    }
    Ok(())
}

/// Reads up to the expected frame. Documents before it are skipped, because a stream shows state and not history.
fn await_frame(stream: &mut dyn Frames, expected: &ExpectedFrame, variables: &mut Variables) -> Result<(), String> {
    let deadline = Instant::now() + FRAME_TIMEOUT;
    let data = variables.fill(&expected.data)?;
    let id = expected.id.as_ref().map(|id| variables.fill(id)).transpose()?;
    let mut mismatch = "no frame came".to_owned();
    loop {
        let frame = stream.frame(deadline).map_err(|error| format!("{error} for {data}; {mismatch}"))?;
        let frame = frame.ok_or_else(|| format!("the stream ended before {data}; {mismatch}"))?;
        let fits = if frame.event == expected.event {
            matches(&data, Some(&frame.json()), "the frame").and_then(|()| match &id {
                Some(id) => matches(id, frame.id.clone().map(Value::from).as_ref(), "its id"),
                None => Ok(()),
            })
        } else {
            Err(format!("the event of the frame is {:?}; expected {:?}", frame.event, expected.event))
        };
        match fits {
            Ok(()) => {
                for (name, place) in &expected.save {
                    let value = match place.as_str().unwrap_or_default() {
                        "id" => frame.id.clone().map(Value::from),
                        pointer => frame.json().pointer(pointer).cloned(),
                    };
                    variables.save(
                        name,
                        value.ok_or_else(|| format!("{place} is missing in {frame:?} and cannot be saved"))?,
                    );
                }
                return Ok(());
            }
            Err(error) if frame.event.is_none() => mismatch = error,
            Err(error) => return Err(format!("{error}: {frame:?}")),
        }
    }
}

fn await_close(stream: &mut dyn Frames) -> Result<(), String> {
    match stream.frame(Instant::now() + FRAME_TIMEOUT) {
        Ok(None) => Ok(()),
        Ok(Some(frame)) => Err(format!("expected the end of the stream; got {frame:?}")),
        Err(error) => Err(format!("expected the end of the stream: {error}")),
    }
}
