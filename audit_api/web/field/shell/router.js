// From the address after the # to a screen. The address alone says where one is: Back, reload and a killed page all
// come back to the same place.
import { announce, show } from '../core/dom.js';
import { t } from '../core/words.js';
import { failureScreen } from './failure.js';

const ID = '([^/]+)';
const ROUTES = [
  ['today', 'today'],
  [`assignment/${ID}`, 'briefing', 'code'],
  [`visit/${ID}`, 'answer', 'visit'],
  [`visit/${ID}/section/${ID}`, 'answer', 'visit', 'section'],
  [`visit/${ID}/all`, 'answer', 'visit'],
  [`visit/${ID}/review`, 'review', 'visit'],
  [`visit/${ID}/photo/${ID}/${ID}`, 'photo', 'visit', 'item', 'slot'],
  ['outbox', 'outbox'],
  [`receipt/${ID}`, 'receipt', 'visit'],
  [`conflict/${ID}`, 'conflict', 'visit'],
  ['settings', 'settings'],
  [`settings/${ID}`, 'settings', 'part'],
  ['sign-in', 'sign_in'],
  ['first-use', 'first_use'],
  ['practice', 'practice'],
  ['lock', 'lock'],
  ['quick', 'quick'],
].map(([pattern, screen, ...names]) => ({ pattern: new RegExp(`^#/${pattern}$`), screen, names }));

/** Which screen an address names, and with what. */
export function match(hash) {
  const [path, query = ''] = (hash || '#/today').split('?');
  for (const { pattern, screen, names } of ROUTES) {
    const found = path.match(pattern);
    if (!found) continue;
    const params = Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(found[at + 1])]));
    if (path.endsWith('/all')) params.all = true;
    return { screen, params: { ...params, ...Object.fromEntries(new URLSearchParams(query)) } };
  }
  return null;
}

let present = { module: null, name: '', hash: '' };
let turn = 0;
let entries = 0;
const scrolled = new Map();
/** What decides whether another screen must stand first (lock, sign-in): given by main. */
let guard = async (route) => route;
let after = () => {};

/** Begin to follow the address. */
export function beginRouter({ before, drawn }) {
  guard = before;
  after = drawn;
  history.scrollRestoration = 'manual';
  addEventListener('hashchange', () => draw());
  return draw();
}

/** Name of the screen that is shown. */
export function presentScreen() {
  return present.name;
}

/** Draw the present address again where it stands: after a change of language or look, after unlocking. */
export function redraw() {
  const focused = document.activeElement?.dataset?.act;
  return draw({ again: true }).then(() => {
    if (focused) document.querySelector(`[data-act="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  });
}

/** Go one step back inside the app, or home where there is none. */
export function back() {
  if ((history.state?.at ?? 0) > 1) history.back();
  else location.replace('#/today');
}

async function draw({ again = false } = {}) {
  const mine = ++turn;
  const known = history.state?.at;
  if (!known) history.replaceState({ at: ++entries }, '');
  else entries = known;
  if (present.hash) scrolled.set(present.hash, scrollY);
  const hash = location.hash || '#/today';
  let name = 'failure';
  let node;
  let module = null;
  try {
    const route = await guard(match(hash) ?? { screen: 'today', params: { unknown: hash } });
    name = route.screen;
    module = await import(`../screens/${route.screen}.js`);
    node = await module.open(route.params);
  } catch (error) {
    console.error(error);
    name = 'failure';
    node = failureScreen(error, () => draw({ again: true }));
  }
  if (mine !== turn) return; // a later address has overtaken this one
  try {
    if (present.module !== module || present.hash !== hash) await present.module?.close?.();
  } catch (error) {
    console.error(error); // a screen that does not close well must not hold up the next
  }
  const place = again ? scrollY : known ? (scrolled.get(hash) ?? 0) : 0;
  present = { module, name, hash };
  show(name, node);
  document.body.dataset.route = hash;
  scrollTo(0, place);
  announce(document.querySelector('main h1')?.textContent ?? t('core.name'));
  after(name);
}
