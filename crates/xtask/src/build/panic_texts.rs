//! Erases from the wasm what only a panic would print: 1,400 bytes of gzip.
//!
//! In a browser a panic prints nothing: it ends in the instruction `unreachable`. The compiler stores the place and the text of
//! each panic nevertheless. They become zeros; all addresses stay.

use std::{fs, ops::Range, path::Path};

use anyhow::{Context, Result, bail};

use super::wasm::{DATA, Segment, sections};

/// Texts of panics in the standard library and in crates that ours depend on. One that the wasm does not have is ignored.
const TEXTS: &[&str] = &[
    " but ends at ",
    " but the index is ",
    " out of range for slice of length ",
    ") does not match destination slice length (",
    ") should be < len (is ",
    "FnOnce called more than once",
    "LazyCell instance has previously been poisoned",
    "RefCell already borrowed",
    "RefCell already mutably borrowed",
    "Tried to shrink to a larger capacity",
    "`async fn` resumed after completion",
    "a Display implementation returned an error unexpectedly",
    "attempt to join into collection with len > usize::MAX",
    "called `Option::unwrap()` on a `None` value",
    "called `Result::unwrap()` on an `Err` value",
    "cannot access a Thread Local Storage value during or after destruction: ",
    "copy_from_slice: source slice length (",
    "index out of bounds: the len is ",
    "internal error: entered unreachable code",
    "range end index ",
    "range start index ",
    "removal index (is ",
    "slice index starts at ",
];

/// The length of a place in memory: the address and length of the file's name, the line and the column.
const PLACE: usize = 16;

/// Erases in the file `wasm` what only a panic would print.
///
/// # Errors
///
/// When there is no place of a panic: then the compiler stores them in another way.
pub(super) fn erase(wasm: &Path) -> Result<()> {
    let module = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    fs::write(wasm, erased(module)?)?;
    Ok(())
}

fn erased(mut module: Vec<u8>) -> Result<Vec<u8>> {
    let mut segments = Vec::new();
    for (_, section) in sections(&module)?.into_iter().filter(|(id, _)| *id == DATA) {
        segments.extend(section.segments()?);
    }
    let mut erased: Vec<Range<usize>> = segments.iter().flat_map(|segment| places(segment, &segments)).collect();
    if erased.is_empty() {
        bail!("the wasm has no places of panics: has the compiler changed their form?");
    }
    erased.extend(segments.iter().flat_map(texts));
    for range in erased {
        if let Some(bytes) = module.get_mut(range) {
            bytes.fill(0);
        }
    }
    Ok(module)
}

/// Where the file has a place of a panic in that segment, and where it has the name of the place's file.
fn places(segment: &Segment<'_>, all: &[Segment<'_>]) -> Vec<Range<usize>> {
    let aligned = segment.address.next_multiple_of(4) - segment.address;
    let starts = (aligned..segment.bytes.len()).step_by(4);
    let place = |start| {
        let fields = segment.bytes.get(start..start + PLACE)?.chunks_exact(4);
        let mut fields =
            fields.map(|bytes| bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)));
        let (address, length) = (fields.next()?, fields.next()?);
        let name = all.iter().find_map(|other| {
            let start = address.checked_sub(other.address)?;
            let text = other.bytes.get(start..start.checked_add(length)?)?;
            text.ends_with(b".rs").then(|| other.at + start..other.at + start + length)
        })?;
        Some([segment.at + start..segment.at + start + PLACE, name])
    };
    starts.filter_map(place).flatten().collect()
}

/// Where the file has a text of a panic in that segment.
fn texts(segment: &Segment<'_>) -> Vec<Range<usize>> {
    let found = |text: &&str| segment.bytes.windows(text.len()).position(|bytes| bytes == text.as_bytes());
    let range = |text: &&str| found(text).map(|start| segment.at + start..segment.at + start + text.len());
    TEXTS.iter().filter_map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::wasm::{
            DATA,
            tests::{counted, module},
        },
        erased,
    };

    /// A file with this data at address 2.
    fn data(bytes: &[u8]) -> Vec<u8> {
        module(&[(DATA, [b"\x01\x00\x41\x02\x0b".to_vec(), counted(bytes)].concat())])
    }

    #[test]
    fn the_place_and_the_text_of_a_panic_become_zeros_and_all_else_stays() {
        let place = [8_u32, 8, 40, 5].map(u32::to_le_bytes).concat();
        let before = [b"job of", b"src/a.rs".as_slice(), b"1234".as_slice(), &place, b"removal index (is 7"].concat();
        let after = [b"job of".as_slice(), &[0; 8], b"1234", &[0; 16], &[0; 18], b"7"].concat();
        assert_eq!(erased(data(&before)).unwrap(), data(&after));
    }

    #[test]
    fn a_wasm_without_places_of_panics_is_an_error() {
        assert!(erased(data(b"removal index (is ")).unwrap_err().to_string().contains("no places"));
    }
}
