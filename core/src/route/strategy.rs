//! Which of a route's models is asked first, and which next. The first is found at once; the whole order is made only for
//! those calls that need a second one.

use std::sync::Arc;

use super::candidate::{Candidate, mixed, share};
use crate::config::Strategy;

/// What a choice depends on besides the candidates.
pub(crate) struct Draw<'a> {
    pub(crate) now_us: u64,
    /// From 0 to 1, by chance.
    pub(crate) chance: &'a dyn Fn() -> f64,
    /// Of what a caller sticks by.
    pub(crate) sticky: u64,
}

/// The order in which a call asks the candidates.
pub(crate) struct Order {
    strategy: Strategy,
    first: Option<usize>,
    /// All of them, the first one included, and how many were given.
    rest: Option<Vec<usize>>,
    given: usize,
}

impl Order {
    pub(crate) fn new(strategy: Strategy) -> Self {
        Self { strategy, first: None, rest: None, given: 0 }
    }

    /// The next one. `cheapest` is the order by price.
    pub(crate) fn next(&mut self, candidates: &[Arc<Candidate>], cheapest: &[usize], draw: &Draw<'_>) -> Option<usize> {
        let given = self.given;
        self.given += 1;
        match self.strategy {
            _ if given >= candidates.len() => None,
            Strategy::Ordered => Some(given),
            Strategy::LowestCost => cheapest.get(given).copied(),
            strategy if given == 0 => {
                self.first = Some(first(strategy, candidates, draw));
                self.first
            }
            strategy => {
                let first = self.first;
                let rest = self.rest.get_or_insert_with(|| {
                    let mut order = whole(strategy, candidates, draw);
                    order.retain(|index| Some(*index) != first);
                    order
                });
                rest.get(given - 1).copied()
            }
        }
    }
}

fn first(strategy: Strategy, candidates: &[Arc<Candidate>], draw: &Draw<'_>) -> usize {
    if strategy == Strategy::LowestLatency && candidates.len() > 2 {
        // The power of two choices: nearly as good as the best of all, and callers do not all run to the same one.
        let one = index((draw.chance)(), candidates.len());
        let other = (one + 1 + index((draw.chance)(), candidates.len() - 1)) % candidates.len();
        let load = |index: usize| score(strategy, &candidates[index], draw);
        return if load(other) < load(one) { other } else { one };
    }
    if strategy == Strategy::Weighted {
        return by_weight(candidates, (draw.chance)());
    }
    let mut best = (f64::INFINITY, 0, 1);
    for (index, candidate) in candidates.iter().enumerate() {
        let score = score(strategy, candidate, draw);
        if score < best.0 {
            best = (score, index, 1);
        } else if score <= best.0 {
            best.2 += 1;
        }
    }
    let (least, first, alike) = best;
    if alike == 1 {
        return first;
    }
    // Several are alike: chance decides, so that the first one written does not get all calls.
    let nth = index((draw.chance)(), alike);
    let same = candidates.iter().enumerate().filter(|(_, candidate)| score(strategy, candidate, draw) <= least);
    same.map(|(index, _)| index).nth(nth).unwrap_or(first)
}

/// One draw for all of them.
fn by_weight(candidates: &[Arc<Candidate>], chance: f64) -> usize {
    let total: u64 = candidates.iter().map(|candidate| u64::from(candidate.weight)).sum();
    #[expect(clippy::cast_precision_loss, reason = "a thousand weights of a million at most")]
    let mut left = chance * total as f64;
    for (index, candidate) in candidates.iter().enumerate() {
        left -= f64::from(candidate.weight);
        if left < 0.0 {
            return index;
        }
    }
    0
}

fn whole(strategy: Strategy, candidates: &[Arc<Candidate>], draw: &Draw<'_>) -> Vec<usize> {
    let mut order: Vec<_> = candidates.iter().map(|candidate| score(strategy, candidate, draw)).enumerate().collect();
    order.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    order.into_iter().map(|(index, _)| index).collect()
}

/// The lower, the sooner.
fn score(strategy: Strategy, candidate: &Candidate, draw: &Draw<'_>) -> f64 {
    let weight = f64::from(candidate.weight);
    match strategy {
        Strategy::Ordered | Strategy::LowestCost => 0.0,
        // The least of these is each one's as often as its weight says (Efraimidis and Spirakis, 2006).
        Strategy::Weighted => exponential((draw.chance)(), weight),
        Strategy::Sticky => exponential(share(mixed(candidate.place, draw.sticky)), weight),
        Strategy::LeastBusy if candidate.weight == 0 => f64::MAX,
        Strategy::LeastBusy => f64::from(candidate.health.under_way()) / weight,
        Strategy::LowestLatency => candidate.health.load(draw.now_us),
    }
}

fn exponential(chance: f64, weight: f64) -> f64 {
    if weight > 0.0 { -(1.0 - chance).ln() / weight } else { f64::MAX }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "below a thousand"
)]
fn index(chance: f64, count: usize) -> usize {
    ((chance * count as f64) as usize).min(count - 1)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::super::candidate::digest;
    use super::*;
    use crate::config::Config;
    use crate::provider::Catalogue;

    fn candidates(weights: &[u32]) -> Vec<Arc<Candidate>> {
        let catalogue = Catalogue::new(&Config::default(), &[], &|_| None).unwrap();
        let candidate = |(index, weight): (usize, &u32)| {
            Arc::new(Candidate {
                name: format!("openai/{index}"),
                provider: catalogue.find("openai").unwrap().clone(),
                model: index.to_string(),
                weight: *weight,
                abilities: crate::config::ModelConfig::default(),
                price: None,
                health: Arc::default(),
                place: digest(&format!("openai/{index}")),
            })
        };
        weights.iter().enumerate().map(candidate).collect()
    }

    /// How often each comes first in ten thousand calls.
    fn firsts(strategy: Strategy, candidates: &[Arc<Candidate>], sticky: impl Fn(u64) -> u64) -> Vec<u32> {
        let random = Cell::new(fastrand::Rng::with_seed(1));
        let chance = || {
            let mut rng = random.take();
            let drawn = rng.f64();
            random.set(rng);
            drawn
        };
        let mut counts = vec![0; candidates.len()];
        for call in 0..10_000 {
            let draw = Draw { now_us: 1, chance: &chance, sticky: sticky(call) };
            counts[Order::new(strategy).next(candidates, &[], &draw).unwrap()] += 1;
        }
        counts
    }

    fn near(counts: &[u32], expected: &[u32]) {
        let is_near = |(count, expected): (&u32, &u32)| count.abs_diff(*expected) < 250;
        assert!(counts.iter().zip(expected).all(is_near), "{counts:?}, not {expected:?}");
    }

    #[test]
    fn shares_follow_the_weights() {
        let three = candidates(&[1, 0, 3]);
        near(&firsts(Strategy::Weighted, &three, |_| 0), &[2_500, 0, 7_500]);
        near(&firsts(Strategy::Sticky, &three, |call| mixed(call, 7)), &[2_500, 0, 7_500]);
        assert_eq!(firsts(Strategy::Sticky, &three, |_| 9).iter().filter(|count| **count > 0).count(), 1);
    }

    #[test]
    fn the_least_busy_comes_first_and_those_alike_by_chance() {
        let four = candidates(&[1, 1, 1, 4]);
        let _held: Vec<_> = [0, 3, 3, 3].map(|index: usize| four[index].health.begin()).into();
        near(&firsts(Strategy::LeastBusy, &four, |_| 0), &[0, 5_000, 5_000, 0]);
        let _more: Vec<_> = [1, 2].map(|index: usize| four[index].health.begin()).into();
        assert_eq!(
            firsts(Strategy::LeastBusy, &four, |_| 0),
            [0, 0, 0, 10_000],
            "three of four are fewer than one of one"
        );
    }

    #[test]
    fn of_two_the_quicker_one() {
        let three = candidates(&[1, 1, 1]);
        for (index, candidate) in three.iter().enumerate() {
            candidate.health.answered(Duration::from_millis(100 * (index as u64 + 1)), 1);
        }
        near(&firsts(Strategy::LowestLatency, &three, |_| 0), &[6_667, 3_333, 0]);
    }

    #[test]
    fn every_one_comes_once() {
        let five = candidates(&[1, 2, 0, 1, 1]);
        let all =
            [Strategy::Ordered, Strategy::Weighted, Strategy::LeastBusy, Strategy::LowestLatency, Strategy::Sticky];
        for strategy in all.into_iter().chain([Strategy::LowestCost]) {
            let draw = Draw { now_us: 1, chance: &|| 0.3, sticky: 5 };
            let mut order = Order::new(strategy);
            let mut given: Vec<_> = std::iter::from_fn(|| order.next(&five, &[4, 3, 2, 1, 0], &draw)).collect();
            given.sort_unstable();
            assert_eq!(given, [0, 1, 2, 3, 4], "{strategy:?}");
        }
    }
}
