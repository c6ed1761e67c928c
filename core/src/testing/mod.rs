//! A scripted provider and a clock to turn by hand: for the tests of this project, and of programs that use it.

mod clock;
mod gateway;
mod rooms;
mod script;

pub use self::clock::ManualClock;
pub use self::gateway::TestGateway;
pub use self::rooms::Rooms;
pub use self::script::{Scripted, Step};
pub use crate::stage::Stage;
