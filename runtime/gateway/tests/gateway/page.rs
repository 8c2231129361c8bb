//! The approvals page's server, over real sockets: who is turned away, what every answer says, and what reaches the desk.

use agentpol_gateway::{
    node::Boxed,
    page::{Desk, MAX_BODY_BYTES, MAX_CONNECTIONS, MAX_IN_FLIGHT, Page},
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::{Semaphore, oneshot},
    task::JoinHandle,
};

/// Answers what it was given, once it is let, and remembers what it was asked.
struct Fake {
    asked: Mutex<Vec<String>>,
    answer: Result<Value, String>,
    let_go: Semaphore,
}

impl Fake {
    fn with(answer: Result<Value, String>) -> Self {
        Self { asked: Mutex::default(), answer, let_go: Semaphore::new(Semaphore::MAX_PERMITS) }
    }

    fn hear(&self, what: String) -> Boxed<'_, Result<Value, String>> {
        self.asked.lock().unwrap().push(what);
        Box::pin(async {
            let _free = self.let_go.acquire().await.unwrap();
            self.answer.clone()
        })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Desk for Fake {
    fn waiting(&self) -> Boxed<'_, Result<Value, String>> {
        self.hear("waiting".to_owned())
    }

    fn approve<'a>(&'a self, name: &'a str, signature: &'a str) -> Boxed<'a, Result<Value, String>> {
        self.hear(format!("approve {name} {signature}"))
    }

    fn reject<'a>(&'a self, name: &'a str) -> Boxed<'a, Result<Value, String>> {
        self.hear(format!("reject {name}"))
    }
}

struct Running {
    fake: Arc<Fake>,
    at: SocketAddr,
    token: String,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

const LOOPBACK: &str = "127.0.0.1:0";

async fn run(fake: Fake) -> Running {
    let fake = Arc::new(fake);
    let page = Page::bind(LOOPBACK.parse().unwrap(), fake.clone()).await.unwrap();
    let (at, link) = (page.address(), page.link());
    let (base, token) = link.split_once('#').unwrap();
    assert_eq!(base, format!("http://{at}/"));
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(page.run(async { drop(stopped.await) }));
    Running { fake, at, token: token.to_owned(), stop, server }
}

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Running {
    /// One request as it stands, over a connection of its own.
    async fn send(&self, text: &str) -> Reply {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Reply { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// A request with these lines in its head.
    fn request(&self, line: &str, head: &[(&str, &str)], body: &str) -> String {
        let mut text = format!("{line} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in head {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text + "\r\n" + body
    }

    /// A call as the page makes it, but for these lines of its head; an empty one is left out.
    async fn call(&self, call: &str, other: &[(&str, &str)], body: &str) -> Reply {
        let (host, bearer) = (self.at.to_string(), format!("Bearer {}", self.token));
        let origin = format!("http://{host}");
        let mut head = vec![
            ("host", host.as_str()),
            ("origin", &origin),
            ("authorization", &bearer),
            ("content-type", "application/json"),
        ];
        head.retain(|(name, _)| !other.iter().any(|(another, _)| another == name));
        head.extend(other.iter().filter(|(_, value)| !value.is_empty()));
        self.send(&self.request(&format!("POST /api/{call}"), &head, body)).await
    }
}

fn nothing() -> Fake {
    Fake::with(Ok(json!([])))
}

const NAME: &str = "0x1111111111111111111111111111111111111111111111111111111111111111";

#[tokio::test]
async fn it_listens_to_this_machine_alone() {
    for far in ["0.0.0.0:0", "10.0.0.1:0", "[::]:0"] {
        let refused = Page::bind(far.parse().unwrap(), Arc::new(nothing())).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput, "{far}: {refused}");
    }
    let page = Page::bind(LOOPBACK.parse().unwrap(), Arc::new(nothing())).await.unwrap();
    let other = Page::bind(LOOPBACK.parse().unwrap(), Arc::new(nothing())).await.unwrap();
    let token = |page: &Page| page.link().split_once('#').unwrap().1.to_owned();
    assert_eq!(token(&page).len(), 64);
    assert_ne!(token(&page), token(&other), "each has its own");
    assert!(!format!("{page:?}").contains(&token(&page)));
}

#[tokio::test]
async fn every_answer_says_what_may_be_done_with_it() {
    let it = run(nothing()).await;
    let host = it.at.to_string();
    let own = [("host", host.as_str())];
    let far = [("host", "evil.example")];
    for (line, head, status, kind) in [
        ("GET /", &own, 200, "text/html; charset=utf-8"),
        ("GET /page.css", &own, 200, "text/css; charset=utf-8"),
        ("GET /page.js", &own, 200, "text/javascript; charset=utf-8"),
        ("GET /text.js", &own, 200, "text/javascript; charset=utf-8"),
        ("GET /wallet.js", &own, 200, "text/javascript; charset=utf-8"),
        ("GET /", &far, 403, "application/json"),
        ("POST /", &own, 405, "application/json"),
        ("GET /api/waiting", &own, 405, "application/json"),
        ("OPTIONS /api/waiting", &own, 405, "application/json"),
        ("PUT /api/approve", &own, 405, "application/json"),
        ("POST /api/other", &own, 404, "application/json"),
        ("GET /../page.js", &own, 404, "application/json"),
        ("POST /api/waiting", &own, 401, "application/json"),
    ] {
        let reply = it.send(&it.request(line, head, "")).await;
        assert_eq!(reply.status, status, "{line}");
        for field in [
            format!("content-type: {kind}"),
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
             frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
                .to_owned(),
            "x-content-type-options: nosniff".to_owned(),
            "x-frame-options: deny".to_owned(),
            "referrer-policy: no-referrer".to_owned(),
            "cache-control: no-store".to_owned(),
            "cross-origin-resource-policy: same-origin".to_owned(),
        ] {
            assert!(reply.head.lines().any(|line| line == field), "{line}: no `{field}` in {}", reply.head);
        }
        assert!(!reply.head.contains("access-control"), "{line}: {}", reply.head);
        assert!(!reply.body.contains(&it.token));
        if status != 200 {
            assert!(reply.json()["error"].as_str().is_some_and(|words| !words.is_empty()), "{line}");
        }
    }
    assert!(it.fake.asked().is_empty());
}

#[tokio::test]
async fn names_that_lead_here_and_other_pages_are_turned_away() {
    let it = run(nothing()).await;
    let port = it.at.port();
    let own = format!("127.0.0.1:{port}");
    for (host, origin, expected) in [
        (own.as_str(), format!("http://{own}"), 200),
        (&own, String::new(), 200),
        // Through a forwarded port, and by this machine's other names.
        ("127.0.0.1:9000", "http://127.0.0.1:9000".to_owned(), 200),
        ("localhost:9000", "http://localhost:9000".to_owned(), 200),
        ("[::1]:9000", "http://[::1]:9000".to_owned(), 200),
        // Another page of this machine.
        (&own, "http://127.0.0.1:9000".to_owned(), 403),
        (&own, format!("http://localhost:{port}"), 403),
        (&own, format!("https://{own}"), 403),
        (&own, format!("http://{own}.evil.example"), 403),
        (&own, "null".to_owned(), 403),
        (&own, "https://evil.example".to_owned(), 403),
        // A name that leads here.
        ("evil.example", "http://evil.example".to_owned(), 403),
        ("127.0.0.1.evil.example", String::new(), 403),
        ("0.0.0.0", String::new(), 403),
        ("", String::new(), 403),
    ] {
        let reply = it.call("waiting", &[("host", host), ("origin", &origin)], "{}").await;
        assert_eq!(reply.status, expected, "{host} from {origin}");
    }
    assert_eq!(it.fake.asked().len(), 5);
}

#[tokio::test]
async fn without_the_token_nothing_is_told_or_done() {
    let it = run(nothing()).await;
    let (token, short) = (&it.token, &it.token[1..]);
    for call in ["waiting", "approve", "reject"] {
        for shown in [
            "",
            "Bearer",
            "Bearer ",
            token,
            &format!("Basic {token}"),
            &format!("Bearer {short}"),
            &format!("Bearer {token}0"),
            &format!("Bearer #{token}"),
        ] {
            // Whoever has no token does not even learn what a call takes.
            let reply = it.call(call, &[("authorization", shown)], "no JSON").await;
            assert_eq!(reply.status, 401, "{call} with {shown:?}");
            assert!(reply.head.contains("www-authenticate: bearer"));
        }
    }
    assert!(it.fake.asked().is_empty());
    let reply = it.call("waiting", &[], "{}").await;
    assert_eq!((reply.status, reply.json()), (200, json!([])));
}

#[tokio::test]
async fn a_call_brings_what_it_takes_and_nothing_else() {
    let it = run(Fake::with(Ok(json!({"status": "sent"})))).await;
    let approve = |name: &str, signature: &str| json!({"name": name, "signature": signature}).to_string();
    let reject = |name: &str| json!({ "name": name }).to_string();
    for (call, body) in [
        ("waiting", String::new()),
        ("waiting", r#"{"a":1}"#.to_owned()),
        ("waiting", "{} {}".to_owned()),
        ("approve", "{}".to_owned()),
        ("approve", reject(NAME)),
        ("approve", approve(&NAME[2..], "0x11")),
        ("approve", approve(&NAME[..64], "0x11")),
        ("approve", approve(&format!("{NAME}11"), "0x11")),
        ("approve", approve("../../waiting", "0x11")),
        ("approve", approve(NAME, "")),
        ("approve", approve(NAME, "0x")),
        ("approve", approve(NAME, "0x1")),
        ("approve", approve(NAME, "11")),
        ("approve", approve(NAME, "0x1g")),
        ("approve", format!(r#"{{"name":"{NAME}","name":"{NAME}","signature":"0x11"}}"#)),
        ("reject", approve(NAME, "0x11")),
        ("reject", "{\"name\":null}".to_owned()),
        ("reject", "\u{fffd}".to_owned()),
    ] {
        let reply = it.call(call, &[], &body).await;
        assert_eq!(reply.status, 400, "{call} {body}");
    }
    for kind in ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let reply = it.call("reject", &[("content-type", kind)], &reject(NAME)).await;
        assert_eq!(reply.status, 415, "{kind}");
    }
    assert!(it.fake.asked().is_empty());
    assert_eq!(it.call("approve", &[], &approve(NAME, "0xAb01")).await.json(), json!({"status": "sent"}));
    assert_eq!(it.call("reject", &[], &reject(&NAME.replace("11", "Ab"))).await.status, 200);
    let [approved, rejected] =
        [format!("approve {NAME} 0xAb01"), format!("reject {}", NAME.replace("11", "ab"))];
    assert_eq!(it.fake.asked(), [approved, rejected], "a name is written in one way");
}

#[tokio::test]
async fn a_body_has_a_length() {
    let it = run(nothing()).await;
    let padded = |bytes: usize| "{}".to_owned() + &" ".repeat(bytes - 2);
    assert_eq!(it.call("waiting", &[], &padded(MAX_BODY_BYTES)).await.status, 200);
    assert_eq!(it.call("waiting", &[], &padded(MAX_BODY_BYTES + 1)).await.status, 413);
}

#[tokio::test]
async fn what_the_desk_cannot_do_is_said_in_its_words() {
    let it = run(Fake::with(Err("`agentpol serve` does not answer".to_owned()))).await;
    let reply = it.call("waiting", &[], "{}").await;
    assert_eq!((reply.status, reply.json()), (502, json!({"error": "`agentpol serve` does not answer"})));
}

/// A desk that does nothing until it is let.
fn stuck() -> Fake {
    Fake { let_go: Semaphore::new(0), ..nothing() }
}

async fn until(what: impl Fn() -> bool) {
    let wait = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.expect("it happens");
}

#[tokio::test]
async fn so_many_are_worked_on_at_once() {
    let it = Arc::new(run(stuck()).await);
    let ask = || {
        let it = it.clone();
        tokio::spawn(async move { it.call("waiting", &[], "{}").await.status })
    };
    let asked: Vec<_> = (0..MAX_IN_FLIGHT).map(|_| ask()).collect();
    until(|| it.fake.asked().len() == MAX_IN_FLIGHT).await;
    assert_eq!(ask().await.unwrap(), 503);
    it.fake.let_go.add_permits(MAX_IN_FLIGHT);
    for one in asked {
        assert_eq!(one.await.unwrap(), 200);
    }
    assert_eq!(ask().await.unwrap(), 200);
}

#[tokio::test]
async fn so_many_connections_and_no_more() {
    let it = run(nothing()).await;
    let mut held = Vec::new();
    for _ in 0..MAX_CONNECTIONS - 1 {
        held.push(TcpStream::connect(it.at).await.unwrap());
    }
    assert_eq!(it.call("waiting", &[], "{}").await.status, 200, "one is left");
    held.push(TcpStream::connect(it.at).await.unwrap());
    let one_more = it.call("waiting", &[], "{}");
    tokio::pin!(one_more);
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut one_more).await.is_err(), "it waits");
    held.clear();
    assert_eq!(one_more.await.status, 200, "until others are gone");
}

#[tokio::test]
async fn an_approval_is_finished_when_the_browser_is_gone_and_when_it_stops() {
    let it = run(Fake { answer: Ok(json!({"status": "sent"})), ..stuck() }).await;
    let bearer = format!("Bearer {}", it.token);
    let head =
        [("host", "localhost"), ("authorization", bearer.as_str()), ("content-type", "application/json")];
    let text = it.request("POST /api/reject", &head, &json!({ "name": NAME }).to_string());
    let mut gone = TcpStream::connect(it.at).await.unwrap();
    gone.write_all(text.as_bytes()).await.unwrap();
    until(|| !it.fake.asked().is_empty()).await;
    drop(gone);
    let (fake, server) = (it.fake.clone(), it.server);
    it.stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!server.is_finished(), "it waits for the desk");
    fake.let_go.add_permits(1);
    tokio::time::timeout(Duration::from_secs(5), server).await.expect("it stops").unwrap();
    assert!(TcpStream::connect(it.at).await.is_err(), "nobody listens any more");
}

/// What would take text for anything else stands in no script. (The browser's tests try it; this says where.)
#[test]
fn scripts_put_text_into_the_page_as_text() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let text = std::fs::read_to_string(&path).unwrap();
        let forbidden: &[&str] = match path.extension().and_then(|ext| ext.to_str()) {
            Some("js") => &[
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "setHTML",
                "document.write",
                "DOMParser",
                "createContextualFragment",
                "eval(",
                "new Function",
                "import(",
                "localStorage",
                "sessionStorage",
                "document.cookie",
                "http:",
                "https:",
            ],
            Some("html" | "css") => {
                &["http:", "https:", "url(", "@import", "style=", "onclick", "<script>", "<style"]
            }
            _ => continue,
        };
        seen += 1;
        for word in forbidden {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
    assert_eq!(seen, 5);
}
