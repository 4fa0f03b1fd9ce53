//! What a connection promises, told as what it hears and what it does.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "a test that panics has failed, which is its job"
)]

use proptest::prelude::*;
use protocol::{cursor::Cursor, include::Include};
use serde_json::{Value, json};

use super::*;

/// A connection with its driver, its clock and everything it has done.
struct World {
    connection: Connection<Value>,
    now: u64,
    timer: Option<u64>,
    open: Option<Request>,
    opened: Vec<String>,
    /// The seq of every document that was handed over.
    seen: Vec<u64>,
    links: Vec<Link>,
    problems: Vec<(String, bool)>,
    renewals: u32,
    skew: i64,
    ended: bool,
}

impl World {
    fn new() -> World {
        let address = Address::new("http://h", "j", Include::NONE);
        let mut world = World {
            connection: Connection::new(address, Some("secret".into())),
            now: 1_700_000_000_000,
            timer: None,
            open: None,
            opened: vec![],
            seen: vec![],
            links: vec![],
            problems: vec![],
            renewals: 0,
            skew: 0,
            ended: false,
        };
        world.tell(Input::Start);
        world
    }

    fn live() -> World {
        let mut world = World::new();
        world.stream();
        world.send(": ok\nretry: 100\n\n");
        world
    }

    fn tell(&mut self, input: Input) {
        for action in self.connection.handle(input, self.now, 0.5) {
            assert!(!self.ended, "nothing follows the end, but {action:?}");
            match action {
                Action::Open(request) => {
                    self.opened.push(request.url.strip_prefix("http://h/v2/jobs/j").unwrap().to_owned());
                    self.open = Some(request);
                }
                Action::Abort => assert!(self.open.take().is_some(), "there is something to abort"),
                Action::Timer(millis) => self.timer = Some(self.now + millis),
                Action::RenewToken => self.renewals += 1,
                Action::Link(link) => self.links.push(link),
                Action::Document(document) => self.seen.push(document["seq"].as_u64().unwrap()),
                Action::Problem(problem) => self.problems.push((problem.code, problem.fatal)),
                Action::Skew(skew) => self.skew = skew,
                Action::End => self.ended = true,
            }
        }
    }

    fn id(&self) -> u32 {
        self.open.as_ref().expect("a request is out").id
    }

    fn head(&mut self, status: u16, is_stream: bool) {
        self.tell(Input::Head(self.id(), ResponseHead { status, is_stream, ..Default::default() }));
    }

    fn stream(&mut self) {
        self.head(200, true);
    }

    fn send(&mut self, text: &str) {
        self.tell(Input::Bytes(self.id(), text.as_bytes()));
    }

    fn close(&mut self) {
        let id = self.open.take().expect("a request is out").id;
        self.tell(Input::Closed(id));
    }

    fn fail(&mut self) {
        let id = self.open.take().expect("a request is out").id;
        self.tell(Input::Failed(id));
    }

    /// Answers with a whole body that is no stream.
    fn answer(&mut self, status: u16, body: &str) {
        self.head(status, false);
        if self.open.is_some() {
            self.send(body);
            self.close();
        }
    }

    /// Lets the time pass until the timer and tells it; says how long that took.
    fn wait(&mut self) -> u64 {
        let due = self.timer.take().expect("a timer is set");
        let waited = due.saturating_sub(self.now);
        self.now = self.now.max(due);
        self.tell(Input::Timer);
        waited
    }

    /// Lets the time pass until the next request.
    fn wait_for_request(&mut self) -> u64 {
        let start = self.now;
        let before = self.opened.len();
        while self.opened.len() == before {
            self.wait();
        }
        self.now - start
    }

    fn has_given_up(&self) -> bool {
        self.problems.iter().any(|(_, fatal)| *fatal)
    }

    fn url(&self) -> &str {
        self.opened.last().unwrap()
    }

    fn link(&self) -> Link {
        *self.links.last().unwrap()
    }
}

fn document(seq: u64, status: &str) -> String {
    json!({"jobId": "j", "status": status, "progress": 10, "seq": seq, "epoch": "aaaaaa"}).to_string()
}

fn frame(seq: u64, status: &str) -> String {
    format!("id: aaaaaa.{seq}\ndata: {}\n\n", document(seq, status))
}

const END: &str = "event: end\ndata: {\"jobId\":\"j\",\"status\":\"completed\",\"seq\":9}\n\n";

fn problem(code: &str) -> String {
    json!({"error": code, "message": "Because."}).to_string()
}

#[test]
fn it_goes_live_with_the_first_byte_and_hands_over_what_comes() {
    let mut world = World::new();
    assert_eq!(world.links, [Link::Connecting]);
    assert_eq!(world.open.as_ref().unwrap().token.as_deref(), Some("secret"));
    world.stream();
    assert_eq!(world.links, [Link::Connecting]);
    world.send(": ok\n");
    assert_eq!(world.links, [Link::Connecting, Link::Live]);
    let frames = frame(1, "queued") + &frame(2, "running");
    let (first, second) = frames.split_at(50);
    world.send(first);
    world.send(second);
    assert_eq!(world.seen, [1, 2]);
}

#[test]
fn a_document_it_has_is_not_handed_over_again() {
    let mut world = World::live();
    world.send(&frame(5, "running"));
    world.send(&frame(5, "running"));
    world.send(&frame(4, "running"));
    assert_eq!(world.seen, [5]);
    world.send(&frame(1, "running").replace("aaaaaa", "bbbbbb"));
    assert_eq!(world.seen, [5, 1], "a job made again under its id begins anew");
}

#[test]
fn it_comes_back_with_its_place() {
    let mut world = World::live();
    world.send(&frame(3, "running"));
    world.close();
    assert_eq!(world.link(), Link::Connecting);
    world.wait_for_request();
    assert_eq!(world.open.as_ref().unwrap().cursor, Some(Cursor::new("aaaaaa", 3)));
}

#[test]
fn the_end_stops_it_whether_it_is_said_or_seen() {
    let mut world = World::live();
    world.send(&frame(9, "completed"));
    assert!(world.ended && world.open.is_none());
    assert_eq!(world.seen, [9]);

    let mut world = World::live();
    world.send(&frame(9, "failed").replace("\"seq\"", "\"nextRetryAt\":\"2030-01-01T00:00:00Z\",\"seq\""));
    assert!(!world.ended, "a retry is planned");
    world.send(END);
    assert!(world.ended);
}

#[test]
fn an_end_whose_document_was_lost_is_asked_for_again() {
    let mut world = World::live();
    world.send(&frame(8, "running"));
    world.send(END);
    assert!(!world.ended);
    world.wait_for_request();
    world.stream();
    world.send(&frame(9, "completed"));
    assert_eq!((world.seen.as_slice(), world.ended), ([8, 9].as_slice(), true));
}

#[test]
fn a_204_stops_who_has_the_end_and_makes_others_begin_anew() {
    let mut world = World::live();
    world.send(&frame(9, "timeout").replace("\"seq\"", "\"nextRetryAt\":\"2030-01-01T00:00:00Z\",\"seq\""));
    world.close();
    world.wait_for_request();
    world.head(204, false);
    assert!(world.ended);

    let mut world = World::live();
    world.send(&frame(8, "running"));
    world.close();
    world.wait_for_request();
    world.head(204, false);
    assert!(!world.ended);
    world.wait_for_request();
    assert_eq!(world.open.as_ref().unwrap().cursor, None);
}

#[test]
fn failures_are_waited_for_longer_and_longer_until_a_stream_was_healthy() {
    let mut world = World::new();
    let mut waits = vec![];
    for _ in 0..8 {
        world.fail();
        waits.push(world.wait_for_request());
    }
    assert_eq!(waits, [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    world.stream();
    world.send(": ok\n");
    world.close();
    assert_eq!(world.wait_for_request(), 15_000, "a stream that ends at once is not healthy");
    world.stream();
    world.send(": ok\n");
    world.now += HEALTHY_MS;
    world.send(":\n");
    world.close();
    assert_eq!(world.wait_for_request(), 250);
}

#[test]
fn it_waits_as_long_as_the_server_asks() {
    let mut world = World::live();
    world.send("retry: 3000\n\n");
    world.close();
    assert_eq!(world.wait_for_request(), 3250);
    let head = ResponseHead { status: 503, retry_after: Some(20), ..Default::default() };
    world.tell(Input::Head(world.id(), head));
    world.send(&problem("OVERLOADED"));
    world.close();
    assert_eq!(world.wait_for_request(), 20_500);
    assert_eq!(world.problems, [("OVERLOADED".into(), false)]);
}

#[test]
fn a_silent_stream_is_dead_and_a_heartbeat_keeps_it_alive() {
    let mut world = World::live();
    for _ in 0..10 {
        world.now += 15_000;
        world.send(":\n");
        world.tell(Input::Timer);
    }
    assert_eq!(world.opened.len(), 1);
    let start = world.now;
    world.wait_for_request();
    let silent = world.now - start;
    assert!((SILENCE_MS..SILENCE_MS + 1000).contains(&silent), "{silent}");
}

#[test]
fn bytes_of_a_request_that_was_given_up_are_ignored() {
    let mut world = World::live();
    let old = world.id();
    world.tell(Input::Offline);
    world.tell(Input::Online);
    assert_ne!(world.id(), old);
    world.tell(Input::Bytes(old, frame(7, "running").as_bytes()));
    world.tell(Input::Closed(old));
    world.tell(Input::Failed(old));
    assert!(world.seen.is_empty());
    world.stream();
    world.send(&frame(7, "running"));
    assert_eq!(world.seen, [7]);
}

#[test]
fn a_refused_token_is_renewed_once() {
    let mut world = World::new();
    world.answer(401, &problem("UNAUTHENTICATED"));
    assert_eq!((world.renewals, world.problems.len()), (1, 0));
    world.tell(Input::Renewed(Renewal::Token("fresh".into())));
    assert_eq!(world.open.as_ref().unwrap().token.as_deref(), Some("fresh"));
    world.answer(401, &problem("UNAUTHENTICATED"));
    assert_eq!(world.problems, [("UNAUTHENTICATED".into(), true)]);
    assert_eq!(world.renewals, 1);
}

#[test]
fn a_token_that_expires_in_a_stream_is_renewed_every_time() {
    let mut world = World::live();
    for seq in 1..4 {
        world.send(&frame(seq, "running"));
        world.send(&format!("event: problem\ndata: {}\n\n", problem("UNAUTHENTICATED")));
        assert_eq!(world.renewals as u64, seq);
        world.tell(Input::Renewed(Renewal::Token("fresh".into())));
        world.stream();
    }
    assert!(world.problems.is_empty());
}

#[test]
fn a_renewal_that_fails_is_tried_again_and_an_impossible_one_is_the_end() {
    let mut world = World::new();
    world.answer(401, &problem("UNAUTHENTICATED"));
    world.tell(Input::Renewed(Renewal::Failed));
    world.wait_for_request();
    world.answer(401, &problem("UNAUTHENTICATED"));
    assert_eq!(world.renewals, 2);
    // The page takes for ever.
    world.wait_for_request();
    world.answer(401, &problem("UNAUTHENTICATED"));
    world.tell(Input::Renewed(Renewal::Impossible));
    assert_eq!(world.problems, [("UNAUTHENTICATED".into(), true)]);
    world.tell(Input::Timer);
    assert!(world.open.is_none());
}

#[test]
fn what_no_patience_can_mend_is_fatal() {
    for (status, code) in [(400, "INVALID_REQUEST"), (403, "ACCESS_DENIED"), (405, "METHOD_NOT_ALLOWED")] {
        let mut world = World::new();
        world.answer(status, &problem(code));
        assert_eq!(world.problems, [(code.into(), true)]);
        assert!(world.open.is_none());
    }
}

#[test]
fn a_job_that_is_not_there_yet_is_looked_for_and_one_that_was_deleted_is_not() {
    let mut world = World::new();
    for _ in 0..3 {
        world.answer(404, &problem("JOB_NOT_FOUND"));
        assert!(world.wait_for_request() >= 5000);
    }
    assert_eq!(world.problems, [("JOB_NOT_FOUND".into(), false)]);
    world.stream();
    world.send(&frame(1, "running"));
    world.send(&format!("event: problem\ndata: {}\n\n", problem("JOB_NOT_FOUND")));
    assert_eq!(world.problems.last(), Some(&("JOB_NOT_FOUND".into(), true)));
    assert!(world.open.is_none());

    let mut world = World::new();
    world.answer(404, &problem("JOB_NOT_FOUND"));
    while !world.has_given_up() {
        world.wait_for_request();
        world.answer(404, &problem("JOB_NOT_FOUND"));
    }
    assert!(world.opened.len() < 30, "patience is bounded");
}

#[test]
fn an_answer_of_something_else_is_told_and_tried_again() {
    let mut world = World::new();
    world.head(200, false);
    assert_eq!(world.problems, [("UNEXPECTED_ANSWER".into(), false)]);
    world.wait_for_request();
    world.answer(500, "<html>");
    assert_eq!(world.problems.len(), 1, "the same problem is told once");
}

#[test]
fn frames_it_does_not_know_are_ignored() {
    let mut world = World::live();
    world.send("event: log\ndata: {\"lines\":[]}\n\nevent: novelty\ndata: x\n\ndata: no json\n\ndata: {\"a\":1}\n\n");
    world.send(&frame(1, "running"));
    assert_eq!(world.seen, [1]);
}

#[test]
fn streams_cut_before_any_byte_lead_to_polls_and_back() {
    let mut world = World::new();
    world.stream();
    world.close();
    world.wait_for_request();
    // A proxy that holds everything back is cut off by our own patience.
    world.wait_for_request();
    assert_eq!(world.url(), "/status");
    world.answer(200, &document(1, "running"));
    assert_eq!((world.seen.as_slice(), world.link()), ([1].as_slice(), Link::Polling));
    world.wait_for_request();
    assert_eq!(world.url(), "/status?wait=25&cursor=aaaaaa.1");
    world.now += 25_000;
    world.head(304, false);
    world.wait_for_request();
    world.answer(200, &document(2, "running"));
    assert_eq!(world.seen, [1, 2]);
    assert_eq!(world.link(), Link::Polling);
    // After a while the stream is tried again, which works now.
    world.now += crate::fallback::PROBE_MS;
    world.wait_for_request();
    assert_eq!((world.url(), world.link()), ("/status/stream", Link::Polling));
    world.stream();
    world.send(": ok\n\n");
    assert_eq!(world.link(), Link::Live);
}

#[test]
fn long_polls_that_are_cut_lead_to_plain_ones_at_the_pace_the_server_wishes() {
    let mut world = World::new();
    world.stream();
    world.close();
    world.wait_for_request();
    world.stream();
    world.close();
    world.answer(200, &document(1, "running"));
    for _ in 0..2 {
        world.wait_for_request();
        assert_eq!(world.url(), "/status?wait=25&cursor=aaaaaa.1");
        world.answer(504, "<html>");
    }
    assert_eq!(world.url(), "/status?wait=0&cursor=aaaaaa.1");
    world.answer(200, &document(2, "running").replacen('{', "{\"pollAfterMs\":7000,", 1));
    assert_eq!(world.link(), Link::Polling);
    assert_eq!(world.wait_for_request(), 7000);
    world.answer(200, &document(3, "completed"));
    assert_eq!((world.seen.as_slice(), world.ended), ([1, 2, 3].as_slice(), true));
}

#[test]
fn a_server_that_cannot_be_reached_is_not_polled() {
    let mut world = World::new();
    for _ in 0..6 {
        world.fail();
        world.wait_for_request();
        assert_eq!(world.url(), "/status/stream");
    }
    assert_eq!(world.link(), Link::Connecting);
}

#[test]
fn offline_is_said_and_online_tries_at_once() {
    let mut world = World::live();
    world.tell(Input::Offline);
    assert_eq!(world.link(), Link::Offline);
    world.fail();
    for _ in 0..6 {
        world.wait_for_request();
        world.fail();
    }
    assert_eq!(world.link(), Link::Offline);
    world.tell(Input::Online);
    assert!(world.wait_for_request() <= 500);
    world.stream();
    world.send(":\n");
    assert_eq!(world.link(), Link::Live);
}

#[test]
fn online_does_not_break_the_peace_that_a_server_asked_for() {
    let mut world = World::new();
    let head = ResponseHead { status: 429, retry_after: Some(60), ..Default::default() };
    world.tell(Input::Head(world.id(), head));
    world.close();
    world.tell(Input::Online);
    world.tell(Input::Shown);
    assert!(world.wait_for_request() >= 60_000);
}

#[test]
fn a_page_that_is_shown_again_doubts_a_stream_that_was_silent() {
    let mut world = World::live();
    world.now += 10_000;
    world.tell(Input::Shown);
    assert_eq!(world.opened.len(), 1);
    world.now += 20_000;
    world.tell(Input::Shown);
    assert_eq!(world.opened.len(), 2);
}

#[test]
fn a_frozen_page_holds_nothing_open_and_resumes_at_once() {
    let mut world = World::live();
    world.send(&frame(3, "running"));
    world.tell(Input::Frozen);
    assert!(world.open.is_none());
    world.now += 86_400_000;
    world.tell(Input::Timer);
    world.tell(Input::Online);
    assert!(world.open.is_none());
    world.tell(Input::Thawed);
    assert_eq!(world.open.as_ref().unwrap().cursor, Some(Cursor::new("aaaaaa", 3)));
}

#[test]
fn a_clock_that_is_put_back_does_not_stop_it() {
    let mut world = World::new();
    world.fail();
    world.now -= 86_400_000;
    world.timer = Some(world.now + 250);
    world.wait();
    while world.open.is_none() {
        assert!(world.wait() <= 500);
    }
}

#[test]
fn the_clock_is_corrected_by_the_servers() {
    let mut world = World::new();
    let head = |date| ResponseHead { status: 200, is_stream: true, date: Some(date), ..Default::default() };
    world.tell(Input::Head(world.id(), head(world.now - 400)));
    assert_eq!(world.skew, 0, "a second counts for nothing, as the header has whole ones");
    world.tell(Input::Head(world.id(), head(world.now - 90_500)));
    assert_eq!(world.skew, -90_000);
}

#[test]
fn a_stream_with_a_line_too_long_is_taken_up_again() {
    let mut world = World::live();
    let long = vec![b'x'; protocol::sse::LINE_BYTES + 1];
    world.tell(Input::Bytes(world.id(), &long));
    assert!(world.open.is_none());
    world.wait_for_request();
}

proptest! {
    /// A server that cuts, fails, stalls and refuses at random, but lets one answer in three through.
    #[test]
    fn however_it_is_cut_it_gets_to_the_end_in_order(moves in prop::collection::vec((0_u8..12, 0_u64..400), 0..120)) {
        let mut world = World::new();
        let mut seq = 1;
        let calm = std::iter::repeat_n((0, 400), 12);
        for (step, cut) in moves.into_iter().chain(calm) {
            if world.ended || world.has_given_up() {
                break;
            }
            if world.open.is_none() {
                world.wait_for_request();
            }
            let is_stream = world.open.as_ref().unwrap().is_stream;
            seq += 1;
            let last = cut >= 390;
            let status = if last { "completed" } else { "running" };
            match step {
                0..4 if is_stream => {
                    world.stream();
                    let frames = frame(seq, status) + if last { END } else { "" };
                    let cut = (cut as usize).min(frames.len());
                    world.send(&frames[..cut]);
                    if world.open.is_some() { world.close() }
                }
                0..4 => world.answer(200, &document(seq, status)),
                4 => world.fail(),
                5 => { world.head(if is_stream { 200 } else { 500 }, is_stream); world.close() }
                6 => world.answer(503, &problem("OVERLOADED")),
                7 => { world.wait(); }
                8 => { world.tell(Input::Offline); world.tell(Input::Shown) }
                9 => world.tell(Input::Online),
                10 => { world.tell(Input::Frozen); world.now += 60_000; world.tell(Input::Thawed) }
                _ => world.answer(200, "<html>"),
            }
        }
        prop_assert!(world.seen.is_sorted() && world.seen.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(world.ended, "{:?}", world.connection);
        prop_assert!(!world.has_given_up());
    }
}
