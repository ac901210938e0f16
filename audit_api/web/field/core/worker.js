// The service worker as the app sees it: begins it, looks for new versions, changes over when somebody says so.
// A new version never interrupts: it is loaded whole beside the present one and waits until somebody takes it, or until
// the app is closed; the next start then is the new version's. (Taking it over while a page still loads is no good:
// Chromium 156 may then let it wait for minutes.)

const LOOK_EVERY_MS = 3_600_000;
const ANSWER_MS = 2_000;
let registration = null;
let asked = false;
let lookedAt = 0;

/**
 * Begin. Resolves to false where the browser has no service worker (a private window, plain http).
 * @param {() => void} [waiting] called whenever a new version waits to be taken
 * @returns {Promise<boolean>}
 */
export async function register(waiting = () => {}) {
  const workers = globalThis.navigator?.serviceWorker;
  if (!workers) return false;
  let controlled = Boolean(workers.controller);
  workers.addEventListener('controllerchange', () => {
    if (controlled) changedOver();
    controlled = true;
  });
  registration = await workers.register(new URL('../sw.js', import.meta.url), { updateViaCache: 'none' });
  lookedAt = Date.now();
  const tell = () => updateWaiting() && waiting();
  const follow = (worker) => worker?.addEventListener('statechange', tell);
  follow(registration.installing);
  registration.addEventListener('updatefound', () => follow(registration.installing));
  document.addEventListener('visibilitychange', look);
  setInterval(look, LOOK_EVERY_MS / 4);
  tell();
  return true;
}

/** Whether a new version is on the phone, whole, and waits. */
export function updateWaiting() {
  return Boolean(registration?.waiting && navigator.serviceWorker.controller);
}

/** Take the new version; the page loads anew when it has taken over. Only ever called because somebody wants it. */
export function applyUpdate() {
  asked = true;
  registration?.waiting?.postMessage({ type: 'take-over' });
}

/** The version this page is answered from; empty without a worker. @returns {Promise<string>} */
export async function appVersion() {
  const worker = globalThis.navigator?.serviceWorker?.controller;
  if (!worker) return '';
  return ask(worker, 'version');
}

/** Look for a new version, once an hour at most; without a line the next time does. */
export async function look() {
  if (!registration || document.hidden || Date.now() - lookedAt < LOOK_EVERY_MS) return;
  lookedAt = Date.now();
  await registration.update().catch(() => {});
}

function ask(worker, type) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    worker.postMessage({ type }, [port2]);
    setTimeout(() => resolve(''), ANSWER_MS); // one that hangs is to hold no screen up
  });
}

function changedOver() {
  // Another tab has changed over: this one follows when nobody looks at it, or on its way to another screen, since
  // the files that it has not loaded yet are now those of the new version.
  if (asked || document.hidden || document.body.dataset.screen === undefined) {
    location.reload();
    return;
  }
  document.addEventListener('visibilitychange', () => location.reload(), { once: true });
  globalThis.addEventListener('hashchange', () => location.reload(), { once: true });
}
