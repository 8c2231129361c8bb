// The wallets of the browser (EIP-6963, or what is in `window.ethereum`), and the one that is used.

import { button, code, list, make, quiet } from './text.js';

const NO_TYPED_DATA = 'This wallet does not sign typed data (EIP-712). Use another one, or the command line.';
/** What wallets mean by their numbers (EIP-1193, EIP-1474). */
const SAYS = {
  4001: 'You declined in the wallet.',
  4100: 'The wallet does not let this page use the account. Connect it again.',
  4200: NO_TYPED_DATA,
  '-32601': NO_TYPED_DATA,
  '-32002': 'The wallet is already asking you something. Open it and look.',
};
export const walletSays = (error) => SAYS[error?.code] ?? `The wallet says: ${error?.message ?? error}`;

const NO_WALLET = 'This browser has no wallet. Use `agentpol approvals approve`.';
const ADDRESS = /^0x[0-9a-f]{40}$/i;

const wallets = new Map();
let used = null;
let place, changed;

/** The accounts that the wallet lets this page use. */
export let accounts = [];

const use = (wallet, given) => {
  used = wallet;
  accounts = Array.isArray(given) ? given.filter((one) => ADDRESS.test(one)) : [];
  draw('');
};

const connect = async (wallet) => {
  try {
    use(wallet, await wallet.provider.request({ method: 'eth_requestAccounts' }));
  } catch (error) {
    draw(walletSays(error));
  }
};

const found = (id, name, provider) => {
  const wallet = { name: String(name).slice(0, 40), provider };
  provider.on?.('accountsChanged', (given) => used === wallet && use(wallet, given));
  wallets.set(id, wallet);
};

const draw = (trouble) => {
  if (!wallets.size && window.ethereum) found('', 'the wallet', window.ethereum);
  const connected = () => [
    make('p', {}, used.name, ' ', button('Use another', 'plain', () => use(null))),
    list('ul', 'accounts', accounts, (one) => [code(one)]),
  ];
  const choices = () => [...wallets.values()].map((one) => button(`Connect ${one.name}`, '', () => connect(one)));
  const wasHere = place.contains(document.activeElement);
  const none = wallets.size ? '' : quiet(NO_WALLET);
  const said = make('p', { class: 'trouble', role: 'alert' }, trouble);
  place.replaceChildren(...(accounts.length ? connected() : choices()), none, said);
  if (wasHere) place.querySelector('button')?.focus();
  changed();
};

/** Shows the wallets in an element; says when other accounts are given. */
export const begin = (element, whenChanged) => {
  [place, changed] = [element, whenChanged];
  addEventListener('eip6963:announceProvider', ({ detail }) => {
    const { info, provider } = detail ?? {};
    if (typeof provider?.request !== 'function' || wallets.has(info?.uuid)) return;
    wallets.delete('');
    found(info?.uuid, info?.name, provider);
    draw('');
  });
  // What is put into the page late says so.
  addEventListener('ethereum#initialized', () => draw(''));
  dispatchEvent(new Event('eip6963:requestProvider'));
  draw('');
};

/** The account's signature. */
export const sign = (account, typedData) =>
  used.provider.request({ method: 'eth_signTypedData_v4', params: [account, JSON.stringify(typedData)] });
