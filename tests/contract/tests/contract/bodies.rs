//! Request bodies without a `Content-Length`, and bodies that break off.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use contract::{
    deployment::{Deployment, Runtime},
    http::Request,
    key::{EVERYTHING, Key},
    target::{Target, authority, fresh_job},
};

/// The bytes that a list of reports can have.
const MOST: usize = 1 << 20;

/// Reports to a job with a chunked body; returns the status and the text of the answer.
fn report_in_chunks<'a>(job: &str, chunks: impl IntoIterator<Item = &'a [u8]>) -> (u16, String) {
    let target = Target::get();
    let host = target.base_url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(host).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "POST /v2/jobs/{job}/reports?create=true HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        target.key
    );
    socket.write_all(head.as_bytes()).unwrap();
    for chunk in chunks {
        let sent = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
        // A server that refuses the body may close the connection before all of it is sent.
        if socket.write_all(&sent).is_err() {
            break;
        }
    }
    let _ = socket.write_all(b"0\r\n\r\n");
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no answer: {answer:?}")), answer)
}

#[test]
fn a_body_of_unknown_length_is_read_to_its_end() {
    let job = fresh_job();
    let (status, answer) = report_in_chunks(&job, [&b"{\"progr"[..], b"ess\": 4", b"2}"]);
    assert_eq!(status, 201, "{answer}");
    assert_eq!(Request::get(format!("/v2/jobs/{job}/status")).send().expect(200)["progress"], 42);
}

#[test]
fn a_body_of_unknown_length_is_refused_past_the_limit_and_creates_nothing() {
    let job = fresh_job();
    let blanks = vec![b' '; 64 * 1024];
    let chunks = std::iter::once(&b"[{}"[..]).chain(std::iter::repeat_n(&blanks[..], 17)).chain([&b"]"[..]]);
    let (status, answer) = report_in_chunks(&job, chunks);
    assert_eq!(status, 413, "{answer}");
    assert!(answer.contains("PAYLOAD_TOO_LARGE"), "{answer}");
    Request::get(format!("/v2/jobs/{job}/status")).send().expect(404);
}

#[test]
fn a_caller_that_is_refused_while_it_still_sends_receives_the_answer() {
    let target = Target::get();
    let host = authority(&target.base_url);
    let cases = [(&*target.key, MOST + 1, 413), ("jp_none_of-this-server", MOST, 401)];
    // An answer that arrives by chance does not arrive ten times.
    for (key, length, status) in cases.iter().cycle().take(20) {
        let mut socket = TcpStream::connect(host).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!(
            "POST /v2/jobs/a/reports HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n",
        );
        socket.write_all(head.as_bytes()).unwrap();
        for piece in vec![b' '; *length].chunks(64 * 1024) {
            socket.write_all(piece).unwrap();
        }
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

/// Announces a body with a wrong key and sends the beginning of it; returns the status of the answer.
fn guess_with_body(announced: usize, sent: usize) -> String {
    let host = authority(&Target::get().base_url);
    let mut socket = TcpStream::connect(host).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "POST /v2/jobs/a/reports HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer jp_none_of-this-server\r\n\
         Content-Length: {announced}\r\nConnection: close\r\n\r\n",
    );
    socket.write_all(head.as_bytes()).unwrap();
    socket.write_all(&vec![b' '; sent]).unwrap();
    let mut status = [0; 12];
    socket.read_exact(&mut status).unwrap();
    String::from_utf8_lossy(&status).into_owned()
}

#[test]
fn a_caller_that_is_refused_is_answered_if_it_does_not_send_the_body_that_it_has_announced() {
    assert_eq!(guess_with_body(MOST, 0), "HTTP/1.1 401");
    assert_eq!(guess_with_body(MOST, MOST - 1), "HTTP/1.1 401");
}

#[test]
fn a_caller_that_is_refused_is_answered_before_the_end_of_a_body_of_any_length() {
    // The server reads two million bytes more than it can take, and not the gigabyte.
    assert_eq!(guess_with_body(1 << 30, 2 * MOST + 1), "HTTP/1.1 401");
}

/// The answer to a report with this head and body, after which the caller sends nothing more.
fn report_cut_short(deployment: &Deployment, key: &Key, header: &str, body: &[u8]) -> String {
    let host = authority(&deployment.base_url);
    let mut socket = TcpStream::connect(host).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "POST /v2/jobs/a/reports?create=true HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n{header}\r\n\r\n",
        key.text
    );
    socket.write_all(&[head.as_bytes(), body].concat()).unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_body_that_breaks_off_changes_nothing_and_is_not_an_error_of_the_server() {
    let key = Key::draw("bodies", "test", EVERYTHING);
    let secret = "secret-of-the-test-of-bodies-that-break-off";
    let deployment = Deployment::start(Runtime::Raised, &[("API_KEYS", &*key.line), ("TOKEN_SECRET", secret)]);
    for (header, body) in [
        ("Transfer-Encoding: chunked", &b"zz\r\n{}\r\n0\r\n\r\n"[..]),
        ("Transfer-Encoding: chunked", b"10\r\n{}"),
        ("Content-Length: 20", b"{\"progress\": 4"),
    ] {
        let answer = report_cut_short(&deployment, &key, header, body);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{header}: {answer}");
        assert!(answer.contains("`body` ended before it was complete"), "{header}: {answer}");
        deployment.get("/v2/jobs/a/status").bearer(&key.text).send().expect(404);
    }
    assert!(!deployment.log().contains(r#""level":"error""#), "{}", deployment.log());
}

#[test]
fn numbers_come_back_with_the_digits_that_were_sent() {
    const OUTPUT: &str = r#"{"id":123456789012345678901234567890,"loss":0.30000000000000004440892098500626,"u64":18446744073709551615,"share":1.10,"whole":7.0,"least":-9223372036854775809}"#;
    let job = fresh_job();
    let mut request = Request::post(format!("/v2/jobs/{job}/reports?create=true"), &serde_json::Value::Null);
    request.body =
        Some(format!(r#"{{"current":9007199254740994,"total":18446744073709549568,"output":{OUTPUT}}}"#).into_bytes());
    request.send().expect(201);
    let text = Request::get(format!("/v2/jobs/{job}/status")).send().text;
    assert!(text.contains(&format!(r#""output":{OUTPUT}"#)), "{text}");
    assert!(text.contains(r#""current":9007199254740994,"total":18446744073709549568,"#), "{text}");
}
