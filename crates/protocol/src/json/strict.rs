//! The visitor of untrusted JSON values. It makes the values, counts them, and refuses what exceeds a limit.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, map::Entry};

use super::{
    Fault, Place, State,
    number_text::{self, Key, NumberText},
};
use crate::{
    limits::{DEPTH, OBJECT_KEYS},
    problem::Problem,
};

/// The visitor of a value at `place`, which is at `depth` levels of nesting.
pub(super) struct Strict<'a> {
    depth: usize,
    deepest: usize,
    place: &'a Place<'a>,
    state: &'a State<'a>,
}

impl<'a> Strict<'a> {
    /// The visitor of a body.
    pub(super) fn new(state: &'a State<'a>) -> Strict<'a> {
        Strict { depth: 0, deepest: DEPTH, place: &Place::Body, state }
    }

    /// The error that stops the parser; the state has its problem for the caller.
    fn fail<E: Error>(&self, problem: Problem) -> E {
        let error = E::custom(problem.message());
        self.state.fault.replace(Some(Fault::Refused(problem)));
        error
    }

    /// Counts this value.
    fn count<E: Error>(&self) -> Result<(), E> {
        let (values, most) = (self.state.values.get(), self.state.most_values.get());
        if values >= most {
            return Err(self.fail(Problem::past_limit("body", most, "JSON values")));
        }
        self.state.values.set(values.saturating_add(1));
        Ok(())
    }

    /// Refuses the list at this place if it has this many items.
    fn check_items<E: Error>(&self, items: usize) -> Result<(), E> {
        let bounds = self.state.bounds;
        let (most, of) = if self.depth == 0 { (bounds.reports, "reports") } else { (bounds.items, "items") };
        if items > most {
            return Err(self.fail(Problem::past_limit(&self.place.field(), most, of)));
        }
        Ok(())
    }

    fn inner_depth<E: Error>(&self) -> Result<usize, E> {
        if self.depth >= self.deepest {
            let of = "levels of nesting";
            return Err(self.fail(self.place.problem(|path| Problem::past_limit(path, DEPTH, of))));
        }
        Ok(self.depth.saturating_add(1))
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.count()?;
        let (place, fault) = (self.place, &self.state.fault);
        // The innermost value is the first to see the error.
        deserializer.deserialize_any(self).inspect_err(|_| {
            let known = fault.take();
            fault.replace(known.or_else(|| Some(Fault::At(place.to_owned()))));
        })
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let depth = self.inner_depth()?;
        // A list of reports is not a level of nesting: a report may be as deep in a list as alone.
        let is_body = self.depth == 0;
        let deepest = if is_body { self.deepest.saturating_add(1) } else { self.deepest };
        if is_body {
            self.state.most_values.set(self.state.bounds.list_values);
        }
        let mut list = Vec::new();
        loop {
            let place = Place::Item(self.place, list.len());
            match items.next_element_seed(Strict { depth, deepest, place: &place, state: self.state })? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
            self.check_items(list.len())?;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut next = members.next_key::<Key>()?;
        if let Some(Key::Number) = next
            && let Ok(NumberText::Text(text)) = members.next_value()
        {
            return match number_text::number(&text) {
                Some(number) => Ok(Value::Number(number)),
                None => Err(self.fail(self.place.problem(out_of_range))),
            };
        }
        let depth = self.inner_depth()?;
        let mut object = Map::new();
        while let Some(key) = next {
            let Key::Member(key) = key else {
                let place = Place::Member(self.place, number_text::TEXT);
                return Err(
                    self.fail(place.problem(|path| Problem::invalid(path, "is a reserved name; choose another")))
                );
            };
            let members_before = object.len();
            let entry = match object.entry(key) {
                Entry::Vacant(entry) => entry,
                Entry::Occupied(entry) => {
                    let place = Place::Member(self.place, entry.key());
                    let twice = |path: &str| Problem::invalid(path, "appears more than once; send it once");
                    return Err(self.fail(place.problem(twice)));
                }
            };
            if members_before >= OBJECT_KEYS {
                let wide = |path: &str| Problem::past_limit(path, OBJECT_KEYS, "members");
                return Err(self.fail(self.place.problem(wide)));
            }
            let place = Place::Member(self.place, entry.key());
            let seed = Strict { depth, deepest: self.deepest, place: &place, state: self.state };
            let value = members.next_value_seed(seed)?;
            entry.insert(value);
            next = members.next_key()?;
        }
        Ok(Value::Object(object))
    }
}

fn out_of_range(path: &str) -> Problem {
    Problem::invalid(path, "is a number beyond the range of a double (1.8e308); send a smaller number or a string")
}
