//! What a gateway shares beyond its process: a `SQLite` file among the processes of one host, and a Redis or Valkey server
//! among many hosts.
//!
//! Both answer within a bound or not at all. A store that is down costs a call nothing but the answer: it is counted, said
//! in `health`, and tried again beside the calls.

mod background;
#[cfg(feature = "sqlite")]
mod file;
#[cfg(feature = "sqlite")]
mod fork;
mod health;
#[cfg(feature = "sqlite")]
mod private;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod setup;
#[cfg(feature = "sqlite")]
mod shared;
#[cfg(any(feature = "redis", feature = "sqlite"))]
mod waiting;

pub(crate) use self::background::Background;
#[cfg(feature = "sqlite")]
pub(crate) use self::file::{SqliteFile, Unfit, is_damage};
pub use self::health::StoreHealth;
#[cfg(feature = "redis")]
pub(crate) use self::redis::Redis;
#[cfg(feature = "sqlite")]
pub(crate) use self::setup::Schema;
#[cfg(feature = "sqlite")]
pub(crate) use self::shared::SharedFile;
