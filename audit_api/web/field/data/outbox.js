// What waits to be sent, and the one who sends it: a single uploader among all tabs, which tries for ever but never in a
// hurry. What it knows beyond the drafts (progress, when it tries next) it tells the other tabs.
import { Offline, Refused } from '../core/api.js';
import { stamp } from '../core/clock.js';
import { emit, on } from '../core/events.js';
import { account, hold, working } from '../core/vault.js';
import { current, setSetting } from './accounts.js';
import { deliver, Overtaken, settle, Stopped } from './courier.js';
import * as drafts from './drafts.js';
import { heldBack, Waiting } from './line.js';
import { fresh, hear, lastHeard, tell } from './standing.js';
import { choose, isDue, isQuiet, mayFreezeEarly } from './turns.js';
import { Pace } from './transfer.js';

export { status } from './standing.js';

const LOOK_AGAIN_MS = 60_000;
const LEAST_PAUSE_MS = 1_000;
const TYPING_MS = 3_000;
const UNQUIET_MS = 20_000;
const SILENT_LEADER_MS = 5_000;
const PASSING = new Set([null, 'offline', 'wifi']);
const USER = new Set(['now', 'send', 'online', 'login', 'resume', 'visible']);

let running = null;
let listening = false;

/** Begin to send for whoever is signed in, or wait until the tab that does so ends. Safe to call again. */
export async function begin() {
  const who = account();
  if (!who) return;
  listen();
  if (running?.who === who && !running.stop.signal.aborted) {
    wake('visible');
    return;
  }
  lead(who, false);
  emit('outbox', { kick: 'timer' }); // if another tab sends, it tells how far it is
}

function lead(who, steal) {
  running?.stop.abort();
  const run = {
    who, leading: false, stop: new AbortController(), call: null, stirred: null, wake: null,
    line: new Waiting(), waits: new Map(), pace: new Pace(), early: new Map(), quiet: new Map(), seen: new Map(), live: fresh(who),
  };
  running = run;
  const how = steal ? { steal: true } : { signal: run.stop.signal };
  navigator.locks.request(`outbox:${who}`, how, () => work(run)).catch(() => {}).finally(() => {
    // Taken over by another tab, locked, or somebody else has unlocked: this one is done.
    run.stop.abort();
    if (running === run) running = null;
  });
}

function listen() {
  if (listening) return;
  listening = true;
  addEventListener('online', () => wake('online'));
  addEventListener('offline', () => wake('timer'));
  document.addEventListener('visibilitychange', () => document.hidden || begin());
  navigator.connection?.addEventListener?.('change', () => wake('online'));
  on('session', ({ signed_in }) => wake(signed_in ? 'login' : 'timer'));
  on('changed', () => wake('changed'));
  on('look', () => wake('timer'));
  on('outbox', ({ kick: reason, told: said, elsewhere }) => {
    if (elsewhere && reason) wake(reason);
    if (elsewhere && said) hear(said);
  });
}

function wake(reason) {
  const run = running;
  if (!run) return;
  if (USER.has(reason)) {
    run.line.clear();
    for (const wait of run.waits.values()) wait.clear();
  }
  if (reason === 'pause') run.call?.abort();
  if (run.wake) run.wake(reason);
  else if (reason !== 'changed') run.stirred = reason; // while it works, or is about to rest
}

/**
 * Look whether something can be sent. `now`: the auditor pressed "Upload now", whatever the network costs and however
 * discreet it should be; `send`: pressed Send.
 * @param {'now'|'send'|'online'|'visible'|'timer'|'login'} [reason]
 */
export async function kick(reason = 'timer') {
  if (reason === 'now') {
    const waiting = (await drafts.all()).filter((draft) => draft.wish === 'send' && draft.state === 'waiting' && !draft.told);
    for (const { visit } of waiting) await drafts.update(visit, (draft) => void (draft.told = true));
    await setSetting('paused', false);
  }
  await begin();
  const asked = performance.now();
  wake(reason);
  emit('outbox', { kick: reason });
  if (reason !== 'now') return;
  // The tab that sends may be frozen in the background: who presses the button takes over.
  setTimeout(() => {
    if (account() && lastHeard() < asked && !running?.leading) lead(account(), true);
  }, SILENT_LEADER_MS);
}

/** Stop sending until `resume`, also after a restart; what is under way is broken off and goes on from there. */
export async function pause() {
  await setSetting('paused', true);
  emit('outbox', { kick: 'pause' });
  wake('pause');
}

/** Go on. */
export async function resume() {
  await setSetting('paused', false);
  emit('outbox', { kick: 'resume' });
  wake('resume');
}

/** Try a visit again that was refused, as it is. */
export async function retry(visit) {
  await drafts.update(visit, (draft) => (draft.state === 'failed' ? void Object.assign(draft, { state: 'waiting', problem: null }) : false));
  await kick('send');
}

async function work(run) {
  const session = working();
  let release = () => {};
  run.leading = true;
  try {
    await finishOff(run, session);
    while (!run.stop.signal.aborted && account() === run.who) {
      run.stirred = null;
      const { settings, device } = await current();
      const due = (await drafts.all(session)).filter(isDue).map((draft) => ({ draft, held: heldBack(settings, draft.told) }));
      const pending = due.filter(({ held }) => !held).map(({ draft }) => draft);
      // Behind the lock, what the auditor has sent goes on, also when it waits for a network; all else stays closed.
      const before = release;
      release = due.some(({ draft, held }) => draft.wish === 'send' && PASSING.has(held)) ? hold() : () => {};
      before();
      const draft = choose(run.line.left() ? [] : pending.filter(({ visit }) => !run.waits.get(visit)?.left()), run.early);
      if (draft) await attempt(run, draft, { session, device });
      else await rest(run, pending);
    }
  } catch (error) {
    if (error?.name !== 'Locked') throw error;
  } finally {
    release();
  }
}

async function attempt(run, draft, { session, device }) {
  const early = draft.wish !== 'send';
  run.call = new AbortController();
  const stop = () => run.call.abort();
  run.stop.signal.addEventListener('abort', stop);
  let came = 'nothing';
  run.live.sending = draft.visit;
  delete run.live.due[draft.visit];
  tell(run.live);
  const wait = run.waits.get(draft.visit) ?? new Waiting();
  run.waits.set(draft.visit, wait);
  try {
    const done = await deliver(draft.visit, {
      session, device, early, pace: run.pace, way: { who: run.who, signal: run.call.signal },
      mayFreeze: (held) => (early ? mayFreezeEarly(held, run.early) : held.held.revision === 0 || isQuiet(held, run.quiet)),
      froze: (held) => early && run.early.set(held.visit, { at: performance.now() }),
      maySubmit: (held) => isQuiet(held, run.quiet),
      advanced: () => (came = 'progress'),
      told: (sha256, sent, total, state) => {
        // Also what a chunk that was cut off left there is a step on.
        if (sent > (run.seen.get(sha256) ?? 0)) came = 'progress';
        else if (came === 'nothing') came = 'answered';
        run.seen.set(sha256, sent);
        run.live.photos[sha256] = { sent, total, state };
        tell(run.live);
      },
    });
    run.line.clear();
    run.live.failing = false;
    wait.rest(done === 'received' || early ? 0 : UNQUIET_MS);
  } catch (error) {
    failed(run, wait, error, came, early ? draft : null);
  } finally {
    run.stop.signal.removeEventListener('abort', stop);
    run.live.sending = null;
    run.live.photos = {};
    if (wait.left()) run.live.due[draft.visit] = stamp() + wait.left();
    tell(run.live);
  }
}

function failed(run, wait, error, came, early) {
  if (run.call.signal.aborted) return;
  run.live.failing = error instanceof Offline;
  if (error instanceof Stopped) {
    if (early) run.early.set(early.visit, { refused: early.changed, at: performance.now() });
    return;
  }
  if (error?.name === 'Locked') return;
  if (error instanceof Offline) run.line.failed(null, came);
  else wait.failed(error instanceof Refused ? error.retryAfter : null, came);
  if (![Offline, Refused, Overtaken].some((kind) => error instanceof kind)) console.error('sending', error);
}

/** Wait for the next moment at which something is due, or until something happens. */
async function rest(run, pending) {
  run.live.due = {};
  const lefts = pending.map((draft) => Math.max(run.line.left(), run.waits.get(draft.visit)?.left() ?? 0));
  pending.forEach((draft, at) => {
    if (draft.wish === 'send' && lefts[at]) run.live.due[draft.visit] = stamp() + lefts[at];
  });
  tell(run.live);
  const until = Math.max(LEAST_PAUSE_MS, Math.min(LOOK_AGAIN_MS, ...lefts.filter((left) => left > 0)));
  const why = await stirred(run, until, () => true);
  // Typing tells of a change with every word; only what the auditor presses is answered at once.
  if (why === 'changed') await stirred(run, TYPING_MS, (reason) => reason !== 'changed');
}

/** Wait until something happens, or for so long. */
async function stirred(run, ms, counts) {
  if (run.stirred) return run.stirred;
  return new Promise((resolve) => {
    const done = (reason) => {
      if (!counts(reason)) return;
      clearTimeout(timer);
      run.wake = null;
      resolve(reason);
    };
    const timer = setTimeout(() => done('timer'), ms);
    run.wake = done;
    run.stop.signal.addEventListener('abort', () => done('abort'), { once: true });
  });
}

/** After a crash between the receipt and what follows it: do the rest. */
async function finishOff(run, session) {
  for (const draft of await drafts.all(session)) {
    if (draft.state !== 'received' || !draft.receipt || draft.settled === draft.receipt.revision) continue;
    await settle(draft.visit, { session, way: { who: run.who, signal: run.stop.signal } }).catch(() => {});
  }
}
