//! The table.

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
    /// CPU time in microseconds.
    Cpu(f64),
    /// CPU time in microseconds above that of the raw client.
    Above(f64),
    /// Time on the wall in microseconds.
    Wall(f64),
}

pub fn print(language: &str, rows: &[Row]) {
    println!(
        "{:<38}{:>9}{:>10}{:>9}{:>8}{:>10}{:>10}{:>7}   {:<18}{:<18}",
        language, "raw CPU", "ours CPU", "caller", "ratio", "raw wall", "ours wall", "ratio", "first", "goal"
    );
    for row in rows {
        let ours = |of: fn(&Cost) -> f64| median(row.ours.iter().map(of));
        let raw = |of: fn(&Cost) -> f64| median(row.raw.iter().map(of));
        println!(
            "{:<38}{:>9}{:>10}{:>9}{:>8}{:>10}{:>10}{:>7}   {:<18}{:<18}",
            row.name,
            micros(raw(|cost| cost.cpu)),
            micros(ours(|cost| cost.cpu)),
            micros(ours(|cost| cost.caller)),
            times(row.ratio(|cost| cost.cpu)),
            micros(raw(|cost| cost.wall)),
            micros(ours(|cost| cost.wall)),
            times(row.ratio(|cost| cost.wall)),
            row.verdict(row.first),
            row.verdict(row.goal),
        );
    }
}

impl Row {
    /// The median of the rounds' own ratios.
    fn ratio(&self, of: fn(&Cost) -> f64) -> f64 {
        median(self.ours.iter().zip(&self.raw).map(|(ours, raw)| of(ours) / of(raw)))
    }

    fn verdict(&self, target: Option<Target>) -> String {
        let Some(target) = target else { return "–".to_owned() };
        let ours = |of: fn(&Cost) -> f64| median(self.ours.iter().map(of));
        let (is, most, unit) = match target {
            Target::Ratio(most) => (self.ratio(|cost| cost.cpu), most, "×"),
            Target::Cpu(most) => (ours(|cost| cost.cpu), most, " µs"),
            Target::Wall(most) => (ours(|cost| cost.wall), most, " µs"),
            Target::Above(most) => {
                let above = self.ours.iter().zip(&self.raw).map(|(ours, raw)| ours.cpu - raw.cpu);
                (median(above), most, " µs above")
            }
        };
        format!("≤ {most}{unit} {}", if is <= most { "met" } else { "not met" })
    }
}

fn micros(value: f64) -> String {
    if value.is_nan() || value == 0.0 { "–".to_owned() } else { format!("{value:.1}") }
}

fn times(value: f64) -> String {
    if value.is_nan() { "–".to_owned() } else { format!("{value:.2}×") }
}
