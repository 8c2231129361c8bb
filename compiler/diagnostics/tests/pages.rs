//! Every code has a page that says something, with an example and the example put right.

use agentpol_diagnostics::{Code, codes};

#[test]
fn every_page_has_prose_and_two_different_blocks() {
    assert!(!codes::ALL.is_empty());
    for code in codes::ALL {
        let prose = code.page.split("\n## ").next().unwrap();
        assert!(prose.trim().len() > 40, "{}: the page says too little", code.code);
        assert!(!code.example().trim().is_empty(), "{}: no example", code.code);
        assert!(!code.fixed().trim().is_empty(), "{}: nothing put right", code.code);
        assert_ne!(code.example(), code.fixed(), "{}: the fix changes nothing", code.code);
        assert!(!code.title.ends_with('.') && !code.title.contains('!'), "{}: {}", code.code, code.title);
    }
}

#[test]
fn codes_are_found_by_code_and_by_name() {
    assert_eq!(Code::find("ap0002"), Some(codes::UNBALANCED_BRACES));
    assert_eq!(Code::find("Unbalanced_Braces"), Some(codes::UNBALANCED_BRACES));
    assert_eq!(Code::find("AP9999"), None);
}

#[test]
fn codes_are_sorted_and_unique() {
    assert!(codes::ALL.windows(2).all(|w| w[0].code < w[1].code));
}
