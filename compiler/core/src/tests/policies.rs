use super::clean;

#[test]
fn one_transfer_rule_a_send_rule_and_budgets() {
    let (_, rules) = clean(
        "policy payments on ethereum\n\nuse std::tokens::USDC\n\nfees at most 0.01 ETH\nbudget daily: 500 USDC per 24h, 10_000 USDC total\n\
         allow pay: USDC.transfer(to, amount) {\n    when to == 0x1111111111111111111111111111111111111111 and amount <= 250 USDC\n}\n\
         allow tip: send(to, value) { when value <= 0.1 ETH }\n",
    );
    assert_eq!(rules.rules.len(), 2);
    assert_eq!(rules.rules[0].arms.len(), 1);
    assert_eq!(rules.rules[0].arms[0].clauses.len(), 2);
    assert_eq!(rules.budgets.len(), 2);
    assert_eq!(rules.fee_caps.len(), 1);
}

#[test]
fn the_catalogue_compiles() {
    let c = crate::catalogue();
    assert!(c.diagnostics.is_empty(), "{}", super::said(&c));
    let n = c.ruleset.as_ref().map(|r| r.callables.len()).unwrap_or_default();
    assert!(n > 100, "{n}");
}
