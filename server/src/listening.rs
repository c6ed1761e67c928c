//! One running server: a socket, and a thread that serves it.

use std::fmt::Display;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::serve::ListenerExt;
use tokio::runtime;
use tokio::sync::oneshot;
use tollhouse::{Error, Gateway, Secret};

use crate::door::Door;
use crate::face;
use crate::ui::Ui;

/// A server that runs until it is stopped. Its thread is nobody's to wait for, so it keeps no process alive.
pub(crate) struct Listening {
    base_url: String,
    ui_url: String,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Listening {
    /// Listens on 127.0.0.1; port 0 takes any that is free, and without an account a random one is drawn.
    pub(crate) fn start(gateway: &Gateway, port: u16, account: Option<&str>) -> Result<Self, Error> {
        let config = gateway.config();
        let account = account.map_or_else(random, |account| Ok(account.to_owned()))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| cannot_listen(port, &error))?;
        let port = listener.local_addr().map_err(|error| cannot_start(&error))?.port();
        let base_url = format!("http://127.0.0.1:{port}/v1/{account}/{}/", config.id);
        let key = random()?;
        let ui_url = format!("http://127.0.0.1:{port}/ui/{key}/");
        let door = Door::new(port, Secret::new(account), config.server.token.clone());
        let router = face::router(gateway.clone(), door, Ui::new(Secret::new(key)));
        let (stop, stopped) = oneshot::channel();
        let (report, begun) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("tollhouse-loopback".to_owned())
            .spawn(move || run(listener, router, stopped, &report))
            .map_err(|error| cannot_start(&error))?;
        match begun.recv() {
            Ok(Ok(())) => Ok(Self { base_url, ui_url, stop, thread }),
            Ok(Err(error)) => Err(cannot_start(&error)),
            Err(ended) => Err(cannot_start(&ended)),
        }
    }

    /// `http://127.0.0.1:{port}/v1/{account}/{gateway}/`.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// `http://127.0.0.1:{port}/ui/{key}/`.
    pub(crate) fn ui_url(&self) -> &str {
        &self.ui_url
    }

    /// Ends the server and lets go of its calls. Afterwards the port is free.
    pub(crate) fn stop(self) {
        // A thread that does not hear this has ended already.
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}

/// Serves until it is stopped, and reports whether it could begin. The runtime is made here because a caller may itself
/// be in one, where another cannot be dropped.
fn run(listener: TcpListener, router: Router, stopped: oneshot::Receiver<()>, report: &mpsc::Sender<io::Result<()>>) {
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(report.send(Err(error))),
    };
    runtime.block_on(async {
        let listener = listener.set_nonblocking(true).and_then(|()| tokio::net::TcpListener::from_std(listener));
        let listener = match listener {
            Ok(listener) => listener,
            Err(error) => return drop(report.send(Err(error))),
        };
        // A chunk of a stream is small, and must not wait for the acknowledgement of the one before.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        drop(report.send(Ok(())));
        tokio::select! {
            _ = async { axum::serve(listener, router).await } => {}
            _ = stopped => {}
        }
    });
    // Calls under way are dropped; a name that is still being looked up is not waited for.
    runtime.shutdown_background();
}

/// 128 bits from the operating system, as 32 hexadecimal digits.
fn random() -> Result<String, Error> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| cannot_start(&error))?;
    Ok(format!("{:032x}", u128::from_be_bytes(random)))
}

fn cannot_listen(port: u16, error: &io::Error) -> Error {
    let remedy = "choose another port, or 0 for any that is free";
    Error::config("server.port", format!("cannot listen on 127.0.0.1:{port}: {error}; {remedy}"))
}

fn cannot_start(reason: &dyn Display) -> Error {
    Error::config("server", format!("the loopback server cannot start: {reason}"))
}
