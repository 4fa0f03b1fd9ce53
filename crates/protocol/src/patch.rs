//! What a report does to one field of the document: keep it, clear it or set it.

/// The change of one field of the document.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Patch<T> {
    /// The report does not have the field: the former value stays.
    #[default]
    Keep,
    /// The report has `null`: the former value is removed.
    Clear,
    /// The report has a value, which replaces the former one as a whole.
    Set(T),
}

impl<T> Patch<T> {
    /// Carries out the change.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Patch::Keep => {}
            Patch::Clear => *field = None,
            Patch::Set(value) => *field = Some(value),
        }
    }

    /// The value that the field has after the change, given the value before it.
    pub fn after(&self, before: Option<T>) -> Option<T>
    where
        T: Clone,
    {
        let mut field = before;
        self.clone().apply(&mut field);
        field
    }

    /// Whether the report has the field; `null` counts.
    pub fn is_present(&self) -> bool {
        !matches!(self, Patch::Keep)
    }

    /// The new value, if there is one.
    pub fn set(&self) -> Option<&T> {
        match self {
            Patch::Set(value) => Some(value),
            Patch::Keep | Patch::Clear => None,
        }
    }
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Patch_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Option::<T>::json_schema(generator)
    }
}
