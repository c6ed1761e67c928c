//! One provider, ready to be called.

use std::borrow::Cow;

use http::HeaderName;

use super::credentials::{Auth, Credentials};
use super::keys::{aws_keys, stored_grant};
use super::paths::{Paths, starts_with};
use super::places::Found;
use super::row::{Row, Sign};
use crate::config::ProviderConfig;
use crate::error::Error;
use crate::provider::aws::{self, Keys};
use crate::provider::grant;
use crate::provider::prefill::{Begun, Prefill};
use crate::provider::{Dialect, Takes};
use crate::usage::Format;

/// A provider with its place, its key and its format.
#[derive(Debug)]
pub(crate) struct Provider {
    /// Its name in paths, models and logs.
    pub(crate) slug: String,
    /// Where it is, without a slash at the end and without the root of its API.
    pub(crate) base_url: String,
    /// The format of its bodies in general; [`Provider::format_of`] knows of single paths.
    pub(crate) format: Format,
    /// Whether `base_url` comes from the configuration.
    moved: bool,
    /// Whether the catalogue or the configuration knows of it.
    pub(super) is_listed: bool,
    /// What `base_url` still waits for.
    missing: Option<Missing>,
    row: Option<&'static Row>,
    paths: Paths,
    pub(super) credentials: Credentials,
    /// The keys that calls are signed with.
    pub(super) aws: Option<aws::Source>,
    /// The keys that are exchanged for tokens.
    pub(super) grants: Option<grant::Source>,
    chat: Option<Chat>,
    prefill: Option<Prefill>,
}

/// Where and how a provider takes chat completions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chat {
    /// The path, for [`Provider::url`].
    pub(crate) path: String,
    /// The format that path speaks: a call in OpenAI's format needs a translation where this is another one.
    pub(crate) format: Format,
    missing: Option<Missing>,
}

/// The environment variables of which one would have to be set.
type Missing = &'static str;

pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Provider {
    /// The provider of `row`, which the configuration calls `name`.
    pub(super) fn known(
        row: &'static Row,
        name: &str,
        settings: &ProviderConfig,
        environment: Environment,
    ) -> Result<Self, Error> {
        let signing = match row.sign {
            Some(Sign::Aws) => aws_keys(name, settings, environment)?,
            None => None,
        };
        let granted = match row.grant {
            Some(issuer) => stored_grant(issuer, name, settings, environment)?,
            None => None,
        };
        let environment: Environment<'_> = &|variable| {
            let region = signing.as_ref().and_then(Keys::region).filter(|_| variable == "AWS_REGION");
            let own = region.or_else(|| grant::Source::place(granted.as_ref(), variable));
            own.map(str::to_owned).or_else(|| environment(variable))
        };
        // Keys to sign with, or to exchange, are no token to be sent, and go before one in the environment.
        let unkeyed = ProviderConfig { key: None, key_env: None, ..settings.clone() };
        let (sent, variables): (_, &[&str]) =
            if signing.is_some() || granted.is_some() { (&unkeyed, &[]) } else { (settings, &row.env) };
        let paths = Paths { root: row.root, native: &row.native, models: row.models };
        let (base_url, missing) = match &settings.base_url {
            Some(url) => (without_root(url, row.root), None),
            None => resolve(row.base_url, environment),
        };
        let auth = Auth::of(&row.auth);
        let chat = match (&row.chat, settings.format) {
            (Some(own), None) => {
                let (path, missing) = resolve(own.path, environment);
                Some(Chat { path, format: own.format, missing })
            }
            _ => chat(settings.format.unwrap_or(row.format)),
        };
        Ok(Self {
            slug: row.slug.to_owned(),
            moved: settings.base_url.is_some(),
            is_listed: true,
            base_url,
            format: settings.format.unwrap_or(row.format),
            missing,
            row: Some(row),
            paths,
            credentials: Credentials::new(auth, name, sent, variables, environment)?,
            aws: row.sign.map(|Sign::Aws| aws::Source::new(signing.clone(), environment)),
            grants: row.grant.map(|issuer| grant::Source::new(issuer, granted.clone(), environment)),
            chat,
            prefill: settings.prefill.map(Prefill::configured).or_else(|| row.prefill.clone()),
        })
    }

    /// A provider of the user's own at `base_url`.
    pub(super) fn custom(
        slug: &str,
        name: &str,
        base_url: &str,
        settings: &ProviderConfig,
        environment: Environment,
    ) -> Result<Self, Error> {
        let format = settings.format.unwrap_or(Format::Openai);
        Ok(Self {
            slug: slug.to_owned(),
            base_url: without_root(base_url, None),
            format,
            moved: true,
            is_listed: true,
            missing: None,
            row: None,
            paths: Paths::default(),
            credentials: Credentials::new(Auth::bearer(), name, settings, &[], environment)?,
            aws: None,
            grants: None,
            chat: chat(format),
            prefill: settings.prefill.map(Prefill::configured),
        })
    }

    /// Whoever answers at an absolute URL that nobody in the catalogue has, and the path there: called as it is, without
    /// a stored key. `None` for what is no URL with a host. The format is that of the path, where the path tells.
    pub(crate) fn unlisted(url: &str) -> Option<(Self, &str)> {
        let authority = url.find("://")? + 3;
        let end = url[authority..].find('/').map_or(url.len(), |slash| authority + slash);
        let path = url[end..].trim_start_matches('/');
        if authority == end {
            return None;
        }
        let known = ["completions", "responses", "embeddings"].iter().any(|kind| path.ends_with(kind));
        let settings = ProviderConfig::default();
        let provider = Self {
            slug: url[authority..end].rsplit('@').next()?.to_owned(),
            base_url: url[..end].to_owned(),
            format: if known { Format::Openai } else { Format::Other },
            moved: true,
            is_listed: false,
            missing: None,
            row: None,
            paths: Paths::default(),
            credentials: Credentials::new(Auth::bearer(), "", &settings, &[], &|_| None).ok()?,
            aws: None,
            grants: None,
            chat: None,
            prefill: None,
        };
        Some((provider, path))
    }

    /// Whether the provider can be called at `path`: some need an account id or a region in their URL, unless the path
    /// itself names it.
    pub(crate) fn ready(&self, path: &str) -> Result<(), Error> {
        let chat = self.chat.as_ref().filter(|chat| chat.path == path).and_then(|chat| chat.missing);
        let place = self.missing.filter(|_| self.place(path).is_none());
        let (Some(variable), Some(row)) = (place.or(chat), self.row) else { return Ok(()) };
        let variable = variable.replace('|', " or ");
        let message = match place {
            Some(_) => format!("{} needs {variable} in the environment, or a base_url; see {}", row.name, row.docs),
            None => format!("{} needs {variable} in the environment for chats; see {}", row.name, row.docs),
        };
        Err(Error::config(format!("providers.{}.base_url", self.slug), message))
    }

    /// Where `path` leads, if it begins with a place of its own.
    fn place<'p>(&self, path: &'p str) -> Option<Found<'p>> {
        let row = self.row.filter(|_| !self.paths.is_complete(path))?;
        row.places.iter().find_map(|place| place.find(path))
    }

    /// The base URL for `path`, and the path below it. A configured base URL takes the place of all of them.
    fn split<'p>(&self, path: &'p str) -> (Cow<'_, str>, &'p str) {
        match self.place(path) {
            Some(found) if self.moved => (Cow::Borrowed(&self.base_url), found.path),
            Some(found) => (Cow::Owned(found.base_url), found.path),
            None => (Cow::Borrowed(&self.base_url), path),
        }
    }

    /// The path by which `url` is called, where the provider has many hosts.
    pub(super) fn path_of(&self, url: &str) -> Option<String> {
        self.row?.places.iter().find_map(|place| place.path_of(url))
    }

    /// The header in which the provider's own SDK says where a call is to go, when it is told of a proxy.
    pub(crate) fn target_header(&self) -> Option<HeaderName> {
        self.row?.target_header.map(HeaderName::from_static)
    }

    /// The URL for what follows the provider in the caller's path. The root of the API is added where it is missing.
    /// `rest` may hold a query itself; `query` comes without its question mark.
    pub(crate) fn url(&self, rest: &str, query: Option<&str>) -> String {
        let rest = rest.trim_start_matches('/');
        let (path, own_query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let (base_url, path) = self.split(path);
        let mut url = base_url.into_owned();
        for part in [self.paths.before(path), Some(path)].into_iter().flatten().filter(|part| !part.is_empty()) {
            url.push('/');
            url.push_str(part);
        }
        let mut separator = '?';
        for query in [own_query, query].into_iter().flatten().filter(|query| !query.is_empty()) {
            url.push(separator);
            url.push_str(query);
            separator = '&';
        }
        url
    }

    /// The format of the bodies at a path.
    pub(crate) fn format_of(&self, rest: &str) -> Format {
        let path = rest.trim_start_matches('/').split('?').next().unwrap_or_default();
        let (_, path) = self.split(path);
        let full = match self.paths.before(path) {
            Some(root) => format!("{root}/{path}"),
            None => path.to_owned(),
        };
        // DeepSeek, Moonshot, OpenRouter, Ollama, vLLM and LM Studio speak Anthropic's format under Anthropic's path.
        if full.ends_with("v1/messages") {
            return Format::Anthropic;
        }
        let formats = self.row.map(|row| &row.formats).into_iter().flatten();
        let mut special = formats.filter(|(start, _)| starts_with(&full, start)).map(|(_, format)| *format);
        special.next().unwrap_or(self.format)
    }

    /// Where chat completions go, or `None` where that is not known.
    pub(crate) fn chat(&self) -> Option<&Chat> {
        self.chat.as_ref()
    }

    /// Where another shape than OpenAI's chat completions is spoken, and in which format that is.
    pub(crate) fn speaks(&self, dialect: Dialect) -> Option<(&str, Format)> {
        let chat = self.chat.as_ref();
        // Another format than the row's was configured: then its paths are other ones, too.
        let row = self.row.filter(|row| row.format == self.format);
        let path = row.and_then(|row| row.speaks.get(&dialect).copied());
        match dialect {
            Dialect::Chat => None,
            Dialect::Responses => path.map(|path| (path, Format::Openai)),
            Dialect::Messages => {
                let own = chat.filter(|chat| chat.format == Format::Anthropic).map(|chat| chat.path.as_str());
                path.or(own).map(|path| (path, Format::Anthropic))
            }
        }
    }

    /// What a chat may hold here.
    pub(crate) fn takes(&self, format: Format) -> Takes {
        let of = |members: fn(&Row) -> &[&'static str]| self.row.map_or(&[][..], members);
        Takes { format, extras: of(|row| &row.extras), lacks: of(|row| &row.lacks) }
    }

    /// A chat in OpenAI's shape for `model` whose answer begins with `text`, where the provider takes such a beginning.
    pub(crate) fn begin(&self, body: &[u8], model: &str, text: &str) -> Option<Begun> {
        self.prefill.as_ref()?.begin(body, model, text)
    }

    /// Whether the configuration places the provider at `base`.
    pub(super) fn is_placed_at(&self, base: &str) -> bool {
        self.moved && self.base_url == base
    }

    /// Every base URL that calls of this provider are known by.
    pub(super) fn bases(&self) -> impl Iterator<Item = String> {
        let own = self.missing.is_none().then(|| self.base_url.clone());
        let usual = self.row.map(|row| row.base_url).filter(|base| self.moved && !base.contains('{'));
        own.into_iter().chain(usual.map(str::to_owned))
    }
}

/// A base URL without the slash at its end, and without the root, which is added to every path anyway: people write
/// `http://localhost:8000/v1` where their SDK wants it so.
fn without_root(url: &str, root: Option<&str>) -> String {
    let url = url.trim_end_matches('/');
    let base = root.and_then(|root| url.strip_suffix(root)).and_then(|base| base.strip_suffix('/'));
    base.unwrap_or(url).to_owned()
}

/// Puts the values of environment variables in the place of their names; of `{A|B}` the first that is set. Names without
/// a value stay, and the first of them is given back.
fn resolve(template: &'static str, environment: Environment) -> (String, Option<Missing>) {
    let (mut resolved, mut missing, mut rest) = (String::new(), None, template);
    while let Some((start, (names, end))) =
        rest.split_once('{').and_then(|(start, rest)| Some((start, rest.split_once('}')?)))
    {
        resolved.push_str(start);
        if let Some(value) = names.split('|').find_map(environment) {
            resolved.push_str(value.trim());
        } else {
            missing = missing.or(Some(names));
            resolved.extend(["{", names, "}"]);
        }
        rest = end;
    }
    resolved.push_str(rest);
    (resolved, missing)
}

/// OpenAI and Anthropic have a path each, Gemini one for every model; Workers AI offers OpenAI's format under a path of
/// its own (developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility).
fn chat(format: Format) -> Option<Chat> {
    let (path, format) = match format {
        Format::Openai => ("chat/completions", Format::Openai),
        Format::Anthropic => ("v1/messages", Format::Anthropic),
        Format::WorkersAi => ("v1/chat/completions", Format::Openai),
        Format::Gemini => ("v1beta/models", Format::Gemini),
        Format::Bedrock => ("model", Format::Bedrock),
        Format::Other => return None,
    };
    Some(Chat { path: path.to_owned(), format, missing: None })
}
