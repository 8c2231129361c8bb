//! Is everything that may leave held by a budget?

use super::Analysis;

impl Analysis<'_> {
    pub(super) fn held(&mut self) {}
}
