//! The table, in the form that the benches of all languages share.

use crate::measure::{Cost, median};

/// One case. Costs are those of the same rounds, in order.
pub struct Row {
    pub name: String,
    /// Empty where there is nothing to compare with.
    pub raw: Vec<Cost>,
    pub ours: Vec<Cost>,
    /// What the first release reaches.
    pub first: Option<Target>,
    /// Where it is to go.
    pub goal: Option<Target>,
}

/// At most this much.
#[derive(Clone, Copy)]
pub enum Target {
    /// Times the CPU time of the raw client.
    Ratio(f64),
    /// CPU time in microseconds above that of the raw client.
    Above(f64),
    /// Time on the wall in microseconds.
    Wall(f64),
    /// Time on the wall in microseconds above that of the raw client, for which the provider is as slow.
    WallAbove(f64),
}

/// Prints the rows, and how many targets are met.
pub fn print(language: &str, rows: &[Row]) {
    let titles = [language, "raw CPU", "ours CPU", "caller", "ratio", "raw wall", "ours wall", "ratio"];
    println!("{}   {:<31}goal", line(&titles.map(str::to_owned)), "first");
    for row in rows {
        let cells = [
            row.name.clone(),
            micros(middle(&row.raw, |cost| cost.cpu)),
            micros(middle(&row.ours, |cost| cost.cpu)),
            micros(middle(&row.ours, |cost| cost.caller)),
            times(row.ratio(|cost| cost.cpu)),
            micros(middle(&row.raw, |cost| cost.wall)),
            micros(middle(&row.ours, |cost| cost.wall)),
            times(row.ratio(|cost| cost.wall)),
        ];
        println!("{}   {:<31}{}", line(&cells), row.verdict(row.first), row.verdict(row.goal));
    }
    let count = |of: fn(&Row) -> Option<Target>| {
        let targets = || rows.iter().filter_map(|row| Some((row, of(row)?)));
        format!("{} of {} met", targets().filter(|(row, target)| row.meets(*target)).count(), targets().count())
    };
    println!("{language}, first: {}, goal: {}", count(|row| row.first), count(|row| row.goal));
}

impl Row {
    fn verdict(&self, target: Option<Target>) -> String {
        let Some(target) = target else { return "–".to_owned() };
        let (most, unit) = match target {
            Target::Ratio(most) => (most, "× reqwest"),
            Target::Above(most) => (most, "µs CPU above"),
            Target::Wall(most) => (most, "µs wall"),
            Target::WallAbove(most) => (most, "µs wall above"),
        };
        format!("≤ {most} {unit} {}", if self.meets(target) { "met" } else { "NOT met" })
    }

    fn meets(&self, target: Target) -> bool {
        match target {
            Target::Ratio(most) => self.ratio(|cost| cost.cpu) <= most,
            Target::Wall(most) => middle(&self.ours, |cost| cost.wall) <= most,
            Target::Above(most) => self.above(|cost| cost.cpu) <= most,
            Target::WallAbove(most) => self.above(|cost| cost.wall) <= most,
        }
    }

    /// The median of the rounds' own differences.
    fn above(&self, of: fn(&Cost) -> f64) -> f64 {
        median(self.ours.iter().zip(&self.raw).map(|(ours, raw)| of(ours) - of(raw)))
    }

    /// The median of the rounds' own ratios.
    fn ratio(&self, of: fn(&Cost) -> f64) -> f64 {
        median(self.ours.iter().zip(&self.raw).map(|(ours, raw)| of(ours) / of(raw)))
    }
}

fn middle(costs: &[Cost], of: fn(&Cost) -> f64) -> f64 {
    median(costs.iter().map(of))
}

fn line([name, cells @ ..]: &[String; 8]) -> String {
    const WIDTHS: [usize; 7] = [10, 10, 9, 8, 11, 11, 8];
    let cells = cells.iter().zip(WIDTHS).map(|(cell, width)| format!("{cell:>width$}"));
    format!("{name:<38}{}", cells.collect::<String>())
}

/// What was not measured is 0 or not a number.
fn micros(value: f64) -> String {
    if value.is_nan() || value == 0.0 { "–".to_owned() } else { format!("{value:.1}") }
}

fn times(value: f64) -> String {
    if value.is_nan() { "–".to_owned() } else { format!("{value:.2}×") }
}
