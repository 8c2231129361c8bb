//! What rules, claims and tests are about.

use super::{run, said};

const HEAD: &str = "policy p on ethereum\n\nuse std::tokens::{DAI, ETH, USDC, WETH}\n\n";

/// `AP0205 6:1 message`, of the last lines of a policy.
fn says(text: &str) -> String {
    said(&run(&format!("{HEAD}{text}"))).replace("policy.agentpol:", "")
}

#[test]
fn what_is_signed_is_not_called_and_has_a_domain() {
    assert_eq!(
        says("allow a: USDC.Permit(m) {}\n"),
        "AP0312 5:15 `Permit` is typed data of `USDC`: it is signed, not called"
    );
    assert_eq!(
        says("allow a: sign USDC.permit(m) {}\n"),
        "AP0312 5:20 `USDC` has nothing to sign named `permit`"
    );
    assert_eq!(
        says("allow a: sign WETH {}\n"),
        "AP0310 5:15 what is signed for `WETH` on `ethereum` is not known: it is declared without a domain"
    );
    assert_eq!(
        says("allow a: sign EIP2612.Permit(m) at { USDC, WETH } {}\nuse std::tokens::EIP2612\n"),
        "AP0310 5:36 `WETH` is no `EIP2612`"
    );
}

#[test]
fn one_rule_for_what_several_contracts_sign() {
    let c = run(&format!(
        "{HEAD}use std::tokens::{{EIP2612, ERC20}}\n\
         token EURX: ERC20, EIP2612 decimals 6 {{ on ethereum at 0x2222222222222222222222222222222222222222 domain \"X\" \"1\" }}\n\
         unit usd = 1 USDC = 1 EURX\nfees at most 0.01 ETH\n\
         allow a: sign EIP2612.Permit(m) at {{ USDC, EURX }} {{ when m.owner == wallet and m.value <= 1 usd }}\n"
    ));
    let rules = c.ruleset.clone().unwrap_or_else(|| panic!("{}", said(&c)));
    assert_eq!(rules.rules[0].arms.len(), 2);
}

#[test]
fn foreign_code_is_named_as_calls_are() {
    let near = says("allow a: delegatecall USDC.transfr(to, amount) {}\n");
    assert_eq!(near, "AP0312 5:28 `USDC` has no function `transfr`");
    assert_eq!(says("assert never delegatecall USDC.transfer(to, amount) when to == wallet\n"), "");
    let wrong = says("assert never message SignIn(m) when m.expires == 5\n");
    assert!(wrong.ends_with("AP0203 5:50 a plain number, where a time is needed"), "{wrong}");
}

#[test]
fn the_greatest_number_means_all_or_nothing_special() {
    let said =
        says("interface A { function f(x: uint256 as amount of USDC max means contract_balance) {} }\n");
    assert_eq!(said, "AP0403 5:65 the greatest number does not mean `contract_balance`");
}

#[test]
fn a_test_says_what_it_tries() {
    let tries = |step: &str| {
        let said = says(&format!(
            "allow a: USDC.transfer(to, amount) {{ when to == wallet }}\ntest \"t\" {{ try {step} => deny }}\n"
        ));
        said.lines().filter(|l| !l.starts_with("AP01")).map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(tries("message(5)"), "AP0502 6:24 a text is needed; this is a plain number");
    assert_eq!(tries("deploy()"), "AP0502 6:16 write the init code: `deploy(0x6080…)`");
    assert_eq!(tries("authorize(wallet)"), "AP0502 6:16 write `authorize(DELEGATE, NONCE)`");
    let login = "AP0502 6:24 a text that begins like this is a Sign-In: write `message SignIn({ … })`";
    assert_eq!(tries("message(\"a.org wants you to sign in with your Ethereum account:\")"), login);
    assert_eq!(tries("sign WETH.Order({})").split(' ').next(), Some("AP0312"));
    assert_eq!(tries("sign USDC.Permit(1, 2)"), "AP0502 6:21 typed data is one struct: `Permit({ … })`");
    assert_eq!(
        tries("batch [ send(wallet), batch [ send(wallet) ] ]"),
        "AP0502 6:16 a batch holds no batch: write its parts here"
    );
}

#[test]
fn the_wallet_is_no_parameter_but_a_contract_can_stand_there() {
    assert_eq!(says("param wallet: address\n"), "AP0104 5:7 `wallet` is a field of every request");
    let token = says("token OWN decimals 6 { on ethereum at wallet }\n");
    assert!(token.starts_with("AP0407"), "{token}");
    let c = run(&format!(
        "{HEAD}interface A {{ function f() {{}} }}\ncontract me: A on ethereum at wallet\nallow a: me.f() {{}}\nfees at most 0.01 ETH\n"
    ));
    let rules = c.ruleset.clone().unwrap_or_else(|| panic!("{}", said(&c)));
    assert_eq!(rules.params.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["wallet"]);
}
