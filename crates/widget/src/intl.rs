//! The browser's `Intl` as a [`Format`].

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, Function, Intl::NumberFormat, Object, Reflect};
use leptos::wasm_bindgen::{JsCast, JsValue};

use crate::format::{Format, Unit};

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
        let wanted = Array::of1(&JsValue::from_str(locale));
        let tags = if is_well_formed(&wanted) { wanted } else { Array::new() };
        let format = |options: &[(&str, &str)]| {
            let object = Object::new();
            for (key, value) in options {
                // Setting a member of a plain object cannot fail.
                let _ = Reflect::set(&object, &JsValue::from_str(key), &JsValue::from_str(value));
            }
            NumberFormat::new(&tags, &object).format()
        };
        let amount = |unit: Unit| format(&[("style", "unit"), ("unit", unit.as_str()), ("unitDisplay", "short")]);
        Intl {
            percent: format(&[("style", "percent")]),
            number: format(&[]),
            amounts: UNITS.into_iter().map(amount).collect(),
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

/// Whether `Intl` accepts the tags; its constructors throw on an ill-formed one.
fn is_well_formed(tags: &Array) -> bool {
    let member = |object: &JsValue, key| Reflect::get(object, &JsValue::from_str(key));
    let check = member(&js_sys::global(), "Intl").and_then(|intl| member(&intl, "getCanonicalLocales"));
    let check = check.ok().and_then(|check| check.dyn_into::<Function>().ok());
    check.is_some_and(|check| check.call1(&JsValue::UNDEFINED, tags).is_ok())
}

fn call(format: &Function, value: f64) -> String {
    format
        .call1(&JsValue::UNDEFINED, &JsValue::from_f64(value))
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_default()
}
