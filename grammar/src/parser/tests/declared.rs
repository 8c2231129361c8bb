//! What interfaces declare of signatures, commands and wrappers, and the subjects that name them.

use super::*;

/// Two that follow each other, and words that are names: each effect ends where it should.
#[test]
fn effects_of_what_is_signed_and_unwrapped() {
    use crate::ast::{EffectKind, MemberKind};
    let text = "interface I { command 0x0b f(amount: uint256 as amount of path[-20..]) {\n\
        unwraps permit as permit unwraps action\nunwraps {to: to, value: value} unwraps all c in cs: {to: c.to}\n\
        unwraps all f in func: {to: f} as erc7579 when x\nrequires len(p) == 43 pulls a of p[0..20] by s through k when x\n\
        requires all x in xs: x > 0 grants a of t to s through k until d\ngives control to control when a\n\
        once per a.b, c[4..] until d once per once unwraps unwraps } }";
    let parse = parse(text);
    assert!(parse.errors.is_empty(), "{:#?}", parse.errors);
    let ItemKind::Interface(interface) = &parse.file.items[0].kind else { panic!() };
    let MemberKind::Command { opcode, fields, effects: Some(effects), .. } = &interface.members[0].kind
    else {
        panic!()
    };
    let of = fields[0].refined.as_ref().unwrap().parts.last().unwrap();
    let slice = of.slice.as_ref().unwrap();
    assert_eq!((opcode.node.as_str(), slice.start.node.as_str()), ("0x0b", "20"));
    assert!(slice.from_end && slice.end.is_none());
    assert_eq!(text.get(of.span.range()), Some("path[-20..]"));
    let some = |of: &Option<Expr>| of.as_ref().map_or("-".into(), show);
    let read: Vec<String> = effects
        .iter()
        .map(|effect| {
            let kind = match &effect.kind {
                EffectKind::Unwraps { what, form } => {
                    let form = form.as_ref().map_or("-", |form| form.segments[0].node.as_str());
                    format!("unwraps {} as {form}", show(what))
                }
                EffectKind::Requires(condition) => format!("requires {}", show(condition)),
                EffectKind::Pulls { token, by, through, .. } => {
                    format!("pulls {} {} {}", show(token), show(by), some(through))
                }
                EffectKind::Grants { to, through, until, .. } => {
                    format!("grants {} {} {}", show(to), some(through), some(until))
                }
                EffectKind::Gives { to } => format!("gives {}", show(to)),
                EffectKind::Once { per, until } => {
                    format!("once {} {}", per.iter().map(show).collect::<Vec<_>>().join(" "), some(until))
                }
                other => panic!("{other:?}"),
            };
            format!("{kind} when {}", some(&effect.when))
        })
        .collect();
    let want = [
        "unwraps permit as permit when -",
        "unwraps action as - when -",
        "unwraps {to: to value: value} as - when -",
        "unwraps (all c cs {to: c.to}) as - when -",
        "unwraps (all f func {to: f}) as erc7579 when x",
        "requires (Eq len(p) 43) when -",
        "pulls p[(.. 0 20)] s k when x",
        "requires (all x xs (Gt x 0)) when -",
        "grants s k d when -",
        "gives control when a",
        "once a.b c[4..] d when -",
        "once once - when -",
        "unwraps unwraps as - when -",
    ];
    assert_eq!(read, want);
}

/// `deploy on base` has no target called `on`; `deploy on.f` has.
#[test]
fn kinds_without_a_target() {
    use crate::ast::SubjectWhat;
    for (subject, target, at, on) in [
        ("deploy on base", None, false, 1),
        ("deploy at x on base, gnosis", None, true, 2),
        ("send at x", None, true, 0),
        ("message(text) on base", None, false, 1),
        ("message SignIn(m) at x", Some("SignIn"), true, 0),
        ("delegatecall on.f(a) on on", Some("on.f"), false, 1),
        ("sign at::x.F(a) at at", Some("at::x.F"), true, 0),
        ("authorize", None, false, 0),
    ] {
        let text = format!("deny a: {subject} {{}}");
        let parse = parse(&text);
        assert!(parse.errors.is_empty(), "{text}: {:#?}", parse.errors);
        let ItemKind::Rule(rule) = &parse.file.items[0].kind else { panic!() };
        let SubjectWhat::Action { target: read, .. } = &rule.subject.what else { panic!() };
        let read = read.as_ref().map(|read| text.get(read.span.range()).unwrap());
        assert_eq!((read, rule.subject.at.is_some(), rule.subject.on.len()), (target, at, on), "{subject}");
    }
    let text = "test \"t\" { try deploy on base => deny try send with value 1 ETH => deny try sign with.F(1) => deny }";
    let parse = parse(text);
    assert!(parse.errors.is_empty(), "{:#?}", parse.errors);
}

/// An end may be left out in an index, and nowhere else; a token among bytes is told of an interface's arguments alone.
#[test]
fn slices_to_the_end() {
    for (text, tree) in [
        ("x[4..]", "x[4..]"),
        ("x[-20..]", "x[(- 20)..]"),
        ("x[0..20]", "x[(.. 0 20)]"),
        ("x[-20..-4]", "x[(.. (- 20) (- 4))]"),
        ("x[a + 1..][0..4]", "x[(Add a 1)..][(.. 0 4)]"),
    ] {
        assert_eq!(expr(text), tree, "{text}");
    }
    for text in [
        "let x = a in 4..",
        "let x = (4..)",
        "let x = f(4..)",
        "let x = y[4..=]",
        "let x = y[..4]",
        "let x = y[..]",
        "param x: amount of y[0..20]",
        "def f(x: set of y[0..20]) = x",
        "interface I { function f(a: bytes[0..20]) }",
        "interface I { function f(a: uint256 as amount of b[0..=20]) }",
        "interface I { function f(a: uint256 as amount of b[..20]) }",
    ] {
        assert_eq!(parse(text).errors.len(), 1, "{text}");
    }
}
