// Starts the app: look and words, whether the place is safe at all, who is signed in, then the screen of the address.
import { beginLook, chooseDiscreet, chooseLanguage, paint } from './core/look.js';
import { on } from './core/events.js';
import { applyUpdate, register } from './core/worker.js';
import { add } from './core/words.js';
import coreWords from './words/core.js';
import screenWords from './words/screens.js';
import settingsWords from './words/settings.js';
import shellWords from './words/shell.js';
import { drawBar } from './shell/bar.js';
import { beginIdle } from './shell/idle.js';
import { beginRouter, presentScreen, redraw } from './shell/router.js';
import { show } from './core/dom.js';
import { failureScreen } from './shell/failure.js';

// Reached without an account or the PIN.
const OPEN = new Set(['sign_in', 'quick', 'insecure']);
const LOCK_SECONDS = 60;
const state = { open: false, status: null, update: null, seconds: LOCK_SECONDS };
let vault;
let people;
let outbox;

/** Why the app cannot work where it was opened; null where it can. */
function obstacle() {
  if (/MicroMessenger/i.test(navigator.userAgent)) return 'wechat';
  return globalThis.isSecureContext && globalThis.crypto?.subtle ? null : 'insecure';
}

/** Put the lock or the sign-in before a screen that needs them. */
async function before(route) {
  const reason = obstacle();
  if (reason) return { screen: 'insecure', params: { reason } };
  state.open = vault.isOpen();
  if (state.open || OPEN.has(route.screen)) return state.open && route.screen === 'lock' ? lockNow(route) : route;
  return (await people.accounts()).length ? { screen: 'lock', params: {} } : { screen: 'sign_in', params: {} };
}

async function lockNow(route) {
  await vault.lock();
  state.open = false;
  return route;
}

async function enter() {
  const person = await people.current();
  if (!person || !vault.isOpen()) return;
  state.seconds = Number(person.settings.lock_seconds) || LOCK_SECONDS;
  // Off the lock's own address first: whatever draws again there would lock again.
  if (location.hash === '#/lock') history.replaceState(history.state, '', '#/today');
  // Everybody's own language and look, whoever used the phone before.
  chooseLanguage(person.locale);
  chooseDiscreet(person.settings.discreet);
  await outbox.begin();
  // What has long been on the server makes room; nobody waits for it.
  import('./data/storage.js').then(({ tidy }) => tidy()).catch((error) => console.warn('tidying', error));
  await renewStatus();
  if (!vault.isOpen()) return; // locked again meanwhile: the lock stands there already
  await redraw();
}

async function renewStatus() {
  state.open = vault.isOpen();
  try {
    state.status = state.open ? await outbox.status() : null;
  } catch (error) {
    if (vault.isOpen()) throw error;
    state.status = null; // locked while it was read
  }
  drawBar(presentScreen(), state);
}

function serve() {
  // Nothing is taken from under an open draft: a new version waits until somebody says so.
  return register(() => {
    state.update = applyUpdate;
    drawBar(presentScreen(), state);
  });
}

async function begin() {
  beginLook();
  for (const entries of [coreWords, shellWords, screenWords, settingsWords]) add(entries);
  paint();
  if (!obstacle()) {
    // First of all: where this version does not start, only a newer one can help.
    serve().catch((error) => console.warn('no service worker', error));
    const [keeping, persons, sending, ...words] = await Promise.all([
      import('./core/vault.js'), import('./data/accounts.js'), import('./data/outbox.js'),
      import('./words/answer.js'), import('./words/sending.js'), import('./words/store.js'),
    ]);
    [vault, people, outbox] = [keeping, persons, sending];
    for (const { default: entries } of words) add(entries);
    // While somebody signs in, the token comes after the key: `session` tells when both are there.
    on('unlocked', () => presentScreen() !== 'sign_in' && enter());
    on('session', ({ signed_in: done, elsewhere }) => done && !elsewhere && enter());
    on('locked', () => {
      // The quick screen stays where it is: a keypad springing up would itself tell something.
      state.open = false;
      if (presentScreen() !== 'quick') redraw();
    });
    for (const name of ['outbox', 'changed', 'session']) on(name, renewStatus);
    beginIdle({ seconds: () => state.seconds, lock: () => vault.lock(), active: () => vault.isOpen() });
  }
  on('look', redraw);
  on('language', ({ language }) => {
    if (vault?.isOpen()) people.setLocale(language);
    return redraw();
  });
  on('settings', ({ lock_seconds: seconds }) => (state.seconds = seconds ?? state.seconds));
  await beginRouter({ before, drawn: (name) => drawBar(name, state) });
}

begin().catch((error) => {
  console.error(error);
  show('failure', failureScreen(error, () => location.reload()));
});
