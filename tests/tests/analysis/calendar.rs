//! The analysis has a calendar of its own, in which a cycle is data; the ledger counts days. They name the same seconds.

use agentpol_analysis::window::grid::Grid;
use agentpol_model::budget::Period;
use agentpol_runtime::ledger::calendar::period;
use agentpol_tests::generator::Rng;

const DAY: u64 = 86_400;
/// Of 400 years.
const DAYS: u64 = 146_097;

#[test]
fn both_calendars_name_the_same_seconds() {
    let grid = Grid::utc().unwrap();
    let rng = &mut Rng::new(1);
    for (which, most) in [(Period::Day, 146_097), (Period::Week, 20_871), (Period::Month, 4_800)] {
        // All periods of the cycle, one after the other, at both of their ends.
        let (mut at, mut count) = (0, 0);
        while at < DAYS * DAY {
            let of = period(which, at);
            assert_eq!((of.start, grid.period(which, at)), (at, of.clone()), "{which:?} of {at}");
            assert_eq!(grid.period(which, of.end - 1), of, "{which:?} before {}", of.end);
            (at, count) = (of.end, count + 1);
        }
        // The first week began before time did, and ends with the first days of 1970.
        assert!((most..=most + 1).contains(&count), "{which:?}: {count}");
        for _ in 0..500 {
            let at = rng.next_u64() % (50 * DAYS * DAY);
            assert_eq!(grid.period(which, at), period(which, at), "{which:?} of {at}");
        }
    }
}
