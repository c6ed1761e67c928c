//! What the program itself answers for the gateway. A question waits here until a thread of the program's own takes it
//! (`tollhouse._host`): no thread of the gateway runs the program's code.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use pyo3::prelude::*;
use tokio::sync::{Notify, mpsc, oneshot};
use tollhouse::{Embedder, Embedding, Error, ErrorKind};

use crate::body::Home;
use crate::bridge::{Outcome, start};
use crate::process::Owned;

/// As many questions as may wait; beyond that the program counts as too slow.
const MAX_WAITING: usize = 1_024;

/// The program's own embedder.
pub(crate) struct Embeds {
    /// Starts the thread that answers, with its [`Questions`].
    starter: Py<PyAny>,
    line: ArcSwap<Owned<Arc<Line>>>,
}

/// Between those who ask and the thread that answers.
struct Line {
    asked: mpsc::Sender<Question>,
    questions: tokio::sync::Mutex<mpsc::Receiver<Question>>,
    is_answered: AtomicBool,
    closed: Notify,
}

impl Line {
    fn begin() -> Arc<Owned<Arc<Self>>> {
        let (asked, questions) = mpsc::channel(MAX_WAITING);
        let line = Self { asked, questions: questions.into(), is_answered: false.into(), closed: Notify::new() };
        Arc::new(Owned::new(Arc::new(line)))
    }
}

impl Embeds {
    pub(crate) fn new(starter: Py<PyAny>) -> Self {
        Self { starter, line: ArcSwap::new(Line::begin()) }
    }

    /// The line of this process: nobody answers for a parent.
    fn line(&self) -> Arc<Line> {
        let current = self.line.load();
        if !current.is_ours() {
            self.line.compare_and_swap(&*current, Line::begin());
        }
        Arc::clone(&**self.line.load())
    }

    async fn ask(&self, text: String) -> Result<Vec<f32>, Error> {
        let line = self.line();
        if !line.is_answered.swap(true, Ordering::AcqRel) {
            let questions = Questions(line.clone());
            let started = Python::try_attach(|py| self.starter.call1(py, (questions,)).map(drop));
            if !matches!(started, Some(Ok(()))) {
                line.is_answered.store(false, Ordering::Release);
                return Err(failed("its thread could not be started"));
            }
        }
        let ((reply, answer), (_here, gone)) = (oneshot::channel(), oneshot::channel());
        let question = Question { text, reply: Mutex::new(Some(reply)), gone: Mutex::new(Some(gone)) };
        line.asked.try_send(question).map_err(|_| failed("too many questions wait for it"))?;
        answer.await.unwrap_or_else(|_| Err(failed("it ended without an answer")))
    }
}

impl Embedder for Embeds {
    fn embed<'a>(&'a self, text: &'a str) -> Embedding<'a> {
        Box::pin(self.ask(text.to_owned()))
    }
}

impl Drop for Embeds {
    fn drop(&mut self) {
        let line = self.line.load();
        if line.is_ours() {
            line.closed.notify_one();
        }
    }
}

fn failed(why: &str) -> Error {
    Error::new(ErrorKind::Broken, format!("the program's own embedder: {why}"))
}

/// The questions of one gateway, for the thread that answers them.
#[pyclass(frozen, module = "tollhouse._native")]
pub(crate) struct Questions(Arc<Line>);

#[pymethods]
impl Questions {
    /// The next question, or `None` when nobody will ask any more.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let line = self.0.clone();
        start(py, async move {
            let mut questions = line.questions.lock().await;
            tokio::select! {
                biased;
                question = questions.recv() => question,
                () = line.closed.notified() => None,
            }
        })
    }
}

/// Where the answer to a question goes.
type Reply = oneshot::Sender<Result<Vec<f32>, Error>>;

/// A text to be embedded.
#[pyclass(frozen, module = "tollhouse._native")]
pub(crate) struct Question {
    /// The text.
    #[pyo3(get)]
    text: String,
    reply: Mutex<Option<Reply>>,
    gone: Mutex<Option<oneshot::Receiver<()>>>,
}

#[pymethods]
impl Question {
    /// Its vector.
    fn answer(&self, vector: Vec<f32>) {
        self.reply(Ok(vector));
    }

    /// There is none; `error` is the name of what went wrong.
    fn fail(&self, error: &str) {
        self.reply(Err(failed(error)));
    }

    /// Ends when nobody waits for the answer any more.
    fn gone<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner).take();
        start(py, async move {
            if let Some(gone) = gone {
                let _ = gone.await;
            }
        })
    }
}

impl Question {
    fn reply(&self, answer: Result<Vec<f32>, Error>) {
        let reply = self.reply.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Who has left wants no answer.
        let _ = reply.map(|reply| reply.send(answer));
    }
}

impl Outcome for Option<Question> {
    fn into_python(self, py: Python<'_>, _home: &Home) -> PyResult<Py<PyAny>> {
        match self {
            Some(question) => Ok(Py::new(py, question)?.into_any()),
            None => Ok(py.None()),
        }
    }
}
