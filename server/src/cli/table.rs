//! Plain tables: columns as wide as their widest cell, two blanks between them.

use std::fmt;

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Words.
    Left,
    /// Numbers, so that their digits stand below each other.
    Right,
}

/// A table that is printed as a whole.
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

struct Column {
    side: Side,
    width: usize,
}

impl Table {
    /// An empty table with a column for each side.
    pub(super) fn of(sides: impl IntoIterator<Item = Side>) -> Self {
        let columns = sides.into_iter().map(|side| Column { side, width: 0 });
        Self { columns: columns.collect(), rows: Vec::new() }
    }

    /// Adds a row, a cell for each column.
    pub(super) fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let cells: Vec<_> = cells.into_iter().map(|cell| shown(&cell.into())).collect();
        for (column, cell) in self.columns.iter_mut().zip(&cells) {
            column.width = column.width.max(cell.chars().count());
        }
        self.rows.push(cells);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            let cells = self.columns.iter().zip(row).map(|(Column { side, width }, cell)| match side {
                Side::Left => format!("{cell:<width$}"),
                Side::Right => format!("{cell:>width$}"),
            });
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// `text` without what a terminal would obey instead of showing: logs hold what strangers wrote.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || turns_text_around(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Unicode's directional controls (UAX #9, 2.1 to 2.6), which make a line read other than it is.
fn turns_text_around(character: char) -> bool {
    matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::of([Side::Left, Side::Right]);
        table.row(["model", "cost"]);
        table.row(["é", "0.25"]);
        table.row(["a longer one", "12.5"]);
        assert_eq!(table.to_string(), "model         cost\né             0.25\na longer one  12.5\n");
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown_instead() {
        assert_eq!(shown("a\u{1b}[31mb\r\nc\u{202e}d"), "a\\u{1b}[31mb\\r\\nc\\u{202e}d");
        assert_eq!(shown("déjà 日本"), "déjà 日本");
    }
}
