//! What tokens cost, and what a call with them costs.

use crate::usage::{NanoUsd, Usage};

/// What a rate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Input tokens that no prompt cache was involved in.
    Input,
    /// Output tokens.
    Output,
    /// Input tokens read from the provider's prompt cache; the input rate if not given.
    CacheRead,
    /// Input tokens written to it; the input rate if not given.
    CacheWrite,
    /// Input tokens written to it for an hour; the rate of other writes if not given.
    CacheWrite1h,
    /// Output tokens spent on reasoning; the output rate if not given.
    Reasoning,
    /// Sound, heard and put out; the rates of text if not given.
    AudioIn,
    AudioOut,
    CacheAudioRead,
    /// Pictures, seen and put out; the rates of text if not given.
    ImageIn,
    ImageOut,
    CacheImageRead,
    /// A call.
    Request,
    /// A picture that is made.
    Image,
    /// A search on the web.
    Search,
    /// An hour of sound that is listened to.
    Hour,
}

impl Kind {
    /// All, by the names that files and configurations have for them.
    pub(crate) const ALL: [(&'static str, Self); 16] = [
        ("input", Self::Input),
        ("output", Self::Output),
        ("cache_read", Self::CacheRead),
        ("cache_write", Self::CacheWrite),
        ("cache_write_1h", Self::CacheWrite1h),
        ("reasoning", Self::Reasoning),
        ("audio_in", Self::AudioIn),
        ("audio_out", Self::AudioOut),
        ("cache_audio_read", Self::CacheAudioRead),
        ("image_in", Self::ImageIn),
        ("image_out", Self::ImageOut),
        ("cache_image_read", Self::CacheImageRead),
        ("request", Self::Request),
        ("image", Self::Image),
        ("search", Self::Search),
        ("hour", Self::Hour),
    ];

    /// Whether its rate is for one of it, and not for a million tokens.
    pub(crate) fn is_fee(self) -> bool {
        matches!(self, Self::Request | Self::Image | Self::Search | Self::Hour)
    }
}

/// Nano-dollars per million tokens, or per one of what is charged by the piece: 1.25 dollars a million are
/// `1_250_000_000`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) base: u64,
    /// What it is for prompts of more tokens than these, by their length.
    pub(crate) longer: Box<[(u64, u64)]>,
}

impl Rate {
    fn at(&self, prompt: u64) -> u64 {
        self.longer.iter().rev().find(|(from, _)| prompt > *from).map_or(self.base, |(_, rate)| *rate)
    }
}

impl From<u64> for Rate {
    fn from(base: u64) -> Self {
        Self { base, longer: Box::default() }
    }
}

/// What a model costs. What is not there is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rates([Option<Rate>; Kind::ALL.len()]);

impl Rates {
    pub(crate) fn get(&self, kind: Kind) -> Option<&Rate> {
        self.0[kind as usize].as_ref()
    }

    pub(crate) fn set(&mut self, kind: Kind, rate: Rate) {
        self.0[kind as usize] = Some(rate);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// These rates, and those of `base` where there is none among them.
    pub(crate) fn over(&self, base: &Self) -> Self {
        Self(std::array::from_fn(|kind| self.0[kind].clone().or_else(|| base.0[kind].clone())))
    }

    /// What a call with this usage costs, rounded once, half up; `None` where a count or the rate for it is not known.
    pub(crate) fn charge(&self, usage: &Usage) -> Option<NanoUsd> {
        let (tokens, fees) = (self.tokens(usage)?, self.fees(usage)?);
        let sum = tokens.checked_add(fees)?.checked_add(500_000)?;
        NanoUsd::try_from(sum / 1_000_000).ok()
    }

    /// In millionths of a nano-dollar.
    fn tokens(&self, usage: &Usage) -> Option<u128> {
        if self.get(Kind::Input).is_none() && self.get(Kind::Output).is_none() {
            // Charged by the piece alone.
            return (!self.is_empty()).then_some(0);
        }
        if usage.tokens_in.is_none() && usage.tokens_out.is_none() {
            return None;
        }
        let prompt = usage.tokens_in.unwrap_or(0);
        parts(usage).into_iter().filter(|(count, _)| *count > 0).try_fold(0_u128, |sum, (count, kinds)| {
            let rate = kinds.iter().find_map(|kind| self.get(*kind))?.at(prompt);
            sum.checked_add(u128::from(count) * u128::from(rate))
        })
    }

    /// In millionths of a nano-dollar.
    fn fees(&self, usage: &Usage) -> Option<u128> {
        let details = usage.details();
        let piece = |kind: Kind| self.get(kind).map(|rate| u128::from(rate.base) * 1_000_000);
        let mut sum = piece(Kind::Request).unwrap_or(0);
        if let Some(fee) = piece(Kind::Image) {
            sum = sum.checked_add(fee.checked_mul(details.images?.into())?)?;
        }
        if let Some(fee) = piece(Kind::Hour) {
            sum = sum.checked_add(fee.checked_mul(details.seconds?.into())? / 3600)?;
        }
        let searches = details.searches.unwrap_or(0);
        if searches > 0 {
            sum = sum.checked_add(piece(Kind::Search)?.checked_mul(searches.into())?)?;
        }
        Some(sum)
    }
}

/// The tokens of a call, each in the one place where it is charged, with the rates that hold for it, nearest first. A
/// provider that reports larger parts than the whole is not charged for the surplus.
fn parts(usage: &Usage) -> [(u64, &'static [Kind]); 12] {
    let (details, mut left) = (usage.details(), usage.tokens_in.unwrap_or(0));
    let mut take = |count: Option<u64>| {
        let taken = count.unwrap_or(0).min(left);
        left -= taken;
        taken
    };
    let cached = take(usage.cache_read);
    let written = take(usage.cache_write);
    let audio_cached = details.audio_cached.unwrap_or(0).min(cached);
    let image_cached = details.image_cached.unwrap_or(0).min(cached - audio_cached);
    let heard = usage.audio.map(|all| all.saturating_sub(details.audio_out.unwrap_or(0)).saturating_sub(audio_cached));
    let seen = details.image.map(|all| all.saturating_sub(details.image_out.unwrap_or(0)).saturating_sub(image_cached));
    let (heard, seen) = (take(heard), take(seen));
    let hour = details.cache_write_1h.unwrap_or(0).min(written);

    let mut out = usage.tokens_out.unwrap_or(0);
    let mut put = |count: Option<u64>| {
        let taken = count.unwrap_or(0).min(out);
        out -= taken;
        taken
    };
    let [thought, said, drawn] = [usage.reasoning, details.audio_out, details.image_out].map(&mut put);
    [
        (left, &[Kind::Input]),
        (cached - audio_cached - image_cached, &[Kind::CacheRead, Kind::Input]),
        (audio_cached, &[Kind::CacheAudioRead, Kind::CacheRead, Kind::AudioIn, Kind::Input]),
        (image_cached, &[Kind::CacheImageRead, Kind::CacheRead, Kind::ImageIn, Kind::Input]),
        (written - hour, &[Kind::CacheWrite, Kind::Input]),
        (hour, &[Kind::CacheWrite1h, Kind::CacheWrite, Kind::Input]),
        (heard, &[Kind::AudioIn, Kind::Input]),
        (seen, &[Kind::ImageIn, Kind::Input]),
        (out, &[Kind::Output]),
        (thought, &[Kind::Reasoning, Kind::Output]),
        (said, &[Kind::AudioOut, Kind::Output]),
        (drawn, &[Kind::ImageOut, Kind::Output]),
    ]
}
