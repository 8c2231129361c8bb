//! `tokens.pest` is made from the table in `src/token.rs`; this holds it to that.

#[test]
fn tokens_pest_is_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tokens.pest");
    let wanted = agentpol_grammar::tokens_pest();
    let found = std::fs::read_to_string(path).unwrap_or_default();
    if found != wanted {
        std::fs::write(path, wanted).unwrap();
        panic!("tokens.pest was stale; it has been rewritten: build again and commit it");
    }
}
