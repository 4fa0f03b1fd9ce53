//! The attributes of an element, read with their defaults. An invalid value counts as absent.

use client::browser::Source;
use protocol::include::Include;
use web_sys::Element;
use widget::Announce;

use crate::hooks::Hooks;

const VARIANTS: [&str; 4] = ["bar", "ring", "compact", "detailed"];

/// The attribute `name`, unless it is absent or blank.
pub(crate) fn text(host: &Element, name: &str) -> Option<String> {
    host.get_attribute(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Which changes are announced to screen readers.
pub(crate) fn announce(host: &Element) -> Announce {
    Announce::parse(&text(host, "announce").unwrap_or_default())
}

/// The job to follow; `None` without a job or a server.
pub(crate) fn source(host: &Element, default_src: Option<&str>) -> Option<Source> {
    // As in the token lists of HTML, an unknown name is ignored.
    let names = text(host, "include").unwrap_or_default();
    let known = names.split(',').filter(|name| Include::NAMES.contains(&name.trim()));
    Some(Source {
        src: text(host, "src").or(default_src.map(str::to_owned))?,
        job: text(host, "job")?,
        token: text(host, "token"),
        include: Include::parse(known).unwrap_or_default(),
    })
}

/// Whether the variant is `detailed`. As with the enumerated attributes of HTML, an unknown variant is the default, `bar`;
/// the console says so.
pub(crate) fn is_detailed(host: &Element, hooks: &Hooks) -> bool {
    let variant = host.get_attribute("variant").unwrap_or_default();
    if !variant.is_empty() && !VARIANTS.iter().any(|known| known.eq_ignore_ascii_case(&variant)) {
        hooks.warn(&["Unknown variant \"", &variant, "\"; allowed: ", &VARIANTS.join(", ")].concat());
    }
    variant.eq_ignore_ascii_case("detailed")
}
