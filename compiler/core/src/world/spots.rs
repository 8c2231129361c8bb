//! Where the parts of what is inside stand among a function's arguments.

use super::{World, interfaces::Fallible};
use crate::{
    hir::{FieldDef, FieldTy, ModuleIx, Refinement},
    resolve::nearest,
};
use agentpol_bytecode::limits::MAX_PARALLEL_ARRAYS;
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{self, Expr, ExprKind, Span};
use agentpol_model::types::{Path, Step};

/// Where something is read from, and of which type it is.
pub(super) struct Spot {
    pub(super) steps: Vec<Step>,
    pub(super) ty: FieldTy,
    /// Is it an address that the router reads in its own way?
    pub(super) recipient: bool,
}

/// What is gone through: `all c in calls`.
pub(super) struct Each<'a> {
    pub(super) var: &'a str,
    pub(super) array: Vec<Step>,
    pub(super) element: FieldTy,
}

/// A function's fields, as an `unwraps` reads them.
pub(super) struct Sight<'w, 'a> {
    pub(super) world: &'w World<'a>,
    pub(super) module: ModuleIx,
    pub(super) fields: &'w [FieldDef],
    pub(super) each: Option<Each<'a>>,
    pub(super) same_length: Vec<Path>,
}

impl<'a> Sight<'_, 'a> {
    pub(super) fn fail<T>(&self, span: Span, said: impl Into<String>, help: &str) -> Fallible<T> {
        let place = self.world.place(self.module, span);
        Err(Some(Box::new(Diagnostic::new(codes::BAD_UNWRAP, place, said).help(help))))
    }

    /// The parts between braces, by their names.
    pub(super) fn parts<const N: usize>(
        &self,
        braces: &'a Expr,
        names: [&str; N],
        help: &str,
    ) -> Fallible<[Option<&'a Expr>; N]> {
        let mut out = [None; N];
        let ExprKind::Map(pairs) = &braces.kind else {
            return self.fail(braces.span, "the parts have names", help);
        };
        for (key, value) in pairs {
            let name = match &key.kind {
                ExprKind::Path(path) => match path.segments.as_slice() {
                    [one] => one.node.as_str(),
                    _ => "",
                },
                _ => "",
            };
            let Some((_, slot)) = names.iter().zip(&mut out).find(|(n, _)| **n == name) else {
                let said = format!("there is no part `{name}` of what is inside");
                let parts = format!("parts are {}", names.join(", "));
                let near = nearest(name, names);
                return self.fail(
                    key.span,
                    said,
                    &near.map_or(parts, |near| format!("did you mean `{near}`?")),
                );
            };
            if slot.replace(value).is_some() {
                return self.fail(key.span, format!("`{name}` stands here twice"), "leave one out");
            }
        }
        Ok(out)
    }

    pub(super) fn bytes(&mut self, e: &'a Expr) -> Fallible<Path> {
        self.slot(e, "this", "`bytes`", |ty| matches!(ty, FieldTy::Bytes))
    }

    /// A place of a type. Where something is gone through, an array beside it gives each its part.
    pub(super) fn slot(
        &mut self,
        e: &'a Expr,
        name: &str,
        is: &str,
        fits: impl Fn(&FieldTy) -> bool,
    ) -> Fallible<Path> {
        let mut spot = self.spot(e)?;
        if spot.recipient {
            let help = "declare it without `as recipient`";
            return self.fail(e.span, "who is called is an address as it stands, no recipient", help);
        }
        if fits(&spot.ty) {
            return Ok(Path(spot.steps));
        }
        let (Some(each), Some(inner)) = (&self.each, elements_of(&spot.ty)) else {
            return self.wrong(e.span, name, is, &spot.ty);
        };
        if !fits(inner) || spot.steps.contains(&Step::Element(0)) {
            return self.wrong(e.span, name, is, &spot.ty);
        }
        let array = Path(spot.steps.clone());
        if each.array != spot.steps && !self.same_length.contains(&array) {
            self.same_length.push(array);
            if self.same_length.len() > MAX_PARALLEL_ARRAYS {
                let said = format!("at most {MAX_PARALLEL_ARRAYS} arrays are gone through beside another");
                return self.fail(e.span, said, "use fewer");
            }
        }
        spot.steps.push(Step::Element(0));
        Ok(Path(spot.steps))
    }

    /// Where a field stands: `data`, `c.target`.
    pub(super) fn spot(&self, e: &'a Expr) -> Fallible<Spot> {
        match &e.kind {
            ExprKind::Path(path) => {
                let [name] = path.segments.as_slice() else {
                    return self.fail(
                        e.span,
                        "what is inside stands among the arguments",
                        "name an argument",
                    );
                };
                if let Some(each) = self.each.as_ref().filter(|each| each.var == name.node) {
                    let mut steps = each.array.clone();
                    steps.push(Step::Element(0));
                    return Ok(Spot { steps, ty: each.element.clone(), recipient: false });
                }
                self.part(&[], self.fields, name, "the function")
            }
            ExprKind::Member { of, name } => {
                let spot = self.spot(of)?;
                let FieldTy::Struct(ix) = &spot.ty else {
                    return self.wrong(of.span, "this", "a struct", &spot.ty);
                };
                let Some(def) = self.world.structure(*ix) else { return Err(None) };
                self.part(&spot.steps, &def.fields, name, &format!("`{}`", def.name))
            }
            _ => self.fail(
                e.span,
                "what is inside stands among the arguments",
                "name an argument, or a part of one",
            ),
        }
    }

    fn part(&self, at: &[Step], fields: &[FieldDef], name: &ast::Name, of: &str) -> Fallible<Spot> {
        let found = (0u16..).zip(fields).find(|(_, field)| field.name == name.node);
        let Some((n, field)) = found else {
            let near = nearest(&name.node, fields.iter().map(|f| f.name.as_str()));
            let names: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", names.join(", ")),
            };
            return self.fail(name.span, format!("{of} has no `{}`", name.node), &help);
        };
        let mut steps = at.to_vec();
        steps.push(Step::Member(n));
        Ok(Spot { steps, ty: field.ty.clone(), recipient: field.refined == Refinement::Recipient })
    }

    /// What is gone through has a greatest length.
    pub(super) fn bounded(&self, e: &Expr, ty: &FieldTy) -> Fallible<()> {
        if !matches!(ty, FieldTy::Array(_, None)) {
            return Ok(());
        }
        let place = self.world.place(self.module, e.span);
        let said = "an array that is gone through has a greatest length";
        Err(Some(Box::new(Diagnostic::new(codes::UNBOUNDED_ARRAY, place, said).help(format!(
            "say it where the argument is declared: `{} up to 64`",
            self.world.show_type(ty)
        )))))
    }

    pub(super) fn wrong<T>(&self, span: Span, name: &str, is: &str, ty: &FieldTy) -> Fallible<T> {
        let said = format!("{name} is {is}; what stands here is `{}`", self.world.show_type(ty));
        self.fail(span, said, "name an argument of that type, or a part of one")
    }
}

/// What an array is of.
pub(super) fn elements_of(ty: &FieldTy) -> Option<&FieldTy> {
    match ty {
        FieldTy::Array(inner, _) | FieldTy::FixedArray(inner, _) => Some(inner),
        _ => None,
    }
}
