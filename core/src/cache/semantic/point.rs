//! Vectors of length one, compared exactly and no further than needed.

use std::sync::Arc;

/// After so many parts it is asked whether the rest can still reach the bar.
const BLOCK: usize = 64;

/// Where a text stands among all texts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Vector {
    parts: Arc<[f32]>,
    /// The length of what is left from each block on.
    rest: Arc<[f32]>,
}

impl Vector {
    /// The vector in this direction; `None` if it has none.
    pub(crate) fn of(mut parts: Vec<f32>) -> Option<Self> {
        let length = length(&parts);
        if !length.is_normal() {
            return None;
        }
        for part in &mut parts {
            *part /= length;
        }
        let rest = (0..parts.len()).step_by(BLOCK).map(|start| self::length(&parts[start..])).collect();
        Some(Self { parts: parts.into(), rest })
    }

    pub(super) fn parts(&self) -> &[f32] {
        &self.parts
    }

    /// The cosine of the angle between the two, if it is at least `bar`; what cannot reach it is not looked at to its end.
    pub(super) fn similarity(&self, other: &Self, bar: f32) -> Option<f32> {
        if self.parts.len() != other.parts.len() {
            return None;
        }
        let mut sum = 0.0;
        let blocks = self.parts.chunks(BLOCK).zip(other.parts.chunks(BLOCK));
        for ((own, others), (rest, other_rest)) in blocks.zip(self.rest.iter().zip(&*other.rest)) {
            // No two vectors of these lengths have a larger product (Cauchy and Schwarz); sums of floats err a little.
            if sum + rest * other_rest < bar - 1e-4 {
                return None;
            }
            sum += own.iter().zip(others).map(|(one, other)| one * other).sum::<f32>();
        }
        (sum >= bar - 1e-6).then_some(sum.min(1.0))
    }
}

fn length(parts: &[f32]) -> f32 {
    parts.iter().map(|part| part * part).sum::<f32>().sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_direction_counts() {
        let vector = |parts: &[f32]| Vector::of(parts.to_vec());
        let (one, other) =
            (vector(&[3.0, 4.0]).expect("it has a length"), vector(&[6.0, 8.0]).expect("it has a length"));
        assert_eq!(one.similarity(&other, 0.9999), Some(1.0));
        assert_eq!(one.similarity(&vector(&[-3.0, -4.0]).expect("it has a length"), 0.0), None);
        assert_eq!(one.similarity(&vector(&[1.0]).expect("it has a length"), -1.0), None, "of another model");
        for parts in [&[][..], &[0.0, 0.0], &[f32::NAN], &[f32::INFINITY, 1.0]] {
            assert_eq!(vector(parts), None);
        }
    }

    proptest! {
        #[test]
        fn stopping_early_loses_nothing(
            one in prop::collection::vec(-1.0..1.0_f32, 200),
            other in prop::collection::vec(-1.0..1.0_f32, 200),
            mixed in 0.0..1.0_f32,
            bar in 0.0..1.0_f32,
        ) {
            let other: Vec<f32> = one.iter().zip(&other).map(|(one, other)| one * mixed + other * (1.0 - mixed)).collect();
            let (Some(one), Some(other)) = (Vector::of(one), Vector::of(other)) else { return Ok(()) };
            let exact: f32 = one.parts.iter().zip(&*other.parts).map(|(one, other)| one * other).sum();
            prop_assume!((exact - bar).abs() > 1e-3);
            prop_assert_eq!(one.similarity(&other, bar).is_some(), exact > bar);
        }
    }
}
