//! Programs of actions, written and run at once.

use crate::write::*;
use agentpol_abi::{Value, encode, signature::parse_members};
use agentpol_model::{
    Address, U256,
    decision::{Denied, Granted},
};
use agentpol_tests::{
    differential::WALLET,
    generator::Rng,
    nested::{OPEN, Owned, judge, target},
};
use std::collections::BTreeMap;

/// A program as it is written, and what became of it in one world.
pub(crate) struct Program<'r> {
    rng: &'r mut Rng,
    /// The position manager, or the router.
    manager: bool,
    pub(crate) opcodes: Vec<u8>,
    params: Vec<Vec<u8>>,
    /// What the pool manager owes the contract, and below zero what it is owed.
    pub(crate) delta: BTreeMap<Address, i128>,
    /// Of the contract.
    held: BTreeMap<Address, u128>,
    /// Out of the wallet, through Permit2.
    pub(crate) paid: BTreeMap<Address, u128>,
    pub(crate) reverted: bool,
    /// Does a declaration have to refuse it?
    pub(crate) unbounded: bool,
}

impl<'r> Program<'r> {
    pub(crate) fn new(rng: &'r mut Rng) -> Self {
        let manager = rng.chance(40);
        // From earlier commands.
        let held = CURRENCIES.map(|currency| (currency, rng.below(3) as u128 * 50)).into();
        let (delta, paid) = (BTreeMap::new(), BTreeMap::new());
        let mut program = Self {
            rng,
            manager,
            opcodes: Vec::new(),
            params: Vec::new(),
            delta,
            held,
            paid,
            reverted: false,
            unbounded: false,
        };
        for _ in 0..program.rng.between(1, 5) {
            program.any();
        }
        program.close();
        program
    }

    fn write(&mut self, opcode: u8, values: &[Value]) {
        let members = parse_members(&inputs(opcode)).unwrap();
        self.opcodes.push(opcode);
        self.params.push(encode(&members, values).unwrap());
    }

    fn owed(&self, currency: Address) -> u128 {
        let delta = self.delta.get(&currency).copied().unwrap_or_default();
        if delta > 0 { 0 } else { delta.unsigned_abs() }
    }

    fn credit(&self, currency: Address) -> u128 {
        self.delta.get(&currency).copied().unwrap_or_default().max(0).unsigned_abs()
    }

    fn change(&mut self, currency: Address, by: i128) {
        *self.delta.entry(currency).or_default() += by;
    }

    /// Pays the pool manager. Ether is always the contract's.
    fn pay(&mut self, currency: Address, by_wallet: bool, n: u128) {
        if by_wallet && currency != ETHER {
            *self.paid.entry(currency).or_default() += n;
        } else {
            let held = self.held.entry(currency).or_default();
            match held.checked_sub(n) {
                Some(left) => *held = left,
                None => self.reverted = true,
            }
        }
        self.change(currency, n as i128);
    }

    fn small(&mut self) -> u128 {
        self.rng.below(100) as u128
    }

    /// As much as the pool likes, up to a limit.
    fn up_to(&mut self, most: u128) -> u128 {
        if self.rng.chance(60) { most } else { self.rng.below(most as usize + 1) as u128 }
    }

    fn pair(&mut self) -> (Address, Address) {
        *self.rng.pick(&[(ETHER, USDC), (ETHER, WETH), (USDC, WETH)])
    }

    fn hooks(&mut self) -> Address {
        if self.rng.chance(30) { Address::repeat_byte(0x66) } else { Address::ZERO }
    }

    fn any(&mut self) {
        let currency = *self.rng.pick(&CURRENCIES);
        match (self.manager, self.rng.below(10)) {
            (true, 0..=3) => self.mint(),
            (false, 0..=1) => self.swap_in_single(),
            (false, 2) => self.swap_in(),
            (false, 3) => self.swap_out_single(),
            (false, 4) => self.swap_out(),
            (_, 5..=6) => self.settle(currency),
            (false, 7) => self.settle_all(currency),
            (true, 7) => self.close_currency(currency),
            (true, 4) => self.settle_pair(),
            _ => self.take(currency),
        }
    }

    fn mint(&mut self) {
        let ((low, high), hooks) = (self.pair(), self.hooks());
        let most = (self.small(), self.small());
        let values = [
            pool(low, high, hooks),
            ticks(0),
            ticks(10),
            number(U256::from(7)),
            amount(most.0),
            amount(most.1),
            at(WALLET),
            none(),
        ];
        self.write(MINT, &values);
        let costs = (self.up_to(most.0), self.up_to(most.1));
        self.change(low, -(costs.0 as i128));
        self.change(high, -(costs.1 as i128));
    }

    /// An input of zero is the whole credit; the output is not below zero, or it reverts.
    fn swap_in_single(&mut self) {
        let ((low, high), hooks, up) = (self.pair(), self.hooks(), self.rng.chance(50));
        let (pays, gets) = if up { (low, high) } else { (high, low) };
        let written = if self.rng.chance(20) { OWED } else { self.small() };
        let swap = vec![pool(low, high, hooks), truth(up), amount(written), amount(0), none()];
        self.write(SWAP_IN_SINGLE, &[Value::Tuple(swap)]);
        if written == OWED && self.owed(pays) > 0 {
            self.reverted = true;
        }
        let most = if written == OWED { self.credit(pays) } else { written };
        let (pay, get) = (self.up_to(most), self.small());
        self.change(pays, -(pay as i128));
        self.change(gets, get as i128);
    }

    fn swap_in(&mut self) {
        let mut path = vec![*self.rng.pick(&CURRENCIES)];
        for _ in 0..self.rng.between(1, 3) {
            let others: Vec<Address> = CURRENCIES.into_iter().filter(|c| path.last() != Some(c)).collect();
            path.push(*self.rng.pick(&others));
        }
        let written = if self.rng.chance(20) { OWED } else { self.small() };
        let steps = path[1..].iter().map(|currency| self.step(*currency)).collect();
        let swap = vec![at(path[0]), Value::Array(steps), amount(written), amount(0)];
        self.write(SWAP_IN, &[Value::Tuple(swap)]);
        if written == OWED && self.owed(path[0]) > 0 {
            self.reverted = true;
        }
        let mut next = if written == OWED { self.credit(path[0]) } else { written };
        for pair in path.windows(2) {
            let (pay, get) = (self.up_to(next), self.small());
            self.change(pair[0], -(pay as i128));
            self.change(pair[1], get as i128);
            next = get;
        }
    }

    fn step(&mut self, currency: Address) -> Value {
        let hooks = self.hooks();
        Value::Tuple(vec![at(currency), word(U256::from(500), 24), ticks(10), at(hooks), none()])
    }

    /// A hook may leave the buyer owing what it bought.
    fn bought(&mut self, wanted: u128, hooks: Address) -> i128 {
        if hooks == Address::ZERO {
            self.up_to(wanted) as i128
        } else {
            wanted as i128 - self.rng.below(300) as i128
        }
    }

    fn swap_out_single(&mut self) {
        let ((low, high), hooks, up) = (self.pair(), self.hooks(), self.rng.chance(50));
        let (pays, gets) = if up { (low, high) } else { (high, low) };
        let (written, most) = (if self.rng.chance(20) { OWED } else { self.small() }, self.small());
        let swap = vec![pool(low, high, hooks), truth(up), amount(written), amount(most), none()];
        self.write(SWAP_OUT_SINGLE, &[Value::Tuple(swap)]);
        self.unbounded |= hooks != Address::ZERO;
        if written == OWED && self.credit(gets) > 0 {
            self.reverted = true;
        }
        let wanted = if written == OWED { self.owed(gets) } else { written };
        let (pay, get) = (self.up_to(most), self.bought(wanted, hooks));
        self.change(pays, -(pay as i128));
        self.change(gets, get);
    }

    /// From the end backwards; an output that falls short on the way is owed.
    fn swap_out(&mut self) {
        let mut path = vec![*self.rng.pick(&CURRENCIES)];
        for _ in 0..self.rng.between(1, 2) {
            let others: Vec<Address> = CURRENCIES.into_iter().filter(|c| path.last() != Some(c)).collect();
            path.push(*self.rng.pick(&others));
        }
        let (written, most) = (1 + self.small(), self.small());
        let hooks = self.hooks();
        let step = |currency: &Address| {
            Value::Tuple(vec![at(*currency), word(U256::from(500), 24), ticks(10), at(hooks), none()])
        };
        let steps = path[1..].iter().rev().map(step).collect();
        let swap = vec![at(path[0]), Value::Array(steps), amount(written), amount(most)];
        self.write(SWAP_OUT, &[Value::Tuple(swap)]);
        self.unbounded |= hooks != Address::ZERO || path.len() > 2;
        let mut wanted = written;
        for n in 1..path.len() {
            let get = self.bought(wanted, hooks);
            let pay = if n + 1 == path.len() { self.up_to(most) } else { 500 };
            self.change(path[n - 1], get);
            self.change(path[n], -(pay as i128));
            wanted = pay;
        }
    }

    fn settle(&mut self, currency: Address) {
        let by_wallet = self.rng.chance(70);
        let (written, pays) = match self.rng.below(4) {
            0 | 1 => (U256::ZERO, self.owed(currency)),
            2 => {
                self.unbounded |= by_wallet && currency != ETHER;
                (HELD, self.held.get(&currency).copied().unwrap_or_default())
            }
            _ => {
                let n = 1 + self.small();
                (U256::from(n), n)
            }
        };
        self.write(SETTLE, &[at(currency), number(written), truth(by_wallet)]);
        self.reverted |= written.is_zero() && self.credit(currency) > 0;
        self.pay(currency, by_wallet, pays);
    }

    fn settle_all(&mut self, currency: Address) {
        let most = if self.rng.chance(80) { U256::MAX } else { U256::from(self.small()) };
        self.write(SETTLE_ALL, &[at(currency), number(most)]);
        let owed = self.owed(currency);
        self.reverted |= U256::from(owed) > most || self.credit(currency) > 0;
        self.pay(currency, true, owed);
    }

    fn settle_pair(&mut self) {
        let (low, high) = self.pair();
        self.write(SETTLE_PAIR, &[at(low), at(high)]);
        for currency in [low, high] {
            self.reverted |= self.credit(currency) > 0;
            self.pay(currency, true, self.owed(currency));
        }
    }

    fn close_currency(&mut self, currency: Address) {
        self.write(CLOSE, &[at(currency)]);
        let (owed, credit) = (self.owed(currency), self.credit(currency));
        self.change(currency, -(credit as i128));
        self.pay(currency, true, owed);
    }

    fn take(&mut self, currency: Address) {
        let credit = self.credit(currency);
        let owes = self.owed(currency) > 0;
        match (self.manager, self.rng.below(4)) {
            (_, 0 | 1) => {
                let n = 1 + self.small();
                self.write(TAKE, &[at(currency), at(WALLET), number(U256::from(n))]);
                self.change(currency, -(n as i128));
            }
            (false, 2) => {
                let bips = self.rng.below(12_000) as u128;
                self.write(TAKE_PORTION, &[at(currency), at(WALLET), number(U256::from(bips))]);
                self.reverted |= bips > 10_000 || owes;
                self.change(currency, -((credit * bips / 10_000) as i128));
            }
            (false, _) => {
                self.write(TAKE_ALL, &[at(currency), number(U256::ZERO)]);
                self.reverted |= owes;
                self.change(currency, -(credit as i128));
            }
            (true, _) => {
                let (low, high) = self.pair();
                self.write(TAKE_PAIR, &[at(low), at(high), at(WALLET)]);
                for currency in [low, high] {
                    self.reverted |= self.owed(currency) > 0;
                    let credit = self.credit(currency);
                    self.change(currency, -(credit as i128));
                }
            }
        }
    }

    /// Whatever is open is settled, since nothing else lands.
    fn close(&mut self) {
        for currency in CURRENCIES {
            if self.owed(currency) > 0 {
                let owed = self.owed(currency);
                let by_wallet = currency != ETHER;
                self.write(SETTLE, &[at(currency), number(U256::ZERO), truth(by_wallet)]);
                self.pay(currency, by_wallet, owed);
            }
            let credit = self.credit(currency);
            if credit > 0 {
                self.write(TAKE, &[at(currency), at(WALLET), number(U256::ZERO)]);
                self.change(currency, -(credit as i128));
            }
        }
    }

    pub(crate) fn judged(&self) -> Result<Granted, Denied> {
        let bytes = |list: &[Vec<u8>]| Value::Array(list.iter().cloned().map(Value::Bytes).collect());
        let members = parse_members("(bytes,bytes[])").unwrap();
        let plan = encode(&members, &[Value::Bytes(self.opcodes.clone()), bytes(&self.params)]).unwrap();
        let (to, name, values) = match self.manager {
            true => {
                (MANAGER, "modifyLiquidities", vec![Value::Bytes(plan), number(U256::from(2_000_000_000))])
            }
            false => (ROUTER, "execute", vec![Value::Bytes(vec![0x10]), bytes(&[plan])]),
        };
        let (rules, ..) = &*OPEN;
        let mut functions = rules.callables.iter().filter_map(|callable| {
            let it = callable.function.as_ref()?;
            let known = it.name == name && it.inputs.len() == values.len();
            (known && target(callable) == to).then_some(it)
        });
        let function = functions.next().unwrap();
        let data = [function.selector.as_slice(), &encode(&function.inputs, &values).unwrap()].concat();
        judge(&Owned::call(to, data), WALLET)
    }
}
