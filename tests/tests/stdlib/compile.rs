//! The library compiles: every function of every contract on every chain.

use agentpol_model::request::Kind;

#[test]
fn everything_compiles_on_every_chain() {
    let catalogue = agentpol_compiler::catalogue();
    let said: Vec<&str> = catalogue.diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert!(said.is_empty(), "{said:#?}");
    let rules = catalogue.ruleset.unwrap();
    assert_eq!(rules.chains.len(), 6);
    // Each deployment has at least the functions of a plain token, or those of one protocol.
    assert!(rules.callables.len() > 1_000, "{} callables", rules.callables.len());
    let calls = rules.callables.iter().filter(|c| c.kind == Kind::Call);
    let opaque = calls.clone().filter(|c| c.opaque).count();
    assert!(opaque * 4 < calls.count(), "{opaque} calls are opaque");
}
