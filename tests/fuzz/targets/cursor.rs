//! Cursors, entity tags and the heads of internal frames: parsing returns what was written, and refuses everything else.
#![no_main]

use engine::{
    frame::Kind,
    poll::{Format, etag, none_match},
};
use libfuzzer_sys::fuzz_target;
use protocol::{cursor::Cursor, id::JobId, include::Include, time::Timestamp};

fuzz_target!(|input: (&str, &str, u64, &[u8])| {
    let (text, header, seq, bytes) = input;
    if let Some(cursor) = Cursor::parse(text) {
        assert_eq!(cursor.to_string(), text, "a second spelling");
        assert!(!cursor.is_behind(&cursor));
    }
    let written = Cursor::new("k3v9a0", seq);
    if let Some(read) = Cursor::parse(&written.to_string()) {
        assert_eq!(read, written);
    }
    for format in [Format::Json, Format::Summary] {
        let tag = etag(&written, Include::from_bits(bytes.first().copied().unwrap_or_default()), format);
        assert!(none_match(&tag, &tag) && none_match(&format!("W/{tag}"), &tag) && none_match("*", &tag));
        none_match(header, &tag);
    }
    if let Some((_, head)) = Kind::read(bytes) {
        assert!(head <= bytes.len());
    }
    if let Some(id) = JobId::parse(text) {
        assert_eq!(id.as_str(), text);
        assert!(!text.contains(['/', '%', '?', '#', ' ', ',', '&']), "an id that a URL or a list would change");
        assert!(!id.to_url_part().contains(['+', '=', ':', '@']));
    }
    if let Some(time) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&time.to_string()), Some(time), "{text}");
    }
    let _ = Include::parse([text, header]);
});
