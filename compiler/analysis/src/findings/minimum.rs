//! What is given for something: a swap or an exit whose least receipt is nothing, or dust, is a gift to whoever stands in between.

use super::Analysis;

impl Analysis<'_> {
    pub(super) fn minima(&mut self) {}
}
