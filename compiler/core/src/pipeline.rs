//! The pipeline, one screen: every pass by its name, each one's result the next one's input.

use crate::{
    Compilation,
    asserts::assertions,
    family,
    flatten::flatten,
    hir::{DefIx, LetIx},
    resolve::{self, Library, declare},
    sink::Sink,
    source::{Loader, SourceFile},
    testing::test_blocks,
    typecheck::Checker,
    world::World,
};
use agentpol_diagnostics::codes;
use std::collections::BTreeMap;

/// Text to rule set.
pub(crate) fn run(root: SourceFile, loader: &dyn Loader, library: &dyn Library) -> Compilation {
    // text -> trees: the policy, those that it extends, and every module of the standard library that they use
    let loaded = resolve::load(root, loader, library);
    let mut sink = Sink::default();
    loaded.syntax.iter().cloned().for_each(|d| sink.push(d));
    if loaded.lacks_ancestor {
        // Any name could be that one's, and what uses such a name is not looked at further.
        for module in loaded.modules.iter().filter(|module| module.is_policy) {
            sink.explained(codes::UNKNOWN_NAME, module.file);
            sink.explained(codes::UNUSED_DEFINITION, module.file);
        }
    }

    // trees -> names
    let declared =
        declare(&loaded.modules, &loaded.sources, &loaded.by_path, &loaded.ancestors, library, &mut sink);

    // names -> chains, tokens, contracts, interfaces, parameters, units
    let world = World::build(declared, library, loader, &mut sink);

    // expressions -> values, where they are used; declarations -> rules, arms, budgets
    let mut checker = Checker::new(&world, sink);
    (0..world.lets.len()).map(LetIx::new).for_each(|ix| {
        checker.eval_let(ix);
    });
    let flattened = flatten(&mut checker);
    (0..world.defs.len()).map(DefIx::new).for_each(|ix| checker.unused(ix));

    // test blocks -> concrete requests; asserts are kept for the analysis
    let tests = test_blocks(&mut checker, &flattened);
    let asserts = assertions(&mut checker, &flattened);

    let mut sink = checker.sink;
    let alone = (!sink.has_errors()).then_some(flattened.ruleset);

    // a child and its parent -> one rule set, in which both are asked and both are charged
    let (ruleset, family) = match alone {
        Some(alone) => family::join(alone, &loaded, loader, library, &mut sink),
        None => (None, None),
    };
    let (sources, diagnostics) = (loaded.sources.clone(), sink.finish());
    let (accepted, witnesses) = (Vec::new(), BTreeMap::new());
    Compilation { sources, ruleset, family, tests, asserts, accepted, diagnostics, witnesses }
}
