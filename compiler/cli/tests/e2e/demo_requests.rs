//! The requests that ship with the binary are what they say.

use super::shipped;

#[test]
fn every_shipped_request_can_be_read_and_none_is_open() {
    let text = std::fs::read_to_string(shipped("demo/requests.jsonl")).unwrap();
    assert!(text.lines().count() >= 12);
    for line in text.lines() {
        let request = agentpol_ethereum::read(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert!(request.open_fields().is_empty() && request.at().is_some() && request.id().is_some());
    }
}
