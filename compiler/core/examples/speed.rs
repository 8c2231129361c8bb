use agentpol_analysis::ruleset::*;
use agentpol_compiler::lower::lower;
use agentpol_grammar::span::Span;
use agentpol_model::{Address, U256, effect::EffectKind, ids::*, request::*, types::*};
use agentpol_vm::{Binding, Policy, Scratch};
use num_bigint::BigInt;
use std::hint::black_box;
use std::time::Instant;
fn addr(n: u64) -> Address {
    let mut a = [0u8; 20];
    let h = n.wrapping_mul(0x9e3779b97f4a7c15);
    a[..8].copy_from_slice(&h.to_be_bytes());
    a[12..].copy_from_slice(&n.to_be_bytes());
    Address::from(a)
}
fn w(a: Address) -> U256 {
    U256::from_be_slice(a.as_slice())
}
fn main() {
    let wallet = Address::repeat_byte(0x11);
    let inputs = vec![
        Member { name: "to".into(), ty: Type::Word(WordType::Address) },
        Member { name: "amount".into(), ty: Type::Word(WordType::Uint(256)) },
    ];
    let f = Function {
        name: "transfer".into(),
        signature: agentpol_abi::signature("transfer", &inputs),
        selector: agentpol_abi::selector("transfer(address,uint256)"),
        inputs,
        payable: false,
        units: vec![],
    };
    for per_key in [1usize, 10] {
        for n in [10usize, 100, 1000, 10000] {
            let keys = n / per_key;
            let mut rs = RuleSet { name: "p".into(), ..Default::default() };
            rs.chains.push(Chain { name: "e".into(), id: 1, native: TokenId::new(0), assumptions: vec![] });
            rs.tokens.push(Token { symbol: "ETH".into(), decimals: 18, sites: vec![(1, None)] });
            rs.sets.push((0..16).map(|i| w(addr(1_000_000 + i))).collect());
            for k in 0..keys as u32 {
                rs.tokens.push(Token {
                    symbol: format!("T{k}"),
                    decimals: 6,
                    sites: vec![(1, Some(addr(k as u64)))],
                });
                rs.contracts.push(Contract {
                    name: format!("T{k}"),
                    chain: 1,
                    address: Target::Fixed(addr(k as u64)),
                    trusted: None,
                    upgradeable: false,
                });
                let to = Scalar::Arg(Path(vec![Step::Member(0)]), WordType::Address);
                let amount = Scalar::Arg(Path(vec![Step::Member(1)]), WordType::Uint(256));
                rs.callables.push(Callable {
                    kind: Kind::Call,
                    chain: 1,
                    target: Some(Target::Fixed(addr(k as u64))),
                    contract: format!("T{k}"),
                    function: Some(f.clone()),
                    opaque: false,
                    effects: vec![EffectSpec {
                        kind: EffectKind::Move,
                        amount: Linear {
                            terms: vec![(BigInt::from(1), amount.clone())],
                            constant: BigInt::from(0),
                        },
                        token: TokenSpec::Known(TokenId::new(k + 1)),
                        party: to.clone(),
                        from: Some(Scalar::Field(Field::Wallet)),
                        until: None,
                        when: Formula::Const(true),
                        sentinel: None,
                    }],
                });
                for j in 0..per_key {
                    let (lo, hi) = (j as i64 * 1000 + 1, (j as i64 + 1) * 1000);
                    let c = |formula, text: &str, n: u32| Clause {
                        formula,
                        span: Span::new(n, n + 1),
                        text: text.into(),
                    };
                    let lin = |co: i64, k: i64| {
                        Formula::Atom(Atom::Linear {
                            sum: Linear {
                                terms: vec![(BigInt::from(co), amount.clone())],
                                constant: BigInt::from(k),
                            },
                            relation: Relation::NotAbove,
                        })
                    };
                    let p = (k * 10 + j as u32) * 10;
                    rs.rules.push(Rule {
                        name: format!("r{k}_{j}"),
                        verb: Verb::Allow,
                        arms: vec![Arm {
                            callable: CallableId::new(k),
                            clauses: vec![
                                c(lin(1, -hi), "a", p),
                                c(lin(-1, lo), "b", p + 1),
                                c(
                                    Formula::Atom(Atom::Member(to.clone(), SetRef::Const(SetId::new(0)))),
                                    "c",
                                    p + 2,
                                ),
                                c(
                                    Formula::Atom(Atom::Linear {
                                        sum: Linear {
                                            terms: vec![(BigInt::from(1), Scalar::Field(Field::Value))],
                                            constant: BigInt::from(0),
                                        },
                                        relation: Relation::Zero,
                                    }),
                                    "d",
                                    p,
                                ),
                            ],
                            charges: vec![],
                        }],
                        over: vec![],
                        beyond: vec![],
                        exempt: vec![],
                        accepts: vec![],
                        lifts: vec![],
                        span: Span::new(p, p + 9),
                    });
                }
            }
            let t = Instant::now();
            let m = lower(&rs).unwrap();
            let tl = t.elapsed();
            let t = Instant::now();
            let bytes = agentpol_bytecode::encode(&m);
            let te = t.elapsed();
            let t = Instant::now();
            let m2 = agentpol_bytecode::decode(&bytes).unwrap();
            let td = t.elapsed();
            let t = Instant::now();
            let v = agentpol_verifier::verify(m2).unwrap();
            let tv = t.elapsed();
            let t = Instant::now();
            let p = Policy::bind(v, &Binding { wallet, signer: wallet, params: Default::default() }).unwrap();
            let tb = t.elapsed();
            let us = |d: std::time::Duration| d.as_secs_f64() * 1e6 / n as f64;
            print!(
                "per key {per_key} n {n}: {} B/rule lower {:.2} encode {:.2} decode {:.2} verify {:.2} bind {:.2} us/rule; ",
                bytes.len() / n,
                us(tl),
                us(te),
                us(td),
                us(tv),
                us(tb)
            );
            // requests
            let mut datas = vec![];
            let mut x = 88172645463325252u64;
            for _ in 0..4096 {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                let k = x % keys as u64;
                let amt = 1 + (x >> 20) % (per_key as u64 * 1000);
                let mut d = f.selector.to_vec();
                d.extend(w(addr(1_000_000 + (x >> 40) % 16)).to_be_bytes::<32>());
                d.extend(U256::from(amt).to_be_bytes::<32>());
                datas.push((addr(k), d));
            }
            let mut s = Scratch::new(&p);
            let mut best = f64::MAX;
            for _ in 0..30 {
                let t = Instant::now();
                for (to, d) in &datas {
                    let a = [Action { kind: Kind::Call, from: wallet, to: *to, value: U256::ZERO, data: d }];
                    let r = Request {
                        chain: 1,
                        wallet,
                        signer: wallet,
                        agent: None,
                        now: 1,
                        envelope: Envelope::default(),
                        actions: &a,
                    };
                    p.decide(black_box(&r), &mut s).unwrap();
                }
                best = best.min(t.elapsed().as_secs_f64() * 1e9 / datas.len() as f64);
            }
            println!("decide {best:.0} ns");
            if n == 10 || n == 10000 {
                // stages
                let time = |f: &mut dyn FnMut(&(Address, Vec<u8>))| {
                    let mut b = f64::MAX;
                    for _ in 0..20 {
                        let t = Instant::now();
                        for d in &datas {
                            f(d)
                        }
                        b = b.min(t.elapsed().as_secs_f64() * 1e9 / datas.len() as f64);
                    }
                    b
                };
                let lay = agentpol_abi::Layout::new(&f.inputs).unwrap();
                println!(
                    "   layout.check {:.1} ns",
                    time(&mut |d| {
                        black_box(lay.check(black_box(&d.1[4..])).unwrap());
                    })
                );
                println!(
                    "   looks_alike {:.1} ns",
                    time(&mut |d| {
                        black_box(p.known().looks_alike(Address::from_slice(&d.1[16..36])));
                    })
                );
                let hm: std::collections::HashMap<(u64, Address, [u8; 4]), u32> =
                    (0..keys as u32).map(|k| ((1, addr(k as u64), f.selector), k)).collect();
                println!(
                    "   std hashmap {:.1} ns",
                    time(&mut |d| {
                        black_box(hm.get(&(1, d.0, [d.1[0], d.1[1], d.1[2], d.1[3]])));
                    })
                );
            }
        }
    }
}
