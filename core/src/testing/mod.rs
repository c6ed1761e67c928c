//! A scripted provider and a clock to turn by hand: for the tests of this project, and of programs that use it.

mod clock;
mod folder;
mod gateway;
#[cfg(feature = "redis")]
mod redis;
mod rooms;
mod script;

pub use self::clock::ManualClock;
pub use self::folder::Folder;
pub use self::gateway::TestGateway;
#[cfg(feature = "redis")]
pub use self::redis::RedisServer;
pub use self::rooms::Rooms;
pub use self::script::{Scripted, Step};
pub use crate::stage::Stage;
