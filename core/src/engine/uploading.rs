//! Logs on their way to receivers, beside the calls: a task for each receiver, which asks the log what waits and sends it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use http::Method;
use tokio::sync::Notify;

use crate::clock::{Clock, SystemClock};
use crate::config::{Config, UploadConfig};
use crate::error::{Error, ErrorKind};
use crate::log::LogStore;
use crate::message::{ByteStream, Deadlines};
use crate::outbox::{Fate, Handed, Order, Standing};
use crate::store::Background;
use crate::transport::{HttpTransport, Transport, UpstreamRequest};
use crate::upload::{Outcome, Package, Reply, Sender, Settings};

/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// A receiver that cannot be reached is not waited for longer.
const CONNECT: Duration = Duration::from_secs(10);
/// How often the bound on what waits is kept while nothing can be sent, and how soon another process is followed.
const LOOK: Duration = Duration::from_secs(4);
/// How long the log is left alone around a fork.
const AROUND_FORK: Duration = Duration::from_secs(1);
/// What is read of a receiver's answer.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Every receiver of a gateway.
pub(crate) struct Uploads {
    sinks: BTreeMap<String, Arc<Sink>>,
    transport: Arc<HttpTransport>,
}

/// One receiver.
struct Sink {
    name: String,
    /// By which the log knows this process.
    holder: String,
    records: u64,
    age: Duration,
    max_bytes: u64,
    sender: Mutex<Sender>,
    standing: Mutex<Standing>,
    started: AtomicBool,
    /// Records since the outbox was looked at.
    appended: AtomicU64,
    wake: Notify,
    /// Until when the log is left alone.
    held_until: Mutex<Option<Instant>>,
    closing: AtomicBool,
    ended: (Mutex<bool>, Condvar),
}

impl Uploads {
    pub(crate) fn new(config: &Config, holder: &str) -> Self {
        let sink = |(name, upload): (&String, &UploadConfig)| (name.clone(), Arc::new(Sink::new(name, upload, holder)));
        Self { sinks: config.uploads.iter().map(sink).collect(), transport: Arc::new(HttpTransport::new(CONNECT)) }
    }

    /// Takes note of a record that was appended; the first one starts the tasks.
    pub(crate) fn appended(&self, log: &Arc<LogStore>, background: &Background) {
        for sink in self.sinks.values() {
            let appended = sink.appended.fetch_add(1, SeqCst) + 1;
            if appended == 1 || appended == sink.records {
                sink.wake.notify_one();
            }
            if !sink.started.swap(true, SeqCst)
                && let Ok(handle) = background.handle()
            {
                handle.spawn(work(sink.clone(), Arc::downgrade(log), self.transport.clone()));
            }
        }
    }

    /// How each receiver stands, and why it takes nothing just now.
    pub(crate) fn health(&self) -> impl Iterator<Item = (String, Standing, Option<String>)> {
        self.sinks.values().map(|sink| {
            let trouble = sink.sender().trouble().map(str::to_owned);
            (sink.name.clone(), lock(&sink.standing).clone(), trouble)
        })
    }

    /// Leaves the log alone for a moment, because the process is about to fork.
    pub(crate) fn hold(&self) {
        for sink in self.sinks.values() {
            *lock(&sink.held_until) = Some(Instant::now() + AROUND_FORK);
        }
    }

    /// Sends what waits, as long as receivers take it, within `budget`; gives what is left of it. The rest stays in the log.
    pub(crate) fn close(&self, budget: Duration) -> Duration {
        let started = Instant::now();
        let running = || self.sinks.values().filter(|sink| sink.started.load(SeqCst));
        for sink in running() {
            sink.closing.store(true, SeqCst);
            sink.wake.notify_one();
        }
        for sink in running() {
            let left = budget.saturating_sub(started.elapsed());
            let (ended, told) = &sink.ended;
            drop(told.wait_timeout_while(lock(ended), left, |ended| !*ended).unwrap_or_else(PoisonError::into_inner));
        }
        budget.saturating_sub(started.elapsed())
    }
}

impl Sink {
    fn new(name: &str, config: &UploadConfig, holder: &str) -> Self {
        Self {
            name: name.to_owned(),
            holder: holder.to_owned(),
            records: u64::from(config.batch_records),
            age: config.batch_age.duration(),
            max_bytes: config.max_bytes.bytes(),
            sender: Mutex::new(Sender::new(Settings::of(config))),
            standing: Mutex::default(),
            started: AtomicBool::default(),
            appended: AtomicU64::default(),
            wake: Notify::new(),
            held_until: Mutex::default(),
            closing: AtomicBool::default(),
            ended: (Mutex::default(), Condvar::new()),
        }
    }

    fn sender(&self) -> MutexGuard<'_, Sender> {
        lock(&self.sender)
    }

    fn is_closing(&self) -> bool {
        self.closing.load(SeqCst)
    }

    fn order(&self, now_us: u64, records: usize, bytes: u64) -> Order {
        let (sink, holder) = (self.name.clone(), self.holder.clone());
        Order { sink, holder, now_us, records, bytes, max_bytes: self.max_bytes }
    }

    /// Ends when enough has come, or the first of it has waited long enough.
    async fn gather(&self) {
        while self.appended.load(SeqCst) == 0 && !self.is_closing() {
            self.wake.notified().await;
        }
        let enough = async {
            while self.appended.load(SeqCst) < self.records && !self.is_closing() {
                self.wake.notified().await;
            }
        };
        let _ = tokio::time::timeout(self.age, enough).await;
        self.appended.store(0, SeqCst);
    }

    /// Sleeps, unless the gateway is closed meanwhile.
    async fn pause(&self, span: Duration) {
        let _ = tokio::time::timeout(span, self.wake.notified()).await;
    }

    /// Asks the log, but not while the process forks; `None` when the log is gone.
    async fn ask<T, F>(&self, log: &Weak<LogStore>, question: impl Fn(&LogStore) -> F) -> Option<Result<T, Error>>
    where
        F: Future<Output = Result<T, Error>>,
    {
        loop {
            let asked = {
                let held_until = lock(&self.held_until);
                // Handed over under the lock: whoever holds it back afterwards finds the question done or not begun.
                held_until.is_none_or(|until| Instant::now() >= until).then(|| log.upgrade().map(|log| question(&log)))
            };
            match asked {
                Some(asked) => return Some(asked?.await),
                None => tokio::time::sleep(AROUND_FORK / 10).await,
            }
        }
    }

    /// Sends until nothing waits; closing, until something fails. Says whether the log is still there.
    async fn drain(&self, log: &Weak<LogStore>, transport: &HttpTransport, clock: &SystemClock) -> bool {
        loop {
            let wait = self.sender().wait(clock.monotonic_us());
            let is_due = wait.is_zero();
            if !is_due {
                if self.is_closing() {
                    return true;
                }
                self.pause(wait.min(LOOK)).await;
            }
            let (records, bytes) = self.sender().room();
            // While nothing can be sent the outbox is only held to its bound.
            let order = self.order(clock.now_us(), if is_due { records } else { 0 }, bytes);
            let Some(handed) = self.ask(log, |log| log.hand_out(order.clone())).await else { return false };
            let Handed { batch, standing, busy } = match handed {
                Ok(handed) => handed,
                Err(error) if error.kind() == ErrorKind::Closed || self.is_closing() => return true,
                Err(_) => {
                    self.pause(LOOK).await;
                    continue;
                }
            };
            *lock(&self.standing) = standing;
            if !is_due {
                continue;
            }
            if busy && !self.is_closing() {
                self.pause(LOOK).await;
                continue;
            }
            if batch.is_empty() {
                return true;
            }
            let package = self.sender().pack(&new_id(clock.now_us()), &batch);
            let outcome = post(transport, package).await;
            let now = (clock.monotonic_us(), clock.now_us());
            let fates = self.sender().told(now, fastrand::f64(), &batch, &outcome);
            if let Some(gone) = self.write_down(log, &fates, now.1).await {
                return gone;
            }
        }
    }

    /// Tells the log what became of a batch. `Some` ends the work: whether the log is still there.
    async fn write_down(&self, log: &Weak<LogStore>, fates: &[(i64, Fate)], now_us: u64) -> Option<bool> {
        match self.ask(log, |log| log.settle(&self.name, fates.to_vec(), now_us)).await {
            Some(Ok(standing)) => {
                *lock(&self.standing) = standing;
                None
            }
            Some(Err(error)) if error.kind() == ErrorKind::Closed => Some(true),
            // They are sent again, and the receiver knows them.
            Some(Err(_)) => {
                self.pause(LOOK).await;
                None
            }
            None => Some(false),
        }
    }
}

async fn work(sink: Arc<Sink>, log: Weak<LogStore>, transport: Arc<HttpTransport>) {
    let clock = SystemClock::new();
    let ended = Ended(sink.clone());
    loop {
        sink.gather().await;
        if !sink.drain(&log, &transport, &clock).await {
            return;
        }
        if sink.is_closing() {
            let _ = sink.ask(&log, |log| log.leave(&sink.name, &sink.holder)).await;
            return drop(ended);
        }
    }
}

/// Says that a task has ended, however it ended.
struct Ended(Arc<Sink>);

impl Drop for Ended {
    fn drop(&mut self) {
        *lock(&self.0.ended.0) = true;
        self.0.ended.1.notify_all();
    }
}

async fn post(transport: &HttpTransport, package: Package) -> Outcome {
    let Package { url, headers, body } = package;
    let request = UpstreamRequest { method: Method::POST, url, headers, body, deadlines: Deadlines::default() };
    let answered = async {
        let answer = transport.send(request).await.map_err(|failed| failed.error.to_string())?;
        let body = start_of(answer.body).await?;
        Ok(Reply { status: answer.status.as_u16(), headers: answer.headers, body })
    };
    let late = || Err(format!("the receiver did not answer within {} s", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, answered).await.unwrap_or_else(|_| late())
}

/// A body, as far as it is worth reading.
async fn start_of(mut body: ByteStream) -> Result<bytes::Bytes, String> {
    let mut read = Vec::new();
    while let Some(chunk) = std::future::poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        read.extend_from_slice(&chunk.map_err(|error| error.to_string())?);
        if read.len() > MAX_ANSWER_BYTES {
            break;
        }
    }
    Ok(read.into())
}

/// A lowercase `UUIDv7` for a batch.
fn new_id(now_us: u64) -> String {
    let random: [u8; 10] = std::array::from_fn(|_| fastrand::u8(..));
    uuid::Builder::from_unix_timestamp_millis(now_us / 1_000, &random).into_uuid().to_string()
}

/// What is held is whole even if a thread died while it held the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
