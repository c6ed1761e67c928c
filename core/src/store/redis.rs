//! A connection to a Redis or Valkey server.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, Cmd, FromRedisValue, Pipeline, RedisError};
use tokio::sync::oneshot;

use super::background::Background;
use super::health::{StoreHealth, Up};
use super::waiting::Waiting;
use crate::error::Error;
use crate::secret::Secret;

/// A server that is reached over one connection, which many calls share. Nothing is opened before the first command.
///
/// The connection lives on the gateway's own thread, so that no caller's runtime has to drive it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Redis(Arc<Inner>);

struct Inner {
    client: Client,
    background: Arc<Background>,
    /// How long a call waits for its answer.
    within: Duration,
    up: Up,
    connection: Mutex<Option<MultiplexedConnection>>,
    /// Held while one call connects, so that the others need not.
    connecting: tokio::sync::Mutex<()>,
}

impl Redis {
    /// The server at `url`: `redis://[user:password@]host[:port][/database]`, or `unix:///path`.
    ///
    /// # Errors
    /// `Config` without a field, for what is no such URL. The text is not repeated: it may hold a password.
    pub(crate) fn new(url: &Secret, within: Duration, background: Arc<Background>) -> Result<Self, Error> {
        let client = Client::open(url.expose()).map_err(|_| {
            Error::new(crate::error::ErrorKind::Config, "not the URL of a server; write it as \"redis://host:6379\"")
        })?;
        let connecting = tokio::sync::Mutex::default();
        let (up, connection) = (Up::default(), Mutex::default());
        Ok(Self(Arc::new(Inner { client, background, within, up, connection, connecting })))
    }

    /// What the server answers, or `None` where it is down, does not answer in time, or says no.
    pub(crate) async fn run<T: FromRedisValue + Send + 'static>(&self, command: impl Into<Command>) -> Option<T> {
        self.run_within(self.0.within, command).await
    }

    /// As [`run`](Self::run), with a time of its own: for what looks through many keys, while no call waits for it.
    pub(crate) async fn run_within<T: FromRedisValue + Send + 'static>(
        &self,
        within: Duration,
        command: impl Into<Command>,
    ) -> Option<T> {
        let answer = self.answer(command.into(), within).await;
        if answer.is_none() {
            self.0.up.count_failure();
        }
        answer
    }

    /// As [`run`](Self::run). An answer that nobody hears, because the future was dropped, goes to `unheard`, which may take
    /// back what was done.
    pub(crate) async fn run_or<T, U>(&self, command: Cmd, unheard: U) -> Option<T>
    where
        T: FromRedisValue + Send + 'static,
        U: FnOnce(T) + Clone + Send + 'static,
    {
        let handle = self.0.background.handle().ok().filter(|_| self.0.up.may_ask());
        let Some(handle) = handle else {
            self.0.up.count_failure();
            return None;
        };
        let (reply, answer) = oneshot::channel();
        let (inner, too_late) = (self.0.clone(), unheard.clone());
        drop(handle.spawn(async move {
            if let Some(answer) = inner.bounded(command.into(), inner.within).await
                && let Err(answer) = reply.send(answer)
            {
                too_late(answer);
            }
        }));
        let mut waiting = Waiting { answer, unheard: Some(unheard) };
        let heard = (&mut waiting.answer).await.ok();
        waiting.unheard = None;
        if heard.is_none() {
            self.0.up.count_failure();
        }
        heard
    }

    /// Has the server do something while nobody waits for it.
    pub(crate) fn tell<C: Into<Command>>(&self, command: impl FnOnce() -> C + Send + 'static) {
        let Ok(handle) = self.0.background.handle() else { return self.0.up.count_failure() };
        let this = self.clone();
        drop(handle.spawn(async move {
            let command: Command = command().into();
            this.run::<redis::Value>(command).await
        }));
    }

    /// Something that was not even sent, because too much waits already.
    pub(crate) fn count_failure(&self) {
        self.0.up.count_failure();
    }

    /// How the server is doing.
    pub(crate) fn health(&self) -> StoreHealth {
        self.0.up.report()
    }

    async fn answer<T: FromRedisValue + Send + 'static>(&self, command: Command, within: Duration) -> Option<T> {
        if !self.0.up.may_ask() {
            return None;
        }
        let inner = self.0.clone();
        let handle = match inner.background.handle() {
            Ok(handle) => handle.clone(),
            Err(reason) => {
                inner.up.is_down(reason);
                return None;
            }
        };
        handle.spawn(async move { inner.bounded(command, within).await }).await.ok().flatten()
    }
}

impl Inner {
    async fn bounded<T: FromRedisValue>(&self, command: Command, within: Duration) -> Option<T> {
        let sent = tokio::time::timeout(within, async {
            let mut connection = self.connected().await.map_err(|error| (error, Link::Lost))?;
            let answer = match command {
                Command::One(command) => command.query_async(&mut connection).await,
                Command::Several(commands) => commands.query_async(&mut connection).await,
            };
            answer.map_err(|error: RedisError| {
                // What the server itself says about a command is no reason to leave it alone.
                let lost = error.is_io_error() || error.is_connection_dropped() || error.is_timeout();
                (error, if lost { Link::Lost } else { Link::Stands })
            })
        });
        match sent.await {
            Ok(Ok(answer)) => {
                self.up.answered();
                return Some(answer);
            }
            Ok(Err((_, Link::Stands))) => self.up.answered(),
            Ok(Err((error, Link::Lost))) => self.lose(&words(&error)),
            Err(_) => self.lose(&format!("no answer within {} ms", within.as_millis())),
        }
        None
    }

    async fn connected(&self) -> Result<MultiplexedConnection, RedisError> {
        if let Some(connection) = self.current().clone() {
            return Ok(connection);
        }
        let _turn = self.connecting.lock().await;
        if let Some(connection) = self.current().clone() {
            return Ok(connection);
        }
        let connection = self.client.get_multiplexed_async_connection().await?;
        *self.current() = Some(connection.clone());
        Ok(connection)
    }

    /// Lets go of the connection; the next call after a while makes a new one.
    fn lose(&self, reason: &str) {
        *self.current() = None;
        self.up.is_down(format!("the server does not answer: {reason}"));
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Option<MultiplexedConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a server is asked: one thing, or several that go out together.
pub(crate) enum Command {
    One(Cmd),
    Several(Pipeline),
}

impl From<Cmd> for Command {
    fn from(command: Cmd) -> Self {
        Self::One(command)
    }
}

impl From<Pipeline> for Command {
    fn from(commands: Pipeline) -> Self {
        Self::Several(commands)
    }
}

/// The connection after a command that failed.
enum Link {
    Lost,
    Stands,
}

/// What went wrong, without what was sent: a command's text may hold a prompt, a URL a password.
fn words(error: &RedisError) -> String {
    if error.is_io_error() { error.to_string() } else { error.category().to_owned() }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::RedisServer;

    fn open(url: &str) -> Redis {
        Redis::new(&url.into(), Duration::from_secs(2), Arc::default()).expect("a URL")
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made")
    }

    async fn increment(redis: &Redis) -> Option<i64> {
        redis.run(redis::cmd("INCR").arg("n").clone()).await
    }

    #[test]
    fn it_comes_back_when_the_server_does() {
        let Some(mut server) = RedisServer::start() else { return };
        let redis = open(&server.url());
        runtime().block_on(async {
            assert_eq!(increment(&redis).await, Some(1));
            assert_eq!(redis.health(), StoreHealth::default());
            server.stop();
            assert_eq!(increment(&redis).await, None);
            assert_eq!(increment(&redis).await, None, "nobody waits for a server that is down");
            let health = redis.health();
            assert_eq!(health.failures, 2);
            assert!(health.degraded.is_some_and(|reason| reason.contains("does not answer")));
            server.restart();
            let mut tries = 0;
            while increment(&redis).await.is_none() {
                tries += 1;
                assert!(tries < 1_000, "{:?}", redis.health());
                std::thread::sleep(Duration::from_millis(20));
            }
            assert_eq!(redis.health().degraded, None);
        });
    }

    #[test]
    fn what_the_server_says_about_a_command_does_not_take_it_down() {
        let Some(server) = RedisServer::start() else { return };
        let redis = open(&server.url());
        runtime().block_on(async {
            assert_eq!(redis.run::<i64>(redis::cmd("NONSENSE").clone()).await, None);
            assert_eq!(redis.health(), StoreHealth { degraded: None, failures: 1 });
            assert_eq!(increment(&redis).await, Some(1));
        });
    }

    #[test]
    fn a_url_that_is_none_is_not_repeated() {
        let error = Redis::new(&"http://me:canary@host".into(), Duration::ZERO, Arc::default()).err();
        assert!(error.is_some_and(|error| !error.to_string().contains("canary")));
    }

    #[test]
    fn many_callers_share_one_connection() {
        let Some(server) = RedisServer::start() else { return };
        let redis = open(&server.url());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| runtime().block_on(async { assert!(increment(&redis).await.is_some()) }));
            }
        });
        assert_eq!(runtime().block_on(increment(&redis)), Some(9));
    }
}
