// The key of one auditor's data on this phone, and what it seals.
//
// One random 256-bit key an auditor and phone. It lies on the disk only wrapped: under the PIN (PBKDF2-SHA-256, 600,000
// rounds) and under a recovery key that only the server keeps. Unlocked, it is in memory alone and cannot be exported.
//
// What this is good for, honestly. Whoever picks up the phone, or signs in on it, reads nothing. Whoever copies the
// browser's profile folder off a phone whose own encryption is open reads no answer, name or photo either, but can try
// PINs on a machine of his own, past the waits below. One try costs 0.13 s of one core of our test machine: all PINs of
// 6 digits are a day and a half of one core, and by published rates of graphics cards minutes of one of those; 10
// digits are days of such a card, 12 are years. Against that only a long PIN helps, and the phone's own lock. A phone
// that is running and unlocked, or locked while something the auditor sent is still under way, holds the key in memory.
// How many records there are, their sizes and when they were written can be seen.
import { change, read, reserve, StorageFull } from './db.js';
import { emit } from './events.js';
import { SHORTEST_PIN, pinKey, pinPart, random, recoveryWrapper, sessionOf, unwrap, wrap } from './sealing.js';

const FREE_TRIES = 3;
const WAITS = [5, 15, 30, 60, 120, 300, 600, 900];

/** The PIN is not the right one, or it is too early for another try (`early`). `seconds`: how long to wait now. */
export class WrongPin extends Error {
  constructor(seconds, early = false) {
    super('wrong PIN');
    this.name = 'WrongPin';
    this.seconds = seconds;
    this.early = early;
  }
}

/** The recovery key is not that of this account; nothing was changed. */
export class WrongRecoveryKey extends Error {
  constructor() {
    super('wrong recovery key');
    this.name = 'WrongRecoveryKey';
  }
}

/** Nobody has unlocked; nothing can be read or written. */
export class Locked extends Error {
  constructor() {
    super('locked');
    this.name = 'Locked';
  }
}

let present = null;
let shown = false;
let holds = 0;

function enter(session) {
  present = session;
  shown = true;
  emit('unlocked', { account: session.account });
  reserve().catch(() => {});
}

const locked = (id, fn) => navigator.locks.request(`pin:${id}`, fn);

async function rewrite(id, fn) {
  await change(['accounts'], async (tx) => {
    const row = await tx.read('accounts', id);
    if (row) await tx.write('accounts', id, fn(row));
  });
}

// Counted here where the phone is too full to write it down: that must not keep anybody out.
const unwritten = new Map();

async function count(id, fn) {
  try {
    await rewrite(id, (row) => ({ ...row, wrong: fn(wrongOf(id, row)) }));
    unwritten.delete(id);
  } catch (error) {
    if (!(error instanceof StorageFull)) throw error;
    unwritten.set(id, fn(wrongOf(id, await read('accounts', id))) ?? { count: 0, at: 0 });
  }
}

const wrongOf = (id, row) => unwritten.get(id) ?? row?.wrong ?? { count: 0, at: 0 };

/** Milliseconds until the next try. */
async function waitOf(id) {
  const row = await read('accounts', id);
  const { count: wrong, at } = wrongOf(id, row);
  if (wrong <= FREE_TRIES) return 0;
  // The clock was set back: counted from now on, or a day back would make it a day.
  if (at > Date.now()) await count(id, (held) => ({ ...held, at: Date.now() }));
  return Math.max(0, 1000 * WAITS[Math.min(wrong - FREE_TRIES, WAITS.length) - 1] - Math.max(0, Date.now() - at));
}

/**
 * Open the data key by the PIN. A try is counted before it is made: killing the app wins nobody a free one.
 * @throws {WrongPin}
 */
async function rawByPin(id, pin) {
  return locked(id, async () => {
    const row = await read('accounts', id);
    if (!row) throw new Locked();
    const left = await waitOf(id);
    if (left) throw new WrongPin(Math.ceil(left / 1000), true);
    await count(id, (wrong) => ({ count: wrong.count + 1, at: Date.now() }));
    let raw;
    try {
      raw = await unwrap(row.pin, await pinKey(pin, row.pin.salt, row.pin.rounds), id);
    } catch {
      await count(id, (wrong) => ({ ...wrong, at: Date.now() }));
      throw new WrongPin(Math.ceil((await waitOf(id)) / 1000));
    }
    await count(id, () => null);
    return raw;
  });
}

/** Seconds until the next try of a PIN; kept across restarts. */
export async function pinWait(id) {
  return Math.ceil((await waitOf(id)) / 1000);
}

/**
 * Make an account on this phone and open it. Where it is there already (signed in anew), its data stay: the recovery key
 * opens them, and the PIN is set.
 * @param {{id: string, name: string, label: string, pin: string, recoveryKey: string, device?: string, locale?: string}} person
 * @throws {WrongRecoveryKey}
 */
export async function begin({ id, name, label, pin, recoveryKey, device = '', locale = 'zh' }) {
  if (await read('accounts', id)) {
    await recover(id, recoveryKey, pin);
    const sealed = await present.seal(name, 'name');
    return rewrite(id, (row) => ({ ...row, label, name: sealed }));
  }
  const raw = random(32);
  const row = {
    id, label, device, locale, settings: {}, wrong: null, created_at: new Date().toISOString(),
    pin: await pinPart(raw, pin, id),
    recovery: await wrap(raw, await recoveryWrapper(recoveryKey, id), id),
  };
  const session = await sessionOf(raw.buffer, id);
  row.name = await session.seal(name, 'name');
  await change(['accounts'], async (tx) => {
    if (await tx.read('accounts', id)) throw new DOMException('two tabs at once', 'AbortError');
    await tx.write('accounts', id, row);
  });
  enter(session);
}

/** Unlock by the PIN. @throws {WrongPin} */
export async function unlock(id, pin) {
  enter(await sessionOf(await rawByPin(id, pin), id));
}

/** Unlock by the key that the server keeps, and set a new PIN: a forgotten one costs nothing. @throws {WrongRecoveryKey} */
export async function recover(id, recoveryKey, newPin) {
  const row = await read('accounts', id);
  let raw;
  try {
    raw = await unwrap(row.recovery, await recoveryWrapper(recoveryKey, id), id);
  } catch {
    throw new WrongRecoveryKey();
  }
  const pin = await pinPart(raw, newPin, id);
  await rewrite(id, (held) => ({ ...held, pin, wrong: null }));
  enter(await sessionOf(raw, id));
}

/** Change the PIN of whoever is signed in. @throws {WrongPin} */
export async function changePin(old, wanted) {
  const id = working().account;
  if (wanted.length < SHORTEST_PIN) throw new RangeError('PIN too short');
  const raw = await rawByPin(id, old);
  const pin = await pinPart(raw, wanted, id);
  new Uint8Array(raw).fill(0);
  await rewrite(id, (held) => ({ ...held, pin }));
}

/** Lock. The key is dropped, except while something still works (`hold`): then as soon as that is done. */
export function lock() {
  const was = present?.account ?? null;
  shown = false;
  if (!holds) present = null;
  emit('locked', { account: was });
}

/** Keep the key after a lock until `release`; gives a function that releases once, however often it is called. */
export function hold() {
  holds += 1;
  let held = true;
  return () => {
    if (held) release();
    held = false;
  };
}

/** Say that the work is done for which the key was held. */
export function release() {
  holds = Math.max(0, holds - 1);
  if (!holds && !shown) present = null;
}

/** The id of whose data can be worked with, null where there is none; also behind the lock while something is held. */
export function account() {
  return present?.account ?? null;
}

/** Whether somebody has unlocked: screens show something only then. */
export function isOpen() {
  return shown && present !== null;
}

/** @returns {Session} what seals and opens now @throws {Locked} */
export function working() {
  if (!present) throw new Locked();
  return present;
}

export const seal = async (value, place) => working().seal(value, place);
export const open = async (sealed, place) => working().open(sealed, place);
export const sealBytes = async (bytes, place) => working().sealBytes(bytes, place);
export const openBytes = async (sealed, place) => working().openBytes(sealed, place);
