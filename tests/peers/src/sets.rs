//! Rules that both languages can say, from seeds.

/// Numbers from a seed (SplitMix64).
pub struct Rng(pub u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Both ends included.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }
}

/// The same rules in two languages.
pub struct Rules {
    pub what: &'static str,
    pub agentpol: String,
    pub schema: &'static str,
    /// The rules' conditions, one policy each.
    pub cedar: Vec<String>,
}

/// Payments: to one of some payees, an amount between two, until a day. Of few payees, so that many pairs agree on one.
pub fn payments(count: usize) -> Rules {
    let rng = &mut Rng(1);
    let payees: Vec<String> = (0..8).map(|n| format!("0x{:040x}", 0x1111_0000_1234_0000_u64 + n)).collect();
    let mut agentpol = String::from(
        "policy payments on ethereum\n\ninterface Coin {\n    function transfer(to: address, amount: uint256 as amount of self) \
         { moves amount of self from wallet to to }\n}\ntoken T: Coin decimals 6 { on ethereum at 0x2222222222222222222222222222222222222222 }\n",
    );
    let mut cedar = Vec::new();
    for n in 0..count {
        let some: Vec<&String> = (0..rng.between(1, 2)).map(|_| &payees[rng.between(0, 7) as usize]).collect();
        let low = rng.between(1, 900);
        let high = low + rng.between(1, 200);
        let days = rng.between(1, 28);
        let listed = some.iter().map(|payee| payee.as_str()).collect::<Vec<_>>().join(", ");
        agentpol.push_str(&format!(
            "\nallow r{n}: T.transfer(to, amount) {{\n    when to in {{ {listed} }}\n    when {low} T <= amount <= {high} T\n    \
             until 2027-01-{days:02}\n}}\n"
        ));
        let quoted = some.iter().map(|payee| format!("\"{payee}\"")).collect::<Vec<_>>().join(", ");
        // Midnight of that day, in seconds, as the other says it.
        let until = 1_798_761_600 + (days - 1) * 86_400;
        cedar.push(format!(
            "permit(principal, action, resource) when {{ [{quoted}].contains(context.to) && {low}000000 <= context.amount && \
             context.amount <= {high}000000 && context.now < {until} }};"
        ));
    }
    let schema = "entity Agent; entity Coin; action transfer appliesTo { principal: [Agent], resource: [Coin], \
                  context: { to: String, amount: Long, now: Long } };";
    Rules { what: "payments", agentpol, schema, cedar }
}

/// Boxes of four dimensions.
pub fn boxes(count: usize) -> Rules {
    const WHOLE: u64 = 1_000_000;
    let rng = &mut Rng(2);
    let names = ["a", "b", "c", "d"];
    let fields = names.map(|name| format!("{name}: uint256")).join(", ");
    let mut agentpol = format!(
        "policy boxes on ethereum\n\ninterface Dial {{\n    function set({fields}) {{}}\n}}\n\
         contract dial: Dial on ethereum at 0x1111111111111111111111111111111111111111\n"
    );
    let mut cedar = Vec::new();
    for n in 0..count {
        agentpol.push_str(&format!("\nallow r{n}: dial.set({}) {{\n", names.join(", ")));
        let sides = names.map(|name| {
            let low = rng.between(0, WHOLE);
            let high = low + rng.between(1, WHOLE * 4 / 10);
            agentpol.push_str(&format!("    when {low} <= {name} <= {high}\n"));
            format!("{low} <= context.{name} && context.{name} <= {high}")
        });
        agentpol.push_str("}\n");
        cedar.push(format!("permit(principal, action, resource) when {{ {} }};", sides.join(" && ")));
    }
    let schema = "entity Agent; entity Dial; action set appliesTo { principal: [Agent], resource: [Dial], \
                  context: { a: Long, b: Long, c: Long, d: Long } };";
    Rules { what: "boxes", agentpol, schema, cedar }
}
