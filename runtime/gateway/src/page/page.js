// What waits for an approval: shown, so that it can be judged, and signed in the browser's wallet, or rejected.
//
// What `/api/waiting` gives, the oldest first:
//   { name, agent, at, expires, wallet, chain, rule, reason, policy, policyHash, need, of: [address], approvedBy: [address],
//     actions: [{ words, to, args: [{ name, value }], value }], effects: [text], fee, charges: [{ budget, amount, remaining }],
//     denied, typedData }
// `agent`, `rule`, `value` of an action, `fee`, `denied` and `typedData` can be null. All else is text, but for `need`, `typedData` and the
// `value` of an argument: text, or an array or object of such.

import { button, code, facts, list, make, put, quiet, shown, span, time } from './text.js';
import { accounts, begin, sign, walletSays } from './wallet.js';

const POLL_MS = 2_000;
const POLL_UNSEEN_MS = 10_000;
/** An approval can wait for a key elsewhere and for a node. */
const PATIENCE_MS = { waiting: 15_000, approve: 130_000, reject: 30_000 };

const NO_LINK =
  'Open the link again that `agentpol approvals page` printed. This page keeps its key in memory only.';
const SILENT =
  'agentpol does not answer. Is `agentpol approvals page` still running? What stands below may be out of date.';
const STRANGE = 'The page does not understand what agentpol answers. Use the command line.';
const MARKED =
  'What is marked is not plain ASCII and may look like something else. \\u{...} stands for what cannot be seen.';
const REPLACED = 'The policy was replaced while this waited. Read it again before you agree.';
const EXPIRED = 'Its time is over. Nothing was signed.';
const GONE = 'It no longer waits: it was approved or rejected elsewhere, or the policy was replaced.';
const BECAME = {
  sent: 'Signed and sent.',
  signed: 'Signed. Whoever asked gets it.',
  unsent: 'Signed and counted, but the node did not take it yet.',
  waiting: 'Your approval is kept. Others still have to agree.',
  denied: 'Not signed.',
};

const find = (id) => document.getElementById(id);

// ---- agentpol

/** Words of agentpol, or about it. */
class Refused extends Error {}
const plainly = (error) => (error instanceof Refused ? error.message : walletSays(error));

let token = '';

/** Out of the link and into memory: the address bar does not show it any more. */
const takeToken = () => {
  if (location.hash.length > 1) token = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);
};

const api = async (call, brought) => {
  if (!token) throw new Refused(NO_LINK);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const request = { method: 'POST', headers, body: JSON.stringify(brought), credentials: 'omit', redirect: 'error' };
  let answer, value;
  try {
    answer = await fetch(`/api/${call}`, { ...request, signal: AbortSignal.timeout(PATIENCE_MS[call]) });
    value = await answer.json();
  } catch {
    throw new Refused(SILENT);
  }
  if (answer.status === 401) token = '';
  if (!answer.ok) throw new Refused(token ? value.error : NO_LINK);
  return value;
};

// ---- who may sign what

const same = (a, b) => String(a).toLowerCase() === String(b).toLowerCase();
const isAmong = (account, those) => those.some((one) => same(one, account));

/** The account that would sign. */
const signer = ({ of, approvedBy }) => accounts.find((one) => isAmong(one, of) && !isAmong(one, approvedBy));

/** Nothing else is handed to a wallet, whatever agentpol says. */
const isItsApproval = ({ typedData, name, wallet, chain, policyHash }) => {
  const { domain, primaryType, message } = typedData ?? {};
  if (domain?.name !== 'agentpol' || primaryType !== 'Approval' || !message) return false;
  const pairs = [[message.request, name], [message.wallet, wallet], [message.chain, chain], [message.policy, policyHash]];
  return pairs.every(([signed, meant]) => same(signed, meant));
};

/** Who would sign, or why nobody can. */
const standing = (request) => {
  if (!isItsApproval(request)) return 'What would be signed is no approval of this request. Do not sign it anywhere.';
  const [account, mine] = [signer(request), accounts.find((one) => isAmong(one, request.of))];
  if (account) return `You sign as ${account}. Compare what your wallet shows with what stands here.`;
  if (mine) return `${mine} has agreed. Others still have to.`;
  if (accounts.length) return `${accounts[0]} is none of those who must agree. Choose another account in your wallet.`;
  return 'To approve, connect the wallet of somebody who must agree.';
};

// ---- a request, shown

const given = (value) =>
  typeof value === 'string' ? code(value) : facts(...Object.entries(value).map(([name, one]) => [name, given(one)]));

const action = ({ words, to, args, value }, isOnly) => [
  isOnly ? '' : make('p', { class: 'words' }, words),
  facts(
    to && ['At', code(to)],
    value && ['Value', value],
    args.length && ['With', facts(...args.map(({ name, value: one }) => [name, given(one)]))],
  ),
];

const budgets = (charges) => {
  const row = (tag, attributes, texts) => make('tr', {}, ...texts.map((text) => make(tag, attributes, text)));
  const head = row('th', { scope: 'col' }, ['Budget', 'This takes', 'Left after']);
  const rows = charges.map((one) => row('td', {}, [one.budget, one.amount, one.remaining]));
  return make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows));
};

const toSign = ({ domain, primaryType, message }) => {
  const rows = (members) => Object.entries(members).map(([name, value]) => [name, code(value)]);
  const summary = make('summary', {}, 'What your wallet will show');
  return make('details', {}, summary, facts(...rows(domain), ['type', code(primaryType)], ...rows(message)));
};

const body = (request, isOnly) => {
  const { actions, effects, charges, of, approvedBy, denied } = request;
  const approver = (one) => [code(one), isAmong(one, approvedBy) ? make('b', {}, ' has agreed') : ''];
  const count = `${request.need} of ${of.length}${approvedBy.length ? `, ${approvedBy.length} so far` : ''}`;
  return [
    denied ? make('p', { class: 'caution' }, `As things stand it would be denied, whoever agrees: ${denied}`) : '',
    effects.length ? list('ul', 'effects', effects, (one) => [one]) : make('p', { class: 'quiet' }, 'It declares no effect.'),
    list(isOnly ? 'ul' : 'ol', 'actions', actions, (one) => action(one, isOnly)),
    facts(
      request.fee && ['Fee', `at most ${request.fee}`],
      ['Budgets', charges.length ? budgets(charges) : 'It takes from none.'],
      ['Must agree', count, list('ul', 'accounts', of, approver)],
      ['Wallet', code(request.wallet), quiet(` on chain ${request.chain}`)],
      ['Policy', `${request.policy} `, code(request.policyHash)],
    ),
    isItsApproval(request) ? toSign(request.typedData) : '',
  ];
};

/** Shows a request on its card. */
const draw = (card, request) => {
  const { agent, at, expires, rule, reason, actions, typedData } = request;
  const isReplaced = card.request && JSON.stringify(typedData) !== JSON.stringify(card.request.typedData);
  card.request = request;
  const isOnly = actions.length === 1;
  put(card.title, isOnly ? actions[0].words : `${actions.length} actions, all or none`);
  card.ends.replaceChildren('until ', time(expires), ', ', card.left);
  const asks = make('p', { class: 'asks' }, make('b', {}, agent ?? 'An agent'), ' asks under ', code(rule ?? 'no rule'), ', ', time(at));
  card.shown.replaceChildren(asks, card.title, make('p', { class: 'why' }, reason), ...body(request, isOnly));
  if (card.shown.querySelector('mark')) card.title.after(make('p', { class: 'caution' }, MARKED));
  if (isReplaced) put(card.said, REPLACED);
};

// ---- a request, decided

const cards = new Map();
/** What is shown is what agentpol said a moment ago. */
let isFresh = false;
/** How much was decided here: what was asked for before that is old. */
let decided = 0;

/** Brings a card up to date with the clock, the wallet and its phase: open, sure (to be rejected), busy, over. */
const refresh = (card) => {
  const ms = Date.parse(card.request.expires) - Date.now();
  if (ms <= 0 && card.phase !== 'over') return turn(card, 'over', EXPIRED);
  put(card.left, `${span(ms)} left`);
  put(card.hint, card.phase === 'open' && isFresh ? standing(card.request) : '');
  const can = isFresh && Boolean(signer(card.request)) && isItsApproval(card.request);
  card.approve.hidden = card.phase !== 'open' || !can;
  card.reject.hidden = card.phase !== 'open' || !isFresh;
  card.sure.hidden = card.keep.hidden = card.phase !== 'sure';
  card.drop.hidden = card.phase !== 'over';
  card.ends.hidden = card.phase === 'over';
  card.element.dataset.phase = card.phase;
};

/** Its next phase, and what is said of it. Whoever is here by keyboard stays here. */
const turn = (card, phase, words) => {
  const at = document.activeElement;
  card.phase = phase;
  put(card.said, words);
  refresh(card);
  const next = { open: card.approve.hidden ? card.reject : card.approve, sure: card.keep, busy: card.said, over: card.drop };
  if (card.element.contains(at) && at.hidden) next[card.phase].focus();
};

const approve = async (card) => {
  const { name, typedData } = card.request;
  const account = signer(card.request);
  turn(card, 'busy', 'Look at your wallet: it asks you to sign this approval.');
  card.shown.querySelector('details').open = true;
  try {
    const signature = await sign(account, typedData);
    put(card.said, 'agentpol judges the request once more ...');
    const { status, reason, hash } = await api('approve', { name, signature });
    decided += 1;
    const words = [BECAME[status] ?? STRANGE, hash, reason].filter(Boolean).join(' ');
    if (status === 'denied') card.denied = words;
    turn(card, status === 'waiting' || status === 'denied' ? 'open' : 'over', words);
  } catch (error) {
    // Its time may have run out in the meantime.
    if (card.phase === 'busy') turn(card, 'open', plainly(error));
  }
  poll();
};

const reject = async (card) => {
  turn(card, 'busy', 'Rejecting ...');
  try {
    await api('reject', { name: card.request.name });
    decided += 1;
    turn(card, 'over', 'Rejected. Nothing was signed.');
  } catch (error) {
    if (card.phase === 'busy') turn(card, 'open', plainly(error));
  }
  poll();
};

const open = (request) => {
  const id = `title-${decided}-${request.name}`;
  const card = { phase: 'open', shown: make('div', {}), title: make('h2', { id }), left: make('span', {}) };
  card.ends = make('p', { class: 'ends' });
  card.said = make('p', { class: 'said', role: 'status', tabindex: '-1' });
  card.hint = make('p', { class: 'hint' });
  card.approve = button('Approve in the wallet', 'primary', () => approve(card));
  card.reject = button('Reject', '', () => turn(card, 'sure', 'Reject it? The agent is told no, and can ask again.'));
  card.sure = button('Yes, reject', 'danger', () => reject(card));
  card.keep = button('No, keep it', '', () => turn(card, 'open', ''));
  card.drop = button('Put away', '', () => close(card));
  const buttons = make('div', { class: 'buttons' }, card.approve, card.reject, card.sure, card.keep, card.drop, card.ends);
  card.element = make('article', { 'aria-labelledby': id }, card.shown, card.said, card.hint, buttons);
  draw(card, request);
  cards.set(request.name, card);
  find('requests').append(card.element);
  refresh(card);
  put(find('news'), `${request.agent ?? 'An agent'} asks: ${card.title.textContent}`);
};

const close = (card) => {
  card.element.remove();
  cards.delete(card.request.name);
  count();
};

// ---- all of them

const count = () => {
  const waiting = [...cards.values()].filter((card) => card.phase !== 'over').length;
  document.title = waiting ? `(${waiting}) Approvals` : 'Approvals';
  find('nothing').hidden = cards.size > 0 || !isFresh;
};

const update = (waiting) => {
  const names = new Set(waiting.map((request) => request.name));
  for (const request of waiting) {
    const card = cards.get(request.name);
    if (Date.parse(request.expires) <= Date.now()) continue;
    // Asked for once more since it was over here.
    if (card?.phase === 'over') close(card);
    if (!card || card.phase === 'over') open(request);
    else if (JSON.stringify(card.request) !== JSON.stringify(request)) draw(card, request);
  }
  for (const card of cards.values()) {
    if (card.phase !== 'over' && !names.has(card.request.name)) turn(card, 'over', card.denied ?? GONE);
  }
};

let timer;
const poll = async () => {
  clearTimeout(timer);
  const before = decided;
  let trouble = '';
  try {
    const waiting = await api('waiting', {});
    isFresh = true;
    if (before === decided) update(waiting);
  } catch (error) {
    isFresh = false;
    trouble = error instanceof Refused ? error.message : STRANGE;
  }
  put(find('trouble'), trouble);
  cards.forEach(refresh);
  count();
  clearTimeout(timer);
  if (token) timer = setTimeout(poll, document.hidden ? POLL_UNSEEN_MS : POLL_MS);
};

const come = () => {
  takeToken();
  poll();
};
come();
addEventListener('hashchange', come);
document.addEventListener('visibilitychange', () => document.hidden || poll());
setInterval(() => cards.forEach(refresh), 1_000);
begin(find('wallet'), () => cards.forEach(refresh));
