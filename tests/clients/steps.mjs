// What viem's script and ethers' share: what to try, and how a step is told.
export const target = JSON.parse(process.env.AGENTPOL_TARGET);

export const coinAbi = [
  'function transfer(address to, uint256 amount) returns (bool)',
  'function approve(address spender, uint256 amount) returns (bool)',
  'function balanceOf(address owner) view returns (uint256)',
  'function nonces(address owner) view returns (uint256)',
];
export const routerAbi = [
  'function swap(address tokenIn, address tokenOut, uint256 amountIn, uint256 amountOutMin, address to)',
];

export const COIN = 10n ** 6n;
export const GOLD = 10n ** 18n;
export const MILLIETHER = 10n ** 15n;
export const EVERYTHING = 2n ** 256n - 1n;

/** Typed data that lets the router take five coins. */
export const permit = (owner, nonce) => ({
  domain: { name: 'Coin', version: '1', chainId: 31337, verifyingContract: target.coin },
  types: {
    Permit: [
      { name: 'owner', type: 'address' },
      { name: 'spender', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'nonce', type: 'uint256' },
      { name: 'deadline', type: 'uint256' },
    ],
  },
  primaryType: 'Permit',
  message: {
    owner,
    spender: target.router,
    value: 5n * COIN,
    nonce,
    deadline: BigInt(Math.floor(Date.now() / 1000) + 600),
  },
});

const plain = (_, value) => (typeof value === 'bigint' ? value.toString() : value);

/** Runs a step and prints one line: what it gives, or the error that the endpoint answered, as the client has it. */
export const stepWith = (rpcError) => async (step, run) => {
  let told;
  try {
    told = await run();
  } catch (error) {
    const answered = rpcError(error);
    const { code, message, data } = answered ?? {};
    told = answered ? { error: { code, message, data } } : { failed: String(error.stack ?? error) };
  }
  console.log(JSON.stringify({ step, ...told }, plain));
};
