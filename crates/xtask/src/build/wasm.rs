//! Reads the parts of a wasm file that other modules change.

use anyhow::{Context, Result, bail};

/// The length of a wasm file's magic number and version.
pub(super) const HEAD: usize = 8;

/// The numbers of sections.
pub(super) const CUSTOM: u8 = 0;
pub(super) const IMPORTS: u8 = 2;
pub(super) const CODE: u8 = 10;
pub(super) const DATA: u8 = 11;

/// The kind of an import that is a function.
const FUNCTION: u8 = 0;

/// The instructions of a segment's address: a constant and its end.
const I32_CONST: u8 = 0x41;
const END: u8 = 0x0b;

/// The bytes that are still to be read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    /// Where they are in the file.
    at: usize,
}

/// Bytes that are in the memory from the start.
pub(super) struct Segment<'a> {
    /// Where they are in the memory.
    pub(super) address: usize,
    /// Where they are in the file.
    pub(super) at: usize,
    pub(super) bytes: &'a [u8],
}

/// The sections of a file, each with its number.
pub(super) fn sections(module: &[u8]) -> Result<Vec<(u8, Reader<'_>)>> {
    let mut reader = Reader { rest: module, at: 0 };
    reader.take(HEAD)?;
    let mut sections = Vec::new();
    while !reader.rest.is_empty() {
        sections.push((reader.byte()?, reader.counted()?));
    }
    Ok(sections)
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).context("the wasm ends early")?;
        self.rest = rest;
        self.at += length;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?.iter().sum())
    }

    /// A number in LEB128 that is not negative.
    fn number(&mut self) -> Result<usize> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    /// Bytes after their number.
    fn counted(&mut self) -> Result<Reader<'a>> {
        let length = self.number()?;
        let at = self.at;
        Ok(Reader { rest: self.take(length)?, at })
    }

    /// The number of imported functions in a section of imports.
    pub(super) fn imports(mut self) -> Result<usize> {
        let count = self.number()?;
        for _ in 0..count {
            let (_module, _name, kind) = (self.counted()?, self.counted()?, self.byte()?);
            if kind != FUNCTION {
                bail!("the wasm imports more than functions");
            }
            self.number()?;
        }
        Ok(count)
    }

    /// The functions in a section of code.
    pub(super) fn bodies(mut self) -> Result<Vec<&'a [u8]>> {
        let count = self.number()?;
        (0..count).map(|_| Ok(self.counted()?.rest)).collect()
    }

    /// The segments in a section of data.
    pub(super) fn segments(mut self) -> Result<Vec<Segment<'a>>> {
        let count = self.number()?;
        let segment = |_| {
            if (self.number()?, self.byte()?) != (0, I32_CONST) {
                bail!("the wasm has data without an address");
            }
            let address = self.number()?;
            if self.byte()? != END {
                bail!("the wasm computes an address of data");
            }
            let content = self.counted()?;
            Ok(Segment { address, at: content.at, bytes: content.rest })
        };
        (0..count).map(segment).collect()
    }
}

/// A number as LEB128.
pub(super) fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file with these sections.
    pub(in super::super) fn module(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
        let section = |(id, content): &(u8, Vec<u8>)| [vec![*id], counted(content)].concat();
        [vec![0; HEAD], sections.iter().flat_map(section).collect()].concat()
    }

    /// Bytes after their number.
    pub(in super::super) fn counted(bytes: &[u8]) -> Vec<u8> {
        [leb(bytes.len()), bytes.to_vec()].concat()
    }

    #[test]
    fn a_number_is_read_as_it_was_written() {
        for number in [0, 127, 128, 16_383, 16_384, 1 << 20] {
            assert_eq!(Reader { rest: &leb(number), at: 0 }.number().unwrap(), number);
        }
    }

    #[test]
    fn what_is_no_wasm_of_the_expected_form_is_an_error() {
        assert!(sections(b"short").is_err());
        let memory = module(&[(IMPORTS, b"\x01\x01a\x01b\x02\x00".to_vec())]);
        let imports = |module: &[u8]| sections(module).unwrap().first().unwrap().1.imports();
        assert!(imports(&memory).unwrap_err().to_string().contains("functions"));
    }
}
