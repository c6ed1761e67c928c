//! Where a call went, for the caller's eyes.

use http::{HeaderMap, HeaderValue};
use serde::Serialize;

use crate::exchange::Exchange;
use crate::headers::{self, response as name};
use crate::record::{Attempt, AttemptState, Failure, Skipped};

/// More than this is in the log only: a header is no place for pages.
const MAX_ENTRIES: usize = 20;

/// One line of the header.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Tried {
        provider: &'a str,
        model: &'a str,
        state: AttemptState,
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
        ms: u64,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        hedge: bool,
    },
    Skipped {
        provider: &'a str,
        model: &'a str,
        skipped: &'a str,
    },
}

/// Says where the call went, and who answered if a route has chosen.
pub(super) fn stamp(headers: &mut HeaderMap, exchange: &Exchange, step: usize) {
    let (attempts, skipped) = (&exchange.attempts, &exchange.trail.skipped);
    if !attempts.is_empty() || !skipped.is_empty() {
        let lines: Vec<_> = lines(attempts, skipped).take(MAX_ENTRIES).collect();
        headers::insert_json(headers, &name::ATTEMPTS, &lines);
    }
    if let (Some(_), Some(target)) = (&exchange.trail.route, exchange.targets.get(step)) {
        for (name, text) in [(name::MODEL, &target.model), (name::PROVIDER, &target.provider.slug)] {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        }
    }
}

/// In the order in which they came.
fn lines<'a>(attempts: &'a [Attempt], skipped: &'a [Skipped]) -> impl Iterator<Item = Line<'a>> {
    (0..=attempts.len()).flat_map(move |number| {
        let passed = skipped.iter().filter(move |one| one.after as usize == number).map(|one| Line::Skipped {
            provider: &one.provider,
            model: &one.model,
            skipped: &one.reason,
        });
        passed.chain(attempts.get(number).map(|attempt| Line::Tried {
            provider: &attempt.provider,
            model: &attempt.model,
            state: attempt.state,
            status: attempt.status,
            failure: attempt.failure,
            ms: attempt.duration_us / 1_000,
            hedge: attempt.hedge,
        }))
    })
}
