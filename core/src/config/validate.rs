//! What a configuration must keep beyond its types.

use http::Uri;

use super::{Config, PriceConfig, ProviderConfig, Span};
use crate::error::Error;

pub(super) const DAY: Span = Span::from_millis(86_400_000);
/// The reference keeps answers for one month at most; this is the longest one.
pub(super) const MONTH: Span = Span::from_millis(31 * 86_400_000);

impl Config {
    /// Checks ranges and forms; the loaders call it. Whether a provider exists is checked by the gateway.
    pub fn validate(&self) -> Result<(), Error> {
        check_id(&self.id)?;
        self.cache.validate()?;
        self.limits.validate()?;
        self.credits.validate()?;
        let (logs, limits, cache) = (&self.logs.path, &self.limits.path, &self.cache.path);
        let others = [("logs.path", logs), ("limits.path", limits), ("cache.path", cache)];
        self.credits.stands_alone(others.map(|(name, path)| (name, path.as_ref())))?;
        super::budgets::validate_currencies(&self.currencies)?;
        for (name, budget) in &self.budgets {
            budget.validate(&format!("budgets.{name}"), &self.currencies)?;
        }
        if !(1..=5).contains(&self.retries.max_attempts) {
            let message = format!("{} is outside 1 to 5; 1 tries once", self.retries.max_attempts);
            return Err(Error::config("retries.max_attempts", message));
        }
        within("retries.delay", self.retries.delay, Span::default(), Span::from_millis(5_000), "")?;
        percent("retries.jitter_percent", self.retries.jitter_percent)?;
        percent("retries.budget_percent", self.retries.budget_percent)?;
        self.check_timeouts()?;
        self.hedging.check()?;
        self.check_routes()?;
        if !(1..=1000).contains(&self.streams.hold_tokens) {
            let message = format!(
                "{} is outside 1 to 1000; to hold nothing back set streams.broken = \"error\"",
                self.streams.hold_tokens
            );
            return Err(Error::config("streams.hold_tokens", message));
        }
        for (slug, provider) in &self.providers {
            check_provider(slug, provider)?;
        }
        self.uploads.iter().try_for_each(|(name, upload)| upload.check(name))?;
        for (name, price) in &self.prices {
            check_price(name, price)?;
        }
        if self.logs.max_records == Some(0) {
            return Err(Error::config(
                "logs.max_records",
                "must be at least 1; to log nothing set logs.enabled = false",
            ));
        }
        Ok(())
    }

    fn check_timeouts(&self) -> Result<(), Error> {
        let timeouts = &self.timeouts;
        within("timeouts.connect", timeouts.connect, Span::from_millis(1), DAY, "")?;
        let optional = [
            ("first_byte", timeouts.first_byte),
            ("total", timeouts.total),
            ("between_chunks", timeouts.between_chunks),
        ];
        for (name, span) in optional {
            let hint = "; without it, or with \"0\", there is no timeout";
            within(&format!("timeouts.{name}"), span.unwrap_or_default(), Span::default(), DAY, hint)?;
        }
        Ok(())
    }
}

pub(super) fn within(field: &str, span: Span, min: Span, max: Span, hint: &str) -> Result<(), Error> {
    if (min..=max).contains(&span) {
        return Ok(());
    }
    Err(Error::config(field, format!("{span} is outside {min} to {max}{hint}")))
}

pub(super) fn percent(field: &str, percent: u8) -> Result<(), Error> {
    if percent <= 100 {
        return Ok(());
    }
    Err(Error::config(field, format!("{percent} is over 100 percent")))
}

/// The id becomes a segment of URLs.
fn check_id(id: &str) -> Result<(), Error> {
    if (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return Ok(());
    }
    Err(Error::config("id", "expected 1 to 64 letters, digits, \"-\", \"_\" or \".\""))
}

fn check_provider(slug: &str, provider: &ProviderConfig) -> Result<(), Error> {
    let at = |key: &str| format!("providers.{slug}{key}");
    let in_slug = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    if slug.is_empty() || !slug.bytes().all(in_slug) {
        return Err(Error::config(at(""), "a provider is named with small letters, digits, \"-\", \"_\" and \".\""));
    }
    if provider.key.is_some() && provider.key_env.is_some() {
        return Err(Error::config(at(".key_env"), "key and key_env are both given; keep one of them"));
    }
    if !provider.keys.is_empty() && (provider.key.is_some() || provider.key_env.is_some()) {
        return Err(Error::config(at(".keys"), "keys stand beside key or key_env; keep one of them"));
    }
    if let Some(index) = provider.keys.iter().position(|key| http::HeaderValue::from_str(key.expose()).is_err()) {
        let message = "holds characters that a header cannot carry, such as line ends; check how it was copied";
        return Err(Error::config(at(&format!(".keys[{index}]")), message));
    }
    if provider.key_env.as_deref().is_some_and(|name| !is_variable(name)) {
        // The text may be the key itself, so it is not repeated.
        let message = "expected the name of an environment variable; the key itself is called key";
        return Err(Error::config(at(".key_env"), message));
    }
    match provider.base_url.as_deref().map(check_url) {
        Some(Err(message)) => Err(Error::config(at(".base_url"), message)),
        _ => Ok(()),
    }
}

pub(super) fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Says what is wrong with a base URL without repeating it: it may hold a password.
pub(super) fn check_url(url: &str) -> Result<(), &'static str> {
    let Ok(parsed) = url.parse::<Uri>() else { return Err("not a URL; write it as \"https://host/path\"") };
    let Some(authority) = parsed.authority().filter(|_| matches!(parsed.scheme_str(), Some("http" | "https"))) else {
        return Err("expected a URL that begins with http:// or https://");
    };
    if authority.as_str().contains('@') {
        return Err("a URL must not hold credentials; the key has its own setting, key or key_env");
    }
    if url.contains(['?', '#']) {
        return Err("a base URL has no query and no fragment; headers have their own setting");
    }
    Ok(())
}

fn check_price(name: &str, price: &PriceConfig) -> Result<(), Error> {
    let wrong = |field: &str, message: &str| Err(Error::config(format!("prices.{name}{field}"), message));
    let has_rates = price.rates().next().is_some();
    match price.discount_percent {
        _ if !is_model(name) => wrong("", "expected a name such as \"openai/gpt-4o-mini\""),
        Some(percent) if !(0.0..=100.0).contains(&percent) => wrong(".discount_percent", "is outside 0 to 100"),
        Some(_) if has_rates => wrong(".discount_percent", "stands beside prices: give one or the other"),
        None if !has_rates => wrong("", "has no price: give input and output, or discount_percent"),
        _ => Ok(()),
    }
}

fn is_model(name: &str) -> bool {
    name.split_once('/').is_some_and(|(provider, model)| !provider.is_empty() && !model.is_empty())
}
