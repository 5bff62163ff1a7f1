//! Texts that many rows have alike.

use std::sync::Arc;

use foldhash::HashMap;

/// Texts, each once: a row has its number.
#[derive(Debug, Default)]
pub(super) struct Texts {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Texts {
    /// The number of a text.
    pub(super) fn number(&mut self, text: &Arc<str>) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.clone());
        self.numbers.insert(text.clone(), number);
        number
    }

    /// The one that is kept of equal texts.
    pub(super) fn one(&mut self, text: &Arc<str>) -> Arc<str> {
        let number = self.number(text);
        self.get(number)
    }

    /// The text of a number; empty where there is none.
    pub(super) fn get(&self, number: u32) -> Arc<str> {
        self.texts.get(number as usize).map_or_else(|| "".into(), Arc::clone)
    }

    /// All of them, each at the place that is its number.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<str>> {
        self.texts.iter()
    }
}
