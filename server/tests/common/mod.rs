//! A gateway behind its URL with a scripted provider, and an HTTP client that hides nothing of the wire.

#![allow(dead_code, reason = "each test file takes what it needs")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tollhouse::testing::{ManualClock, Scripted, Step};
use tollhouse::{Config, Gateway, Transport};
use tollhouse_server::Loopback;

/// A test that waits longer has failed; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A served gateway.
pub(crate) struct Served {
    pub(crate) gateway: Gateway,
    pub(crate) loopback: Loopback,
    pub(crate) upstream: Scripted,
}

impl Served {
    /// A gateway of `config`, whose provider gives `steps`: a list of answers, one to each call.
    pub(crate) fn new(config: &Value, steps: Value) -> Self {
        let steps: Vec<Step> = serde_json::from_value(steps).unwrap();
        let clock = Arc::new(ManualClock::at(1_795_340_640_000_000));
        let upstream = Scripted::new(clock, steps);
        let gateway = gateway(config, Arc::new(upstream.clone()));
        Self { loopback: Loopback::new(gateway.clone()), gateway, upstream }
    }

    /// The URL of a provider, or of the gateway.
    pub(crate) fn url(&self, provider: Option<&str>) -> String {
        self.loopback.get_url(provider).unwrap()
    }

    /// What the provider was asked.
    pub(crate) fn calls(&self) -> Vec<Value> {
        self.upstream.calls().as_array().unwrap().clone()
    }
}

/// A gateway that sends through `transport` and finds no keys in the environment.
pub(crate) fn gateway(config: &Value, transport: Arc<dyn Transport>) -> Gateway {
    let config = Config::from_json(&config.to_string()).unwrap();
    Gateway::builder(config).transport(transport).environment(|_| None).build().unwrap()
}

/// A request and what has come of its answer.
pub(crate) struct Call {
    reader: BufReader<TcpStream>,
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
}

impl Call {
    /// Sends a JSON body and reads the head of the answer.
    pub(crate) fn post(url: &str, body: &Value) -> Self {
        let body = body.to_string();
        Self::send("POST", url, &[("content-type", "application/json")], body.as_bytes())
    }

    /// Sends a request and reads the head of its answer. A `host` among `headers` stands in for the URL's.
    pub(crate) fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let (host, path) = split(url);
        let mut request = format!("{method} {path} HTTP/1.1\r\n").into_bytes();
        let is_given = |given: &[&str]| headers.iter().any(|(name, _)| given.contains(name));
        if !is_given(&["host"]) {
            write!(request, "host: {host}\r\n").unwrap();
        }
        if !is_given(&["content-length", "transfer-encoding"]) {
            write!(request, "content-length: {}\r\n", body.len()).unwrap();
        }
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);

        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(&request).unwrap();
        let mut call = Self { reader: BufReader::new(stream), status: 100, headers: Vec::new() };
        // A head such as `100 Continue` only announces the one that counts.
        while call.status < 200 {
            call.read_head().unwrap();
        }
        call
    }

    fn read_head(&mut self) -> io::Result<()> {
        self.status = line(&mut self.reader)?.split(' ').nth(1).unwrap().parse().unwrap();
        while let Some((name, value)) = line(&mut self.reader)?.split_once(": ") {
            self.headers.push((name.to_lowercase(), value.to_owned()));
        }
        Ok(())
    }

    /// The value of a header of the answer.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The next chunk of a chunked body, or `None` at its end; a connection that breaks off before is an error.
    pub(crate) fn chunk(&mut self) -> io::Result<Option<String>> {
        let size = line(&mut self.reader)?;
        let size = usize::from_str_radix(&size, 16).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let mut data = vec![0; size + 2];
        self.reader.read_exact(&mut data)?;
        data.truncate(size);
        Ok((size > 0).then(|| String::from_utf8(data).unwrap()))
    }

    /// The rest of the body.
    pub(crate) fn body(mut self) -> io::Result<String> {
        let mut body = String::new();
        if let Some(length) = self.header("content-length") {
            let length = length.parse().unwrap();
            self.reader.take(length).read_to_string(&mut body)?;
            return Ok(body);
        }
        while let Some(chunk) = self.chunk()? {
            body += &chunk;
        }
        Ok(body)
    }

    /// The rest of the body as JSON.
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.body().unwrap()).unwrap()
    }
}

/// Host and port of a URL, and the path behind them.
pub(crate) fn split(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap();
    rest.split_at(rest.find('/').unwrap())
}

fn line(reader: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
