//! What a misspelt word was probably meant to be.

/// The nearest of `words`, if it is near enough.
pub(crate) fn nearest<'w>(written: &str, words: &[&'w str]) -> Option<&'w str> {
    const LONGEST: usize = 24; // no keyword is half as long
    if written.len() > LONGEST {
        return None;
    }
    let lower = written.to_lowercase();
    let near = |word: &str| {
        let distance = distance(&lower, word);
        let allowed = match word.len() {
            0..=3 => 0,
            4 => 1,
            _ => 2,
        };
        (distance <= allowed || distance == 2 && same_letters(&lower, word)).then_some(distance)
    };
    words
        .iter()
        .filter_map(|word| near(word).map(|d| (d, *word)))
        .min_by_key(|(d, _)| *d)
        .map(|(_, word)| word)
}

fn same_letters(a: &str, b: &str) -> bool {
    let sorted = |text: &str| {
        let mut bytes: Vec<u8> = text.bytes().collect();
        bytes.sort_unstable();
        bytes
    };
    sorted(a) == sorted(b)
}

/// Levenshtein's distance, in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, cell) in b.bytes().zip(row.iter_mut().skip(1)) {
            let here = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, here);
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("wehn", &["when", "until"]), Some("when"));
        assert_eq!(nearest("untill", &["when", "until"]), Some("until"));
        assert_eq!(nearest("When", &["when"]), Some("when"));
        assert_eq!(nearest("pre", &["per"]), Some("per"));
        assert_eq!(nearest("USDC", &["when", "until", "use"]), None);
    }

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
