//! The course of one call: which target comes next, and whether one does.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::candidate::Candidate;
use super::fit::{Question, over, unfit};
use super::graph::{self, Graph, Kind};
use super::routes::Route;
use super::strategy::{Draw, Order};
use crate::record::{Failure, Trail};

/// What a course asks of the world.
pub(crate) struct Here<'a> {
    pub(crate) question: &'a Question<'a>,
    pub(crate) now_us: u64,
    /// From 0 to 1, by chance.
    pub(crate) chance: &'a dyn Fn() -> f64,
    /// The wall clock: windows of time stand on it.
    pub(crate) wall_us: u64,
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
    /// The element that comes next, and the one whose model is asked.
    at: Option<usize>,
    node: Option<usize>,
    /// Elements that count money, and whose it is.
    pub(crate) passed: Vec<(usize, u64)>,
    /// Whether an element that counts calls or money has ended the course.
    pub(crate) is_over_limit: bool,
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
            at: route.graph.as_ref().map(|graph| graph.start),
            node: None,
            passed: Vec::new(),
            is_over_limit: false,
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
        if let Some(graph) = &route.graph {
            return self.walk(&route, graph, here, trail);
        }
        while let Some(index) = self.draw(&route, here) {
            if std::mem::replace(&mut self.tried[index], true) {
                continue;
            }
            let candidate = &route.candidates[index];
            let Some((reason, is_alone)) = passed_over(&route, candidate, here) else {
                self.asked += 1;
                return Some(candidate.clone());
            };
            trail.skip(&candidate.provider.slug, &candidate.model, reason, here.tries);
            self.left_alone.extend(is_alone.then_some(index));
        }
        // Nobody else is there, so one that is left alone is better than nobody.
        let index = self.left_alone.pop_front().filter(|_| self.asked == 0)?;
        self.asked += 1;
        Some(route.candidates[index].clone())
    }

    /// From element to element, until one asks a model.
    fn walk(&mut self, route: &Route, graph: &Graph, here: &Here<'_>, trail: &mut Trail) -> Option<Arc<Candidate>> {
        while let Some(index) = self.at.take() {
            let node = &graph.nodes[index];
            trail.pass(&node.id);
            self.at = match &node.kind {
                Kind::Start { next } => Some(*next),
                Kind::Conditional { condition, yes, no } => {
                    Some(if condition.holds(here.question) { *yes } else { *no })
                }
                Kind::Percentage { shares, otherwise, key } => {
                    let drawn = graph::drawn(node, key.as_ref(), here.question, here.chance);
                    shares.iter().find(|(end, _)| drawn < *end).map(|(_, to)| *to).or(*otherwise)
                }
                Kind::Rate { rate, key, success, fallback } => {
                    let key = graph::counted_under(key.as_ref(), here.question);
                    if rate.admits(key, here.wall_us) {
                        self.passed.push((index, key));
                        Some(*success)
                    } else {
                        trail.notes.push(format!("{} was over its limit", node.id));
                        self.is_over_limit = fallback.is_none();
                        *fallback
                    }
                }
                Kind::Model { candidate, fallback, .. } => {
                    self.node = Some(index);
                    let candidate = &route.candidates[*candidate];
                    let nobody_else = self.asked == 0 && !fallback.is_some_and(|to| graph.reaches_model(to));
                    match passed_over(route, candidate, here) {
                        Some((reason, is_alone)) if !(is_alone && nobody_else) => {
                            trail.skip(&candidate.provider.slug, &candidate.model, reason, here.tries);
                            *fallback
                        }
                        _ => {
                            self.asked += 1;
                            return Some(candidate.clone());
                        }
                    }
                }
                Kind::End => None,
            };
        }
        None
    }

    /// What the element says of time and tries, if one has asked.
    pub(crate) fn settings(&self) -> (Option<Duration>, Option<u32>) {
        match self.asking() {
            Some(Kind::Model { timeout, tries, .. }) => (timeout.or(self.route.first_byte), *tries),
            _ => (self.route.first_byte, None),
        }
    }

    fn asking(&self) -> Option<&Kind> {
        Some(&self.route.graph.as_ref()?.nodes[self.node?].kind)
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
        if let Some(Kind::Model { fallback, .. }) = self.asking() {
            self.at = *fallback;
            return;
        }
        let list = self.route.instead.iter().find(|(of, _)| *of == failure);
        if let (Some((_, list)), None) = (list, &self.instead) {
            self.instead = Some((failure, list.iter().copied().collect()));
            return;
        }
        let goes_on = self.goes_on_after(failure);
        if !goes_on && !self.is_last() {
            let code = failure.code();
            trail.notes.push(format!("no other model was asked: the route does not go on after {code} (on)"));
        }
        self.ended |= !goes_on;
    }

    /// Whether another one is asked after this failure, if there is another. A graph goes on after every one.
    pub(crate) fn goes_on_after(&self, failure: Failure) -> bool {
        let has_list = || match &self.instead {
            Some((of, _)) => *of == failure,
            None => self.route.instead.iter().any(|(of, _)| *of == failure),
        };
        self.route.graph.is_some() || self.route.on.contains(&failure) || has_list()
    }

    /// Whether no other can follow.
    pub(crate) fn is_last(&self) -> bool {
        if let (Some(Kind::Model { fallback, .. }), Some(graph)) = (self.asking(), &self.route.graph) {
            return !fallback.is_some_and(|to| graph.reaches_model(to));
        }
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

/// Why a candidate is not asked now, and whether that is only because it is left alone.
fn passed_over(route: &Route, candidate: &Candidate, here: &Here<'_>) -> Option<(String, bool)> {
    let reason = unfit(here.question, &candidate.model, &candidate.abilities)
        .or_else(|| over(route.ceiling, candidate.price).map(str::to_owned));
    if let Some(reason) = reason {
        return Some((reason, false));
    }
    if candidate.health.admits(route.breaker, here.now_us) {
        return None;
    }
    let left = candidate.health.closed_for(here.now_us).unwrap_or_default();
    Some((format!("it failed too often and is left alone for {} ms more", left.as_millis()), true))
}
