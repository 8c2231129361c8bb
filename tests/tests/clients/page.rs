//! The approvals page in a real browser, with real signatures, before a desk that is played.

use crate::{
    browser::{Browser, Found},
    desk::{MEANT_FOR_NOBODY, SENT, Served, request},
    tools,
};
use alloy_primitives::{Address, B256, address};
use serde_json::{Value, json};

/// The second, third and fourth accounts of every development chain, and their keys.
const ALICE: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
const BOB: Address = address!("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");
const STRANGER: Address = address!("0x90F79bf6EB2c4f870365E785982E1f101E93b906");
const ALICES: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const BOBS: &str = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a";
const STRANGERS: &str = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6";

const FOX: &str = "Fox Wallet";
const APPROVE: &str = "Approve in the wallet";
const REJECT: &str = "Reject";
const NO_LINK: &str = "Open the link again";

fn browser() -> Option<Browser> {
    Browser::start(&tools()?)
}

fn name(byte: u8) -> String {
    B256::repeat_byte(byte).to_string()
}

#[test]
fn an_approver_reads_it_and_signs() {
    let Some(mut browser) = browser() else { return };
    let served = Served::start(vec![request(0x11, 1, &[ALICE, BOB])]);
    browser.open(&served.link, &[(FOX, Found::Announced, &[ALICES])], json!({}));
    let to = Address::repeat_byte(0x11).to_checksum(None);
    for text in [
        "bot asks under large",
        "call USDC.transfer",
        &format!("250 USDC leave for {to}"),
        "at most 0.001 ETH",
        "150 USDC",
        "1 of 2",
        &ALICE.to_checksum(None),
        &BOB.to_checksum(None),
        "on chain 1",
        "9 min left",
    ] {
        browser.sees(text);
    }
    assert!(!browser.address().contains('#'), "the token is out of the address bar");
    assert_eq!(browser.look("document.title"), "(1) Approvals");
    browser.sees("To approve, connect the wallet of somebody who must agree.");
    assert_eq!(browser.buttons(), [REJECT]);
    browser.click("Connect Fox Wallet");
    browser.sees(&format!("You sign as {ALICE}."));
    browser.is_in_order();
    browser.click(APPROVE);
    browser.sees(&format!("Signed and sent. {SENT}"));
    assert_eq!(served.books(|books| books.signed.clone()), [(name(0x11), ALICE)]);
    assert_eq!(browser.look("document.title"), "Approvals");
    browser.click("Put away");
    browser.sees("Nothing waits.");
    browser.is_in_order();
}

#[test]
fn only_who_must_agree_is_asked_to_and_each_once() {
    let Some(mut browser) = browser() else { return };
    let served = Served::start(vec![request(0x11, 2, &[ALICE, BOB])]);
    browser.open(&served.link, &[(FOX, Found::Announced, &[STRANGERS])], json!({}));
    browser.click("Connect Fox Wallet");
    browser.sees(&format!("{STRANGER} is none of those who must agree."));
    assert_eq!(browser.buttons(), [REJECT]);
    browser.change_keys(FOX, &[STRANGERS, ALICES]);
    browser.click(APPROVE);
    browser.sees("Others still have to agree. 1 of the 2 approvals it needs");
    browser.sees(&format!("{ALICE} has agreed. Others still have to."));
    browser.sees("2 of 2, 1 so far");
    assert_eq!(browser.buttons(), [REJECT]);
    browser.change_keys(FOX, &[]);
    browser.sees("To approve, connect");
    browser.change_keys(FOX, &[BOBS]);
    browser.click(APPROVE);
    browser.sees("Signed and sent.");
    assert_eq!(served.books(|books| books.signed.clone()), [(name(0x11), ALICE), (name(0x11), BOB)]);
    browser.is_in_order();
}

#[test]
fn it_is_rejected_by_keyboard() {
    let Some(mut browser) = browser() else { return };
    let served = Served::start(vec![request(0x11, 1, &[ALICE]), request(0x12, 1, &[ALICE])]);
    browser.open(&served.link, &[], json!({}));
    browser.sees("This browser has no wallet.");
    browser.sees("call USDC.transfer");
    let at = "document.activeElement.textContent";
    let reach = |browser: &mut Browser, button: &str| {
        for _ in 0..20 {
            browser.press("Tab");
            if browser.look(at) == button {
                return;
            }
        }
        panic!("no way to `{button}`");
    };
    reach(&mut browser, REJECT);
    browser.press("Enter");
    assert_eq!(browser.look(at), "No, keep it", "what does no harm is nearest");
    browser.press("Enter");
    assert_eq!(browser.look(at), REJECT);
    browser.press("Enter");
    browser.press("Shift+Tab");
    assert_eq!(browser.look(at), "Yes, reject");
    browser.press("Enter");
    browser.sees("Rejected. Nothing was signed.");
    assert_eq!(served.books(|books| books.rejected.clone()), [name(0x11)]);
    assert_eq!(served.books(|books| books.waiting.len()), 1);
    browser.is_in_order();
}

/// Every text that somebody else writes, replaced.
fn with_every_text(mut of: Value, text: &str) -> Value {
    for member in ["agent", "rule", "reason", "policy", "fee", "denied"] {
        of[member] = json!(text);
    }
    let action =
        json!({"words": text, "to": text, "value": text, "args": [{"name": text, "value": {text: [text]}}]});
    of["actions"] = json!([action, action]);
    of["effects"] = json!([text]);
    of["charges"] = json!([{"budget": text, "amount": text, "remaining": text}]);
    of
}

/// How often `with_every_text` puts it there and the page shows it.
const TEXTS: usize = 6 + 2 * 6 + 1 + 3;

#[test]
fn hostile_text_stays_text() {
    let Some(mut browser) = browser() else { return };
    let served = Served::start(vec![]);
    browser.open(&served.link, &[("<b>Fox</b>", Found::Announced, &[ALICES])], json!({}));
    browser.sees("Connect <b>Fox</b>");
    for (text, seen) in [
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("</code><script>alert(1)</script>", "</code><script>alert(1)</script>"),
        ("javascript:alert(1) &lt;b&gt;", "javascript:alert(1) &lt;b&gt;"),
        ("250 \u{202e}CDSU\u{202c}", "250 \\u{202e}CDSU\\u{202c}"),
        ("zero\u{200b}width\u{feff}\u{2060}", "zero\\u{200b}width\\u{feff}\\u{2060}"),
        ("a\u{0}b\nc\td\u{7f}\u{85}", "a\\u{0}b\\u{a}c\\u{9}d\\u{7f}\\u{85}"),
        ("blank\u{3164}\u{2800}\u{a0}\u{3000}.", "blank\\u{3164}\\u{2800}\\u{a0}\\u{3000}."),
        ("e\u{301} \u{e0041}\u{fe0f}", "e\\u{301} \\u{e0041}\\u{fe0f}"),
        ("p\u{430}yp\u{430}l \u{5d0}\u{5d1} 1", "p\u{430}yp\u{430}l \u{5d0}\u{5d1} 1"),
        ("${alert(1)} {{7*7}} %s", "${alert(1)} {{7*7}} %s"),
    ] {
        served.books(|books| books.waiting = vec![with_every_text(request(0x11, 1, &[ALICE]), text)]);
        browser.sees(seen);
        let shown = browser.look("document.querySelector('article').textContent");
        let shown = shown.as_str().unwrap();
        assert_eq!(shown.matches(seen).count(), TEXTS, "{text:?}: {shown}");
        let elements =
            browser.look("document.querySelectorAll('img, script:not([src]), iframe, a, svg').length");
        assert_eq!(elements, 0, "{text:?}");
        let marks = "[...document.querySelectorAll('mark')].map((one) => one.textContent)";
        let plain = seen == text && text.is_ascii();
        assert_eq!(
            browser.look(marks).as_array().unwrap().is_empty(),
            plain,
            "{text:?} is marked if it is not plain"
        );
        assert_eq!(browser.look("document.querySelector('h2 + .caution') === null"), plain);
    }
    // Letters that run the other way do not carry digits with them.
    let order = "(() => { const [a, b] = [...document.querySelectorAll('mark')].map((one) => getComputedStyle(one)); \
                 return [a.unicodeBidi, a.direction]; })()";
    let text = "x \u{5d0} 1 \u{5d1} 2";
    served.books(|books| books.waiting = vec![with_every_text(request(0x11, 1, &[ALICE]), text)]);
    browser.sees(text);
    assert_eq!(browser.look(order), json!(["isolate-override", "ltr"]));
    browser.is_in_order();
}

#[test]
fn what_is_old_says_so() {
    let Some(mut browser) = browser() else { return };
    let mut served = Served::start(vec![request(0x11, 1, &[ALICE]), request(0x12, 1, &[ALICE])]);
    browser.open(&served.link, &[(FOX, Found::Announced, &[ALICES])], json!({}));
    browser.click("Connect Fox Wallet");
    browser.sees("You sign as");
    // Somebody else was quicker.
    served.books(|books| drop(books.waiting.remove(0)));
    browser.sees("It no longer waits: it was approved or rejected elsewhere");
    // Another edition of the policy asks the same.
    served.books(|books| {
        let last = books.waiting.last_mut().unwrap();
        last["typedData"]["message"]["epoch"] = json!("4");
    });
    browser.sees("The policy was replaced while this waited.");
    assert_eq!(browser.buttons(), ["Put away", APPROVE, REJECT]);
    // The same is asked once more.
    served.books(|books| books.waiting.insert(0, request(0x11, 1, &[ALICE])));
    browser.sees_no_more("It no longer waits");
    assert_eq!(browser.look("document.title"), "(2) Approvals");
    browser.is_in_order();
    // What agentpol cannot do.
    served.books(|books| books.fails = Some("`agentpol serve` does not answer"));
    browser.sees("`agentpol serve` does not answer");
    assert!(browser.buttons().is_empty(), "nothing is decided on what may be old");
    served.books(|books| books.fails = None);
    browser.sees("You sign as");
    browser.sees_no_more("`agentpol serve` does not answer");
    served.stop();
    browser.sees("Is `agentpol approvals page` still running?");
    assert!(browser.buttons().is_empty());
}

#[test]
fn time_runs_out() {
    let Some(mut browser) = browser() else { return };
    let served = Served::start(vec![request(0x11, 1, &[ALICE])]);
    browser.open(&served.link, &[(FOX, Found::Announced, &[ALICES])], json!({}));
    browser.click("Connect Fox Wallet");
    browser.sees("9 min left");
    let later = |browser: &mut Browser, s: u32| {
        browser
            .look(&format!("(() => {{ const before = Date.now; Date.now = () => before() + {s}_000; }})()"));
    };
    later(&mut browser, 500);
    browser.sees("1 min left");
    assert_eq!(browser.buttons(), [APPROVE, REJECT]);
    later(&mut browser, 100);
    browser.sees("Its time is over. Nothing was signed.");
    assert_eq!(browser.buttons(), ["Put away"]);
    browser.click("Put away");
    browser.sees("Nothing waits.");
    assert_eq!(served.books(|books| books.waiting.len()), 1, "whatever the desk still has");
    browser.is_in_order();
}

#[test]
fn a_link_is_good_until_the_page_is_left() {
    let Some(mut browser) = browser() else { return };
    let served = Served::start(vec![request(0x11, 1, &[ALICE])]);
    browser.open(&served.link, &[], json!({}));
    browser.sees("call USDC.transfer");
    browser.reload();
    browser.sees(NO_LINK);
    assert_eq!(browser.look("document.querySelectorAll('article').length"), 0);
    // The link again, in the same window.
    browser.look(&format!("location.href = '{}'", served.link));
    browser.sees("call USDC.transfer");
    browser.sees_no_more(NO_LINK);
    assert!(!browser.address().contains('#'));
    let wrong = served.link.split_once('#').unwrap().0.to_owned() + "#0000";
    browser.open(&wrong, &[], json!({}));
    browser.sees(NO_LINK);
    assert_eq!(
        browser.look("[sessionStorage.length, localStorage.length, document.cookie]"),
        json!([0, 0, ""])
    );
}

#[test]
fn what_a_wallet_says_is_said_plainly() {
    let Some(mut browser) = browser() else { return };
    let served = Served::start(vec![request(0x11, 1, &[ALICE])]);
    // One that is found by no event, and one of a bad name beside it would be found by one.
    browser.open(&served.link, &[("old", Found::InWindow, &[ALICES])], json!({}));
    browser.click("Connect the wallet");
    for (error, said) in [
        ((4001, "User rejected"), "You declined in the wallet."),
        ((-32002, "pending"), "The wallet is already asking you something."),
        ((4200, "unsupported"), "This wallet does not sign typed data"),
        ((-32603, "out of \u{202e}cheese"), "The wallet says: out of \\u{202e}cheese"),
    ] {
        browser.change_error("old", Some(error));
        browser.click(APPROVE);
        browser.sees(said);
    }
    assert!(served.books(|books| books.signed.is_empty()));
    browser.change_error("old", None);
    browser.click(APPROVE);
    browser.sees("Signed and sent.");
    assert_eq!(served.books(|books| books.signed.clone()), [(name(0x11), ALICE)]);
}

/// Whatever agentpol says, a wallet is asked to sign nothing but the approval of what is shown.
#[test]
fn nothing_else_is_handed_to_a_wallet() {
    let Some(mut browser) = browser() else { return };
    let others: [fn(&mut Value); 8] = [
        |data| data["domain"]["name"] = json!("USD Coin"),
        |data| data["domain"] = Value::Null,
        |data| data["primaryType"] = json!("Permit"),
        |data| data["message"]["request"] = json!(name(0x99)),
        |data| data["message"]["wallet"] = json!(Address::repeat_byte(0x99)),
        |data| data["message"]["chain"] = json!("10"),
        |data| data["message"]["policy"] = json!(name(0x99)),
        |data| *data = Value::Null,
    ];
    let waiting = others.iter().enumerate().map(|(n, change)| {
        let mut one = request(n as u8 + 1, 1, &[ALICE]);
        change(&mut one["typedData"]);
        one
    });
    let served = Served::start(waiting.collect());
    browser.open(&served.link, &[(FOX, Found::Announced, &[ALICES])], json!({}));
    browser.click("Connect Fox Wallet");
    browser.sees("What would be signed is no approval of this request.");
    assert_eq!(browser.buttons(), [REJECT; 8]);
}

/// A signature that the desk finds wanting is no success.
#[test]
fn a_denial_is_told() {
    let Some(mut browser) = browser() else { return };
    let served = Served::start(vec![request(0x11, 1, &[ALICE])]);
    browser.open(&served.link, &[(FOX, Found::Announced, &[ALICES])], json!({}));
    browser.click("Connect Fox Wallet");
    browser.sees(APPROVE);
    // The page does not know yet.
    served.books(|books| books.waiting[0]["of"] = json!([BOB.to_checksum(None)]));
    browser.click(APPROVE);
    browser.sees(&format!("Not signed. {MEANT_FOR_NOBODY}"));
    browser.sees(&format!("{ALICE} is none of those who must agree."));
}

#[test]
fn it_is_in_order_in_the_dark_and_in_a_narrow_window() {
    let Some(mut browser) = browser() else { return };
    let mut many = with_every_text(request(0x12, 2, &[ALICE, BOB]), &"0123456789".repeat(2_000));
    many["approvedBy"] = json!([BOB.to_checksum(None)]);
    let strange = with_every_text(request(0x13, 1, &[ALICE]), "p\u{430}\u{200b}");
    let served = Served::start(vec![request(0x11, 1, &[ALICE]), many, strange]);
    for options in [
        json!({"colorScheme": "dark"}),
        json!({"colorScheme": "light", "viewport": {"width": 320, "height": 568}}),
        json!({"colorScheme": "dark", "viewport": {"width": 320, "height": 568}}),
    ] {
        browser.open(&served.link, &[(FOX, Found::Announced, &[ALICES])], options.clone());
        browser.click("Connect Fox Wallet");
        browser.sees("You sign as");
        browser.look("document.querySelectorAll('details').forEach((one) => (one.open = true))");
        let wider = "document.documentElement.scrollWidth - innerWidth";
        assert_eq!(browser.look(wider), 0, "{options}: nothing is wider than the window");
        browser.is_in_order();
    }
}
