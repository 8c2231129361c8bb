//! A real browser with wallets in it.

use crate::tools::{Tools, required};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

/// Where the wallets say that they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// By an event (EIP-6963).
    Announced,
    /// In `window.ethereum`.
    InWindow,
}

/// A wallet of the browser: its name, its keys.
pub(crate) type Wallet<'a> = (&'a str, Found, &'a [&'a str]);

/// Runs until it is dropped.
pub(crate) struct Browser {
    script: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It closes the browser when there is nothing more to do.
        drop(self.stdin.take());
        for _ in 0..100 {
            if matches!(self.script.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

impl Browser {
    /// A browser with nothing open, or nothing if there is none, which is said.
    pub(crate) fn start(tools: &Tools) -> Option<Self> {
        let chromium = match tools.browser() {
            Ok(chromium) => chromium,
            Err(missing) => {
                assert!(!required(), "AGENTPOL_CLIENTS is set, and {missing}");
                println!("skipped: {missing}");
                return None;
            }
        };
        let mut script = Command::new(&tools.node)
            .arg(tools.scripts.join("browser.mjs"))
            .env("AGENTPOL_TARGET", json!({ "chromium": chromium }).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = script.stdin.take();
        let stdout = BufReader::new(script.stdout.take().unwrap());
        Some(Self { script, stdin, stdout })
    }

    /// One command of browser.mjs; what it gives, or how it failed.
    fn ask(&mut self, command: &Value) -> Result<Value, String> {
        writeln!(self.stdin.as_mut().unwrap(), "{command}").unwrap();
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        let mut told: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
        match told["failed"].as_str() {
            Some(failed) => Err(failed.to_owned()),
            None => Ok(told["is"].take()),
        }
    }

    #[track_caller]
    fn must(&mut self, command: &Value) -> Value {
        match self.ask(command) {
            Ok(is) => is,
            Err(failed) => {
                let text = self.ask(&json!({"do": "look", "script": "document.body.innerText"}));
                panic!("{command}: {failed}\n{}", text.as_ref().ok().and_then(Value::as_str).unwrap_or("?"))
            }
        }
    }

    /// A page by itself, with these wallets, and as Playwright takes its options.
    #[track_caller]
    pub(crate) fn open(&mut self, link: &str, wallets: &[Wallet<'_>], options: Value) {
        let wallets: Vec<Value> = wallets
            .iter()
            .map(
                |(name, found, keys)| json!({"name": name, "announced": *found == Found::Announced, "keys": keys}),
            )
            .collect();
        self.must(&json!({"do": "open", "link": link, "wallets": wallets, "options": options}));
    }

    #[track_caller]
    pub(crate) fn reload(&mut self) {
        self.must(&json!({"do": "reload"}));
    }

    /// What stands in the address bar.
    #[track_caller]
    pub(crate) fn address(&mut self) -> String {
        self.must(&json!({"do": "address"})).as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn click(&mut self, button: &str) {
        self.must(&json!({"do": "click", "button": button}));
    }

    #[track_caller]
    pub(crate) fn press(&mut self, key: &str) {
        self.must(&json!({"do": "press", "key": key}));
    }

    /// Waits until the text is seen.
    #[track_caller]
    pub(crate) fn sees(&mut self, text: &str) {
        self.must(&json!({"do": "until", "text": text}));
    }

    /// Waits until the text is not seen any more.
    #[track_caller]
    pub(crate) fn sees_no_more(&mut self, text: &str) {
        self.must(&json!({"do": "until", "text": text, "gone": true}));
    }

    /// What an expression gives in the page.
    #[track_caller]
    pub(crate) fn look(&mut self, script: &str) -> Value {
        self.must(&json!({"do": "look", "script": script}))
    }

    /// The buttons that can be seen.
    #[track_caller]
    pub(crate) fn buttons(&mut self) -> Vec<String> {
        let script = "[...document.querySelectorAll('main button')].filter((one) => one.checkVisibility()).map((one) => one.textContent)";
        serde_json::from_value(self.look(script)).unwrap()
    }

    /// From now on the wallet has these keys, and says so.
    #[track_caller]
    pub(crate) fn change_keys(&mut self, wallet: &str, keys: &[&str]) {
        self.must(&json!({"do": "wallet", "name": wallet, "keys": keys}));
    }

    /// From now on the wallet answers with this error, or with none.
    #[track_caller]
    pub(crate) fn change_error(&mut self, wallet: &str, error: Option<(i64, &str)>) {
        let error = error.map(|(code, message)| json!({"code": code, "message": message}));
        self.must(&json!({"do": "wallet", "name": wallet, "error": error}));
    }

    /// Nothing is in anybody's way, and nothing was complained of.
    #[track_caller]
    pub(crate) fn is_in_order(&mut self) {
        assert_eq!(self.must(&json!({"do": "barriers"})), json!([]));
        assert_eq!(self.must(&json!({"do": "complaints"})), json!([]));
    }
}
