//! A language: its texts and how it writes numbers.

use std::rc::Rc;

use crate::{format::Format, messages::Messages};

/// A language.
#[derive(Clone)]
pub struct Tongue {
    /// The texts.
    pub messages: Rc<Messages>,
    /// The numbers.
    pub format: Rc<dyn Format>,
}
