//! What the cache may do for one target.

use std::time::Duration;

use http::HeaderMap;

use super::control::{Control, kept_by_word};
use super::{MAX_CACHE_TTL, bad, flag, number};
use crate::config::{CacheControl, CacheMode, Config, Replay};
use crate::headers::{self, request as name};
use crate::refusal::{Refusal, quoted};

/// How long an answer under a custom key lives when nobody names a time.
const CUSTOM_KEY_TTL: Duration = Duration::from_secs(5 * 60);

#[derive(Clone, Debug)]
pub(crate) struct CachePolicy {
    ttl: Option<Duration>,
    skip: bool,
    mode: CacheMode,
    pub(crate) key: Option<String>,
    /// Whose answers these are; within the gateway's own where nobody says.
    pub(crate) scope: Option<String>,
    /// Whose threshold holds for near answers.
    pub(crate) namespace: Option<String>,
    pub(crate) streams: bool,
    pub(crate) replay: Replay,
    stale_while_revalidate: Duration,
    stale_if_error: Duration,
    /// Whose `Cache-Control` is minded.
    minds: CacheControl,
    control: Control,
}

/// What may be done with an answer that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// It is given.
    Fresh,
    /// It is given, since the caller takes it as it is.
    Stale,
    /// It is given, and made anew behind the caller's back.
    WhileRevalidating,
    /// It is given if nobody answers.
    IfError,
    No,
}

impl CachePolicy {
    pub(super) fn of(config: &Config) -> Self {
        let config = &config.cache;
        Self {
            ttl: config.ttl(),
            skip: false,
            mode: config.mode,
            key: None,
            scope: None,
            namespace: None,
            streams: config.streams,
            replay: config.replay,
            stale_while_revalidate: config.stale_while_revalidate.unwrap_or_default().duration(),
            stale_if_error: config.stale_if_error.unwrap_or_default().duration(),
            minds: config.control,
            control: Control::default(),
        }
    }

    /// These settings under headers.
    pub(super) fn under(&mut self, headers: &HeaderMap) -> Result<(), Refusal> {
        if let Some(skip) = flag(headers, &name::SKIP_CACHE)?.or(flag(headers, &name::OLD_SKIP_CACHE)?) {
            self.skip = skip;
        }
        if let Some(ttl) = number(headers, &name::CACHE_TTL)?.or(number(headers, &name::OLD_CACHE_TTL)?) {
            self.ttl = Some(Duration::from_secs(ttl).min(MAX_CACHE_TTL));
        }
        if let Some(mode) = headers::text(headers, &name::CACHE_MODE) {
            self.mode = mode_of(&mode)?;
        }
        if let Some(scope) = headers::text(headers, &name::CACHE_SCOPE).filter(|scope| !scope.is_empty()) {
            self.scope = Some(scope.into_owned());
        }
        if let Some(namespace) =
            headers::text(headers, &name::CACHE_NAMESPACE).filter(|namespace| !namespace.is_empty())
        {
            self.namespace = Some(namespace.into_owned());
        }
        if let Some(key) = headers::text(headers, &name::CACHE_KEY).filter(|key| !key.is_empty()) {
            self.key = Some(key.into_owned());
        }
        if self.minds != CacheControl::Ignore && headers.contains_key(http::header::CACHE_CONTROL) {
            self.control = Control::of(headers);
            let Control { stale_while_revalidate, stale_if_error, .. } = self.control;
            let within =
                |asked: Option<Duration>, usual: Duration| asked.map_or(usual, |asked| asked.min(MAX_CACHE_TTL));
            self.stale_while_revalidate = within(stale_while_revalidate, self.stale_while_revalidate);
            self.stale_if_error = within(stale_if_error, self.stale_if_error);
        }
        Ok(())
    }

    /// How long an answer may be kept, or `None` if the cache is off for this target.
    pub(crate) fn ttl(&self) -> Option<Duration> {
        let default = self.key.as_ref().map(|_| CUSTOM_KEY_TTL);
        self.ttl.or(default).filter(|ttl| !ttl.is_zero())
    }

    /// Whether a kept answer may be given at all.
    pub(crate) fn reads(&self) -> bool {
        !self.skip && self.mode != CacheMode::WriteOnly && !self.control.no_cache
    }

    /// Whether nothing may be sent.
    pub(crate) fn only_if_cached(&self) -> bool {
        self.control.only_if_cached
    }

    /// How long an answer with these headers is fresh, and how long it is kept at all; `None` if it is not.
    pub(crate) fn times(&self, headers: &HeaderMap, is_stream: bool) -> Option<(Duration, Duration)> {
        let mut ttl = self.ttl().filter(|_| self.mode != CacheMode::ReadOnly && !self.control.no_store)?;
        if self.minds == CacheControl::Both {
            ttl = kept_by_word(headers, is_stream, ttl)?;
        }
        Some((ttl, ttl + self.stale_while_revalidate.max(self.stale_if_error)))
    }

    /// What may be done with an answer of this age that is fresh for `ttl`.
    pub(crate) fn use_of(&self, age: Duration, ttl: Duration) -> Use {
        let Control { max_age, max_stale, min_fresh, .. } = self.control;
        let over = age.saturating_sub(ttl);
        let is_young = max_age.is_none_or(|max_age| age <= max_age && !max_age.is_zero());
        if is_young && age < ttl && age.saturating_add(min_fresh) <= ttl {
            return Use::Fresh;
        }
        match age >= ttl && is_young && min_fresh.is_zero() {
            true if max_stale.is_some_and(|bound| over <= bound) => Use::Stale,
            true if over < self.stale_while_revalidate => Use::WhileRevalidating,
            _ if over < self.stale_if_error => Use::IfError,
            _ => Use::No,
        }
    }
}

fn mode_of(text: &str) -> Result<CacheMode, Refusal> {
    match text.trim().to_ascii_lowercase().replace('-', "_").as_str() {
        "read_write" => Ok(CacheMode::ReadWrite),
        "read_only" => Ok(CacheMode::ReadOnly),
        "write_only" => Ok(CacheMode::WriteOnly),
        other => {
            let message = format!("{} is no mode; use read-write, read-only or write-only", quoted(other));
            Err(bad(&name::CACHE_MODE, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn policy(toml: &str, control: &'static str) -> CachePolicy {
        let mut policy = CachePolicy::of(&Config::from_toml(toml).expect("the configuration is sound"));
        if !control.is_empty() {
            let headers = [(http::header::CACHE_CONTROL, HeaderValue::from_static(control))].into_iter().collect();
            policy.under(&headers).expect("nothing is refused");
        }
        policy
    }

    #[track_caller]
    fn uses(control: &'static str, age_and_use: &[(u64, Use)]) {
        let policy =
            policy("cache = { ttl = '100s', stale_while_revalidate = '20s', stale_if_error = '50s' }", control);
        for (age, expected) in age_and_use {
            let found = policy.use_of(Duration::from_secs(*age), Duration::from_secs(100));
            assert_eq!(found, *expected, "{control:?} at {age} s");
        }
    }

    #[test]
    fn age_decides() {
        use Use::{Fresh, IfError, No, Stale, WhileRevalidating};
        uses("", &[(99, Fresh), (100, WhileRevalidating), (119, WhileRevalidating), (120, IfError), (150, No)]);
        uses("max-age=10", &[(10, Fresh), (11, IfError), (110, IfError), (150, No)]);
        uses("max-age=0", &[(0, IfError), (1, IfError)]);
        uses("min-fresh=30", &[(70, Fresh), (71, IfError), (100, IfError)]);
        uses("max-stale", &[(149, Stale)]);
        uses("max-stale=5", &[(105, Stale), (106, WhileRevalidating), (120, IfError)]);
        uses("max-stale=5, max-age=102", &[(102, Stale), (103, IfError)]);
        uses("stale-while-revalidate=0", &[(100, IfError)]);
        uses("stale-if-error=0", &[(100, WhileRevalidating), (120, No)]);
    }

    #[test]
    fn modes_and_control_say_what_is_read_and_kept() {
        let of = |toml: &str, control| {
            let policy = policy(toml, control);
            (policy.reads(), policy.times(&HeaderMap::new(), false).is_some())
        };
        assert_eq!(of("cache.ttl = '1h'", ""), (true, true));
        assert_eq!(of("cache.ttl = '1h'", "no-cache"), (false, true));
        assert_eq!(of("cache.ttl = '1h'", "no-store"), (true, false));
        assert_eq!(of("cache = { ttl = '1h', mode = 'read_only' }", ""), (true, false));
        assert_eq!(of("cache = { ttl = '1h', mode = 'write_only' }", ""), (false, true));
        assert_eq!(of("cache = { ttl = '1h', control = 'ignore' }", "no-cache, no-store"), (true, true));
    }

    #[test]
    fn what_may_be_stale_is_kept_for_longer() {
        let times =
            |toml| policy(toml, "").times(&HeaderMap::new(), false).map(|(ttl, keep)| (ttl.as_secs(), keep.as_secs()));
        assert_eq!(
            times("cache = { ttl = '10s', stale_while_revalidate = '5s', stale_if_error = '1m' }"),
            Some((10, 70))
        );
        assert_eq!(times("cache.ttl = '10s'"), Some((10, 10)));
    }
}
