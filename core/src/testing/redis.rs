//! A Redis or Valkey server of a test's own.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The programs that are looked for, in this order.
const PROGRAMS: [&str; 2] = ["valkey-server", "redis-server"];

/// A server on a free port of this machine, without anything on disk. It ends with the value.
pub struct RedisServer {
    program: &'static str,
    port: u16,
    child: Child,
}

impl RedisServer {
    /// Starts a server, or says why there is none and gives `None`. Where the variable `CI` is set, a machine without the
    /// program is an error.
    ///
    /// # Panics
    /// If the program is there and does not start, and with `CI` if it is not there.
    #[must_use]
    pub fn start() -> Option<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let port = port.expect("this machine has a free port").port();
        let started = PROGRAMS.iter().find_map(|program| Some((*program, spawn(program, port)?)));
        let Some((program, child)) = started else {
            assert!(std::env::var_os("CI").is_none(), "none of {PROGRAMS:?} is installed");
            eprintln!("skipped: none of {PROGRAMS:?} is installed");
            return None;
        };
        let server = Self { program, port, child };
        server.wait();
        Some(server)
    }

    /// Where it is: `redis://127.0.0.1:{port}`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it, as a crash would; what it held is lost.
    ///
    /// # Panics
    /// If the system does not let go of it.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        self.child.wait().expect("a killed process ends");
    }

    /// Starts it again at the same place, empty.
    ///
    /// # Panics
    /// If it does not start.
    pub fn restart(&mut self) {
        self.stop();
        self.child = spawn(self.program, self.port).expect("it was started before");
        self.wait();
    }

    fn wait(&self) {
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "{} does not start", self.program);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(program: &str, port: u16) -> Option<Child> {
    let port = port.to_string();
    let mut command = Command::new(program);
    command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
}
