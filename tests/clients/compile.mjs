// Compiles the contracts beside it: `node compile.mjs DIRECTORY` prints {name: bytecode} as JSON.
import fs from 'node:fs';
import path from 'node:path';
import solc from 'solc';

const directory = process.argv[2];
const files = fs.readdirSync(directory).filter((name) => name.endsWith('.sol')).sort();
const sources = Object.fromEntries(
  files.map((name) => [name, { content: fs.readFileSync(path.join(directory, name), 'utf8') }]),
);
const settings = {
  optimizer: { enabled: true },
  // What a chain of any recent fork runs.
  evmVersion: 'paris',
  outputSelection: { '*': { '*': ['evm.bytecode.object'] } },
};
const out = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings })));
const errors = (out.errors ?? []).filter((error) => error.severity === 'error');
if (errors.length > 0) {
  console.error(errors.map((error) => error.formattedMessage).join('\n'));
  process.exit(1);
}
const bytecode = Object.values(out.contracts)
  .flatMap(Object.entries)
  .map(([name, contract]) => [name, `0x${contract.evm.bytecode.object}`]);
console.log(JSON.stringify(Object.fromEntries(bytecode)));
