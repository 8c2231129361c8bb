// viem with a JSON-RPC account: `AGENTPOL_TARGET={…} node viem.mjs`.
import {
  createPublicClient,
  createWalletClient,
  encodeFunctionData,
  http,
  parseAbi,
  recoverMessageAddress,
  recoverTypedDataAddress,
} from 'viem';
import { foundry } from 'viem/chains';
import { COIN, EVERYTHING, GOLD, MILLIETHER, coinAbi, permit, routerAbi, stepWith, target } from './steps.mjs';

const { coin, gold, router, shop, stranger, url, token } = target;
const coins = parseAbi(coinAbi);
// A busy machine may take longer than the ten seconds after which viem asks again, and a node says then that it has it already.
const patient = { timeout: 60_000 };
const transport = http(url, token ? { ...patient, fetchOptions: { headers: { Authorization: `Bearer ${token}` } } } : patient);
const reading = createPublicClient({ chain: foundry, transport, pollingInterval: 50 });
const [account] = await createWalletClient({ chain: foundry, transport }).requestAddresses();
const wallet = createWalletClient({ account, chain: foundry, transport, pollingInterval: 50 });

const step = stepWith((error) => {
  const root = error.walk?.((cause) => cause.name === 'RpcRequestError');
  return root && { code: root.code, message: root.details, data: root.data };
});
const balance = (address, owner) =>
  reading.readContract({ address, abi: coins, functionName: 'balanceOf', args: [owner] });
const mined = async (hash) => (await reading.waitForTransactionReceipt({ hash })).status === 'success';
const call = (functionName, args) => wallet.writeContract({ address: coin, abi: coins, functionName, args });

await step('account', () => ({ account }));
await step('chain', async () => ({ chain: await wallet.getChainId() }));
await step('pay', async () => ({
  mined: await mined(await call('transfer', [shop, 25n * COIN])),
  shop: await balance(coin, shop),
}));
await step('tip', async () => ({
  mined: await mined(await wallet.sendTransaction({ to: shop, value: 10n * MILLIETHER })),
}));
await step('approve', async () => ({ mined: await mined(await call('approve', [router, 30n * COIN])) }));
await step('swap', async () => {
  const args = [coin, gold, 30n * COIN, 15n * GOLD, account];
  const hash = await wallet.writeContract({ address: router, abi: parseAbi(routerAbi), functionName: 'swap', args });
  return { mined: await mined(hash), router: await balance(coin, router) };
});
await step('refused', () => call('transfer', [stranger, COIN]).then((sent) => ({ sent })));
await step('refused_again', () => call('transfer', [stranger, COIN]).then((sent) => ({ sent })));
await step('unlimited', () => call('approve', [router, EVERYTHING]).then((sent) => ({ sent })));
await step('two_at_once', async () => {
  const hashes = await Promise.all([10n, 10n].map((amount) => call('transfer', [shop, amount * COIN])));
  const nonces = await Promise.all(hashes.map(async (hash) => (await reading.getTransaction({ hash })).nonce));
  return {
    mined: (await Promise.all(hashes.map(mined))).every(Boolean),
    apart: Math.abs(nonces[0] - nonces[1]),
    shop: await balance(coin, shop),
  };
});
await step('message', async () => {
  const message = 'agentpol clients: hello';
  return { signer: await recoverMessageAddress({ message, signature: await wallet.signMessage({ message }) }) };
});
await step('message_refused', () => wallet.signMessage({ message: 'anything else' }).then((signed) => ({ signed })));
await step('typed_data', async () => {
  const nonce = await reading.readContract({ address: coin, abi: coins, functionName: 'nonces', args: [account] });
  const typed = permit(account, nonce);
  return { signer: await recoverTypedDataAddress({ ...typed, signature: await wallet.signTypedData(typed) }) };
});
await step('capabilities', async () => ({ capabilities: await wallet.getCapabilities({ account }) }));
await step('calls', async () => {
  const data = encodeFunctionData({ abi: coins, functionName: 'transfer', args: [shop, 5n * COIN] });
  const { id } = await wallet.sendCalls({ calls: [{ to: coin, data }, { to: coin, data }] });
  const { status, receipts } = await wallet.waitForCallsStatus({ id, pollingInterval: 50 });
  return { status, receipts: receipts.map((receipt) => receipt.status), shop: await balance(coin, shop) };
});
await step('calls_refused', () => {
  const to = (receiver) => encodeFunctionData({ abi: coins, functionName: 'transfer', args: [receiver, COIN] });
  const calls = [shop, stranger].map((receiver) => ({ to: coin, data: to(receiver) }));
  return wallet.sendCalls({ calls }).then((sent) => ({ sent }));
});
await step('raw_transaction', () =>
  wallet.sendRawTransaction({ serializedTransaction: '0x02c0' }).then((sent) => ({ sent })),
);
await step('hash', () =>
  wallet.request({ method: 'eth_sign', params: [account, `0x${'11'.repeat(32)}`] }).then((signed) => ({ signed })),
);
await step('unknown_method', () => wallet.request({ method: 'eth_noSuchThing' }).then((result) => ({ result })));
await step('over', () => call('transfer', [shop, 40n * COIN]).then((sent) => ({ sent })));
await step('end', async () => ({
  shop: await balance(coin, shop),
  router: await balance(coin, router),
  gold: await balance(gold, account),
  stranger: await balance(coin, stranger),
}));
