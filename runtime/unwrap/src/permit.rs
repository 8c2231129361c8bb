//! A token's `permit` as 1inch's routers take it: the token's address, then the arguments of EIP-2612's `permit` or of DAI's. No
//! bytes: no permit. (Their compact forms leave out what the contract fills in; they are not read.) The router goes on if the permit
//! fails: somebody else may have submitted it first.

use crate::{Fault, Inner, Visit, itself, packed::Packed};
use agentpol_abi::{SELECTOR_BYTES, Selector, WORD_BYTES};
use agentpol_model::{
    U256,
    request::{Action, Kind},
};

/// `permit(address,address,uint256,uint256,uint8,bytes32,bytes32)`
const EIP_2612: Selector = [0xd5, 0x05, 0xac, 0xcf];
const EIP_2612_BYTES: usize = 7 * WORD_BYTES;

/// `permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)`
const DAI: Selector = [0x8f, 0xcb, 0xaf, 0x0c];
const DAI_BYTES: usize = 8 * WORD_BYTES;

pub(crate) fn each<E: From<Fault>>(wrapper: &Action<'_>, data: &[u8], visit: Visit<'_, E>) -> Result<(), E> {
    if data.is_empty() {
        return Ok(());
    }
    let mut rest = Packed(data);
    let to = rest.address().ok_or(Fault::Malformed)?;
    let selector = match rest.0.len() {
        EIP_2612_BYTES => EIP_2612,
        DAI_BYTES => DAI,
        _ => return Err(Fault::Malformed.into()),
    };
    let mut calldata = [0; SELECTOR_BYTES + DAI_BYTES];
    let bytes = selector.iter().chain(rest.0);
    calldata.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    let data = calldata.get(..SELECTOR_BYTES + rest.0.len()).ok_or(Fault::Malformed)?;
    let action =
        Action { kind: Kind::Call, from: itself(wrapper), to, value: U256::ZERO, command: [0; 4], data };
    visit(Inner { action, may_fail: true, harmless: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use agentpol_abi::selector;

    #[test]
    fn selectors_are_those_of_the_signatures() {
        let dai = "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)";
        assert_eq!(selector("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"), EIP_2612);
        assert_eq!(selector(dai), DAI);
    }
}
