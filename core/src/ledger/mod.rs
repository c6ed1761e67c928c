//! Prepaid credit: wallets that calls draw on, and the ledger in which every movement stands twice. A call holds the most
//! that it may cost before it is sent, and draws what it cost when it has ended.

mod place;
mod report;
mod tables;
mod unwritten;
mod wallet;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use serde_json::Value;
use sha2::{Digest, Sha256};

use self::place::Place;
use self::report::LedgerQuery;
use self::tables::{CALL, Draw, Entry, Reserved};
use self::wallet::Wallet;
use crate::clock::Clock;
use crate::config::{Amount, Config, Currencies, rate};
use crate::error::Error;
use crate::exchange::Target;
use crate::headers::response as name;
use crate::held::Credit;
use crate::refusal::{Refusal, code, quoted};
use crate::store::StoreHealth;

/// By which the field's APIs know a repetition: draft-ietf-httpapi-idempotency-key-header.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The largest movement, in billionths of a dollar, so that sums stay far from their end.
const MAX_NANO: u64 = 9_000_000_000_000_000;

const LONGEST_TEXT: usize = 256;

/// The wallets of one gateway.
pub(crate) struct Ledger {
    wallets: Vec<Wallet>,
    currencies: Currencies,
    place: Arc<Place>,
    clock: Arc<dyn Clock>,
}

impl Ledger {
    pub(crate) fn new(config: &Config, clock: Arc<dyn Clock>) -> Self {
        let place = Arc::new(Place::new(config.credits.path.as_deref()));
        Self { wallets: Wallet::all(config), currencies: config.currencies.clone(), place, clock }
    }

    /// Whether a call to `target` draws on a wallet.
    pub(crate) fn is_for(&self, target: &Target) -> bool {
        self.wallets.iter().any(|wallet| wallet.is_for(target))
    }

    /// Holds credit for a call to `target` that may cost `at_most` billionths of a dollar; `None` where nobody can say.
    pub(crate) async fn reserve(&self, target: &Target, at_most: Option<u64>) -> Result<Option<Credit>, Refusal> {
        let Some((index, own)) = self.wallets.iter().enumerate().find(|(_, wallet)| wallet.is_for(target)) else {
            return Ok(None);
        };
        let wallet = own.of(target);
        let amount = match at_most {
            None if !own.passes_unpriced => return Err(unpriced(own, &wallet, target)),
            at_most => own.price(at_most.unwrap_or(0)),
        };
        let key = request_key(target);
        let credit = |hold| Credit { wallet: wallet.clone(), rule: index, hold, amount, key: key.clone() };
        if amount == 0 {
            return Ok(Some(credit(None)));
        }
        let entry =
            Entry { wallet: wallet.clone(), amount, at_us: self.now_us(), key: key.clone(), ..Entry::default() };
        match self.place.reserve(entry).await {
            Ok(Reserved::Held(hold)) => Ok(Some(credit(Some(hold)))),
            Ok(Reserved::Paid) => Ok(Some(credit(None))),
            Ok(Reserved::Short(available)) => Err(short(own, &wallet, amount, available)),
            Err(error) => Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::NO_ANSWER, error.to_string())),
        }
    }

    /// What a call to `target` draws on that holds nothing.
    pub(crate) fn unheld(&self, target: &Target) -> Option<Credit> {
        let (rule, own) = self.wallets.iter().enumerate().find(|(_, wallet)| wallet.is_for(target))?;
        Some(Credit { wallet: own.of(target), rule, hold: None, amount: 0, key: request_key(target) })
    }

    /// Draws what a call has cost; nobody waits for it. `None` is as much as it held.
    pub(crate) fn settle(&self, credit: Credit, cost: Option<u64>, log_id: Option<&str>) {
        let Credit { wallet, rule, hold, amount, key } = credit;
        let amount = cost.map_or(amount, |cost| self.wallets[rule].price(cost));
        if amount == 0 && hold.is_none() {
            return;
        }
        let log_id = log_id.map(str::to_owned);
        let entry = Entry { wallet, amount, at_us: self.now_us(), key, log_id, ..Entry::default() };
        self.place.settle(Draw { hold, entry });
    }

    /// Puts credit into a wallet.
    pub(crate) async fn top_up(&self, wallet: &str, amount: &str, options: &Value) -> Result<Value, Error> {
        let entry = self.entry(wallet, amount, options)?;
        self.enter(entry, |connection, entry| tables::top_up(connection, entry).map(Ok)).await
    }

    /// Gives back what calls drew.
    pub(crate) async fn refund(&self, wallet: &str, amount: &str, options: &Value) -> Result<Value, Error> {
        let entry = self.entry(wallet, amount, options)?;
        self.enter(entry, tables::refund).await
    }

    /// What a wallet has.
    pub(crate) async fn balance(&self, wallet: &str) -> Result<Value, Error> {
        let (name, now_us) = (named(wallet)?, self.now_us());
        let holding = self.place.ask(move |connection| tables::holding(connection, &name, now_us)).await?;
        Ok(report::balance(wallet, &holding))
    }

    /// What was entered.
    pub(crate) async fn entries(&self, query: &Value) -> Result<Value, Error> {
        let query = LedgerQuery::from_json(query)?;
        self.place.ask(move |connection| report::entries(connection, &query)).await
    }

    async fn enter(
        &self,
        entry: Entry,
        act: fn(&mut rusqlite::Connection, &Entry) -> rusqlite::Result<Result<tables::Entered, i64>>,
    ) -> Result<Value, Error> {
        let (wallet, now_us, expires_us) = (entry.wallet.clone(), entry.at_us, entry.expires_us);
        let done = self.place.ask(move |connection| {
            connection.execute_batch("PRAGMA synchronous = FULL")?;
            match act(connection, &entry)? {
                Ok(entered) => Ok(Ok((entered, tables::holding(connection, &entry.wallet, now_us)?))),
                Err(drawn) => Ok(Err(drawn)),
            }
        });
        match done.await? {
            Ok((entered, holding)) => Ok(report::entered(&wallet, &entered, expires_us, &holding)),
            Err(drawn) => {
                Err(Error::invalid("amount", format!("only {} was drawn that could be given back", shown(drawn))))
            }
        }
    }

    fn entry(&self, wallet: &str, amount: &str, options: &Value) -> Result<Entry, Error> {
        let mut entry =
            Entry { wallet: named(wallet)?, amount: self.nano_usd(amount)?, at_us: self.now_us(), ..Entry::default() };
        let none = serde_json::Map::new();
        let options = match options {
            Value::Null => &none,
            other => other.as_object().ok_or_else(|| Error::invalid("options", "not an object"))?,
        };
        for (name, value) in options.iter().filter(|(_, value)| !value.is_null()) {
            let field = format!("options.{name}");
            let text = || {
                let text = value.as_str().filter(|text| !text.is_empty() && text.len() <= LONGEST_TEXT);
                text.map(str::to_owned).ok_or_else(|| Error::invalid(&field, "must be a text of 1 to 256 bytes"))
            };
            match name.as_str() {
                "idempotency_key" | "idempotencyKey" => entry.key = Some(text()?),
                "note" => entry.note = Some(text()?),
                "log_id" | "logId" => entry.log_id = Some(text()?),
                "expires_at" | "expiresAt" => {
                    let at: Option<jiff::Timestamp> = text()?.parse().ok();
                    let at_us = at.map(jiff::Timestamp::as_microsecond).filter(|at_us| *at_us > entry.at_us);
                    let wrong = || Error::invalid(&field, "must be a moment to come, such as \"2027-01-01T00:00:00Z\"");
                    entry.expires_us = Some(at_us.ok_or_else(wrong)?);
                }
                _ => {
                    return Err(Error::invalid(
                        &field,
                        "is not known here; write expires_at, idempotency_key, log_id or note",
                    ));
                }
            }
        }
        Ok(entry)
    }

    /// An amount in any currency that has a rate, in billionths of a dollar.
    fn nano_usd(&self, amount: &str) -> Result<i64, Error> {
        let amount: Amount = amount.parse().map_err(|reason: String| Error::invalid("amount", reason))?;
        let currency = amount.currency();
        let Some(rate) = rate(currency, &self.currencies) else {
            return Err(Error::invalid(
                "amount",
                format!("{currency} has no rate; add currencies.{currency}, or write USD"),
            ));
        };
        let nano = u128::from(amount.nano()) * u128::from(rate) / 1_000_000_000;
        match u64::try_from(nano) {
            Ok(nano @ 1..=MAX_NANO) => Ok(nano.cast_signed()),
            _ => Err(Error::invalid("amount", format!("{amount} is nothing, or more than 9,000,000 USD"))),
        }
    }

    fn now_us(&self) -> i64 {
        i64::try_from(self.clock.now_us()).unwrap_or(i64::MAX)
    }

    /// How the file is doing, if there is one.
    pub(crate) fn health(&self) -> Option<StoreHealth> {
        self.place.health()
    }

    /// Lets go of what must not be carried through a fork. Says whether it was done within `budget`.
    pub(crate) fn release(&self, budget: Duration) -> bool {
        self.place.release(budget)
    }

    /// Does what is still to be done, within `budget`.
    pub(crate) fn close(&self, budget: Duration) {
        self.place.close(budget);
    }
}

fn named(wallet: &str) -> Result<String, Error> {
    if wallet.is_empty() || wallet.len() > LONGEST_TEXT {
        return Err(Error::invalid("wallet", "a wallet's name has 1 to 256 bytes, such as \"customers/acme\""));
    }
    Ok(wallet.to_owned())
}

/// A caller's key, and what it stands for: under the same key another request is another one.
fn request_key(target: &Target) -> Option<String> {
    let key = target.headers.get(IDEMPOTENCY_KEY).filter(|key| !key.is_empty())?;
    let mut digest = Sha256::new();
    for part in [key.as_bytes(), target.provider.slug.as_bytes(), target.path.as_bytes(), &target.body] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    Some(digest.finalize()[..16].iter().fold(CALL.to_owned(), |key, byte| format!("{key}{byte:02x}")))
}

fn short(own: &Wallet, wallet: &str, amount: i64, available: i64) -> Refusal {
    let message = format!(
        "Out of credit: wallet {} has {}, this call may cost {}; top it up (credits.wallets.{}).",
        quoted(wallet),
        shown(available),
        shown(amount),
        own.name
    );
    refused(message)
}

fn unpriced(own: &Wallet, wallet: &str, target: &Target) -> Refusal {
    let (wallet, path) = (quoted(wallet), &own.name);
    let model = format!("{}/{}", target.provider.slug, target.model);
    refused(format!(
        "Out of credit: nobody can tell what this call would draw on wallet {wallet}; add prices.{model:?}, send \
         cf-aig-custom-cost, or set credits.wallets.{path}.unpriced = \"pass\"."
    ))
}

fn refused(message: String) -> Refusal {
    let mut refusal = Refusal::new(StatusCode::PAYMENT_REQUIRED, code::NO_CREDIT, message);
    refusal.headers.push((name::SHOULD_RETRY, HeaderValue::from_static("false")));
    refusal
}

fn shown(nano: i64) -> String {
    format!("{} USD", rust_decimal::Decimal::from_i128_with_scale(nano.into(), 9).normalize())
}

#[cfg(all(test, feature = "testing"))]
mod tests;
