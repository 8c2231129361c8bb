//! Every policy and every module in this folder parses, whole.

mod support;

use support::texts;

#[test]
fn all_of_them_parse() {
    let texts = texts();
    assert!(texts.len() > 20);
    for (path, text) in texts {
        let parse = agentpol_grammar::parse(&text);
        assert!(parse.errors.is_empty(), "{}: {:#?}", path.display(), parse.errors);
        assert!(!parse.file.items.is_empty());
    }
}
