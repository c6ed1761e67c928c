//! The course of one call: which target comes next, and whether one does.

use std::collections::VecDeque;
use std::sync::Arc;

use super::candidate::Candidate;
use super::fit::{Question, over, unfit};
use super::routes::Route;
use super::strategy::{Draw, Order};
use crate::record::{Failure, Trail};

/// What a course asks of the world.
pub(crate) struct Here<'a> {
    pub(crate) question: &'a Question<'a>,
    pub(crate) now_us: u64,
    /// From 0 to 1, by chance.
    pub(crate) chance: &'a dyn Fn() -> f64,
    /// How many tries have been made.
    pub(crate) tries: usize,
}

/// The course of a call through a route.
pub(crate) struct Course {
    pub(crate) route: Arc<Route>,
    order: Order,
    tried: Vec<bool>,
    /// Given to those that are asked instead of the rest.
    instead: Option<(Failure, VecDeque<usize>)>,
    /// Those that were only left alone, for a call that finds nobody else.
    left_alone: VecDeque<usize>,
    asked: usize,
    ended: bool,
    sticky: Option<u64>,
}

impl Course {
    pub(crate) fn new(route: Arc<Route>) -> Self {
        Self {
            order: Order::new(route.strategy),
            tried: vec![false; route.candidates.len()],
            instead: None,
            left_alone: VecDeque::new(),
            asked: 0,
            ended: false,
            sticky: None,
            route,
        }
    }

    /// The next one to ask. Those that cannot serve the request, or are left alone, are passed over and remembered.
    pub(crate) fn next(&mut self, here: &Here<'_>, trail: &mut Trail) -> Option<Arc<Candidate>> {
        if self.ended {
            return None;
        }
        let route = self.route.clone();
        while let Some(index) = self.draw(&route, here) {
            if std::mem::replace(&mut self.tried[index], true) {
                continue;
            }
            let candidate = &route.candidates[index];
            let reason = unfit(here.question, &candidate.model, &candidate.abilities)
                .or_else(|| over(route.ceiling, candidate.price).map(str::to_owned));
            if let Some(reason) = reason {
                trail.skip(&candidate.provider.slug, &candidate.model, reason, here.tries);
            } else if !candidate.health.admits(route.breaker, here.now_us) {
                let left = candidate.health.closed_for(here.now_us).unwrap_or_default();
                let reason = format!("it failed too often and is left alone for {} ms more", left.as_millis());
                trail.skip(&candidate.provider.slug, &candidate.model, reason, here.tries);
                self.left_alone.push_back(index);
            } else {
                self.asked += 1;
                return Some(candidate.clone());
            }
        }
        // Nobody else is there, so one that is left alone is better than nobody.
        let index = self.left_alone.pop_front().filter(|_| self.asked == 0)?;
        self.asked += 1;
        Some(route.candidates[index].clone())
    }

    fn draw(&mut self, route: &Route, here: &Here<'_>) -> Option<usize> {
        if let Some((_, list)) = &mut self.instead {
            return list.pop_front();
        }
        let sticky = *self.sticky.get_or_insert_with(|| {
            let of_caller = route.sticky.as_ref().and_then(|sticky| sticky.digest(here.question));
            // Who has nothing to stick by goes wherever chance leads.
            of_caller.unwrap_or_else(|| if route.sticky.is_some() { (here.chance)().to_bits() } else { 0 })
        });
        let draw = Draw { now_us: here.now_us, chance: here.chance, sticky };
        self.order.next(&route.candidates[..route.own], &route.cheapest, &draw)
    }

    /// Says how the one that was asked last has failed, and whether another may follow.
    pub(crate) fn failed(&mut self, failure: Failure, trail: &mut Trail) {
        let list = self.route.instead.iter().find(|(of, _)| *of == failure);
        if let (Some((_, list)), None) = (list, &self.instead) {
            self.instead = Some((failure, list.iter().copied().collect()));
            return;
        }
        let goes_on = self.route.on.contains(&failure) || self.instead.as_ref().is_some_and(|(of, _)| *of == failure);
        if !goes_on && !self.is_last() {
            let code = failure.code();
            trail.notes.push(format!("no other model was asked: the route does not go on after {code} (on)"));
        }
        self.ended |= !goes_on;
    }

    /// Whether no other can follow.
    pub(crate) fn is_last(&self) -> bool {
        let of_list = |list: &VecDeque<usize>| list.iter().all(|index| self.tried[*index]);
        let rest = if let Some((_, list)) = &self.instead {
            of_list(list)
        } else {
            let mut others = self.route.instead.iter().flat_map(|(_, list)| list);
            self.tried[..self.route.own].iter().all(|tried| *tried) && others.all(|index| self.tried[*index])
        };
        self.ended || rest
    }
}
