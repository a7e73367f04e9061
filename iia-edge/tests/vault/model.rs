//! A small store with Object Lock, and the lies that it can be told to tell: those that no server at hand tells.

use std::collections::BTreeMap;

use iia_core::Timestamp;
use iia_core::time::parse_utc;
use iia_edge::vault::{Address, Exchange, Lost, Reply, Request, Store, Style, Task, VaultError};

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_795_938_000);

/// What is wrong with the store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Lie {
    None,
    RefusesAndDeletes,
    AgreesAndKeeps,
    BypassDeletes,
    RefusesAndShortens,
    Shortens,
    Downgrades,
    Releases,
    Suspends,
    OverwritesInPlace,
    RefusesAndOverwrites,
    UnlocksBucket,
    TakesPast,
    AltersOnRead,
    LocksInGovernance,
    ForgetsVersions,
    AllowsNoDeletion,
    AllowsNoRetention,
}

struct Object {
    key: String,
    id: String,
    bytes: Vec<u8>,
    lock: Option<(String, String)>,
}

/// The store.
pub(crate) struct Model {
    lie: Lie,
    objects: Vec<Object>,
    count: u32,
    versioned: bool,
    locked: bool,
    /// Every request, as method and path with the parts of the query that are not the signature.
    pub(crate) seen: Vec<String>,
}

pub(crate) fn store() -> Store {
    let address = Address {
        endpoint: "https://store.example".into(),
        style: Style::Path,
        region: "eu-1".into(),
        bucket: "evidence".into(),
    };
    Store::new(address, ("id", "secret", None)).unwrap()
}

/// Does a task against a function that answers.
pub(crate) fn run<T: Task>(
    task: T,
    mut answer: impl FnMut(&Request) -> Result<Reply, Lost>,
) -> Result<T, VaultError> {
    let (store, mut exchange) = (store(), Exchange::new(task));
    while let Some((_, call)) = exchange.poll_call() {
        let outcome = answer(&store.sign(&call, NOW));
        exchange.handle(NOW, outcome)?;
    }
    Ok(exchange.into_task())
}

/// The key, and the parts of a query that S3 calls sub-resources.
fn parts(request: &Request) -> (String, BTreeMap<String, String>) {
    let (path, query) = request.url.split_once('?').unwrap();
    let key = path
        .strip_prefix("https://store.example/evidence/")
        .unwrap();
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    let own = pairs.filter(|(name, _)| !name.starts_with("X-Amz"));
    let own = own.map(|(name, value)| (name.to_owned(), value.replace("%2F", "/")));
    (key.to_owned(), own.collect())
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let mut fields = request.headers.iter();
    fields
        .find(|(field, _)| *field == name)
        .map(|(_, value)| value.as_str())
}

fn between<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let rest = text.split_once(&format!("<{tag}>"))?.1;
    Some(rest.split_once(&format!("</{tag}>"))?.0)
}

pub(crate) fn reply(status: u16, body: &str) -> Reply {
    let date = (
        "date".to_owned(),
        "Sun, 29 Nov 2026 07:40:00 GMT".to_owned(),
    );
    Reply {
        status,
        headers: vec![date],
        body: body.as_bytes().to_vec(),
    }
}

fn no(status: u16, code: &str) -> Reply {
    reply(
        status,
        &format!("<Error><Code>{code}</Code><Message>no</Message></Error>"),
    )
}

impl Model {
    pub(crate) fn new(lie: Lie) -> Self {
        Self {
            lie,
            objects: Vec::new(),
            count: 0,
            versioned: true,
            locked: true,
            seen: Vec::new(),
        }
    }

    pub(crate) fn answer(&mut self, request: &Request) -> Reply {
        let (key, query) = parts(request);
        self.seen.push(format!(
            "{} {key} {:?}",
            request.method,
            query.keys().collect::<Vec<_>>()
        ));
        let has = |name: &str| query.contains_key(name);
        let version = query.get("versionId").map(String::as_str);
        match (request.method, key.as_str()) {
            ("GET", "") if has("versions") => self.list(&query),
            (method, "") => self.bucket(method, &query, &String::from_utf8_lossy(&request.body)),
            ("PUT", _) if has("retention") => self.lock(&key, version, request),
            ("GET", _) if has("retention") => self.show_lock(&key, version),
            ("PUT", _) => self.put(&key, request),
            ("DELETE", _) => self.delete(
                &key,
                version,
                header(request, "x-amz-bypass-governance-retention"),
            ),
            (method, _) => self.get(&key, version, method == "GET"),
        }
    }

    fn find(&mut self, key: &str, version: Option<&str>) -> Option<usize> {
        self.objects
            .iter()
            .rposition(|object| object.key == key && version.is_none_or(|id| object.id == id))
    }

    fn put(&mut self, key: &str, request: &Request) -> Reply {
        let mode = header(request, "x-amz-object-lock-mode").map(str::to_owned);
        let until = header(request, "x-amz-object-lock-retain-until-date").map(str::to_owned);
        let is_past = until
            .as_ref()
            .is_some_and(|until| parse_utc(until).unwrap() <= NOW);
        if is_past && self.lie != Lie::TakesPast {
            return no(400, "InvalidArgument");
        }
        let mode = match self.lie {
            Lie::LocksInGovernance => mode.map(|_| "GOVERNANCE".into()),
            _ => mode,
        };
        let in_place = matches!(self.lie, Lie::OverwritesInPlace | Lie::RefusesAndOverwrites);
        if let Some(at) = self.find(key, None).filter(|_| in_place) {
            self.objects[at].bytes = request.body.to_vec();
            return match self.lie {
                Lie::RefusesAndOverwrites => no(403, "AccessDenied"),
                _ => self.made(at, 200, ""),
            };
        }
        self.count += 1;
        self.objects.push(Object {
            key: key.into(),
            id: format!("v{}", self.count),
            bytes: request.body.to_vec(),
            lock: mode.zip(until),
        });
        self.made(self.objects.len() - 1, 200, "")
    }

    fn made(&self, at: usize, status: u16, body: &str) -> Reply {
        let mut reply = reply(status, body);
        let id = match self.lie {
            Lie::ForgetsVersions => "null".into(),
            _ if !self.versioned => "null".into(),
            _ => self.objects[at].id.clone(),
        };
        reply.headers.push(("X-Amz-Version-Id".into(), id));
        reply
    }

    fn get(&mut self, key: &str, version: Option<&str>, with_body: bool) -> Reply {
        let Some(at) = self.find(key, version) else {
            return if with_body {
                no(404, "NoSuchKey")
            } else {
                reply(404, "")
            };
        };
        let mut reply = self.made(at, 200, "");
        if with_body {
            reply.body.clone_from(&self.objects[at].bytes);
            if self.lie == Lie::AltersOnRead {
                reply.body[0] ^= 1;
            }
        }
        reply
    }

    fn delete(&mut self, key: &str, version: Option<&str>, bypass: Option<&str>) -> Reply {
        let Some(at) = self.find(key, version) else {
            return reply(204, "");
        };
        let mode = self.objects[at]
            .lock
            .as_ref()
            .map(|(mode, _)| mode.as_str());
        let yields = mode == Some("GOVERNANCE") && bypass.is_some();
        let locked = mode.is_some() && !yields || self.lie == Lie::AllowsNoDeletion;
        match self.lie {
            Lie::RefusesAndDeletes if locked => {
                self.objects.remove(at);
                no(403, "AccessDenied")
            }
            Lie::AgreesAndKeeps => reply(204, ""),
            Lie::BypassDeletes if bypass.is_some() => {
                self.objects.remove(at);
                reply(204, "")
            }
            _ if locked => no(403, "AccessDenied"),
            _ => {
                self.objects.remove(at);
                reply(204, "")
            }
        }
    }

    fn lock(&mut self, key: &str, version: Option<&str>, request: &Request) -> Reply {
        let Some(at) = self.find(key, version) else {
            return no(404, "NoSuchKey");
        };
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let wanted = between(&body, "Mode").map(str::to_owned);
        let wanted = wanted.zip(between(&body, "RetainUntilDate").map(str::to_owned));
        let lock = self.objects[at].lock.clone();
        let longer = |(mode, until): &(String, String)| {
            mode == "COMPLIANCE" && lock.as_ref().is_none_or(|(_, now)| until >= now)
        };
        let allowed = match (&wanted, self.lie) {
            (_, Lie::AllowsNoRetention) => false,
            (Some(wanted), Lie::RefusesAndShortens) if longer(wanted) => {
                return self.relocked(at, wanted.clone());
            }
            (Some((mode, _)), Lie::Shortens | Lie::RefusesAndShortens) => mode == "COMPLIANCE",
            (Some(wanted), Lie::Downgrades) => wanted.0 == "GOVERNANCE" || longer(wanted),
            (None, Lie::Releases) => true,
            (Some(wanted), _) => longer(wanted),
            (None, _) => false,
        };
        if !allowed {
            return no(403, "AccessDenied");
        }
        self.objects[at].lock = wanted;
        match self.lie {
            Lie::RefusesAndShortens => no(403, "AccessDenied"),
            _ => reply(200, ""),
        }
    }

    fn relocked(&mut self, at: usize, lock: (String, String)) -> Reply {
        self.objects[at].lock = Some(lock);
        reply(200, "")
    }

    fn show_lock(&mut self, key: &str, version: Option<&str>) -> Reply {
        let at = self.find(key, version);
        let lock = at.and_then(|at| self.objects[at].lock.as_ref());
        match lock {
            Some((mode, until)) => reply(
                200,
                &format!(
                    "<Retention><Mode>{mode}</Mode><RetainUntilDate>{}.000Z</RetainUntilDate></Retention>",
                    until.trim_end_matches('Z')
                ),
            ),
            None => no(404, "NoSuchObjectLockConfiguration"),
        }
    }

    fn bucket(&mut self, method: &str, query: &BTreeMap<String, String>, body: &str) -> Reply {
        match (method, query.contains_key("versioning")) {
            ("GET", true) => {
                let status = if self.versioned {
                    "Enabled"
                } else {
                    "Suspended"
                };
                reply(
                    200,
                    &format!(
                        "<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>"
                    ),
                )
            }
            ("GET", false) if self.locked => reply(
                200,
                "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>",
            ),
            ("GET", false) => no(404, "ObjectLockConfigurationNotFoundError"),
            (_, true) if self.lie == Lie::Suspends || body.contains("Enabled") => {
                self.versioned = body.contains("Enabled");
                reply(200, "")
            }
            (_, false) if self.lie == Lie::UnlocksBucket => {
                self.locked = false;
                reply(200, "")
            }
            _ => no(409, "InvalidBucketState"),
        }
    }

    /// Two versions a page, the newest of a key first.
    fn list(&self, query: &BTreeMap<String, String>) -> Reply {
        let mut all: Vec<(usize, &Object)> = self.objects.iter().enumerate().collect();
        all.sort_by(|(a, one), (b, other)| (&one.key, b).cmp(&(&other.key, a)));
        all.retain(|(_, object)| object.key.starts_with(&query["prefix"]));
        let marker = query.get("key-marker").zip(query.get("version-id-marker"));
        let from = marker.map_or(0, |(key, id)| {
            1 + all
                .iter()
                .position(|(_, object)| object.key == *key && object.id == *id)
                .unwrap()
        });
        let mut body = format!(
            "<ListVersionsResult><IsTruncated>{}</IsTruncated>",
            all.len() > from + 2
        );
        for (_, object) in all.iter().skip(from).take(2) {
            let (key, id, len) = (&object.key, &object.id, object.bytes.len());
            body += &format!(
                "<Version><Key>{key}</Key><VersionId>{id}</VersionId><Size>{len}</Size></Version>"
            );
            body += &format!(
                "<NextKeyMarker>{key}</NextKeyMarker><NextVersionIdMarker>{id}</NextVersionIdMarker>"
            );
        }
        reply(200, &(body + "</ListVersionsResult>"))
    }
}
