//! The browser's `Intl` as a [`Format`].

use std::{cell::RefCell, rc::Rc};

use js_sys::Function;
use leptos::wasm_bindgen::{self, JsValue, prelude::wasm_bindgen};

use crate::format::{Format, Unit};

#[wasm_bindgen(module = "/js/format.js")]
extern "C" {
    /// A script does this, because making an object of options in Rust takes more bytes than the whole script.
    #[wasm_bindgen(js_name = numberFormat)]
    fn number_format(tag: &str, style: &str, unit: &str) -> Function;
}

/// The number formats of one language.
#[derive(Debug)]
pub struct Intl {
    percent: Function,
    number: Function,
    /// In the order of [`UNITS`].
    amounts: Vec<Function>,
}

const UNITS: [Unit; 4] = [Unit::Second, Unit::Minute, Unit::Hour, Unit::Day];

thread_local! {
    /// The formats made so far, by tag: a page has many elements and few languages.
    static CACHE: RefCell<Vec<(String, Rc<Intl>)>> = const { RefCell::new(Vec::new()) };
}

impl Intl {
    /// The formats of that BCP 47 tag, made once a page.
    pub fn shared(locale: &str) -> Rc<Intl> {
        CACHE.with_borrow_mut(|cache| {
            if let Some((_, intl)) = cache.iter().find(|(tag, _)| tag == locale) {
                return Rc::clone(intl);
            }
            let intl = Rc::new(Intl::new(locale));
            cache.push((locale.to_owned(), Rc::clone(&intl)));
            intl
        })
    }

    /// The formats of that BCP 47 tag, or of the browser's own language if the tag is ill-formed or unknown.
    pub fn new(locale: &str) -> Intl {
        let format = |style, unit: Unit| number_format(locale, style, unit.as_str());
        Intl {
            percent: format("percent", Unit::Second),
            number: format("decimal", Unit::Second),
            amounts: UNITS.into_iter().map(|unit| format("unit", unit)).collect(),
        }
    }
}

impl Format for Intl {
    fn percent(&self, percent: f64) -> String {
        call(&self.percent, percent / 100.0)
    }

    fn number(&self, value: f64) -> String {
        call(&self.number, value)
    }

    fn amount(&self, value: u64, unit: Unit) -> String {
        let format = UNITS.iter().zip(&self.amounts).find(|(other, _)| **other == unit);
        format.map(|(_, format)| call(format, value as f64)).unwrap_or_default()
    }
}

fn call(format: &Function, value: f64) -> String {
    format
        .call1(&JsValue::UNDEFINED, &JsValue::from_f64(value))
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_default()
}
