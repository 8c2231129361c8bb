//! Did you mean.

/// The candidate that is nearest to a misspelt word: at most a third of its letters away, capitals not counted as letters.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|c| *c != word)
        .filter(|c| c.len().abs_diff(word.len()) <= allowed)
        .map(|c| (distance(&lower, &c.to_lowercase()), c))
        .filter(|(d, _)| *d <= allowed)
        .min()
        .map(|(_, c)| c)
}

/// How many letters have to be put in, left out, replaced or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut last = None;
    for (i, x) in a.chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(usize::MAX / 2);
            let mut best =
                (at(&above, j) + usize::from(x != *y)).min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = j > 0 && last == Some(*y) && b.get(j - 1) == Some(&x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
        last = Some(x);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_found_and_two_words_are_not_confused() {
        assert_eq!(nearest("USCD", ["USDC", "USDT", "WETH"]), Some("USDC"));
        assert_eq!(nearest("weth", ["USDC", "WETH"]), Some("WETH"));
        assert_eq!(nearest("transferr", ["transfer", "transferFrom"]), Some("transfer"));
        assert_eq!(nearest("owner", ["spender", "amount"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
