//! Every policy and every module of the repository parses, whole.

mod support;

use support::all_texts;

#[test]
fn all_of_them_parse() {
    let texts = all_texts();
    assert!(texts.len() > 20);
    for (path, text) in texts {
        let parse = agentpol_grammar::parse(&text);
        assert!(parse.errors.is_empty(), "{}: {:#?}", path.display(), parse.errors);
        assert!(!parse.file.items.is_empty());
    }
}
