use super::*;

fn at(text: &str, byte: u32) -> (u32, u32, u32) {
    let mut sources = Sources::new();
    let file = sources.add("t", text);
    let p = sources.get(file).unwrap().position(byte);
    (p.line, p.column, p.byte)
}

#[test]
fn lines_and_columns_count_from_one() {
    assert_eq!(at("", 0), (1, 1, 0));
    assert_eq!(at("ab\ncd", 2), (1, 3, 2));
    assert_eq!(at("ab\ncd", 3), (2, 1, 3));
    assert_eq!(at("ab\n", 3), (2, 1, 3));
}

#[test]
fn columns_count_characters() {
    assert_eq!(at("é€😀x", 9), (1, 4, 9));
    // Inside the three bytes of the euro sign.
    assert_eq!(at("é€😀x", 3), (1, 2, 2));
}

#[test]
fn past_the_end_is_the_end() {
    assert_eq!(at("ab\ncd", 99), (2, 3, 5));
}

#[test]
fn a_line_comes_without_its_end() {
    let mut sources = Sources::new();
    let id = sources.add("t", "one\r\ntwo\n");
    let file = sources.get(id).unwrap();
    assert_eq!((file.line(1), file.line(2), file.line(3), file.line(4)), ("one", "two", "", ""));
    assert_eq!(file.line(0), "one");
    assert_eq!(file.line_count(), 3);
}
