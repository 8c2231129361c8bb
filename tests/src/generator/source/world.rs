//! What a policy declares before its rules: tokens, interfaces, contracts, parameters, definitions.

use crate::generator::rng::Rng;

/// What a word is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Address,
    /// The address of a token.
    Token,
    /// Of a token by name.
    Amount(String),
    /// Of the token that another argument names.
    AmountOf(String),
    Uint(u16),
    Int(u16),
    Bool,
    FixedBytes(u8),
    Bytes,
    Text,
    Time,
    Struct(usize),
    Array(Box<Sort>, u32),
    FixedArray(Box<Sort>, u32),
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) sort: Sort,
}

#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) fields: Vec<Field>,
    pub(super) payable: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Contract {
    pub(super) name: String,
    pub(super) chains: Vec<String>,
    pub(super) functions: Vec<Function>,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) name: String,
    pub(super) decimals: u8,
}

/// Everything that conditions can name.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) chains: Vec<String>,
    pub(super) tokens: Vec<Token>,
    pub(super) contracts: Vec<Contract>,
    pub(super) structs: Vec<Vec<Field>>,
    /// Parameters and lets, by sort.
    pub(super) values: Vec<Field>,
    /// Names of sets of addresses.
    pub(super) sets: Vec<String>,
    /// The unit that all tokens share, if one is declared.
    pub(super) unit: Option<String>,
    pub(super) items: Vec<String>,
}

impl World {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let chains: Vec<String> =
            ["ethereum", "base"].iter().take(rng.between(1, 2)).map(ToString::to_string).collect();
        let mut world = Self { chains, ..Self::default() };
        world.items.push("use std::tokens::ETH".to_owned());
        world.tokens(rng);
        world.values(rng);
        for n in 0..rng.between(1, 3) {
            world.contract(n, rng);
        }
        world
    }

    pub(super) fn amount(&self, token: &str, rng: &mut Rng) -> String {
        let decimals = self.tokens.iter().find(|t| t.name == token).map_or(18, |t| t.decimals);
        let whole = rng.between(1, 10_000);
        match (rng.below(4), decimals) {
            (0, 2..) => format!("{whole}.{} {token}", rng.between(1, 99)),
            (1, 1..) => format!("0.{:0>1$}1 {token}", "", usize::from(decimals) - 1),
            _ => format!("{whole} {token}"),
        }
    }

    fn tokens(&mut self, rng: &mut Rng) {
        self.items.push(
            "interface Coin {\n    function transfer(to: address, amount: uint256 as amount of self) {\n        \
             moves amount of self from wallet to to\n    }\n    function transferFrom(from: address, to: address, \
             amount: uint256 as amount of self) {\n        moves amount of self from from to to when from == wallet\n        \
             pulls exactly amount of self by signer when from != wallet\n    }\n    function approve(spender: address, \
             amount: uint256 as amount of self max means all) {\n        grants amount of self to spender\n    }\n}"
                .to_owned(),
        );
        let same = rng.chance(40).then(|| *rng.pick(&[6, 18]));
        for n in 0..rng.between(1, 3) {
            let (name, decimals) = (format!("T{n}"), same.unwrap_or(*rng.pick(&[0, 2, 6, 8, 18])));
            let sites: Vec<_> =
                self.chains.iter().map(|chain| format!("on {chain} at {}", rng.address())).collect();
            self.items.push(format!("token {name}: Coin decimals {decimals} {{ {} }}", sites.join("  ")));
            self.tokens.push(Token { name: name.clone(), decimals });
            let field = |name: &str, sort| Field { name: name.to_owned(), sort };
            let amount = || field("amount", Sort::Amount(name.clone()));
            let functions = vec![
                Function {
                    name: "transfer".to_owned(),
                    fields: vec![field("to", Sort::Address), amount()],
                    payable: false,
                },
                Function {
                    name: "transferFrom".to_owned(),
                    fields: vec![field("from", Sort::Address), field("to", Sort::Address), amount()],
                    payable: false,
                },
                Function {
                    name: "approve".to_owned(),
                    fields: vec![field("spender", Sort::Address), amount()],
                    payable: false,
                },
            ];
            self.contracts.push(Contract { name, chains: self.chains.clone(), functions });
        }
        if rng.chance(50) && self.tokens.len() > 1 {
            let members: Vec<_> = self.tokens.iter().map(|t| format!("1 {}", t.name)).collect();
            self.items.push(format!("unit par = {}", members.join(" = ")));
            self.unit = Some("par".to_owned());
        }
    }

    fn values(&mut self, rng: &mut Rng) {
        self.items.push("param boss: approver".to_owned());
        for n in 0..rng.between(0, 4) {
            let token = rng.pick(&self.tokens).name.clone();
            let (ty, sort) = match rng.below(6) {
                0 => ("address".to_owned(), Sort::Address),
                1 => (format!("amount of {token}"), Sort::Amount(token.clone())),
                2 => {
                    (format!("amount of {token} in 0 {token} ..= 1_000 {token}"), Sort::Amount(token.clone()))
                }
                3 => ("int in 0 ..= 100".to_owned(), Sort::Uint(8)),
                4 => ("bool".to_owned(), Sort::Bool),
                _ => ("time".to_owned(), Sort::Time),
            };
            self.items.push(format!("param p{n}: {ty}"));
            self.values.push(Field { name: format!("p{n}"), sort });
        }
        if rng.chance(50) {
            self.items.push(format!("param people: set of address up to {}", rng.between(1, 5)));
            self.sets.push("people".to_owned());
        }
        for n in 0..rng.between(0, 2) {
            let token = rng.pick(&self.tokens).name.clone();
            self.items.push(format!("let l{n} = {}", self.amount(&token, rng)));
            self.values.push(Field { name: format!("l{n}"), sort: Sort::Amount(token) });
        }
        if rng.chance(50) {
            let members: Vec<_> = (0..rng.between(1, 3)).map(|_| rng.address().to_string()).collect();
            self.items.push(format!("let friends = {{ {} }}", members.join(", ")));
            self.sets.push("friends".to_owned());
        }
    }

    fn contract(&mut self, n: usize, rng: &mut Rng) {
        let mut members = Vec::new();
        let first_struct = self.structs.len();
        for _ in 0..rng.between(0, 2) {
            let fields = self.fields(1, None, rng);
            let id = self.structs.len();
            members.push(format!("    struct S{id} ({})", self.declare(&fields)));
            self.structs.push(fields);
        }
        let has_structs = (first_struct < self.structs.len()).then_some(first_struct..self.structs.len());
        let mut functions = Vec::new();
        for f in 0..rng.between(1, 3) {
            let fields = self.fields(0, has_structs.clone(), rng);
            let payable = rng.chance(40);
            let word = if payable { " payable" } else { "" };
            let effects = if rng.chance(15) { String::new() } else { self.effects(&fields, rng) };
            members.push(format!("    function f{f}({}){word}{effects}", self.declare(&fields)));
            functions.push(Function { name: format!("f{f}"), fields, payable });
        }
        self.items.push(format!("interface I{n} {{\n{}\n}}", members.join("\n")));
        let chains: Vec<String> =
            if rng.chance(60) { self.chains.clone() } else { vec![rng.pick(&self.chains).clone()] };
        let trusted = if rng.chance(25) { " trusted \"known\"" } else { "" };
        let sites: Vec<_> =
            chains.iter().map(|chain| format!("on {chain} at {}{trusted}", rng.address())).collect();
        self.items.push(format!("contract C{n}: I{n} {{ {} }}", sites.join("  ")));
        self.contracts.push(Contract { name: format!("C{n}"), chains, functions });
    }

    fn fields(&self, depth: usize, structs: Option<std::ops::Range<usize>>, rng: &mut Rng) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        for n in 0..rng.between(1, 4) {
            let token = fields.iter().find(|f| f.sort == Sort::Token).map(|f| f.name.clone());
            let sort = match (rng.below(10), &token, &structs) {
                (0..=3, Some(token), _) => Sort::AmountOf(token.clone()),
                (0..=2, _, Some(structs)) => Sort::Struct(rng.between(structs.start, structs.end - 1)),
                _ => self.sort(depth, rng),
            };
            fields.push(Field { name: format!("a{n}"), sort });
        }
        fields
    }

    fn sort(&self, depth: usize, rng: &mut Rng) -> Sort {
        let bits = 8 * rng.between(1, 32) as u16;
        match rng.below(if depth < 2 { 14 } else { 11 }) {
            0..=1 => Sort::Address,
            2 => Sort::Token,
            3..=4 => Sort::Amount(rng.pick(&self.tokens).name.clone()),
            5 => Sort::Uint(bits),
            6 => Sort::Int(bits),
            7 => Sort::Bool,
            8 => fixed_bytes(rng),
            9 => Sort::Bytes,
            10 => {
                if rng.chance(50) {
                    Sort::Text
                } else {
                    Sort::Time
                }
            }
            11..=12 => Sort::Array(Box::new(self.element(depth, rng)), rng.between(1, 4) as u32),
            _ => Sort::FixedArray(Box::new(self.element(depth, rng)), rng.between(1, 3) as u32),
        }
    }

    /// What arrays are made of here: words without a refinement, and arrays of them.
    fn element(&self, depth: usize, rng: &mut Rng) -> Sort {
        match rng.below(if depth < 1 { 6 } else { 5 }) {
            0..=1 => Sort::Address,
            2 => Sort::Uint(8 * rng.between(1, 32) as u16),
            3 => Sort::Bool,
            4 => fixed_bytes(rng),
            // Only the outermost array can say how long it may be.
            _ => Sort::FixedArray(Box::new(self.element(depth + 1, rng)), rng.between(1, 3) as u32),
        }
    }

    fn declare(&self, fields: &[Field]) -> String {
        let field = |f: &Field| {
            let (ty, limit) = abi(&f.sort);
            let refined = match &f.sort {
                Sort::Token => " as token".to_owned(),
                Sort::Time => " as time".to_owned(),
                Sort::Amount(token) | Sort::AmountOf(token) => format!(" as amount of {token}"),
                _ => String::new(),
            };
            format!("{}: {ty}{limit}{refined}", f.name)
        };
        fields.iter().map(field).collect::<Vec<_>>().join(", ")
    }

    fn effects(&self, fields: &[Field], rng: &mut Rng) -> String {
        let amounts: Vec<(&Field, &String)> = fields
            .iter()
            .filter_map(|f| match &f.sort {
                Sort::Amount(token) | Sort::AmountOf(token) => Some((f, token)),
                _ => None,
            })
            .collect();
        let parties: Vec<&str> =
            fields.iter().filter(|f| f.sort == Sort::Address).map(|f| f.name.as_str()).collect();
        let mut out = Vec::new();
        for _ in 0..rng.between(0, 2) {
            let Some((amount, token)) = rng.choose(&amounts) else { break };
            let (amount, party) = (&amount.name, rng.choose(&parties).copied().unwrap_or("self"));
            let effect = match rng.below(6) {
                0 => format!("moves {amount} of {token} from wallet to {party}"),
                1 => format!("pulls {amount} of {token} by self"),
                2 => format!("pulls exactly {amount} of {token} by {party}"),
                3 => format!("grants {amount} of {token} to {party}"),
                4 => format!("receives at least {amount} of {token} at wallet"),
                _ => format!("owes {amount} of {token}"),
            };
            let when = match rng.choose(&parties) {
                Some(party) if rng.chance(30) => format!(" when {party} != wallet"),
                _ => String::new(),
            };
            out.push(format!("{effect}{when}"));
        }
        format!(" {{ {} }}", out.join("  "))
    }
}

/// The ABI type, and the limit that goes behind it.
fn abi(sort: &Sort) -> (String, String) {
    let ty = match sort {
        Sort::Address | Sort::Token => "address".to_owned(),
        Sort::Amount(_) | Sort::AmountOf(_) | Sort::Time => "uint256".to_owned(),
        Sort::Uint(bits) => format!("uint{bits}"),
        Sort::Int(bits) => format!("int{bits}"),
        Sort::Bool => "bool".to_owned(),
        Sort::FixedBytes(n) => format!("bytes{n}"),
        Sort::Bytes => "bytes".to_owned(),
        Sort::Text => "string".to_owned(),
        Sort::Struct(id) => format!("S{id}"),
        Sort::Array(inner, limit) => {
            return (format!("{}[]", abi(inner).0), format!(" up to {limit}"));
        }
        Sort::FixedArray(inner, n) => {
            let (inner, limit) = abi(inner);
            return (format!("{inner}[{n}]"), limit);
        }
    };
    (ty, String::new())
}

/// Not twenty of them: a literal of that length is an address.
fn fixed_bytes(rng: &mut Rng) -> Sort {
    match rng.between(1, 32) as u8 {
        20 => Sort::FixedBytes(32),
        n => Sort::FixedBytes(n),
    }
}
