use crate::policy::{OWNER, WALLET, binding, module, policy, usdc};
use agentpol_bytecode::Module;
use agentpol_model::{
    U256,
    budget::Window,
    certificate::{Bound, Certificate, Flow, Span},
    policy::ParamValue,
};
use agentpol_runtime::{
    BindError, Ceiling, Limit, LoadError, TooMuch,
    ledger::{Asset, Counts, LineName},
    load, load_within,
};

#[test]
fn a_module_is_decoded_verified_and_bound() {
    let bytes = agentpol_bytecode::encode(&module());
    let loaded = load(&bytes, &binding()).expect("loads");
    assert_eq!(loaded.hash(), policy().hash());
    assert_eq!(loaded.wallet(), WALLET);
}

#[test]
fn what_is_wrong_is_said() {
    let bytes = agentpol_bytecode::encode(&module());
    let cut = load(&bytes[..bytes.len() - 1], &binding()).unwrap_err();
    assert!(matches!(cut, LoadError::Decode(_)), "{cut}");

    let mut cheap = module();
    cheap.max_steps -= 1;
    let unsafe_module = load(&agentpol_bytecode::encode(&cheap), &binding()).unwrap_err();
    assert!(matches!(unsafe_module, LoadError::Verify(_)), "{unsafe_module}");

    let mut too_much = binding();
    too_much.params.insert("daily_cap".to_owned(), ParamValue::Word(usdc(1_000) + U256::ONE));
    let domain = load(&bytes, &too_much).unwrap_err();
    assert!(matches!(domain, LoadError::Bind(BindError::OutOfDomain { .. })), "{domain}");

    let mut own = binding();
    own.signer = OWNER;
    let approver = load(&bytes, &own).unwrap_err();
    assert!(matches!(approver, LoadError::Bind(BindError::Approver { .. })), "{approver}");
}

#[test]
fn a_ceiling_is_kept() {
    let place = Asset { chain: 1, contract: Some(crate::policy::USDC_AT) };
    let ceiling = |most| Ceiling {
        with_approvals: false,
        limits: vec![Limit { asset: place, flow: Flow::Outflow, span: Span::Seconds(86_400), most }],
    };
    let plain = agentpol_bytecode::encode(&module());
    let says_nothing = load_within(&plain, &binding(), &ceiling(U256::MAX)).unwrap_err();
    assert_eq!(says_nothing, LoadError::Ceiling(TooMuch::NoCertificate));

    let daily = Bound {
        token: crate::policy::USDC,
        flow: Flow::Outflow,
        with_approvals: false,
        span: Span::Seconds(86_400),
        most: Some(usdc(1_000)),
        exact: true,
    };
    let certificate = Some(Certificate { bounds: vec![daily], accepted: Vec::new() });
    let certified = agentpol_bytecode::encode(&Module { certificate, ..module() });
    assert!(load_within(&certified, &binding(), &ceiling(usdc(1_000))).is_ok());
    let refused = load_within(&certified, &binding(), &ceiling(usdc(1_000) - U256::ONE)).unwrap_err();
    assert!(matches!(refused, LoadError::Ceiling(TooMuch::Exceeds { .. })), "{refused}");
    // Without a ceiling nothing is asked.
    assert!(load(&plain, &binding()).is_ok());
}

#[test]
fn the_ledger_knows_the_bound_caps() {
    let policy = policy();
    let terms = policy.terms();
    let daily = &terms.lines[&LineName::new("daily", 0)];
    assert_eq!((daily.cap, daily.window), (usdc(500), Window::Sliding { seconds: 86_400 }));
    let gas = &terms.lines[&LineName::new("gas", 0)];
    assert_eq!(gas.counts, Counts::Fees([Asset { chain: 1, contract: None }].into()));
    let pace = &terms.lines[&LineName::new("pace", 0)];
    assert_eq!(pace.rules, Some(["pay".into()].into()));
    assert_eq!(terms.rules["pay_much"].ask, Some(600));
    assert_eq!(terms.rules["approve_router"].beyond[&LineName::new("daily", 0)], 600);
    assert_eq!(policy.fee_cap(1), Some(U256::from(10u64.pow(16))));
    assert_eq!(policy.fee_cap(2), None);
}
