//! Streams: the items do not depend on how the bytes are split, and the decoder reads what the encoder wrote.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::sse::{Decoder, Frame, Item, TooLong, write_comment, write_frame, write_retry};

fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Item>, Result<(), TooLong>) {
    let mut decoder = Decoder::default();
    let mut items = Vec::new();
    let mut result = Ok(());
    for chunk in chunks {
        result = decoder.feed(chunk, |item| items.push(item));
    }
    (items, result)
}

fuzz_target!(|input: (Vec<u8>, Vec<u8>, &str, &str, &str, u64)| {
    let (stream, cuts, name, id, data, millis) = input;
    let whole = decode([stream.as_slice()]);
    assert_eq!(decode(stream.chunks(1)), whole, "byte by byte");
    let mut rest = stream.as_slice();
    let mut chunks = Vec::new();
    for cut in cuts {
        let (chunk, tail) = rest.split_at(usize::from(cut).min(rest.len()));
        chunks.push(chunk);
        rest = tail;
    }
    chunks.push(rest);
    assert_eq!(decode(chunks), whole, "split anywhere");

    let mut written = String::new();
    write_retry(&mut written, millis);
    let commented = write_comment(&mut written, name).is_ok();
    let framed = write_frame(&mut written, name, Some(id), data).is_ok();
    let (items, result) = decode([written.as_bytes()]);
    assert_eq!(result, Ok(()));
    let mut expected = vec![Item::Retry(millis)];
    expected.extend(commented.then_some(Item::Comment));
    let data = data.replace("\r\n", "\n").replace('\r', "\n");
    expected.extend(framed.then(|| Item::Frame(Frame { name: name.to_owned(), id: id.to_owned(), data })));
    assert_eq!(items, expected);
});
