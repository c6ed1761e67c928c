//! The models of one provider, found by name.

use std::collections::HashMap;

use super::name::{is_pattern, matches};
use super::row::Row;

/// A provider's part of a list.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Providers whose models it has under their own names, where it lists none.
    pub(super) see: Vec<String>,
    all: Vec<Row>,
    /// In lower case.
    names: HashMap<String, usize>,
    patterns: Vec<(String, usize)>,
}

impl Rows {
    pub(super) fn add(&mut self, row: Row, also: Vec<String>) {
        let place = self.all.len();
        for name in also.into_iter().chain([row.name.clone()]) {
            if is_pattern(&name) {
                self.patterns.push((name, place));
            } else {
                self.names.entry(name.to_ascii_lowercase()).or_insert(place);
            }
        }
        self.all.push(row);
    }

    /// The row of this name, or the first one whose pattern fits.
    pub(super) fn find(&self, name: &str) -> Option<&Row> {
        let place = self.names.get(&name.to_ascii_lowercase()).copied().or_else(|| {
            let fits = |(pattern, place): &&(String, usize)| {
                matches(pattern, name) && !self.all[*place].except.iter().any(|pattern| matches(pattern, name))
            };
            self.patterns.iter().find(fits).map(|(_, place)| *place)
        });
        place.map(|place| &self.all[place])
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Row> {
        self.all.iter()
    }
}
