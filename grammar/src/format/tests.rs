use super::format;

fn check(text: &str, tidy: &str) {
    assert_eq!(format(text).unwrap(), tidy);
    assert_eq!(format(tidy).unwrap(), tidy);
}

#[test]
fn spaces_between_tokens() {
    check("let  x=-a.b( c,{d:1} )*[ 1 ,2 ,]\n", "let x = -a.b(c, { d: 1 }) * [1, 2]\n");
    check("let x = not( a or b )and m[ 4 .. 8 ] in 1..=2", "let x = not (a or b) and m[4..8] in 1 ..= 2\n");
    check("use  std :: tokens :: { USDC ,WETH, }", "use std::tokens::{USDC, WETH}\n");
    check("let s = {}  let t = { USDC }", "let s = {}\nlet t = { USDC }\n");
    check("let x = - - 1 - - 1", "let x = --1 - -1\n");
}

#[test]
fn what_is_in_parentheses_ends_with_them() {
    for inner in ["1 WETH per 5 USDC", "5", "5 USDC", "p.b", "10min", "a[1]", "f(x)", "(5)", "0x12"] {
        check(
            &format!("deny a: b {{\n    when x == y * ({inner})\n}}\ndeny c: d {{}}\n"),
            &format!("deny a: b {{\n    when x == y * ({inner})\n}}\ndeny c: d {{}}\n"),
        );
    }
}

#[test]
fn blocks() {
    check("deny a: b.c( ) { }", "deny a: b.c() {}\n");
    check("deny a: b.c() { when x }", "deny a: b.c() { when x }\n");
    check("deny a: b.c() {\nwhen x }", "deny a: b.c() {\n    when x\n}\n");
    check("deny a: b.c() { when x over y }", "deny a: b.c() {\n    when x\n    over y\n}\n");
    check("deny a: b.c() {\n\n\nwhen x\n\n\n\nover y\n\n}", "deny a: b.c() {\n    when x\n\n    over y\n}\n");
}

#[test]
fn comments_stay_between_their_tokens() {
    check(
        "//! head\n\n\n// one\nfees at most 1 ETH   // after\n// two\n\n\n// three\ndeny a: b { // open\n  // in\n  when x // x\n  // last\n}\n// end\n",
        "//! head\n\n// one\nfees at most 1 ETH // after\n// two\n\n// three\ndeny a: b { // open\n    // in\n    when x // x\n    // last\n}\n// end\n",
    );
    check("let x = [ 1, // one\n 2 // two\n ]\n", "let x = [\n    1, // one\n    2, // two\n]\n");
    check("let x = f(a) // c\nlet y = 1", "let x = f(a) // c\nlet y = 1\n");
    check("deny // why\na: b {}", "deny // why\na: b {}\n");
    check("// only\n", "// only\n");
    check("", "");
}

#[test]
fn line_ends_and_marks_of_other_systems() {
    assert_eq!(
        format("\u{FEFF}fees at most 1 ETH // a\r\n\r\n\r\nlet x = 1\r\n").unwrap(),
        "fees at most 1 ETH // a\n\nlet x = 1\n"
    );
}

#[test]
fn long_things_break() {
    let name = "a_rather_long_name_of_something";
    check(
        &format!("def good(p: T) = {name} == 1 and {name} == 2 and {name} == 3 and {name} == 4"),
        &format!(
            "def good(p: T) =\n    {name} == 1\n    and {name} == 2\n    and {name} == 3\n    and {name} == 4\n"
        ),
    );
    check(
        &format!("deny a: b {{ when {name} == 1 and {name} == 2 and {name} == 3 and {name} == 4 }}"),
        &format!(
            "deny a: b {{\n    when {name} == 1\n        and {name} == 2\n        and {name} == 3\n        and {name} == 4\n}}\n"
        ),
    );
    check(
        &format!("let x = f({{ a: {name}, b: {name}, c: {name}, d: {name} }})"),
        &format!("let x = f({{\n    a: {name},\n    b: {name},\n    c: {name},\n    d: {name},\n}})\n"),
    );
    check(
        &format!("let x = f({name}, {name}, ({name} or {name}), {name})"),
        &format!("let x = f(\n    {name},\n    {name},\n    ({name} or {name}),\n    {name},\n)\n"),
    );
}

#[test]
fn a_line_of_just_the_width_is_not_broken() {
    let line = |n: usize| format!("let x = [{}, b]\n", "a".repeat(n));
    let room = super::WIDTH - line(0).len() + 1;
    check(&line(room), &line(room));
    assert_eq!(format(&line(room + 1)).unwrap().lines().count(), 4);
}

#[test]
fn what_has_errors_is_not_touched() {
    assert_eq!(format("let x = ;").unwrap_err().len(), 2);
}

#[test]
fn the_deepest_trees_are_written_on_a_test_threads_stack_in_a_debug_build() {
    use crate::limits::MAX_DEPTH;
    for (open, close) in [
        ("(", ")"),
        ("{a:", "}"),
        ("[", "]"),
        ("f(", ")"),
        ("1 or 1 and 1 < 1 .. 1 + 1 * (", ")"),
        ("if a then b else ", ""),
    ] {
        let text = format!("let x = {}1{}", open.repeat(MAX_DEPTH - 1), close.repeat(MAX_DEPTH - 1));
        let tidy = format(&text).unwrap();
        assert_eq!(format(&tidy).unwrap(), tidy);
    }
}

#[test]
fn declarations_of_what_is_signed_and_unwrapped() {
    check(
        "interface I{command  0x0b F( a:uint256 as amount of p . q[ - 20 .. ],b:uint256 as amount of p [ 0..20 ]max means a){requires len( p )==43 and p[ - 20 .. ]!=p[ 0 .. 20 ] pulls a of p[4 .. ] by self through  K when b}}",
        "interface I {\n    command 0x0b F(a: uint256 as amount of p.q[-20..], b: uint256 as amount of p[0..20] max means a) {\n        requires len(p) == 43 and p[-20..] != p[0..20]\n        pulls a of p[4..] by self through K when b\n    }\n}\n",
    );
    check(
        "interface I { function f( )payable  trailing 32{ unwraps{ to:a ,data :b }as  u::V when c unwraps all c in d :{to:c . e}once per a,b . c until d gives control to x when y } function g() trailing 1 }",
        "interface I {\n    function f() payable trailing 32 {\n        unwraps { to: a, data: b } as u::V when c\n        unwraps all c in d: { to: c.e }\n        once per a, b.c until d\n        gives control to x when y\n    }\n    function g() trailing 1\n}\n",
    );
}

#[test]
fn pieces_of_all_sorts() {
    check(
        "interface I from \"./i.json\" {\n/// d\nfunction f( a : uint256 as amount of self max means all , b: bytes [ ] [ 2 ] up to 3 ) payable { pulls   exactly a of self by x . y when a>0 }\nconst A=0\n}",
        "interface I from \"./i.json\" {\n    /// d\n    function f(a: uint256 as amount of self max means all, b: bytes[][2] up to 3) payable {\n        pulls exactly a of self by x.y when a > 0\n    }\n    const A = 0\n}\n",
    );
    check(
        "token T:A,b::C decimals 6{on x native on y at 0x1111111111111111111111111111111111111111 domain \"a\" \"b\" upgradeable trusted \"because of a reason that makes this line long\"}",
        "token T: A, b::C decimals 6 {\n    on x native\n    on y at 0x1111111111111111111111111111111111111111\n        domain \"a\" \"b\"\n        upgradeable\n        trusted \"because of a reason that makes this line long\"\n}\n",
    );
    check(
        "test \"t\" { at now+1h by bot try batch[send( a ) ,sign T.P({b:1})] =>deny undeclared }",
        "test \"t\" { at now + 1h by bot try batch [ send(a), sign T.P({ b: 1 }) ] => deny undeclared }\n",
    );
    check(
        "ask r:any on x{by 2 of{a,b}within 1h accept opaque of p because\"w\"}",
        "ask r: any on x {\n    by 2 of { a, b } within 1h\n    accept opaque of p because \"w\"\n}\n",
    );
    check(
        "def f(a:set of t::U.v up to 3)=if a then-1 else a . b",
        "def f(a: set of t::U.v up to 3) = if a then -1 else a.b\n",
    );
    check(
        "budget b renamed from c:1 calls per day,2 ETH of fees total for d,e each f(x)",
        "budget b renamed from c: 1 calls per day, 2 ETH of fees total for d, e each f(x)\n",
    );
}
