//! The parts of the road that can be switched off, so that a test can be shown to need the part that it proves.

#![cfg_attr(not(feature = "testing"), allow(dead_code, unreachable_pub, reason = "only a test switches a stage off"))]

/// A part of the road.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs, reason = "each name is that of the room or rule it stands for")]
pub enum Stage {
    Headers,
    Strip,
    Keys,
    Cache,
    Limit,
    Retry,
    Timeout,
    Fallback,
    Translate,
    Meter,
    Account,
    Log,
}

impl Stage {
    /// Every stage, under the name that a vector's `proves` uses.
    pub const ALL: [(&'static str, Stage); 12] = [
        ("headers", Stage::Headers),
        ("strip", Stage::Strip),
        ("keys", Stage::Keys),
        ("cache", Stage::Cache),
        ("limit", Stage::Limit),
        ("retry", Stage::Retry),
        ("timeout", Stage::Timeout),
        ("fallback", Stage::Fallback),
        ("translate", Stage::Translate),
        ("meter", Stage::Meter),
        ("account", Stage::Account),
        ("log", Stage::Log),
    ];

    /// The stage of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Stage> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, stage)| *stage)
    }
}

/// Which stages are at work. All of them, outside of tests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stages {
    off: u16,
}

impl Stages {
    pub(crate) fn without(stage: Option<Stage>) -> Self {
        Self { off: stage.map_or(0, |stage| 1 << stage as u8) }
    }

    pub(crate) fn on(self, stage: Stage) -> bool {
        self.off & (1 << stage as u8) == 0
    }
}
