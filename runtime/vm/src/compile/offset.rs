//! Places that are the same in all arguments of a function.

use agentpol_abi::fit::head_words;
use agentpol_model::types::{Member, Path, Step, Type};

/// How many bytes into the arguments a word stands, if that is the same for all arguments.
pub(super) fn offset(inputs: &[Member], path: &Path) -> Option<u32> {
    let (first, steps) = path.0.split_first()?;
    let Step::Member(first) = first else { return None };
    let (mut words, mut ty) = member(inputs, *first)?;
    for step in steps {
        let (more, part) = match (ty, step) {
            (Type::Tuple(members), Step::Member(n)) => member(members, *n)?,
            (Type::FixedArray(inner, count), Step::Index(n)) if n < count => {
                (head_words(inner).checked_mul(*n)?, &**inner)
            }
            _ => return None,
        };
        words = words.checked_add(more)?;
        ty = part;
        // What is dynamic stands behind an offset.
        if ty.is_dynamic() {
            return None;
        }
    }
    matches!(ty, Type::Word(_)).then_some(words)?.checked_mul(32)
}

/// Words before the n-th member, and its type.
fn member(members: &[Member], n: u16) -> Option<(u32, &Type)> {
    let member = members.get(usize::from(n))?;
    if member.ty.is_dynamic() {
        return None;
    }
    let before = members.iter().take(usize::from(n)).map(|member| head_words(&member.ty));
    Some((before.sum(), &member.ty))
}
