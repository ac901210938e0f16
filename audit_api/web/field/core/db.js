// A thin layer over IndexedDB. A write is told done only once it lies on the disk (`durability: 'strict'`).
// The schema only ever grows: an older version of the app in another tab, or after a step back, finds all it knows.
import { emit } from './events.js';

const NAME = 'field';
const VERSION = 1;
const STORES = ['accounts', 'records', 'photos', 'bytes', 'meta'];

/** There is no room left on the phone; everything that was there before is still there. */
export class StorageFull extends Error {
  constructor(cause) {
    super('storage full', { cause });
    this.name = 'StorageFull';
  }
}

/** The browser gives no storage that stays (a private window, storage switched off, a broken profile). */
export class StorageAbsent extends Error {
  constructor(cause) {
    super('no storage', { cause });
    this.name = 'StorageAbsent';
  }
}

let opened = null;

function forget(db) {
  opened?.then((held) => held === db && (opened = null)).catch(() => {});
}

function request(version) {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, version);
    asked.onupgradeneeded = () => {
      for (const name of STORES) {
        if (!asked.result.objectStoreNames.contains(name)) asked.result.createObjectStore(name);
      }
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function connect() {
  let db;
  try {
    db = await request(VERSION);
  } catch (error) {
    // A newer app has been here: its stores hold ours, so it is opened as it is.
    if (error?.name !== 'VersionError') throw error?.name === 'QuotaExceededError' ? new StorageFull(error) : new StorageAbsent(error);
    db = await request(undefined);
  }
  // Another tab wants to upgrade, or the browser closed it: step aside; the next call opens it again.
  db.onversionchange = () => {
    forget(db);
    db.close();
  };
  db.onclose = () => forget(db);
  return db;
}

function database() {
  opened ??= connect().catch((error) => {
    opened = null;
    throw error;
  });
  return opened;
}

const wait = (asked) =>
  new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

async function attempt(stores, mode, fn) {
  const db = await database();
  let tx;
  try {
    tx = db.transaction(stores, mode, mode === 'readwrite' ? { durability: 'strict' } : undefined);
  } catch (error) {
    forget(db);
    db.close();
    throw error;
  }
  const ended = new Promise((resolve, reject) => {
    tx.oncomplete = resolve;
    tx.onabort = () => reject(tx.error ?? new DOMException('aborted', 'AbortError'));
  });
  ended.catch(() => {});
  try {
    const result = await fn({
      read: (store, key) => wait(tx.objectStore(store).get(key)),
      list: (store, range) => wait(tx.objectStore(store).getAll(range)),
      keys: (store, range) => wait(tx.objectStore(store).getAllKeys(range)),
      write: (store, key, value) => wait(tx.objectStore(store).put(value, key)),
      erase: (store, key) => wait(tx.objectStore(store).delete(key)),
    });
    await ended;
    return result;
  } catch (error) {
    try {
      tx.abort();
    } catch {
      // It has ended by itself.
    }
    const told = tx.error ?? error;
    if (told?.name === 'QuotaExceededError') {
      emit('storage', { full: true });
      throw new StorageFull(told);
    }
    if (told?.name === 'UnknownError' || told?.name === 'InvalidStateError') forget(db);
    throw told;
  }
}

// Safari loses its connection in the background; every change here is a plain overwriting, so doing it again is safe.
async function run(stores, mode, fn) {
  try {
    return await attempt(stores, mode, fn);
  } catch (error) {
    if (error?.name !== 'UnknownError' && error?.name !== 'InvalidStateError') throw error;
    return attempt(stores, mode, fn);
  }
}

// Where photos have filled the phone, answers, sending and unlocking must go on: sending is what makes room again. So a
// few megabytes lie in reserve, and are given up for a write that holds no photo.
const RESERVE_BYTES = 8e6;
const FREED_WITHIN_MS = 10_000;
let givenUpAt = -Infinity;
const SMALL = new Set(['accounts', 'records', 'meta']);

/** Lay the reserve, where it is not there and there is room. @returns {Promise<boolean>} whether it is there now */
export async function reserve() {
  if ((await keys('meta', IDBKeyRange.only('reserve'))).length) return true;
  const bytes = new Uint8Array(RESERVE_BYTES); // random, for browsers compress
  for (let at = 0; at < RESERVE_BYTES; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  try {
    await run(['meta'], 'readwrite', (tx) => tx.write('meta', 'reserve', bytes.buffer));
    return true;
  } catch (error) {
    if (error instanceof StorageFull) return false;
    throw error;
  }
}

async function giveUpReserve() {
  return run(['meta'], 'readwrite', async (tx) => {
    const [held] = await tx.keys('meta', IDBKeyRange.only('reserve'));
    if (held) await tx.erase('meta', 'reserve');
    return Boolean(held);
  });
}

/**
 * Do several things in one transaction: all of them or none; resolves when they lie on the disk.
 * `fn` may be called twice, and awaits nothing but what it is given: another promise would end the transaction.
 * @param {string[]} stores
 * @param {(tx: {read: Function, list: Function, keys: Function, write: Function, erase: Function}) => any} fn
 * @returns {Promise<any>} what fn gives
 * @throws {StorageFull}
 */
export async function change(stores, fn) {
  try {
    return await run(stores, 'readwrite', fn);
  } catch (error) {
    if (!(error instanceof StorageFull) || !stores.every((store) => SMALL.has(store))) throw error;
    return afterReserve(() => run(stores, 'readwrite', fn), error);
  }
}

// What is erased makes room only after a while: Chromium frees the space of a large value some seconds later.
async function afterReserve(again, error) {
  if (await giveUpReserve().catch(() => false)) givenUpAt = performance.now();
  while (performance.now() - givenUpAt < FREED_WITHIN_MS) {
    try {
      return await again();
    } catch (refused) {
      if (!(refused instanceof StorageFull)) throw refused;
    }
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  throw error;
}

/** @returns {Promise<any>} the value, undefined where there is none */
export function read(store, key) {
  return run([store], 'readonly', (tx) => tx.read(store, key));
}

/** Write a value; resolves when it lies on the disk. */
export function write(store, key, value) {
  return change([store], (tx) => tx.write(store, key, value));
}

/** Erase a value, or a range of them. */
export function erase(store, key) {
  return change([store], (tx) => tx.erase(store, key));
}

/** @returns {Promise<any[]>} the values, all or of a range of keys */
export function list(store, range) {
  return run([store], 'readonly', (tx) => tx.list(store, range));
}

/** @returns {Promise<any[]>} the keys, all or of a range */
export function keys(store, range) {
  return run([store], 'readonly', (tx) => tx.keys(store, range));
}

/** The range of all keys that begin with these parts. */
export function under(...parts) {
  return IDBKeyRange.bound(parts, [...parts, []]);
}
