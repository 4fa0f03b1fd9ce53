//! Paths: their segments, and the names in them.

/// The path with one `/` for several and none at its end; `None` if it is like that already.
pub(super) fn without_extra_slashes(path: &str) -> Option<String> {
    if !path.contains("//") && !path.ends_with('/') {
        return None;
    }
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    Some(format!("/{}", segments.join("/")))
}

/// The segments of `path` at the placeholders of the template; `None` if the path does not match.
pub(super) fn names<'a>(template: &str, path: &'a str) -> Option<[&'a str; 2]> {
    let mut names = [""; 2];
    let mut places = names.iter_mut();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        if expected.starts_with('{') {
            *places.next()? = segment;
        } else if expected != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(names)
}

/// The segment, percent-decoded. A segment with a malformed escape, or whose bytes are not UTF-8, stays as it is: no name
/// contains a `%`, so it is refused later.
pub(super) fn decode(segment: &str) -> String {
    if !segment.contains('%') {
        return segment.to_owned();
    }
    decoded(segment).unwrap_or_else(|| segment.to_owned())
}

fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    let hex = |digit: u8| char::from(digit).to_digit(16);
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => u8::try_from((hex(rest.next()?)? << 4) | hex(rest.next()?)?).ok()?,
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `decodeURIComponent` returns for each segment, with the segment itself where it throws.
    #[test]
    fn segments_are_decoded_as_javascript_decodes_them() {
        for (segment, decoded) in [
            ("import-42", "import-42"),
            ("import%2D42", "import-42"),
            ("%e2%82%ac", "€"),
            ("%F0%9F%8E%89", "🎉"),
            ("a%3Ab+c", "a:b+c"),
            ("%2525", "%25"),
            ("%00", "\0"),
            ("é%C3%A9", "éé"),
            // Not an escape.
            ("%", "%"),
            ("%2", "%2"),
            ("%zz", "%zz"),
            ("%+1", "%+1"),
            ("%2D%", "%2D%"),
            // Not UTF-8: cut short, alone, overlong, a surrogate, past the last character.
            ("%E2%82", "%E2%82"),
            ("%80", "%80"),
            ("%C0%AF", "%C0%AF"),
            ("%ED%A0%80", "%ED%A0%80"),
            ("%F4%90%80%80", "%F4%90%80%80"),
        ] {
            assert_eq!(decode(segment), decoded, "{segment}");
        }
    }
}
