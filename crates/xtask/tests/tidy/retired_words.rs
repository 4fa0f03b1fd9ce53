//! No retired word comes back: the list is `retired-words.txt`, its exceptions are `retired-words-allowed.txt`.
//!
//! Identifiers are split into their words, so that `read_all` and `ReadAll` both contain `read` and `already` does not. A phrase may be broken over two lines.

use crate::{
    none,
    source::{self, Source},
};

/// The lists; they are text files because this test does not read those.
const RETIRED: &str = include_str!("retired-words.txt");
const ALLOWED: &str = include_str!("retired-words-allowed.txt");

/// The extensions of the files that are read.
const EXTENSIONS: &[&str] = &["rs", "js", "jsx", "mjs", "css", "html", "sh", "py", "md"];

/// The keywords with which an entry names a type.
const TYPE_KEYWORDS: &[&str] = &["struct", "enum", "trait", "type"];

/// A retired word or phrase.
struct Retired {
    words: Vec<String>,
    /// The folder to which it is limited; empty for everywhere.
    folder: &'static str,
    instead: &'static str,
}

/// A file in which a word is allowed.
struct Exception {
    file: &'static str,
    word: &'static str,
}

#[test]
fn no_retired_word_comes_back() {
    let (retired, exceptions) = (retired(RETIRED), exceptions());
    let mut violations = Vec::new();
    for source in source::under("", EXTENSIONS) {
        for (line, phrase, instead) in found(&source, &retired) {
            let allowed = |exception: &Exception| exception.file == source.name && exception.word == phrase;
            if !exceptions.iter().any(allowed) {
                violations.push(format!("{}:{line} contains `{phrase}`; use: {instead}", source.name));
            }
        }
    }
    none(violations);
}

#[test]
fn every_exception_is_needed() {
    let retired = retired(RETIRED);
    let sources = source::under("", EXTENSIONS);
    let needed = |exception: &Exception| {
        let source = sources.iter().find(|source| source.name == exception.file);
        source.is_some_and(|source| found(source, &retired).iter().any(|(_, phrase, _)| phrase == exception.word))
    };
    let unneeded = exceptions().into_iter().filter(|exception| !needed(exception));
    none(unneeded.map(|exception| format!("{} does not contain `{}`", exception.file, exception.word)).collect());
}

fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn retired(list: &'static str) -> Vec<Retired> {
    let entry = |line: &'static str| {
        let (phrases, instead) = line.split_once(": ").unwrap();
        let (phrases, folder) = phrases.split_once(" in ").unwrap_or((phrases, ""));
        let words = |phrase: &str| phrase.split(' ').map(str::to_owned).collect();
        phrases.split(", ").map(move |phrase| Retired { words: words(phrase), folder, instead })
    };
    lines(list).flat_map(entry).collect()
}

fn exceptions() -> Vec<Exception> {
    let entry = |line: &'static str| match line.split(": ").collect::<Vec<_>>()[..] {
        [file, word, _reason] => Exception { file, word },
        _ => panic!("not `file: word: reason`: {line}"),
    };
    lines(ALLOWED).map(entry).collect()
}

/// Every retired phrase in a file, with its line and the words to use instead.
fn found(source: &Source, retired: &[Retired]) -> Vec<(usize, String, &'static str)> {
    let words = words(&source.text);
    let mut found = Vec::new();
    for retired in retired.iter().filter(|retired| source.name.starts_with(retired.folder)) {
        let is_type = TYPE_KEYWORDS.contains(&retired.words[0].as_str());
        for window in words.windows(retired.words.len()) {
            let is_same = window.iter().map(|word| &word.text).eq(&retired.words);
            if is_same && (!is_type || window[window.len() - 1].ends_identifier) {
                found.push((window[0].line, retired.words.join(" "), retired.instead));
            }
        }
    }
    found.sort();
    found
}

/// A word in lower case.
struct Word {
    line: usize,
    text: String,
    /// Whether it is the end of its identifier, so that `Key` in `JobKey` is and `Job` is not.
    ends_identifier: bool,
}

/// The words of a text. A capital letter after a small one begins a word.
fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut word = String::new();
        let mut was_small = false;
        for letter in line.chars().chain([' ']) {
            let ends = !letter.is_alphabetic() || (was_small && letter.is_uppercase());
            if ends && !word.is_empty() {
                let ends_identifier = !letter.is_alphanumeric() && letter != '_';
                words.push(Word { line: index + 1, text: std::mem::take(&mut word), ends_identifier });
            }
            if letter.is_alphabetic() {
                word.extend(letter.to_lowercase());
            }
            was_small = letter.is_lowercase();
        }
    }
    words
}

#[test]
fn identifiers_are_split_into_words_and_phrases_are_found_over_lines() {
    let text = "fn read_all(ReadAll: Already)\n// it writes\n// down";
    let source = Source { name: "x.rs".to_owned(), path: "x.rs".into(), text: text.to_owned() };
    let found = |list| found(&source, &retired(list)).into_iter().map(|(line, ..)| line).collect::<Vec<_>>();
    assert_eq!(found("read, writes down: other words"), [1, 1, 2]);
    assert_eq!(found("read in y.rs: other words").len(), 0);
}

#[test]
fn a_retired_type_is_found_by_its_whole_name() {
    let text = "struct Job; struct JobKey;";
    let source = Source { name: "x.rs".to_owned(), path: "x.rs".into(), text: text.to_owned() };
    assert_eq!(found(&source, &retired("struct job: other words")).len(), 1);
}
