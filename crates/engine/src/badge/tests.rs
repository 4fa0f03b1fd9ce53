//! What badges show, and that no label breaks out of one.

use super::*;
use roxmltree::{Document as Xml, Node};

fn request(label: Option<&str>, style: Style) -> BadgeRequest {
    BadgeRequest { label: label.map(str::to_owned), style }
}

fn job(status: Status, progress: Option<f64>) -> Shown {
    Shown { status, progress: progress.and_then(Number::new), kind: None }
}

fn query(pairs: &[(&str, &str)]) -> Query {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Query::new(pairs, &PARAMETERS).unwrap()
}

fn texts(svg: &Xml<'_>) -> Vec<String> {
    let texts = svg.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "text")));
    texts.map(|node| node.text().unwrap().to_owned()).collect()
}

fn number(node: &Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

/// Labels that could break out of their place, and what is shown of them.
const CORPUS: [(&str, &str); 22] = [
    ("Import", "Import"),
    ("a & b", "a & b"),
    ("&amp; &lt; &#60; &unknown;", "&amp; &lt; &#60; &unknown;"),
    ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ("</text></svg><svg onload=alert(1)>", "</text></svg><svg onload=alert(1)>"),
    ("\" onload=\"alert(1)", "\" onload=\"alert(1)"),
    ("' onload='alert(1)", "' onload='alert(1)"),
    ("<![CDATA[x]]>", "<![CDATA[x]]>"),
    ("]]>", "]]>"),
    ("<!-- -- -->", "<!-- -- -->"),
    ("<?xml version=\"1.0\"?>", "<?xml version=\"1.0\"?>"),
    ("{fill:red}</style>", "{fill:red}</style>"),
    ("javascript:alert(1)", "javascript:alert(1)"),
    ("a\nb\tc\rd", "a b c d"),
    ("  a   b  ", "a b"),
    ("a\u{0}b\u{7}c\u{1b}d\u{7f}e\u{85}f", "a b c d e f"),
    ("a\u{fffe}b\u{ffff}c", "a b c"),
    ("a\u{202e}b\u{2066}c\u{2069}d", "a b c d"),
    ("Größe · naïve · €", "Größe · naïve · €"),
    ("ימי ייבוא", "ימי ייבוא"),
    ("数据导入 データ 가져오기", "数据导入 データ 가져오기"),
    ("👩‍👩‍👧‍👦 🇩🇪 e\u{301}", "👩‍👩‍👧‍👦 🇩🇪 e\u{301}"),
];

#[test]
fn every_label_comes_back_from_well_formed_xml_as_it_was() {
    for (label, shown) in CORPUS {
        for style in [Style::Flat, Style::Bar] {
            let svg = request(Some(label), style).of_job(&job(Status::Running, Some(42.9)));
            let xml = Xml::parse(&svg).unwrap_or_else(|error| panic!("{label:?}: {error}\n{svg}"));
            assert_eq!(texts(&xml), [shown, "running 42 %"], "{svg}");
            let name = format!("{shown}: running 42 %");
            assert_eq!(xml.root_element().attribute("aria-label"), Some(&*name));
            let title = xml.root_element().first_element_child().unwrap();
            assert_eq!((title.tag_name().name(), title.text()), ("title", Some(&*name)));
            // Nothing but what we draw, and nothing that loads or runs.
            for node in xml.descendants().filter(Node::is_element) {
                let tag = node.tag_name().name();
                assert!(["svg", "title", "style", "g", "rect", "path", "text"].contains(&tag), "{label:?}: {tag}");
                let is_known = |name: &str| !name.starts_with("on") && !["href", "src", "style"].contains(&name);
                assert!(node.attributes().all(|attribute| is_known(attribute.name())), "{svg}");
            }
        }
    }
}

#[test]
fn every_character_that_rust_has_gives_well_formed_xml() {
    let all: Vec<char> = ('\u{0}'..=char::MAX).collect();
    for chars in all.chunks(BADGE_LABEL_CHARS) {
        let label: String = chars.iter().collect();
        let svg = request(Some(&label), Style::Flat).of_job(&Shown::default());
        Xml::parse(&svg).unwrap_or_else(|error| panic!("{label:?}: {error}"));
    }
}

#[test]
fn a_badge_shows_the_state_and_the_percentage_of_a_job_that_has_begun_and_not_ended() {
    for (status, progress, words) in [
        (Status::Queued, None, "queued"),
        (Status::Queued, Some(0.0), "queued"),
        (Status::Initializing, Some(3.0), "initializing 3 %"),
        (Status::Running, None, "running"),
        (Status::Running, Some(0.0), "running 0 %"),
        (Status::Running, Some(99.99), "running 99 %"),
        (Status::Paused, Some(50.0), "paused 50 %"),
        (Status::Completed, Some(100.0), "completed"),
        (Status::Failed, Some(42.0), "failed"),
        (Status::Cancelled, None, "cancelled"),
        (Status::Timeout, Some(7.0), "timeout"),
    ] {
        for style in [Style::Flat, Style::Bar] {
            let svg = request(Some(""), style).of_job(&job(status, progress));
            let xml = Xml::parse(&svg).unwrap();
            assert_eq!(texts(&xml), [words]);
            assert_eq!(xml.root_element().attribute("aria-label"), Some(words));
        }
    }
}

#[test]
fn the_label_is_the_one_of_the_request_else_the_kind_else_job() {
    let of_kind = |kind: Option<&str>, label: Option<&str>| {
        let job = Shown { kind: kind.map(str::to_owned), ..Shown::default() };
        texts(&Xml::parse(&request(label, Style::Flat).of_job(&job)).unwrap())[0].clone()
    };
    assert_eq!(of_kind(Some("encode"), Some("Video")), "Video");
    assert_eq!(of_kind(Some("encode"), None), "encode");
    assert_eq!(of_kind(None, None), "job");
    // A kind may be longer than a label.
    assert_eq!(of_kind(Some(&"k".repeat(64)), None), "k".repeat(64));
    assert_eq!(of_kind(Some(&"k".repeat(65)), None), format!("{}…", "k".repeat(63)));
}

#[test]
fn the_bar_is_filled_as_far_as_the_job_is() {
    let filled = |status, progress| {
        let svg = request(None, Style::Bar).of_job(&job(status, progress));
        let xml = Xml::parse(&svg).unwrap();
        let fill = xml.descendants().find(|node| node.attribute("class") == Some("s"));
        fill.map(|fill| number(&fill, "width"))
    };
    assert_eq!(filled(Status::Queued, None), None);
    assert_eq!(filled(Status::Running, Some(0.0)), None);
    assert_eq!(filled(Status::Running, Some(50.0)), Some(40.0));
    assert_eq!(filled(Status::Failed, Some(75.0)), Some(60.0));
    assert_eq!(filled(Status::Completed, None), Some(80.0));
    // So that it stays round.
    assert_eq!(filled(Status::Running, Some(1.0)), Some(8.0));
}

#[test]
fn texts_lie_within_the_badge_and_beside_each_other() {
    for label in CORPUS.map(|(label, _)| label).into_iter().chain(["", "i", &"W".repeat(64)]) {
        for style in [Style::Flat, Style::Bar] {
            let svg = request(Some(label), style).of_job(&job(Status::Running, Some(42.0)));
            let xml = Xml::parse(&svg).unwrap();
            let all = number(&xml.root_element(), "width");
            assert_eq!(all.fract(), 0.0);
            let mut end = 5.0;
            for node in xml.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "text"))) {
                let begin = number(&node, "x");
                assert!(begin >= end, "{svg}");
                end = begin + number(&node, "textLength") + 5.0;
            }
            assert!(end <= all, "{svg}");
        }
    }
}

#[test]
fn a_badge_is_small_and_the_same_each_time() {
    let job = job(Status::Running, Some(42.0));
    for style in [Style::Flat, Style::Bar] {
        let of = |label: &str| request(Some(label), style).of_job(&job);
        assert!(of("Import of the orders").len() <= 1_500, "{}", of("Import of the orders").len());
        // The longest label of the characters with the longest escapes.
        assert!(of(&"\"".repeat(64)).len() <= 2_500);
        assert_eq!(of("Import"), of("Import"));
    }
}

#[test]
fn an_etag_changes_with_the_picture_and_only_with_it() {
    let of = |progress, label| etag(&request(label, Style::Flat).of_job(&job(Status::Running, Some(progress))));
    assert_eq!(of(42.1, None), of(42.9, None));
    assert_ne!(of(42.1, None), of(43.0, None));
    assert_ne!(of(42.1, None), of(42.1, Some("Import")));
    assert!(of(42.1, None).starts_with('"') && of(42.1, None).ends_with('"') && !of(42.1, None).contains(','));
}

#[test]
fn a_label_at_the_limit_is_shown_and_past_it_is_refused() {
    let read = |label: &str| BadgeRequest::from_query(&query(&[("label", label)]));
    // Characters, not bytes.
    let longest = "é".repeat(64);
    assert_eq!(read(&longest).unwrap().label, Some(longest));
    let problem = read(&"é".repeat(65)).unwrap_err();
    assert_eq!(problem.message(), "`label` may have at most 64 characters");
    assert_eq!((&problem.details()["field"], &problem.details()["limit"]), (&"label".into(), &64.into()));
}

#[test]
fn a_style_is_one_of_two_words() {
    let read = |style: &str| BadgeRequest::from_query(&query(&[("style", style)]));
    assert_eq!(BadgeRequest::from_query(&query(&[])).unwrap(), BadgeRequest::default());
    assert_eq!(read("flat").unwrap().style, Style::Flat);
    assert_eq!(read("bar").unwrap().style, Style::Bar);
    for word in ["", "Flat", "plastic"] {
        assert_eq!(read(word).unwrap_err().message(), "`style` must be one of flat, bar", "{word}");
    }
    assert!(BadgeRequest::from_query(&query(&[("style", "bar"), ("style", "bar")])).is_err());
}

#[test]
fn a_refusal_is_a_picture_that_says_no_more_than_its_status() {
    for status in 400..600 {
        for (label, shown) in [(None, "job"), (Some("Import"), "Import")] {
            let svg = request(label, Style::Flat).of_refusal(status);
            assert_eq!(texts(&Xml::parse(&svg).unwrap()), [shown, words_of(status)]);
        }
    }
    assert_eq!((words_of(401), words_of(404), words_of(503)), ("invalid token", "not found", "unavailable"));
}

#[test]
fn an_image_on_a_page_accepts_images_and_a_program_need_not() {
    let chromium = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
    for accept in [chromium, "image/svg+xml", "text/html, image/*"] {
        assert!(accepts_images(accept), "{accept}");
    }
    for accept in ["", "*/*", "application/json", "application/image/svg"] {
        assert!(!accepts_images(accept), "{accept}");
    }
}

#[test]
fn what_an_object_returns_of_a_job_is_read_back_also_from_a_whole_document() {
    let mut document = Document::new("a".to_owned(), "k3v9a0".to_owned(), protocol::Timestamp::from_millis(0));
    document.status = Status::Running;
    document.progress = Number::new(42.0);
    document.kind = Some("encode".to_owned());
    let shown = Shown::of(&document);
    for text in [serde_json::to_string(&shown).unwrap(), serde_json::to_string(&document).unwrap()] {
        assert_eq!(serde_json::from_str::<Shown>(&text).unwrap(), shown, "{text}");
    }
}
