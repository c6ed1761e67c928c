//! The calls of one JavaScript environment: what is in flight, and what has ended and waits to be handed over.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use napi::bindgen_prelude::{Either, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status};
use napi_derive::napi;
use tokio::runtime::Runtime;
use tollhouse::Gateway;

use crate::body::Slot;
use crate::held::Held;
use crate::host::{Question, Reply};
use crate::outcome::Outcome;
use crate::runtime;
use crate::task::Task;

/// Weak: it keeps the process alive only while it is told to.
type Wake = ThreadsafeFunction<(), (), (), Status, false, true>;

/// The calls of one environment (the main thread, or one worker). No JavaScript value is shared between environments.
#[napi]
pub struct Calls {
    pub(crate) shared: Arc<Shared>,
}

#[napi]
impl Calls {
    /// `wake` is called, on the JavaScript thread, when there is something to [`take`](Self::take): once for a burst.
    #[napi(constructor)]
    pub fn new(env: Env, wake: Function<'_, (), ()>) -> Result<Self> {
        let wake = wake.build_threadsafe_function::<()>().weak::<true>().build()?;
        let shared = Arc::new(Shared {
            wake: Mutex::new(wake),
            ended: Mutex::default(),
            asked: Mutex::default(),
            held: Mutex::default(),
        });
        env.add_env_cleanup_hook(shared.clone(), |shared| shared.end())?;
        Ok(Self { shared })
    }

    /// What has ended since the last time: number, outcome, number, outcome …
    #[napi(catch_unwind)]
    pub fn take(&self, env: Env) -> Vec<Either<u32, Outcome>> {
        self.shared.take(env)
    }

    /// Drops a call or a read that is in flight.
    #[napi]
    pub fn cancel(&self, env: Env, id: u32) {
        self.shared.cancel(env, id);
    }

    /// Cancels what is in flight and writes the last logs. The end of an environment does the same, but Node does not
    /// come to it when the program says `process.exit`.
    #[napi]
    pub fn end(&self) {
        self.shared.end();
    }
}

/// What the JavaScript thread and the runtime's worker have in common.
pub struct Shared {
    wake: Mutex<Wake>,
    ended: Mutex<Vec<(u32, Outcome)>>,
    asked: Mutex<Vec<Question>>,
    held: Mutex<Held>,
}

impl Shared {
    /// Polls `work` once, here and now. If it is not ready, the runtime goes on with it.
    pub fn start(self: &Arc<Self>, env: Env, work: impl Future<Output = Outcome> + Send + 'static) -> Outcome {
        let runtime = match runtime::get() {
            Ok(runtime) => runtime,
            Err(error) => return error.into(),
        };
        let task = Arc::new(Task::new(work));
        let entered = runtime.enter();
        if let Poll::Ready(Some(outcome)) = task.poll(&mut Context::from_waker(Waker::noop())) {
            return outcome;
        }
        drop(entered);
        self.go_on(env, runtime, task)
    }

    /// Leaves `work` to the runtime.
    pub fn spawn(self: &Arc<Self>, env: Env, work: impl Future<Output = Outcome> + Send + 'static) -> Outcome {
        match runtime::get() {
            Ok(runtime) => self.go_on(env, runtime, Arc::new(Task::new(work))),
            Err(error) => error.into(),
        }
    }

    /// The process stays alive until the task has ended.
    fn go_on(self: &Arc<Self>, env: Env, runtime: &Runtime, task: Arc<Task>) -> Outcome {
        let id = self.hold(env, task.clone());
        let shared = self.clone();
        runtime.spawn(async move {
            if let Some(outcome) = poll_fn(|cx| task.poll(cx)).await {
                shared.hand_over(id, outcome);
            }
        });
        Outcome::Pending(id)
    }

    /// Ends a call or a read that is in flight.
    pub fn cancel(&self, env: Env, id: u32) {
        if let Some(task) = self.let_go(env, id) {
            task.cancel();
        }
    }

    /// Keeps a gateway until it is [forgotten](Self::forget_gateway), so that its last logs are written when the
    /// environment ends.
    pub fn keep_gateway(&self, gateway: Gateway) -> u32 {
        let mut held = self.held();
        let id = held.new_id();
        held.gateways.insert(id, gateway);
        id
    }

    pub fn forget_gateway(&self, id: u32) {
        let gateway = self.held().gateways.remove(&id);
        drop(gateway);
    }

    /// Keeps a body until it is [forgotten](Self::forget_body), so that its call is in the log when the environment ends.
    pub fn keep_body(&self, body: Arc<Slot>) -> u32 {
        let mut held = self.held();
        let id = held.new_id();
        held.bodies.insert(id, body);
        id
    }

    pub fn forget_body(&self, id: u32) {
        let body = self.held().bodies.remove(&id);
        drop(body);
    }

    /// Asks the program's own function of this number. The answer goes to `reply`.
    pub fn ask(&self, function: u32, text: String, reply: Reply) -> u32 {
        let mut held = self.held();
        let id = held.new_id();
        held.replies.insert(id, reply);
        drop(held);
        self.tell(Question { id, function, text: Some(text) });
        id
    }

    /// Where the answer to this question goes, unless it has one or nobody waits any more.
    pub fn replied(&self, id: u32) -> Option<Reply> {
        self.held().replies.remove(&id)
    }

    pub fn questions(&self) -> Vec<Question> {
        std::mem::take(&mut *lock(&self.asked))
    }

    /// Tells the JavaScript thread something of a question.
    pub fn tell(&self, question: Question) {
        let mut asked = lock(&self.asked);
        asked.push(question);
        if asked.len() == 1 {
            lock(&self.wake).call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// The first one of a burst wakes the JavaScript thread. A call that ends after its environment is dropped.
    fn hand_over(&self, id: u32, outcome: Outcome) {
        let mut ended = lock(&self.ended);
        ended.push((id, outcome));
        if ended.len() == 1 {
            lock(&self.wake).call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn take(&self, env: Env) -> Vec<Either<u32, Outcome>> {
        let ended = std::mem::take(&mut *lock(&self.ended));
        let mut handed = Vec::with_capacity(2 * ended.len());
        for (id, outcome) in ended {
            // A cancelled call is not handed over: its promise was rejected when it was cancelled.
            if self.let_go(env, id).is_some() {
                handed.push(Either::A(id));
                handed.push(Either::B(outcome));
            }
        }
        handed
    }

    fn hold(&self, env: Env, task: Arc<Task>) -> u32 {
        let mut held = self.held();
        if held.tasks.is_empty() {
            self.keep_alive(env, true);
        }
        let id = held.new_id();
        held.tasks.insert(id, task);
        id
    }

    /// `None` if nobody waits any more.
    fn let_go(&self, env: Env, id: u32) -> Option<Arc<Task>> {
        let mut held = self.held();
        let task = held.tasks.remove(&id)?;
        if held.tasks.is_empty() {
            self.keep_alive(env, false);
        }
        Some(task)
    }

    #[expect(
        deprecated,
        reason = "a clone of a weak function keeps nothing alive; this is the only way to say for how long"
    )]
    fn keep_alive(&self, env: Env, alive: bool) {
        let mut wake = lock(&self.wake);
        // Both fail only for an environment that has ended, where there is nothing to keep alive.
        let _ = if alive { wake.refer(&env) } else { wake.unref(&env) };
    }

    fn end(&self) {
        let held = std::mem::take(&mut *self.held());
        held.end();
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        lock(&self.held)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
