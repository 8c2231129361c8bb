//! The appendices that are tables of the code.

use agentpol_diagnostics::{Severity, codes};
use agentpol_model::{
    decision::DenyCode,
    request::{Field, FieldType},
};
use std::fmt::Write as _;

/// What a guard can read of a request.
pub(crate) fn fields() -> String {
    let mut text = String::from(
        "# Request fields\n\nWhat a condition can read besides the arguments. An optional field may be left open by a request; reading it then is \
         undefined.\n\n| field | type | kinds | |\n| --- | --- | --- | --- |\n",
    );
    for field in Field::ALL {
        let ty = match field.ty() {
            FieldType::Address => "address",
            FieldType::Hash => "bytes32",
            FieldType::NativeAmount => "amount of the native token",
            FieldType::Number => "int",
            FieldType::Time => "time",
        };
        let kinds: Vec<String> =
            field.kinds().iter().map(|kind| format!("{kind:?}").to_lowercase()).collect();
        let optional = if field.optional() { " Optional." } else { "" };
        writeln!(
            text,
            "| `{}` | {ty} | {} | {}{optional} |",
            field.name(),
            kinds.join(", "),
            field.doc().trim()
        )
        .unwrap();
    }
    text
}

/// Why a request is denied.
pub(crate) fn deny_codes() -> String {
    let mut text = String::from("# Denial codes\n\n| code | means |\n| --- | --- |\n");
    for code in DenyCode::ALL {
        writeln!(text, "| `{}` | {} |", code.name(), code.doc()).unwrap();
    }
    text
}

/// The compiler's pages.
pub(crate) fn diagnostics() -> String {
    let mut text = String::from("# Diagnostics\n\nEach is explained by `agentpol explain CODE`.\n");
    for code in codes::ALL {
        let severity = match code.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        write!(text, "\n## {} {}\n\n`{}`, {severity}\n\n", code.code, code.title, code.name).unwrap();
        let mut fenced = false;
        for line in code.page.trim().lines() {
            fenced ^= line.starts_with("```");
            let deeper = if !fenced && line.starts_with('#') { "#" } else { "" };
            writeln!(text, "{deeper}{line}").unwrap();
        }
    }
    text
}

macro_rules! rows {
    ($($(#[doc = $doc:literal])* $opcode:literal $name:ident $method:ident $mnemonic:literal { $($operand:ident: $ty:ty),* } cost $cost:expr;)*) => {
        &[$(($opcode, $mnemonic, &[$(stringify!($operand)),*], stringify!($cost), concat!($($doc),*))),*]
    };
}

/// Opcode, mnemonic, operands, cost, documentation.
type Row = (u8, &'static str, &'static [&'static str], &'static str, &'static str);

const INSTRUCTIONS: &[Row] = agentpol_bytecode::for_each_instruction!(rows);

/// The bytecode.
pub(crate) fn instructions() -> String {
    let mut text = String::from(
        "# Instructions\n\nWhat a compiled condition consists of. A test leaves its clause on one outcome (`branch`) or goes on with the next instruction; \
         there is no way back.\n\n| opcode | name | operands | cost | |\n| --- | --- | --- | --- | --- |\n",
    );
    for (opcode, mnemonic, operands, cost, doc) in INSTRUCTIONS {
        let cost = cost.replace(' ', "").replace("$crate::instruction::", "").replace("asu64", "");
        let cost = cost.replace("u64::from(*max)", "max").replace('+', " + ");
        writeln!(text, "| {opcode} | `{mnemonic}` | {} | {cost} | {} |", operands.join(", "), doc.trim())
            .unwrap();
    }
    text
}
