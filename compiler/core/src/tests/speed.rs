//! Compile time by number of rules: `cargo test --release -p agentpol-compiler -- --ignored speed --nocapture`.

use super::run;
use std::fmt::Write;

fn policy(rules: usize) -> String {
    let mut text = String::from(
        "policy many on ethereum\n\nuse std::tokens::{USDC, WETH}\nuse std::uniswap_v3::SwapRouter02\n\nfees at most 0.01 ETH\n\
         budget daily: 500 USDC per 24h\n\
         let friends = { 0x1111111111111111111111111111111111111111, 0x2222222222222222222222222222222222222222 }\n",
    );
    for n in 0..rules {
        let _ = match if n % 64 == 63 { 2 } else { n % 2 } {
            0 => writeln!(
                text,
                "allow r{n}: USDC.transfer(to, amount) {{ when to in friends and amount == {n} USDC }}"
            ),
            1 => writeln!(
                text,
                "allow r{n}: send(to, value) {{ when to == 0x{n:040x} and value <= 1 ETH\n until 2027-01-01 }}"
            ),
            _ => writeln!(
                text,
                "allow r{n}: SwapRouter02.exactInputSingle(p) {{ when p.tokenIn == USDC and p.tokenOut == WETH and p.fee == 500 and \
                 p.amountIn <= {n} USDC and p.amountOutMinimum >= p.amountIn * 1 WETH per 6_000 USDC and p.recipient == wallet }}"
            ),
        };
    }
    text
}

#[test]
fn a_thousand_rules_compile() {
    let c = run(&policy(1_000));
    assert!(c.ruleset.is_some_and(|r| r.rules.len() == 1_000), "{}", super::said(&run(&policy(3))));
}

#[test]
#[ignore = "a measurement"]
#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn speed() {
    for n in [100, 1_000, 10_000] {
        let text = policy(n);
        let start = std::time::Instant::now();
        let c = run(&text);
        let took = start.elapsed();
        assert!(c.ruleset.is_some(), "{}", super::said(&c));
        let start = std::time::Instant::now();
        let parsed = agentpol_grammar::parse(&text);
        let parse = start.elapsed();
        println!(
            "{n} rules: {:?} in all, {:?} a rule; of that parsing {:?} a rule ({} items)",
            took,
            took / u32::try_from(n).unwrap_or(1),
            parse / u32::try_from(n).unwrap_or(1),
            parsed.file.items.len()
        );
    }
}
