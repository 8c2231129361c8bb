//! What a host lets a policy lose. A module carries the bounds that were proved of it when it was compiled
//! ([`Certificate`](agentpol_model::certificate::Certificate)); a host that has a ceiling loads nothing that may pass it.
//!
//! The certificate is the word of whoever compiled the module, and stands under the module's hash: a host that does not trust the
//! compiler trusts the owner's signature of that hash. Where nothing is said, the answer is no: a module without a certificate, and a
//! token that the ceiling does not name, are refused.

use crate::ledger::Asset;
use agentpol_bytecode::Module;
use agentpol_model::{
    U256,
    certificate::{Bound, Flow, Span},
    ids::TokenId,
    policy::Token,
};
use core::fmt;
use std::collections::BTreeMap;

/// The most that may leave, asset by asset. What it does not name may not leave at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ceiling {
    /// Whatever is asked for is approved. Otherwise only what the agent does alone counts.
    pub with_approvals: bool,
    /// All must hold.
    pub limits: Vec<Limit>,
}

/// The most of one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Of which. A token that stands on several chains is counted on all of them together.
    pub asset: Asset,
    /// As what it leaves.
    pub flow: Flow,
    /// In what stretch of time.
    pub span: Span,
    /// In base units.
    pub most: U256,
}

/// Why a module may lose too much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TooMuch {
    /// It says nothing of its bounds.
    NoCertificate,
    /// The ceiling does not name a token that may leave.
    Unnamed {
        /// Its symbol.
        token: String,
        /// Where it stands.
        asset: Box<Asset>,
        /// As what it leaves.
        flow: Flow,
    },
    /// More may leave than the ceiling says.
    Exceeds {
        /// The token's symbol.
        token: String,
        /// What may leave at most, as far as that is known.
        bound: Option<U256>,
        /// The limit.
        limit: Box<Limit>,
    },
}

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flow = |flow: &Flow| if *flow == Flow::Fees { " in fees" } else { "" };
        match self {
            TooMuch::NoCertificate => {
                f.write_str("it carries no bounds: build it again with `agentpol build`")
            }
            TooMuch::Unnamed { token, asset, flow: of } => {
                write!(
                    f,
                    "{token} may leave{} on chain {}, and the ceiling does not name it",
                    flow(of),
                    asset.chain
                )
            }
            TooMuch::Exceeds { token, bound, limit } => {
                match bound {
                    Some(bound) => write!(f, "{bound} base units of {token} may leave{}", flow(&limit.flow))?,
                    None => write!(f, "{token} may leave without end{}", flow(&limit.flow))?,
                }
                match limit.span {
                    Span::Transaction => f.write_str(" in one transaction")?,
                    Span::Seconds(seconds) => write!(f, " in {seconds} s")?,
                    Span::Ever => f.write_str(" in all")?,
                }
                write!(f, ", and the ceiling is {}", limit.most)
            }
        }
    }
}

impl Ceiling {
    /// Does a module's certificate stay under it?
    pub fn admits(&self, module: &Module) -> Result<(), TooMuch> {
        let certificate = module.certificate.as_ref().ok_or(TooMuch::NoCertificate)?;
        let ours = certificate.bounds.iter().filter(|bound| bound.with_approvals == self.with_approvals);
        let mut flows: BTreeMap<(TokenId, Flow), Vec<&Bound>> = BTreeMap::new();
        for bound in ours {
            flows.entry((bound.token, bound.flow)).or_default().push(bound);
        }
        for ((token, flow), bounds) in &flows {
            let Some(token) = module.tokens.get(token.index()) else { continue };
            self.holds(token, *flow, bounds)?;
        }
        Ok(())
    }

    /// Do all limits of a token hold it, and is there one wherever it stands and may leave?
    fn holds(&self, token: &Token, flow: Flow, bounds: &[&Bound]) -> Result<(), TooMuch> {
        let leaves = bounds.iter().any(|bound| bound.most != Some(U256::ZERO));
        for (chain, contract) in &token.sites {
            let asset = Asset { chain: *chain, contract: *contract };
            let mut is_named = false;
            for limit in self.limits.iter().filter(|limit| (limit.asset, limit.flow) == (asset, flow)) {
                is_named = true;
                // What bounds a longer stretch of time bounds this one too.
                let spans = bounds.iter().filter(|bound| bound.span >= limit.span);
                let bound = spans.filter_map(|bound| bound.most).min();
                if bound.is_none_or(|most| most > limit.most) {
                    let (token, limit) = (token.symbol.clone(), Box::new(*limit));
                    return Err(TooMuch::Exceeds { token, bound, limit });
                }
            }
            if leaves && !is_named {
                return Err(TooMuch::Unnamed { token: token.symbol.clone(), asset: Box::new(asset), flow });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use agentpol_model::{Address, certificate::Certificate};

    const PLACE: Option<Address> = Some(Address::repeat_byte(0x11));
    const DAY: Span = Span::Seconds(86_400);

    /// One token on two chains, with bounds for one transaction, a day, a week and ever.
    fn module(bounds: [Option<u64>; 4]) -> Module {
        let spans = [Span::Transaction, DAY, Span::Seconds(7 * 86_400), Span::Ever];
        let bounds = spans.into_iter().zip(bounds).map(|(span, most)| Bound {
            token: TokenId::new(0),
            flow: Flow::Outflow,
            with_approvals: false,
            span,
            most: most.map(U256::from),
            exact: true,
        });
        Module {
            tokens: vec![Token {
                symbol: "USDC".to_owned(),
                decimals: 6,
                sites: vec![(1, PLACE), (10, PLACE)],
            }],
            certificate: Some(Certificate { bounds: bounds.collect(), accepted: Vec::new() }),
            ..Module::default()
        }
    }

    fn ceiling(limits: &[(u64, Span, u64)]) -> Ceiling {
        let limit = |(chain, span, most): &(u64, Span, u64)| Limit {
            asset: Asset { chain: *chain, contract: PLACE },
            flow: Flow::Outflow,
            span: *span,
            most: U256::from(*most),
        };
        Ceiling { with_approvals: false, limits: limits.iter().map(limit).collect() }
    }

    #[test]
    fn a_bound_at_the_ceiling_is_admitted_and_one_above_it_is_not() {
        let module = module([Some(5), Some(20), Some(100), None]);
        let both = |span, most| ceiling(&[(1, span, most), (10, span, most)]);
        assert_eq!(both(DAY, 20).admits(&module), Ok(()));
        let refused = both(DAY, 19).admits(&module).unwrap_err();
        assert_eq!(refused.to_string(), "20 base units of USDC may leave in 86400 s, and the ceiling is 19");
        assert_eq!(both(Span::Transaction, 5).admits(&module), Ok(()));
        let refused = both(Span::Ever, 1_000).admits(&module).unwrap_err();
        assert_eq!(refused.to_string(), "USDC may leave without end in all, and the ceiling is 1000");
    }

    #[test]
    fn a_stretch_that_the_certificate_does_not_name_is_bounded_by_a_longer_one() {
        let module = module([Some(5), Some(20), Some(100), None]);
        let hours = |most| ceiling(&[(1, Span::Seconds(7_200), most), (10, Span::Seconds(7_200), most)]);
        assert_eq!(hours(20).admits(&module), Ok(()));
        assert!(hours(19).admits(&module).is_err());
        // Two weeks are longer than all that is bounded.
        let weeks = Span::Seconds(14 * 86_400);
        assert!(ceiling(&[(1, weeks, u64::MAX), (10, weeks, u64::MAX)]).admits(&module).is_err());
    }

    #[test]
    fn every_limit_holds_by_itself() {
        let some = module([Some(5), Some(20), Some(100), Some(100)]);
        let all = [(1, Span::Transaction, 5), (1, DAY, 20), (1, Span::Ever, 100), (10, DAY, 20)];
        assert_eq!(ceiling(&all).admits(&some), Ok(()));
        for place in 0..all.len() {
            let mut less = ceiling(&all);
            less.limits[place].most -= U256::ONE;
            let broken = less.limits[place];
            let refused = less.admits(&some).unwrap_err();
            assert!(
                matches!(&refused, TooMuch::Exceeds { limit, .. } if **limit == broken),
                "limit {place}: {refused}"
            );
        }
        // A limit of what does not leave, and of another flow, says nothing of this one.
        let fees = Limit { flow: Flow::Fees, most: U256::ZERO, ..ceiling(&all).limits[0] };
        let more = Ceiling { limits: [ceiling(&all).limits, vec![fees]].concat(), with_approvals: false };
        assert_eq!(more.admits(&some), Ok(()));
    }

    #[test]
    fn two_tokens_at_one_place_are_both_held() {
        let mut two = module([Some(5), Some(20), Some(100), Some(100)]);
        two.tokens.push(Token { symbol: "COPY".to_owned(), ..two.tokens[0].clone() });
        let bounds = &mut two.certificate.as_mut().unwrap().bounds;
        bounds.push(Bound { token: TokenId::new(1), most: Some(U256::from(21)), span: DAY, ..bounds[1] });
        let both = |most| ceiling(&[(1, DAY, most), (10, DAY, most)]);
        assert_eq!(both(21).admits(&two), Ok(()));
        let refused = both(20).admits(&two).unwrap_err();
        assert_eq!(refused.to_string(), "21 base units of COPY may leave in 86400 s, and the ceiling is 20");
    }

    #[test]
    fn what_is_not_named_is_refused() {
        let some = module([Some(5), Some(20), Some(100), Some(100)]);
        let one_chain = ceiling(&[(1, DAY, 50)]).admits(&some).unwrap_err();
        assert!(matches!(&one_chain, TooMuch::Unnamed { asset, .. } if asset.chain == 10), "{one_chain}");
        assert!(Ceiling::default().admits(&some).is_err());
        assert_eq!(Ceiling::default().admits(&module([Some(0); 4])), Ok(()));
        assert_eq!(Ceiling::default().admits(&Module::default()), Err(TooMuch::NoCertificate));
        let approved = Ceiling { with_approvals: true, ..ceiling(&[]) };
        assert_eq!(approved.admits(&some), Ok(()), "nothing is bounded with approvals: nothing leaves");
    }
}
