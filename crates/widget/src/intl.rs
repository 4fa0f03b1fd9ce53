//! The browser's `Intl`: numbers as the reader's language writes them.

use js_sys::{Array, Function, Intl::NumberFormat, Object, Reflect};
use leptos::wasm_bindgen::JsValue;

use crate::format::{Format, Unit};

/// Numbers in one language.
pub struct Intl {
    percent: Function,
    /// In the order of [`UNITS`].
    amounts: Vec<Function>,
}

const UNITS: [Unit; 4] = [Unit::Second, Unit::Minute, Unit::Hour, Unit::Day];

impl Intl {
    /// The language of that BCP 47 tag; where the browser does not know it, or there is none, the browser's own.
    pub fn new(locale: Option<&str>) -> Intl {
        let wished: Array = locale.into_iter().map(JsValue::from_str).collect();
        // An ill-formed tag is the one thing that makes `Intl` throw.
        let known = NumberFormat::supported_locales_of(&wished, &Object::new());
        let format = |options: &[(&str, &str)]| {
            let object = Object::new();
            for (key, value) in options {
                // Setting a member of a plain object cannot fail.
                let _ = Reflect::set(&object, &JsValue::from_str(key), &JsValue::from_str(value));
            }
            NumberFormat::new(&known, &object).format()
        };
        let amount = |unit: Unit| format(&[("style", "unit"), ("unit", unit.as_str()), ("unitDisplay", "short")]);
        Intl { percent: format(&[("style", "percent")]), amounts: UNITS.into_iter().map(amount).collect() }
    }
}

impl Format for Intl {
    fn percent(&self, percent: f64) -> String {
        call(&self.percent, percent / 100.0)
    }

    fn amount(&self, value: u64, unit: Unit) -> String {
        let format = UNITS.iter().zip(&self.amounts).find(|(known, _)| **known == unit);
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
