// From text to the page. Every text is somebody else's: of an agent, a contract, a policy's author, a wallet. It gets into the
// page through `shown` alone, as text.

// What cannot be seen, or changes how its neighbours look: controls, combining marks, blanks other than the space.
const UNSEEN = String.raw`[\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Z}`;
const FOREIGN = String.raw`(?:(?!${UNSEEN})[^ -~])+`;
const RUNS = new RegExp(String.raw`(?<plain>[ -~]+)|(?<unseen>${UNSEEN})|(?<foreign>${FOREIGN})`, 'gsu');

/** More characters than fit into the space that a value has in the narrowest window. */
const LONG = 200;

/** Any text: what is not ASCII is marked, what cannot be seen is written out; the style of `mark` lets nothing reorder it. */
export const shown = (text) => {
  const out = document.createDocumentFragment();
  for (const { groups } of String(text).matchAll(RUNS)) {
    const mark = document.createElement('mark');
    mark.textContent = groups.foreign ?? `\\u{${groups.unseen?.codePointAt(0).toString(16)}}`;
    out.append(groups.plain ?? mark);
  }
  return out;
};

/** An element. Attributes are ours; children are nodes or anybody's text. */
export const make = (tag, attributes, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.map((child) => (child instanceof Node ? child : shown(child))));
  return element;
};

/** Another text in an element, unless it is the same: a screen reader would say that again. */
export const put = (element, text) => {
  if (element.dataset.text === text) return;
  element.dataset.text = text;
  element.replaceChildren(shown(text));
};

/** What is long is scrolled, by keyboard too. */
export const code = (text) => make('code', String(text).length > LONG ? { tabindex: '0' } : {}, text);
export const quiet = (text) => make('span', { class: 'quiet' }, text);
export const list = (tag, kind, items, inside) =>
  make(tag, { class: kind }, ...items.map((item) => make('li', {}, ...inside(item))));

/** Names and what they stand for; rows that are falsy are left out. */
export const facts = (...rows) => {
  const row = ([name, ...what]) => make('div', {}, make('dt', {}, name), make('dd', {}, ...what));
  return make('dl', {}, ...rows.filter(Boolean).map(row));
};

export const button = (text, kind, act) => {
  const made = make('button', { type: 'button', class: kind }, text);
  made.addEventListener('click', act);
  return made;
};

/** A point in time, as it is said where the browser is; the day only if it is another one. */
export const time = (at) => {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  const said = date.toLocaleString(undefined, { dateStyle: isToday ? undefined : 'medium', timeStyle: 'long' });
  return make('time', { datetime: at }, said);
};

/** How long that is. */
export const span = (ms) => {
  const [seconds, minutes] = [Math.floor(ms / 1_000), Math.floor(ms / 60_000)];
  if (seconds < 60) return `${seconds} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};
