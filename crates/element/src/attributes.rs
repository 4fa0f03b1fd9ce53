//! The attributes of an element, read with their defaults; a bad value is no value.

use client::browser::Source;
use protocol::include::Include;
use web_sys::Element;

use crate::console;

const VARIANTS: [&str; 4] = ["bar", "ring", "compact", "detailed"];

/// The attribute `name`, unless it is absent or blank.
pub(crate) fn text(host: &Element, name: &str) -> Option<String> {
    host.get_attribute(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// What to watch; `None` while no job or no server is named.
pub(crate) fn source(host: &Element, default_src: Option<&str>) -> Option<Source> {
    // As in the token lists of HTML, a name that is none is nobody's.
    let names = text(host, "include").unwrap_or_default();
    let known = names.split(',').filter(|name| Include::NAMES.contains(&name.trim()));
    Some(Source {
        src: text(host, "src").or(default_src.map(str::to_owned))?,
        job: text(host, "job")?,
        token: text(host, "token"),
        include: Include::parse(known).unwrap_or_default(),
    })
}

/// Whether what only the detailed variant shows is wanted. A variant that is none is a bar, as with the enumerated
/// attributes of HTML, and the console says so.
pub(crate) fn is_detailed(host: &Element) -> bool {
    let named = host.get_attribute("variant").unwrap_or_default();
    if !named.is_empty() && !VARIANTS.iter().any(|known| known.eq_ignore_ascii_case(&named)) {
        console::warn(&["There is no variant \"", &named, "\", only ", &VARIANTS.join(", ")].concat());
    }
    named.eq_ignore_ascii_case("detailed")
}

/// The reader's language: the element's own, else that of the nearest ancestor that has one, else the browser's.
pub(crate) fn locale(host: &Element) -> String {
    let inherited = || host.closest("[lang]").ok().flatten().and_then(|ancestor| text(&ancestor, "lang"));
    let own = || web_sys::window().and_then(|window| window.navigator().language());
    text(host, "locale").or_else(inherited).or_else(own).unwrap_or_default()
}
