//! The gateway behind a URL.

use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tollhouse::{Error, Gateway};

use crate::listening::Listening;

/// Serves a gateway at a URL of this machine, from the first [`get_url`](Self::get_url) until it is stopped or dropped.
///
/// ```
/// # use tollhouse::{Config, Gateway};
/// # use tollhouse_server::Loopback;
/// let loopback = Loopback::new(Gateway::new(Config::default())?);
/// let base_url = loopback.get_url(Some("openai"))?; // http://127.0.0.1:49152/v1/5f0c…/default/openai
/// # assert!(base_url.ends_with("/default/openai"));
/// # Ok::<(), tollhouse::Error>(())
/// ```
///
/// It listens on 127.0.0.1 only. The account in its URLs is drawn anew at each start and asked of every request, so that
/// neither a web page nor another user of the machine can call through it.
///
/// A forked child has a server of its own: one thread, one port, one account.
pub struct Loopback {
    gateway: Gateway,
    account: Option<String>,
    process: ArcSwap<Process>,
}

/// What belongs to one process and not to its forked children.
struct Process {
    id: u32,
    /// A child cannot listen on the port that its parent has.
    takes_any_port: bool,
    listening: Mutex<Option<Listening>>,
}

impl Loopback {
    /// A server for `gateway` that has yet to begin: no socket, no thread. The port is `server.port` of its configuration.
    #[must_use]
    pub fn new(gateway: Gateway) -> Self {
        Self { gateway, account: None, process: ArcSwap::from_pointee(Process::new(false)) }
    }

    /// Takes `account` for the URLs instead of a random one: the same after every start, but known to whoever reads it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](tollhouse::ErrorKind::InvalidRequest) if it cannot stand in a URL.
    pub fn with_account(mut self, account: &str) -> Result<Self, Error> {
        let in_account = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !(1..=64).contains(&account.len()) || !account.bytes().all(in_account) {
            return Err(Error::invalid("account", "expected 1 to 64 letters, digits, \"-\" or \"_\""));
        }
        self.account = Some(account.to_owned());
        Ok(self)
    }

    /// The URL of the gateway, with a slash at its end, or of one `provider` behind it, without one.
    /// Both are what the reference's `getUrl` gives, and what SDKs take as their base URL.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`](tollhouse::ErrorKind::Closed) after the gateway was closed, and
    /// [`ErrorKind::Config`](tollhouse::ErrorKind::Config) if the port is not to be had.
    pub fn get_url(&self, provider: Option<&str>) -> Result<String, Error> {
        self.served(|listening| format!("{}{}", listening.base_url(), provider.unwrap_or_default()))
    }

    /// The URL of the dashboard, to be opened in a browser on this machine. It holds a key that is drawn anew at each start;
    /// who has it may read and rate logs.
    ///
    /// # Errors
    /// As [`get_url`](Self::get_url).
    pub fn ui_url(&self) -> Result<String, Error> {
        self.served(|listening| listening.ui_url().to_owned())
    }

    fn served(&self, url: impl FnOnce(&Listening) -> String) -> Result<String, Error> {
        // A closed gateway has no health to tell: it must not get a server that can only refuse.
        self.gateway.health()?;
        let process = self.process();
        let mut listening = process.listening();
        let listening = match &mut *listening {
            Some(listening) => listening,
            none => {
                let port = if process.takes_any_port { 0 } else { self.gateway.config().server.port };
                none.insert(Listening::start(&self.gateway, port, self.account.as_deref())?)
            }
        };
        Ok(url(listening))
    }

    /// Ends the server. Calls that are under way are cancelled; the next `get_url` begins anew. Stopping twice is harmless.
    pub fn stop(&self) {
        let listening = self.process().listening().take();
        if let Some(listening) = listening {
            listening.stop();
        }
    }

    /// The state of this process. A forked child begins afresh: the parent's thread does not exist in it, and its lock
    /// may be held by nobody, so the parent's state is left as it is and never dropped.
    fn process(&self) -> Arc<Process> {
        let process = self.process.load_full();
        if process.id == process::id() {
            return process;
        }
        let left = self.process.compare_and_swap(&process, Arc::new(Process::new(true)));
        std::mem::forget((left, process));
        self.process.load_full()
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Loopback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loopback").field("gateway", &self.gateway).finish_non_exhaustive()
    }
}

impl Process {
    fn new(takes_any_port: bool) -> Self {
        Self { id: process::id(), takes_any_port, listening: Mutex::new(None) }
    }

    /// The state is whole even if a thread died while it held the lock.
    fn listening(&self) -> MutexGuard<'_, Option<Listening>> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
