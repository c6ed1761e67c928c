//! The sockets: one connection after another, a request at a time, and the three control paths.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::answer::Answer;
use crate::body::{Gone, Paced};
use crate::call::{Call, Ending};
use crate::dialect;
use crate::ledger::{Ledger, Ticket};
use crate::path;
use crate::plan::Plan;
use crate::script::{Fail, Script, Step};

/// The longest that `GET /__ledger?settled=1` waits before it answers with what there is.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What all connections share.
pub(crate) struct World {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) script: Script,
}

impl World {
    pub(crate) fn new(ledger_file: Option<&Path>) -> io::Result<Self> {
        Ok(Self { ledger: Arc::new(Ledger::new(ledger_file)?), script: Script::default() })
    }
}

/// Listens until `stopped`; tells through `ready` where.
pub(crate) fn run(
    port: u16,
    world: &Arc<World>,
    ready: oneshot::Sender<io::Result<SocketAddr>>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(ready.send(Err(error))),
    };
    runtime.block_on(async {
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => listener,
            Err(error) => return drop(ready.send(Err(error))),
        };
        let _ = ready.send(listener.local_addr());
        tokio::select! {
            () = accept(&listener, world) => {}
            _ = stopped => {}
        }
    });
}

async fn accept(listener: &TcpListener, world: &Arc<World>) {
    loop {
        match listener.accept().await {
            Ok((socket, _)) => drop(tokio::spawn(serve(socket, Arc::clone(world)))),
            // Out of file descriptors: let the connections that are open come to their ends first.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

async fn serve(socket: TcpStream, world: Arc<World>) {
    let _ = socket.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let service = service_fn(|request| answer(request, Arc::clone(&world), Arc::clone(&reset)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
    // An error is either a client that left or a scripted fault: the ledger has both.
    let _ = Pin::new(&mut connection).await;
    if reset.load(Ordering::Relaxed) {
        let socket = connection.into_parts().io.into_inner();
        let _ = socket.set_zero_linger();
    }
}

async fn answer(
    request: Request<Incoming>,
    world: Arc<World>,
    reset: Arc<AtomicBool>,
) -> Result<Response<Paced>, Gone> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Gone)?.to_bytes();
    match (&head.method, head.uri.path()) {
        (&Method::POST, "/__script") => Ok(take_script(&world, &body)),
        (&Method::POST, "/__reset") => {
            world.script.clear();
            world.ledger.clear();
            Ok(plain(StatusCode::NO_CONTENT, Bytes::new()))
        }
        (&Method::GET, "/__ledger") => Ok(show_ledger(&world, head.uri.query().unwrap_or_default()).await),
        _ => play(&head, &body, &world, reset).await,
    }
}

/// Answers as a provider would, with the faults that the step asks for.
async fn play(
    head: &http::request::Parts,
    body: &Bytes,
    world: &World,
    reset: Arc<AtomicBool>,
) -> Result<Response<Paced>, Gone> {
    let found = path::find(&head.method, head.uri.path());
    let mut call = Call::read(head, body, &found);
    let step = match world.script.next(&call) {
        Ok(step) => step,
        Err(message) => return Ok(plain(StatusCode::BAD_REQUEST, message.into())),
    };
    call.n = world.ledger.number();
    let answer = dialect::answer(found.route, &call, &step);
    call.status = Some(answer.status);
    call.usage = answer.usage;
    let ticket = world.ledger.open(call);

    if let Some(delay) = step.delay_ms {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    match step.fail {
        Some(Fail::Refuse) => ticket.settle(Ending::Refused),
        Some(Fail::Reset) if step.cut_after_bytes.is_none() => {
            reset.store(true, Ordering::Relaxed);
            ticket.settle(Ending::Reset);
        }
        _ => return Ok(paced(answer, &step, ticket, reset)),
    }
    Err(Gone)
}

fn paced(answer: Answer, step: &Step, ticket: Ticket, reset: Arc<AtomicBool>) -> Response<Paced> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let plan = Plan::new(answer, step);
    if let Some(length) = plan.content_length {
        response = response.header(http::header::CONTENT_LENGTH, length);
    }
    response.body(Paced::new(plan, ticket, reset)).unwrap_or_else(|error| {
        plain(StatusCode::INTERNAL_SERVER_ERROR, format!("the step has a header that HTTP forbids: {error}").into())
    })
}

fn take_script(world: &World, body: &[u8]) -> Response<Paced> {
    match Script::parse(body) {
        Ok(steps) => {
            world.script.add(steps);
            plain(StatusCode::NO_CONTENT, Bytes::new())
        }
        Err(message) => plain(StatusCode::BAD_REQUEST, message.into()),
    }
}

async fn show_ledger(world: &World, query: &str) -> Response<Paced> {
    let asked = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let patient = async {
        if let Some(count) = asked("arrived").and_then(|count| count.parse().ok()) {
            world.ledger.arrived(count).await;
        }
        if asked("settled").is_some() {
            world.ledger.settled().await;
        }
        Ok::<_, Infallible>(())
    };
    let _ = tokio::time::timeout(LONGEST_WAIT, patient).await;
    let calls = serde_json::to_vec(&world.ledger.calls()).expect("a call holds only what JSON can say");
    plain(StatusCode::OK, calls.into())
}

fn plain(status: StatusCode, body: Bytes) -> Response<Paced> {
    let mut response = Response::new(Paced::full(body));
    *response.status_mut() = status;
    response
}
