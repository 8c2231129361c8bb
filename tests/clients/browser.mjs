// A browser with wallets in it, for a program that says what to do: `AGENTPOL_TARGET={…} node browser.mjs`. One JSON object a line comes in,
// `{"do": "click", …}`, and one goes out: `{"is": …}`, or `{"failed": "…"}`. It ends with its input.
import { createInterface } from 'node:readline';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { privateKeyToAccount } from 'viem/accounts';

const { chromium: executablePath } = JSON.parse(process.env.AGENTPOL_TARGET);
const PATIENCE_MS = 15_000;

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
args.push('--disable-component-update', '--disable-sync');
const browser = await chromium.launch({ executablePath, args });
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let page;
/** By name: the keys it has, and the error that it answers instead of signing. */
const wallets = new Map();
/** What the browser or the page complains of, and what is asked of anybody else. */
const complaints = [];

/** What a wallet is asked, as wallets answer it (EIP-1193). Errors travel as data. */
const answer = async (name, method, params) => {
  const { keys, error } = wallets.get(name);
  const accounts = keys.map((key) => privateKeyToAccount(key));
  switch (method) {
    case 'eth_requestAccounts':
    case 'eth_accounts':
      return { result: accounts.map(({ address }) => address) };
    case 'eth_signTypedData_v4': {
      if (error) return { error };
      const account = accounts.find(({ address }) => address === params[0]);
      if (!account) return { error: { code: 4100, message: 'unknown account' } };
      const { domain, types, primaryType, message } = JSON.parse(params[1]);
      return { result: await account.signTypedData({ domain, types, primaryType, message }) };
    }
    default:
      return { error: { code: -32601, message: `no method ${method}` } };
  }
};

/** Runs in the page: puts the wallets there, announced (EIP-6963), or one of them as `window.ethereum`. */
const inject = (all) => {
  window.listeners = {};
  for (const { name, announced } of all) {
    const listeners = (window.listeners[name] = []);
    const provider = {
      on: (event, listener) => event === 'accountsChanged' && listeners.push(listener),
      async request({ method, params }) {
        const { result, error } = await window.askWallet(name, method, params ?? []);
        if (error) throw Object.assign(new Error(error.message), { code: error.code });
        return result;
      },
    };
    if (!announced) {
      window.ethereum = provider;
      continue;
    }
    const info = Object.freeze({ uuid: `of ${name}`, name, icon: 'data:image/svg+xml,', rdns: 'test.wallet' });
    const announce = () =>
      dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }));
    addEventListener('eip6963:requestProvider', announce);
    announce();
  }
};

const commands = {
  async open({ link, wallets: all, options }) {
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    page = await context.newPage();
    page.on('console', (said) => ['error', 'warning'].includes(said.type()) && complaints.push(said.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('dialog', (dialog) => complaints.push(`a dialog: ${dialog.message()}`) && dialog.dismiss());
    page.on('request', (asked) => asked.url().startsWith(new URL(link).origin) || complaints.push(asked.url()));
    for (const { name, keys } of all) wallets.set(name, { keys });
    await page.exposeFunction('askWallet', answer);
    await page.addInitScript(inject, all);
    await page.goto(link);
  },
  reload: () => page.reload().then(() => null),
  address: () => page.url(),
  click: ({ button }) => page.getByRole('button', { name: button, exact: true }).click(),
  press: ({ key }) => page.keyboard.press(key),
  /** Until it can be seen, or is gone. */
  until: ({ text, gone }) =>
    page.getByText(text).filter({ visible: true }).first().waitFor({ state: gone ? 'hidden' : 'visible' }),
  look: ({ script }) => page.evaluate(script),
  async wallet({ name, keys, error }) {
    const wallet = wallets.get(name);
    wallet.error = error;
    if (!keys) return;
    wallet.keys = keys;
    const now = keys.map((key) => privateKeyToAccount(key).address);
    await page.evaluate(([of, accounts]) => window.listeners[of].forEach((tell) => tell(accounts)), [name, now]);
  },
  shot: ({ path }) => page.screenshot({ path, fullPage: true }).then(() => null),
  /** What keeps people out who see, hear or move otherwise, as far as a program finds it. */
  async barriers() {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  },
  complaints: () => complaints,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: command, ...rest } = JSON.parse(line);
  let told;
  try {
    told = { is: (await commands[command](rest)) ?? null };
  } catch (error) {
    told = { failed: String(error.message ?? error) };
  }
  console.log(JSON.stringify(told));
}
await browser.close();
