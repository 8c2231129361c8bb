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
    let mut edges = 0;
    for which in [Period::Day, Period::Week, Period::Month] {
        // Every day of the cycle at both of its ends; then any second of twenty thousand years.
        let days = (0..=DAYS).flat_map(|day| [(day * DAY).saturating_sub(1), day * DAY]);
        let any = (0..20_000).map(|_| rng.next_u64() % (50 * DAYS * DAY));
        let times: Vec<u64> = days.chain(any).collect();
        for at in times {
            let of = period(which, at);
            assert_eq!(grid.period(which, at), of, "{which:?} of {at}");
            assert!(of.contains(&at));
            edges += u32::from(of.start == at);
        }
    }
    // Each day, each week and each month of the cycle begins once.
    assert!(edges >= 146_097 + 20_871 + 4_800, "{edges}");
}
