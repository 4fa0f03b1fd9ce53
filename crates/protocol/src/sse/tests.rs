//! The promises of the codec. The format cases follow web-platform-tests, `eventsource/format-*`.

use proptest::prelude::*;

use super::*;

/// Name, id and data of a frame.
type Triple<'a> = (&'a str, &'a str, &'a str);

fn decode(chunks: &[&[u8]]) -> Vec<Item> {
    let mut decoder = Decoder::default();
    let mut items = Vec::new();
    for chunk in chunks {
        decoder.feed(chunk, |item| items.push(item)).unwrap();
    }
    items
}

/// Name, id and data of each frame.
fn frames(stream: &[u8]) -> Vec<(String, String, String)> {
    let frame = |item| match item {
        Item::Frame(frame) => Some((frame.name, frame.id, frame.data)),
        _ => None,
    };
    decode(&[stream]).into_iter().filter_map(frame).collect()
}

fn check(stream: &[u8], expected: &[Triple]) {
    let expected: Vec<_> = expected.iter().map(|(a, b, c)| ((*a).into(), (*b).into(), (*c).into())).collect();
    assert_eq!(frames(stream), expected, "{:?}", String::from_utf8_lossy(stream));
}

/// Streams of every form in the standard, each with its frames: name, id, data.
const CASES: &[(&str, &[u8], &[Triple])] = &[
    ("bom", b"\xEF\xBB\xBFdata:1\n\n\xEF\xBB\xBFdata:2\n\ndata:3\n\n", &[("", "", "1"), ("", "", "3")]),
    ("bom twice", b"\xEF\xBB\xBF\xEF\xBB\xBFdata:1\n\ndata:2\n\ndata:3\n\n", &[("", "", "2"), ("", "", "3")]),
    ("comments", b"data:1\r:\0\n:\r\ndata:2\n:long\rdata:3\n:data:fail\r:x\ndata:4\n\n", &[("", "", "1\n2\n3\n4")]),
    ("data before the final empty line", b"retry:1000\ndata:test1\n\nid:test\ndata:test2", &[("", "", "test1")]),
    ("data at the end without an empty line", b"data:test1\n\nid:test\ndata:test2\n", &[("", "", "test1")]),
    ("field data", b"data:\n\ndata\ndata\n\ndata:test\n\n", &[("", "", ""), ("", "", "\n"), ("", "", "test")]),
    ("field event", b"event:test\ndata:x\n\ndata:x\n\n", &[("test", "", "x"), ("", "", "x")]),
    ("field event empty", b"event: \ndata:data\n\n", &[("", "", "data")]),
    ("field event without data", b"event:lost\n\ndata:x\n\n", &[("", "", "x")]),
    ("field id", b"id:1\ndata:a\n\ndata:b\n\nid\ndata:c\n\n", &[("", "1", "a"), ("", "1", "b"), ("", "", "c")]),
    ("field id of a block without data", b"id:7\n\ndata:a\n\n", &[("", "7", "a")]),
    ("field id with nul", b"id:1\ndata:a\n\nid:2\0\ndata:b\n\n", &[("", "1", "a"), ("", "1", "b")]),
    (
        "field parsing",
        b"data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n",
        &[("", "", "\0\n 2\n1\n3\n\n4")],
    ),
    ("field unknown", b"data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n", &[
        ("", "", "test\n\ntest"),
    ]),
    ("leading space", b"data:\ttest\rdata: \ndata:test\n\n", &[("", "", "\ttest\n\ntest")]),
    ("newlines", b"data:test\r\ndata\ndata:test\r\n\r", &[("", "", "test\n\ntest")]),
    ("null character", b"data:\0\n\n\n\n", &[("", "", "\0")]),
    ("utf-8", "data:ok…€😀\u{2028}x\n\n".as_bytes(), &[("", "", "ok…€😀\u{2028}x")]),
    ("broken utf-8", b"data:a\xFFb\xE2\x82\n\n", &[("", "", "a\u{FFFD}b\u{FFFD}")]),
    ("cr alone", b"data:a\r\rdata:b\r\r", &[("", "", "a"), ("", "", "b")]),
    ("all line ends mixed", b"data:a\r\ndata:b\rdata:c\n\r\ndata:d\n\n", &[("", "", "a\nb\nc"), ("", "", "d")]),
    ("nothing", b"", &[]),
    ("empty lines", b"\n\r\n\r\n\n\r", &[]),
    ("name and id in any order", b"data:x\nid:9\nevent:end\n\n", &[("end", "9", "x")]),
    ("colons in values", b"data:a:b: c\nid:::\n\n", &[("", "::", "a:b: c")]),
];

#[test]
fn the_format_is_read_as_the_standard_says() {
    for (name, stream, expected) in CASES {
        println!("{name}");
        check(stream, expected);
    }
}

#[test]
fn every_way_to_cut_a_stream_in_three_gives_the_same_items() {
    for (name, stream, _) in CASES {
        let whole = decode(&[stream]);
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let chunks = [&stream[..first], &stream[first..second], &stream[second..]];
                assert_eq!(decode(&chunks), whole, "{name} cut at {first} and {second}");
            }
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(decode(&bytes), whole, "{name} byte by byte");
    }
}

#[test]
fn only_digits_set_the_retry_time() {
    let stream = b"retry:3000\nretry: 20\nretry:\nretry\nretry:3x\nretry:-1\nretry:+1\nretry:1.5\nretry: 1 \nretry:99999999999999999999\n";
    assert_eq!(decode(&[stream]), [Item::Retry(3000), Item::Retry(20)]);
}

#[test]
fn a_comment_is_emitted_at_the_end_of_its_line() {
    assert_eq!(decode(&[b": ok\n"]), [Item::Comment]);
    assert_eq!(decode(&[b":\r"]), [Item::Comment]);
    assert_eq!(decode(&[b": unfinished"]), []);
}

#[test]
fn a_line_is_accepted_at_the_limit_and_refused_one_byte_past_it() {
    let line = |length: usize| [b"data:".as_slice(), &vec![b'x'; length - 5], b"\n\n"].concat();
    for chunk in [LINE_BYTES * 2, 1000] {
        let feed = |stream: &[u8]| {
            let mut decoder = Decoder::default();
            let mut count = 0;
            let result = stream.chunks(chunk).try_for_each(|chunk| decoder.feed(chunk, |_| count += 1));
            (result, count, decoder)
        };
        assert_eq!(feed(&line(LINE_BYTES)).0, Ok(()));
        assert_eq!(feed(&line(LINE_BYTES)).1, 1);
        let (result, count, mut decoder) = feed(&line(LINE_BYTES + 1));
        assert_eq!((result, count), (Err(TooLong), 0));
        assert_eq!(decoder.feed(b"data:x\n\n", |_| panic!("lost")), Err(TooLong));
    }
}

#[test]
fn a_frame_is_accepted_at_the_limit_and_refused_past_it() {
    let line = [b"data:".as_slice(), &[b'x'; 1023], b"\n"].concat();
    let mut decoder = Decoder::default();
    for _ in 0..FRAME_BYTES / 1024 {
        decoder.feed(&line, |_| panic!("not complete")).unwrap();
    }
    assert_eq!(decoder.feed(&line, |_| panic!("not complete")), Err(TooLong));
}

#[test]
fn replacement_characters_count_against_the_limit() {
    // Each of these bytes becomes a replacement character of three bytes.
    let line = [b"data:".as_slice(), &vec![0xFF; LINE_BYTES - 5], b"\n"].concat();
    let mut decoder = Decoder::default();
    assert_eq!(decoder.feed(&line, |_| ()), Ok(()));
    assert_eq!(decoder.feed(&line, |_| ()), Err(TooLong));
}

#[test]
fn names_ids_and_comments_with_line_breaks_are_refused() {
    for text in ["a\nb", "a\rb", "a\0b", "\n"] {
        let mut out = String::from("kept");
        assert_eq!(write_frame(&mut out, text, None, "x"), Err(Unwritable));
        assert_eq!(write_frame(&mut out, "", Some(text), "x"), Err(Unwritable));
        assert_eq!(write_comment(&mut out, text), Err(Unwritable));
        assert_eq!(out, "kept");
    }
}

#[test]
fn the_encoder_writes_the_expected_text() {
    let mut out = String::new();
    write_comment(&mut out, "ok").unwrap();
    write_retry(&mut out, 1000);
    write_frame(&mut out, "", Some("k3v9a0.1"), "{}").unwrap();
    write_frame(&mut out, "end", None, "a\nb\r\nc\rd\n").unwrap();
    let frames = "id: k3v9a0.1\ndata: {}\n\nevent: end\ndata: a\ndata: b\ndata: c\ndata: d\ndata: \n\n";
    assert_eq!(out, format!(": ok\nretry: 1000\n{frames}"));
}

#[test]
fn the_longest_line_can_arrive_byte_by_byte() {
    // A decoder that scans the whole line again at each byte would take hours.
    let stream = [b"data:".as_slice(), &vec![b'x'; LINE_BYTES - 5], b"\n\n"].concat();
    let (mut decoder, mut count) = (Decoder::default(), 0);
    stream.chunks(1).for_each(|byte| decoder.feed(byte, |_| count += 1).unwrap());
    assert_eq!(count, 1);
}

fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec!["\0", "\r", "\n", "\r\n", "\u{2028}", "\u{FEFF}", ":", " ", "data:", "😀"]);
    prop::collection::vec(prop_oneof![special.prop_map(str::to_owned), any::<String>()], 0..8)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn the_decoder_reads_what_the_encoder_writes(name in text(), id in prop::option::of(text()), data in text(), chunk in 1_usize..9) {
        let mut out = String::new();
        let forbidden = |text: &str| text.contains(['\r', '\n', '\0']);
        let refused = forbidden(&name) || id.as_deref().is_some_and(forbidden);
        prop_assert_eq!(write_frame(&mut out, &name, id.as_deref(), &data).is_err(), refused);
        if !refused {
            let chunks: Vec<&[u8]> = out.as_bytes().chunks(chunk).collect();
            let data = data.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(decode(&chunks), [Item::Frame(Frame { name, id: id.unwrap_or_default(), data })]);
        }
    }

    #[test]
    fn no_bytes_panic_and_no_cut_matters(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in any::<prop::sample::Index>()) {
        let (first, second) = bytes.split_at(cut.index(bytes.len().max(1)));
        prop_assert_eq!(decode(&[first, second]), decode(&[&bytes]));
    }
}
