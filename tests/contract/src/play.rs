//! Plays a case against the target.

use std::{collections::HashMap, time::Instant};

use serde_json::{Map, Value, json};

use crate::{
    case::{Ask, Case, Expect, FoldCase, Frame, Step},
    expect::{exactly, matches},
    http::{Answer, Request},
    stream::{Item, PATIENCE, Stream},
    template::Names,
};

/// The codes of problems and their HTTP statuses, as PROTOCOL.md lists them.
const CODES: [(&str, u16); 14] = [
    ("INVALID_REQUEST", 400),
    ("UNAUTHENTICATED", 401),
    ("ACCESS_DENIED", 403),
    ("JOB_NOT_FOUND", 404),
    ("NOT_FOUND", 404),
    ("METHOD_NOT_ALLOWED", 405),
    ("JOB_EXISTS", 409),
    ("INVALID_TRANSITION", 409),
    ("PAYLOAD_TOO_LARGE", 413),
    ("UNSUPPORTED_MEDIA_TYPE", 415),
    ("RATE_LIMIT_EXCEEDED", 429),
    ("NOT_CONFIGURED", 503),
    ("OVERLOADED", 503),
    ("INTERNAL", 500),
];

/// Plays a case, step by step.
///
/// # Errors
///
/// A sentence that says which step failed, and how.
pub fn play(case: &Case) -> Result<(), String> {
    let mut names = Names::new();
    let mut streams = HashMap::new();
    for (number, step) in (1..).zip(&case.steps) {
        let played = match &step.stream {
            Some(name) => play_stream(name, step, &mut names, &mut streams),
            None => play_request(step, &mut names),
        };
        played.map_err(|error| format!("step {number}: {error}"))?;
    }
    Ok(())
}

/// Sends the reports of a case and looks at the document they made.
///
/// # Errors
///
/// A sentence that says which report or which field is not as expected.
pub fn play_fold(case: &FoldCase) -> Result<(), String> {
    let mut names = Names::new();
    let accepted = json!({"accepted": true});
    let reports = names.text("/v2/jobs/{{job}}/reports")?;
    for (index, report) in case.reports.iter().enumerate() {
        let path = if index == 0 { format!("{reports}?create=true") } else { reports.clone() };
        let answer = Request::post(path, &names.fill(report)?).send();
        let place = format!("the answer to report {index}");
        lawful(&answer, "")?;
        matches(case.answers.get(index).unwrap_or(&accepted), Some(&answer.json()), &place)
            .map_err(|error| format!("{error}; it was {answer}"))?;
    }
    let answer = Request::get(names.text("/v2/jobs/{{job}}/status?include=metrics,resources")?).send();
    let expected = names.fill(&case.expect)?;
    matches(&expected, Some(&answer.json()), "the document").map_err(|error| format!("{error}; it was {answer}"))
}

/// The request that a case describes.
///
/// # Errors
///
/// A sentence when the case is at fault.
pub fn request(ask: &Ask, names: &mut Names) -> Result<Request, String> {
    let path = names.text(ask.path.as_deref().ok_or("a request wants a path")?)?;
    let has_body = ask.json.is_some() || ask.lines.is_some() || ask.text.is_some() || ask.hex.is_some();
    let method = ask.method.as_deref().unwrap_or(if has_body { "POST" } else { "GET" });
    let mut request = Request::new(method, path);
    match &ask.auth {
        None => {}
        Some(None) => request = request.anonymous(),
        Some(Some(credential)) => request = request.bearer(&names.text(credential)?),
    }
    if let Some(body) = &ask.json {
        request = request.json(&names.fill(body)?);
    }
    if let Some(lines) = &ask.lines {
        let lines: Result<String, String> = lines.iter().map(|line| Ok(format!("{}\n", names.fill(line)?))).collect();
        request.body = Some(lines?.into_bytes());
        request = request.header("content-type", "application/x-ndjson");
    }
    if let Some(text) = &ask.text {
        let text = names.fill(text)?;
        request.body = Some(text.as_str().ok_or("`text` must come out as a text")?.as_bytes().to_vec());
    }
    if let Some(digits) = &ask.hex {
        let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2).unwrap_or("?"), 16);
        let bytes: Result<Vec<u8>, _> = (0..digits.len()).step_by(2).map(byte).collect();
        request.body = Some(bytes.map_err(|_| format!("no hexadecimal digits: {digits}"))?);
    }
    for (name, value) in &ask.headers {
        request = match value.as_str() {
            Some(value) => request.header(name, names.text(value)?),
            None => return Err(format!("the header {name} must be a text")),
        };
    }
    Ok(request)
}

/// What holds of every answer, whoever asks what.
///
/// # Errors
///
/// A sentence that says which law is broken.
pub fn lawful(answer: &Answer, path: &str) -> Result<(), String> {
    let kind = answer.header("content-type").unwrap_or_default();
    // Static files come from the platform, which has headers of its own.
    let is_file = ["text/html", "text/javascript", "application/javascript"].iter().any(|file| kind.starts_with(file));
    if answer.header("date").is_none() && !is_file {
        return Err(format!("the answer bears no Date: {answer}"));
    }
    // The one body that another API fixed otherwise.
    let flask = path.starts_with("/api/task-status/") && answer.status == 404;
    if answer.status < 400 || flask || answer.text.is_empty() {
        return Ok(());
    }
    let body = answer.json();
    let problem = json!({"error": {"$any": "string"}, "message": {"$any": "string"}, "details": {"$any": "object"}});
    exactly(&problem, &body, "the problem").map_err(|error| format!("{error}: {answer}"))?;
    if !CODES.iter().any(|(code, status)| body.get("error") == Some(&Value::from(*code)) && *status == answer.status) {
        return Err(format!("no such code with that status: {answer}"));
    }
    if kind.starts_with("application/json") {
        Ok(())
    } else {
        Err(format!("a problem must be application/json, and is `{kind}`"))
    }
}

fn play_request(step: &Step, names: &mut Names) -> Result<(), String> {
    let request = request(step.request.as_ref().ok_or("a step wants a request or a stream")?, names)?;
    let answer = request.send();
    let context = |error: String| format!("{request}\n    {error}\n    the answer: {answer}");
    lawful(&answer, &request.path).map_err(context)?;
    check(step.expect.as_ref().unwrap_or(&Expect::default()), &answer, names).map_err(context)?;
    for (name, place) in &step.save {
        let place = place.as_str().unwrap_or_default();
        let value = match place.strip_prefix("header:") {
            Some(header) => answer.header(header).map(Value::from),
            None => answer.json().pointer(place).cloned(),
        };
        names.save(name, value.ok_or_else(|| context(format!("there is no {place} to save")))?);
    }
    Ok(())
}

fn check(expect: &Expect, answer: &Answer, names: &mut Names) -> Result<(), String> {
    let status = expect.status.unwrap_or(200);
    if answer.status != status {
        return Err(format!("the status is {}, and should be {status}", answer.status));
    }
    check_headers(&expect.headers, |name| answer.header(name), names)?;
    if let Some(body) = &expect.body {
        matches(&names.fill(body)?, Some(&answer.json()), "the body")?;
    }
    if let Some(body) = &expect.exact {
        exactly(&names.fill(body)?, &answer.json(), "the body")?;
    }
    if let Some(text) = &expect.text {
        matches(&names.fill(text)?, Some(&answer.text.as_str().into()), "the body")?;
    }
    Ok(())
}

fn check_headers(
    expected: &Map<String, Value>,
    header: impl Fn(&str) -> Option<String>,
    names: &mut Names,
) -> Result<(), String> {
    expected.iter().try_for_each(|(name, expected)| {
        let value = header(&name.to_ascii_lowercase()).map(Value::from);
        matches(&names.fill(expected)?, value.as_ref(), &format!("the header {name}"))
    })
}

fn play_stream(
    name: &str,
    step: &Step,
    names: &mut Names,
    streams: &mut HashMap<String, Stream>,
) -> Result<(), String> {
    if let Some(ask) = &step.request {
        let mut stream = Stream::open(&request(ask, names)?)?;
        let expect = step.expect.as_ref();
        let status = expect.and_then(|expect| expect.status).unwrap_or(200);
        if stream.status != status {
            let rest = stream.rest();
            return Err(format!("the status is {}, and should be {status}: {rest}", stream.status));
        }
        if let Some(expect) = expect {
            check_headers(&expect.headers, |name| stream.header(name).map(str::to_owned), names)?;
        }
        streams.insert(name.to_owned(), stream);
    }
    let stream = streams.get_mut(name).ok_or_else(|| format!("no stream {name} is open"))?;
    for frame in &step.frames {
        await_frame(stream, frame, names)?;
    }
    if step.closed {
        await_close(stream)?;
    }
    Ok(())
}

/// Reads up to the frame that is expected; documents before it may be skipped, as a stream shows state and not history.
fn await_frame(stream: &mut Stream, expected: &Frame, names: &mut Names) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    let data = names.fill(&expected.data)?;
    let id = expected.id.as_ref().map(|id| names.fill(id)).transpose()?;
    let mut last = "no frame came".to_owned();
    loop {
        let frame = stream.frame(deadline).map_err(|error| format!("{error} for {data}; {last}"))?;
        let frame = frame.ok_or_else(|| format!("the stream ended before {data}; {last}"))?;
        let fits = if frame.event == expected.event {
            matches(&data, Some(&frame.json()), "the frame").and_then(|()| match &id {
                Some(id) => matches(id, frame.id.clone().map(Value::from).as_ref(), "its id"),
                None => Ok(()),
            })
        } else {
            Err(format!("the frame is named {:?}, and should be {:?}", frame.event, expected.event))
        };
        match fits {
            Ok(()) => {
                for (name, place) in &expected.save {
                    let value = match place.as_str().unwrap_or_default() {
                        "id" => frame.id.clone().map(Value::from),
                        pointer => frame.json().pointer(pointer).cloned(),
                    };
                    names.save(name, value.ok_or_else(|| format!("there is no {place} to save in {frame:?}"))?);
                }
                return Ok(());
            }
            Err(error) if frame.event.is_none() => last = error,
            Err(error) => return Err(format!("{error}: {frame:?}")),
        }
    }
}

fn await_close(stream: &mut Stream) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match stream.next(deadline) {
            Ok(None) => return Ok(()),
            Ok(Some(Item::Frame(frame))) => return Err(format!("the stream should end, and brings {frame:?}")),
            Ok(Some(_)) => {}
            Err(error) => return Err(format!("the stream should end: {error}")),
        }
    }
}
