use super::*;
use crate::{Sources, render};
use agentpol_grammar::SyntaxErrorKind;

fn found(text: &str) -> Vec<Diagnostic> {
    agentpol_grammar::parse(text).errors.iter().map(|e| Diagnostic::syntax(FileId(0), e)).collect()
}

#[test]
fn every_kind_of_syntax_error_has_a_page() {
    for kind in SyntaxErrorKind::ALL {
        assert!(codes::of_syntax(kind.name()).is_some(), "{} belongs to no page", kind.name());
    }
}

/// The codes of syntax: a page's `syntax:` line names kinds that exist, its example shows one of them and nothing else, and
/// the example put right parses.
#[test]
fn examples_of_syntax_pages_show_their_code() {
    let syntax: Vec<_> = codes::ALL.iter().filter(|c| c.code < "AP0100").collect();
    assert!(syntax.len() >= 20);
    for code in syntax {
        assert!(
            SyntaxErrorKind::ALL.iter().any(|k| codes::of_syntax(k.name()) == Some(*code)),
            "{}: no such kind",
            code.code
        );
        let all: Vec<_> = found(code.example()).iter().map(|d| d.code).collect();
        assert!(
            all.iter().all(|c| *c == code.code) && !all.is_empty(),
            "{} {}: {all:?}",
            code.code,
            code.name
        );
        let rest = found(code.fixed());
        assert!(rest.is_empty(), "{}: {rest:?}", code.code);
    }
}

#[test]
fn three_broken_rules_are_three_pictures() {
    let text = "policy p on ethereum\nuse std::tokens::USDC\nalow a: USDC.transfer(to, amount) {}\n\
                allow b: USDC.transfer(to, amount) {\n    amount > 250USDC\n    when to = wallet;\n}\nbudget d { 5 USDC per 1h }\n";
    let mut sources = Sources::new();
    let file = sources.add("three.agentpol", text);
    let mut renderer = render::human::Renderer::new(&sources, false);
    let errors = agentpol_grammar::parse(text).errors;
    let shown: Vec<_> = errors.iter().map(|e| renderer.render(&Diagnostic::syntax(file, e))).collect();
    insta::assert_snapshot!(shown.join("\n"));
}
