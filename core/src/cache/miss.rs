//! Why a call had no answer from the cache.

/// The reasons, by what helps against them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    Off,
    Past,
    Method,
    Stream,
    TooLarge,
    Stale,
    NothingKept,
}

impl Miss {
    const ALL: [Self; 7] =
        [Self::Off, Self::Past, Self::Method, Self::Stream, Self::TooLarge, Self::Stale, Self::NothingKept];

    /// Its word in logs and reports.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Past => "past",
            Self::Method => "method",
            Self::Stream => "stream",
            Self::TooLarge => "too_large",
            Self::Stale => "stale",
            Self::NothingKept => "nothing_kept",
        }
    }

    /// The reason in words, and what to do.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Off => {
                "the cache is off for this request; set cache.ttl, or send cf-aig-cache-ttl or cf-aig-cache-key"
            }
            Self::Past => "the request goes past the cache: cf-aig-skip-cache, write-only, or cache-control: no-cache",
            Self::Method => "only requests by POST are kept",
            Self::Stream => "streams are left out by cache.streams = false",
            Self::TooLarge => "the body is over 25 MB",
            Self::Stale => "an answer is kept, but it is over its time",
            Self::NothingKept => "no answer to such a request is kept in this scope",
        }
    }

    /// The reason of this word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|miss| miss.word() == word)
    }
}
