//! Struct types of EIP-712, and values of them in JSON: almost all as wallets take them, in every spelling that they take.

use super::{Rng, WALLET};
use crate::nested::{self, OPEN};
use agentpol_model::{Address, U256, request::Kind};
use alloy_primitives::{hex, keccak256};
use serde_json::{Map, Value as Json, json};

/// A struct's members: type and name.
pub(super) type Members = Vec<(String, String)>;

/// Structs, the one that is signed first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schema(pub(super) Vec<(String, Members)>);

/// Types of the standard library that hold structs: as their contracts write them out. The others are read off their members.
const NESTED: &[&str] = &[
    "PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)\
     PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)",
    "PermitBatch(PermitDetails[] details,address spender,uint256 sigDeadline)\
     PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)",
    "PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)\
     TokenPermissions(address token,uint256 amount)",
    "PermitBatchTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline)\
     TokenPermissions(address token,uint256 amount)",
];

const ELEMENTARY: &[&str] = &[
    "address", "bool", "string", "bytes", "bytes1", "bytes4", "bytes31", "bytes32", "uint8", "uint48",
    "uint160", "uint256", "int8", "int64", "int256",
];

impl Schema {
    /// `encodeType`, taken apart.
    pub(super) fn read(encoded: &str) -> Self {
        let structs = encoded.split_terminator(')').map(|text| {
            let (name, members) = text.split_once('(').unwrap();
            let members = members.split_terminator(',').map(|member| {
                let (ty, name) = member.split_once(' ').unwrap();
                (ty.to_owned(), name.to_owned())
            });
            (name.to_owned(), members.collect())
        });
        Self(structs.collect())
    }

    /// As `types` has it.
    pub(super) fn types(&self) -> Map<String, Json> {
        let members = |members: &Members| {
            let all = members.iter().map(|(ty, name)| json!({ "name": name, "type": ty }));
            Json::Array(all.collect())
        };
        self.0.iter().map(|(name, of)| (name.clone(), members(of))).collect()
    }

    pub(super) fn members(&self, name: &str) -> Option<&Members> {
        self.0.iter().find(|(of, _)| of == name).map(|(_, members)| members)
    }

    /// One to four structs; each uses the next, so that all are used.
    pub(super) fn any(rng: &mut Rng) -> Self {
        let mut names = vec!["Mail", "Person", "a", "Order_1", "Z$", "Permit", "uint", "bytes32"];
        let count = rng.between(1, 4);
        let mut structs = Vec::new();
        for n in 0..count {
            // The last two are not taken for names.
            let known = names.len() - if rng.chance(97) { 2 } else { 0 };
            let name = names.remove(rng.below(known));
            let members = (0..rng.between(0, 4)).map(|m| {
                let ty = array((*rng.pick(ELEMENTARY)).to_owned(), rng);
                (ty, format!("{}{m}", rng.pick(&["to", "amount", "_", "x$"])))
            });
            let members: Members = members.collect();
            structs.push((name.to_owned(), members));
            if n > 0 {
                let ty = array(name.to_owned(), rng);
                let (_, above) = &mut structs[n - 1];
                let place = rng.below(above.len() + 1);
                above.insert(place, (ty, "next".to_owned()));
            }
        }
        Self(structs)
    }

    /// A value of the struct of that name.
    pub(super) fn structure(&self, name: &str, rng: &mut Rng) -> Json {
        let members = self.members(name).into_iter().flatten();
        Json::Object(members.map(|(ty, name)| (name.clone(), self.value(ty, rng))).collect())
    }

    fn value(&self, ty: &str, rng: &mut Rng) -> Json {
        if let Some((inner, count)) = ty.strip_suffix(']').and_then(|ty| ty.rsplit_once('[')) {
            let count = if count.is_empty() { rng.below(4) } else { count.parse().unwrap() };
            return Json::Array((0..count).map(|_| self.value(inner, rng)).collect());
        }
        match ty {
            "address" => address(rng),
            "bool" => rng.chance(50).into(),
            "string" => rng.pick(&["", "a", "Ünï\u{202e}", "\"\\\n\0", "0x00"]).to_string().into(),
            "bytes" => {
                let data =
                    if rng.chance(30) { nested::call(2, rng).action.data } else { bytes(rng.below(70), rng) };
                hex::encode_prefixed(data).into()
            }
            _ if !ELEMENTARY.contains(&ty) && self.members(ty).is_some() => self.structure(ty, rng),
            _ => match (ty.strip_prefix("bytes"), ty.strip_prefix("uint"), ty.strip_prefix("int")) {
                (Some(n), ..) => hex::encode_prefixed(bytes(n.parse().unwrap(), rng)).into(),
                (_, Some(bits), _) => number(bits.parse().unwrap(), false, rng),
                (.., Some(bits)) => number(bits.parse().unwrap(), true, rng),
                _ => Json::Null,
            },
        }
    }
}

fn array(ty: String, rng: &mut Rng) -> String {
    let mut ty = ty;
    for _ in 0..2 {
        match rng.below(10) {
            0 => ty += "[]",
            1 => ty += if rng.chance(50) { "[1]" } else { "[2]" },
            _ => {}
        }
    }
    ty
}

fn bytes(length: usize, rng: &mut Rng) -> Vec<u8> {
    if rng.chance(50) { vec![0; length] } else { rng.bytes(length) }
}

/// Whoever the policy knows, or somebody else; with capitals as EIP-55 has them, or without.
pub(super) fn address(rng: &mut Rng) -> Json {
    let (rules, ..) = &*OPEN;
    let known = match rng.below(6) {
        0..=1 => Some(WALLET),
        2..=4 => rng.pick(&rules.tokens).sites.first().and_then(|(_, at)| *at),
        _ => None,
    };
    let address = known.unwrap_or_else(|| rng.address());
    if rng.chance(50) { address.to_checksum(None).into() } else { format!("{address:#x}").into() }
}

/// As a decimal, a quantity, or a number of JSON; rarely one too large.
pub(super) fn number(bits: usize, signed: bool, rng: &mut Rng) -> Json {
    let negative = signed && rng.chance(40);
    let bits = bits - usize::from(signed) + usize::from(rng.chance(3)).min(256 - bits);
    let number = rng.number() & (U256::MAX >> (256 - bits));
    let sign = if negative && !number.is_zero() { "-" } else { "" };
    match (rng.below(3), u64::try_from(number)) {
        (0, Ok(n)) if n < 1 << 53 => serde_json::from_str(&format!("{sign}{n}")).unwrap(),
        (1, _) if sign.is_empty() => format!("{number:#x}").into(),
        _ => format!("{sign}{number}").into(),
    }
}

/// What one of the policy's own contracts takes a signature of: its schema, its name and version, and where it stands.
pub(super) struct Declared {
    pub(super) schema: Schema,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) contract: Address,
}

/// All of them whose type is known.
pub(super) static DECLARED: std::sync::LazyLock<Vec<Declared>> = std::sync::LazyLock::new(|| {
    let (rules, ..) = &*OPEN;
    let signed = rules.callables.iter().filter(|callable| callable.kind == Kind::Sign);
    let known = signed.filter_map(|callable| {
        let (typed, function) = (callable.typed.as_ref()?, callable.function.as_ref()?);
        let members: Vec<String> = function.inputs.iter().map(|m| format!("{} {}", m.ty, m.name)).collect();
        let flat = format!("{}({})", function.name, members.join(","));
        let mut candidates = NESTED.iter().copied().chain([flat.as_str()]);
        let encoded = candidates.find(|encoded| keccak256(encoded) == typed.type_hash)?;
        Some(Declared {
            schema: Schema::read(encoded),
            name: typed.domain_name.clone(),
            version: typed.domain_version.clone(),
            contract: nested::target(callable),
        })
    });
    known.collect()
});
