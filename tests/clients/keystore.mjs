// `node keystore.mjs DIRECTORY PASSPHRASE`: opens the key `agent` of a keystore, prints whose it is, and puts the private key from standard
// input beside it, as ethers encrypts it.
import fs from 'node:fs';
import path from 'node:path';
import { Wallet, encryptKeystoreJson } from 'ethers';

const [directory, passphrase] = process.argv.slice(2);
const agent = fs.readFileSync(path.join(directory, 'agent'), 'utf8');
console.log((await Wallet.fromEncryptedJson(agent, passphrase)).address);
const { address, privateKey } = new Wallet(fs.readFileSync(0, 'utf8').trim());
// Cheaper than its default, since it is only a test.
const encrypted = await encryptKeystoreJson({ address, privateKey }, passphrase, { scrypt: { N: 1024, r: 8, p: 1 } });
fs.writeFileSync(path.join(directory, 'by-ethers'), encrypted, { mode: 0o600 });
