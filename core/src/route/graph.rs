//! Dynamic routes: the reference's graph of elements, checked as a whole before it holds.
//! Source: developers.cloudflare.com/ai-gateway/features/dynamic-routing/json-configuration; where the documentation and
//! the reference's TypeScript SDK spell a thing in two ways, both are taken.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::candidate::{digest, mixed, share};
use super::condition::Condition;
use super::element::Element;
use super::fit::Question;
use super::rate::Rate;
use super::sticky::Place;
use crate::error::Error;

/// Elements are indexes from here on.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) start: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Start {
        next: usize,
    },
    Conditional {
        condition: Condition,
        yes: usize,
        no: usize,
    },
    /// Upper ends of the shares, from 0 to 1, and where each leads.
    Percentage {
        shares: Vec<(f64, usize)>,
        otherwise: Option<usize>,
        key: Option<Place>,
    },
    Rate {
        rate: Arc<Rate>,
        key: Option<Place>,
        success: usize,
        fallback: Option<usize>,
    },
    Model {
        candidate: usize,
        timeout: Option<Duration>,
        tries: Option<u32>,
        fallback: Option<usize>,
    },
    End,
}

impl Kind {
    fn outputs(&self) -> Vec<usize> {
        match self {
            Self::Start { next } => vec![*next],
            Self::Conditional { yes, no, .. } => vec![*yes, *no],
            Self::Percentage { shares, otherwise, .. } => shares.iter().map(|(_, to)| *to).chain(*otherwise).collect(),
            Self::Rate { success, fallback, .. } => std::iter::once(*success).chain(*fallback).collect(),
            Self::Model { fallback, .. } => fallback.iter().copied().collect(),
            Self::End => Vec::new(),
        }
    }
}

impl Graph {
    /// Reads a list of elements, or the reference's whole route `{id, name, elements}`. `candidate` gives the index of a
    /// model, and is told where it is written.
    pub(super) fn parse(
        elements: &[Value],
        at: &str,
        mut candidate: impl FnMut(&str, &str) -> Result<usize, Error>,
    ) -> Result<Self, Error> {
        let elements = Element::list(elements, at)?;
        let nodes = elements
            .iter()
            .map(|element| Ok(Node { id: element.id.to_owned(), kind: element.kind(&elements, &mut candidate)? }));
        let nodes: Vec<Node> = nodes.collect::<Result<_, Error>>()?;
        let mut starts = nodes.iter().enumerate().filter(|(_, node)| matches!(node.kind, Kind::Start { .. }));
        let Some((start, _)) = starts.next() else {
            return Err(Error::config(at, "has no element of type start; add one that leads to the first"));
        };
        if let Some((second, _)) = starts.next() {
            return Err(Error::config(&*elements[second].at, "a second start; keep one of them"));
        }
        let graph = Self { nodes, start };
        graph.check_loops(&elements)?;
        if !graph.reaches_model(start) {
            return Err(Error::config(at, "its start leads to no model; connect one"));
        }
        Ok(graph)
    }

    /// Whether a model may be asked from here on.
    pub(super) fn reaches_model(&self, from: usize) -> bool {
        let mut seen = vec![false; self.nodes.len()];
        let mut open = vec![from];
        while let Some(index) = open.pop() {
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            if matches!(self.nodes[index].kind, Kind::Model { .. }) {
                return true;
            }
            open.extend(self.nodes[index].kind.outputs());
        }
        false
    }

    /// Takes elements away that nothing leads to any more; what is left over leads back to itself.
    fn check_loops(&self, elements: &[Element<'_>]) -> Result<(), Error> {
        let mut incoming = vec![0_usize; self.nodes.len()];
        self.nodes.iter().flat_map(|node| node.kind.outputs()).for_each(|to| incoming[to] += 1);
        let mut free: Vec<_> = (0..self.nodes.len()).filter(|index| incoming[*index] == 0).collect();
        let mut left = vec![true; self.nodes.len()];
        while let Some(index) = free.pop() {
            left[index] = false;
            for to in self.nodes[index].kind.outputs() {
                incoming[to] -= 1;
                if incoming[to] == 0 {
                    free.push(to);
                }
            }
        }
        let Some(first) = left.iter().position(|left| *left) else { return Ok(()) };
        let ring: Vec<_> =
            (0..left.len()).filter(|index| left[*index]).map(|index| self.nodes[index].id.as_str()).collect();
        let message = format!("a loop ({}); a call would never come out of it, so let one lead on", ring.join(", "));
        Err(Error::config(&*elements[first].at, message))
    }
}

/// Which share a call falls into: by what it sticks to, or by chance.
pub(super) fn drawn(node: &Node, key: Option<&Place>, question: &Question<'_>, chance: &dyn Fn() -> f64) -> f64 {
    match key.map(|key| key.find(question)) {
        Some(value) if !value.is_null() => share(mixed(digest(&node.id), digest(&value.to_string()))),
        _ => chance(),
    }
}

/// Of what calls are told apart by; all are one without it.
pub(super) fn counted_under(key: Option<&Place>, question: &Question<'_>) -> u64 {
    key.map_or(0, |key| digest(&key.find(question).to_string()))
}

/// The properties of an element, as far as it has any.
pub(super) type Properties = Map<String, Value>;
