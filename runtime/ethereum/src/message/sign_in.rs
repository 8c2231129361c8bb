//! Sign-In with Ethereum (EIP-4361): its grammar and nothing beside it.

use crate::time;
use agentpol_abi::Value;
use agentpol_model::{
    Address, ChainId, Time, U256,
    types::WordType::{self, Uint},
};

const ASKS: &str = " wants you to sign in with your Ethereum account:";

/// A Sign-In with Ethereum. Times are in whole seconds; a part of one is cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Who asks: host and port, with `scheme://` before it where the text has it.
    pub domain: String,
    /// Who signs in.
    pub account: Address,
    /// What it says to the person; empty if nothing.
    pub statement: String,
    /// What it is about.
    pub uri: String,
    /// The chain of the session.
    pub chain: ChainId,
    /// Makes it unique.
    pub nonce: String,
    /// When it was written.
    pub issued: Time,
    /// From when on it is void; 2^64 - 1 if it does not say.
    pub expires: Time,
    /// Before when it is void; 0 if it does not say.
    pub not_before: Time,
    /// The caller's name for it; empty if it has none.
    pub request_id: String,
    /// What it refers to.
    pub resources: Vec<String>,
}

type Read<T> = Result<T, String>;

/// The lines that are left.
struct Lines<'a> {
    lines: std::iter::Peekable<std::str::Split<'a, char>>,
}

impl<'a> Lines<'a> {
    fn next(&mut self, what: &str) -> Read<&'a str> {
        self.lines.next().ok_or_else(|| format!("it ends before {what}"))
    }

    fn empty(&mut self, what: &str) -> Read<()> {
        match self.next(what)? {
            "" => Ok(()),
            _ => Err(format!("{what} is missing")),
        }
    }

    fn field(&mut self, name: &str) -> Read<&'a str> {
        self.optional(name)?.ok_or_else(|| format!("a line `{name}: …` is missing or not in its place"))
    }

    fn optional(&mut self, name: &str) -> Read<Option<&'a str>> {
        let value = self.lines.peek().and_then(|line| line.strip_prefix(name)?.strip_prefix(": "));
        if value.is_some() {
            self.lines.next();
        }
        Ok(value)
    }
}

impl SignIn {
    /// Reads the whole text.
    pub(super) fn read(text: &str) -> Read<Self> {
        let mut lines = Lines { lines: text.split('\n').peekable() };
        let first = lines.next("its first line")?;
        let domain = first.strip_suffix(ASKS).ok_or_else(|| format!("its first line ends with `{ASKS}`"))?;
        check_domain(domain)?;
        let account = account(lines.next("the account")?)?;
        lines.empty("the empty line after the account")?;
        let statement = match lines.next("the statement")? {
            "" => String::new(),
            statement => {
                if !statement.bytes().all(|b| b == b' ' || is_path(b) || b"/?#[]".contains(&b)) {
                    return Err("the statement has characters that EIP-4361 does not allow".to_owned());
                }
                lines.empty("the empty line after the statement")?;
                statement.to_owned()
            }
        };
        let uri = uri(lines.field("URI")?)?;
        if lines.field("Version")? != "1" {
            return Err("its version is not 1".to_owned());
        }
        let chain = chain(lines.field("Chain ID")?)?;
        let nonce = lines.field("Nonce")?;
        if nonce.len() < 8 || !nonce.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err("a nonce is eight or more letters and digits".to_owned());
        }
        let issued = instant(lines.field("Issued At")?)?;
        let expires = lines.optional("Expiration Time")?.map(instant).transpose()?;
        let not_before = lines.optional("Not Before")?.map(instant).transpose()?;
        let request_id = lines.optional("Request ID")?.unwrap_or_default();
        if !escaped(request_id, is_path) {
            return Err("the request's id has characters that EIP-4361 does not allow".to_owned());
        }
        let mut resources = Vec::new();
        if lines.lines.peek() == Some(&"Resources:") {
            lines.lines.next();
            while let Some(resource) = lines.lines.peek().and_then(|line| line.strip_prefix("- ")) {
                resources.push(self::uri(resource)?);
                lines.lines.next();
            }
        }
        match lines.lines.next() {
            None => Ok(Self {
                domain: domain.to_owned(),
                account,
                statement,
                uri,
                chain,
                nonce: nonce.to_owned(),
                issued,
                expires: expires.unwrap_or(Time::MAX),
                not_before: not_before.unwrap_or(0),
                request_id: request_id.to_owned(),
                resources,
            }),
            Some(line) => Err(format!("the line {line:?} has no place in it")),
        }
    }

    /// The members of [`SIGN_IN`](agentpol_model::request::SIGN_IN).
    pub(super) fn values(&self) -> Vec<Value> {
        let text = |text: &str| Value::String(text.to_owned());
        let time = |time: Time| Value::Word(U256::from(time), Uint(64));
        vec![
            text(&self.domain),
            Value::Word(U256::from_be_slice(self.account.as_slice()), WordType::Address),
            text(&self.statement),
            text(&self.uri),
            Value::Word(U256::from(self.chain), Uint(256)),
            text(&self.nonce),
            time(self.issued),
            time(self.expires),
            time(self.not_before),
            text(&self.request_id),
            Value::Array(self.resources.iter().map(|r| text(r)).collect()),
        ]
    }
}

/// `[ scheme "://" ] host [ ":" port ]`. Whoever writes a user's name before the host wants the host to be overlooked.
fn check_domain(domain: &str) -> Read<()> {
    let host = match domain.split_once("://") {
        Some((scheme, host)) if is_scheme(scheme) => host,
        Some(_) => return Err("the domain's scheme is none".to_owned()),
        None => domain,
    };
    if host.contains('@') {
        return Err("a domain with a user's name in it hides who asks".to_owned());
    }
    if host.is_empty() || !is_host(host) {
        return Err("its first line begins with the domain that asks: host and port".to_owned());
    }
    Ok(())
}

/// `host [ ":" port ]` (RFC 3986), the host not empty unless the port is left out.
fn is_host(text: &str) -> bool {
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, _)) if v6.parse::<core::net::Ipv6Addr>().is_err() => return false,
        Some((_, port)) => ("v6", port),
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port_is_one = match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(digits) => {
            !name.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u16>().is_ok()
        }
    };
    port_is_one && escaped(name, |b| is_unreserved(b) || is_sub_delimiter(b))
}

fn account(line: &str) -> Read<Address> {
    Address::parse_checksummed(line, None)
        .map_err(|_| "its second line is the account, 0x and 40 digits in the capitals of EIP-55".to_owned())
}

fn chain(text: &str) -> Read<ChainId> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    let chain = plain.then(|| text.parse().ok()).flatten().ok_or("a chain id is a number")?;
    crate::validity::check_chain(chain)?;
    Ok(chain)
}

fn instant(text: &str) -> Read<Time> {
    time::parse_rfc3339(text).ok_or_else(|| {
        format!("{text:?} is no time from 1970 on as RFC 3339 writes it: `2026-11-22T10:00:00Z`")
    })
}

/// `scheme ":" hier-part [ "?" query ] [ "#" fragment ]` (RFC 3986); something follows the colon.
fn uri(text: &str) -> Read<String> {
    let fine = text.split_once(':').is_some_and(|(scheme, rest)| {
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = match place.strip_prefix("//") {
            Some(after) => after.split_at(after.find('/').unwrap_or(after.len())),
            None => ("", place),
        };
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        is_scheme(scheme)
            && !rest.is_empty()
            && is_host(host)
            && escaped(user, |b| is_unreserved(b) || is_sub_delimiter(b) || b == b':')
            && escaped(path, |b| is_path(b) || b == b'/')
            && [query, fragment].iter().all(|part| escaped(part, |b| is_path(b) || b"/?".contains(&b)))
    });
    if fine { Ok(text.to_owned()) } else { Err(format!("{text:?} is no URI")) }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// Only such characters, and others as `%` and two hex digits.
fn escaped(text: &str, fine: impl Fn(u8) -> bool) -> bool {
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        let ok = match b {
            b'%' => [bytes.next(), bytes.next()].iter().all(|d| d.is_some_and(|d| d.is_ascii_hexdigit())),
            _ => fine(b),
        };
        if !ok {
            return false;
        }
    }
    true
}

/// `pchar`, but for what is written with `%`.
fn is_path(b: u8) -> bool {
    is_unreserved(b) || is_sub_delimiter(b) || b":@".contains(&b)
}

fn is_unreserved(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~".contains(&b)
}

fn is_sub_delimiter(b: u8) -> bool {
    b"!$&'()*+,;=".contains(&b)
}
