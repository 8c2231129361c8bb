// ethers with the endpoint's own signer: `AGENTPOL_TARGET={…} node ethers.mjs`. It sends what is asked at once as one JSON-RPC batch.
import { Contract, FetchRequest, JsonRpcProvider, verifyMessage, verifyTypedData } from 'ethers';
import { COIN, EVERYTHING, GOLD, MILLIETHER, coinAbi, permit, routerAbi, stepWith, target } from './steps.mjs';

const { gold, router, shop, stranger, url, token } = target;
const request = new FetchRequest(url);
if (token) request.setHeader('Authorization', `Bearer ${token}`);
const provider = new JsonRpcProvider(request, undefined, { pollingInterval: 50 });
const signer = await provider.getSigner();
const coin = new Contract(target.coin, coinAbi, signer);
const golden = new Contract(gold, coinAbi, provider);
const exchange = new Contract(router, routerAbi, signer);

const step = stepWith((error) => error.info?.error ?? error.error);
const mined = async (sent) => (await (await sent).wait()).status === 1;

await step('account', () => ({ account: signer.address }));
await step('chain', async () => ({ chain: Number((await provider.getNetwork()).chainId) }));
await step('pay', async () => ({
  mined: await mined(coin.transfer(shop, 25n * COIN)),
  shop: await coin.balanceOf(shop),
}));
await step('tip', async () => ({ mined: await mined(signer.sendTransaction({ to: shop, value: 10n * MILLIETHER })) }));
await step('approve', async () => ({ mined: await mined(coin.approve(router, 30n * COIN)) }));
await step('swap', async () => ({
  mined: await mined(exchange.swap(target.coin, gold, 30n * COIN, 15n * GOLD, signer.address)),
  router: await coin.balanceOf(router),
}));
await step('refused', () => coin.transfer(stranger, COIN).then(({ hash }) => ({ sent: hash })));
await step('refused_again', () => coin.transfer(stranger, COIN).then(({ hash }) => ({ sent: hash })));
await step('unlimited', () => coin.approve(router, EVERYTHING).then(({ hash }) => ({ sent: hash })));
await step('two_at_once', async () => {
  const sent = await Promise.all([10n, 10n].map((amount) => coin.transfer(shop, amount * COIN)));
  return {
    mined: (await Promise.all(sent.map(mined))).every(Boolean),
    apart: Math.abs(sent[0].nonce - sent[1].nonce),
    shop: await coin.balanceOf(shop),
  };
});
await step('message', async () => {
  const message = 'agentpol clients: hello';
  return { signer: verifyMessage(message, await signer.signMessage(message)) };
});
await step('message_refused', () => signer.signMessage('anything else').then((signed) => ({ signed })));
await step('typed_data', async () => {
  const { domain, types, message } = permit(signer.address, await coin.nonces(signer.address));
  return { signer: verifyTypedData(domain, types, message, await signer.signTypedData(domain, types, message)) };
});
await step('batch', async () => {
  // One refusal among the others spoils none of them.
  const [block, refused, balance] = await Promise.allSettled([
    provider.getBlockNumber(),
    provider.send('eth_sign', [signer.address, `0x${'11'.repeat(32)}`]),
    coin.balanceOf(shop),
  ]);
  return { block: block.value > 0, refused: refused.status === 'rejected', shop: balance.value };
});
await step('raw_transaction', () => provider.send('eth_sendRawTransaction', ['0x02c0']).then((sent) => ({ sent })));
await step('hash', () =>
  provider.send('eth_sign', [signer.address, `0x${'11'.repeat(32)}`]).then((signed) => ({ signed })),
);
await step('unknown_method', () => provider.send('eth_noSuchThing', []).then((result) => ({ result })));
await step('over', () => coin.transfer(shop, 40n * COIN).then(({ hash }) => ({ sent: hash })));
await step('end', async () => ({
  shop: await coin.balanceOf(shop),
  router: await coin.balanceOf(router),
  gold: await golden.balanceOf(signer.address),
  stranger: await coin.balanceOf(stranger),
}));
provider.destroy();
