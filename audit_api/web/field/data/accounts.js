// Who uses this phone. What is not sealed: initials, language, settings, and how many visits wait; all else needs the PIN.
import { change, list, read, under, write } from '../core/db.js';
import { emit } from '../core/events.js';
import { account, isOpen, lock, working } from '../core/vault.js';
import { get, put } from './records.js';

/** Something would be lost; `count` visits have not reached the server. */
export class Unsent extends Error {
  constructor(count) {
    super('unsent visits');
    this.name = 'Unsent';
    this.count = count;
  }
}

/** The id of this phone (of this browser's storage), made once. */
export async function deviceId() {
  return change(['meta'], async (tx) => {
    const held = await tx.read('meta', 'device');
    if (held) return held;
    const made = crypto.randomUUID();
    await tx.write('meta', 'device', made);
    return made;
  });
}

/**
 * Who has an account here; readable while locked.
 * @returns {Promise<{id: string, label: string, locale: string, settings: object, unsent: number, created_at: string, last: boolean}[]>}
 */
export async function accounts() {
  const [rows, last] = [await list('accounts'), await read('meta', 'last')];
  return rows.map(({ id, label, locale, settings, unsent = 0, created_at }) => ({ id, label, locale, settings, unsent, created_at, last: id === last }));
}

/**
 * Whoever works now, null where nobody does.
 * @returns {Promise<{id: string, name: string, label: string, token: string|null, expires_at: string|null, device: string, locale: string, settings: object}|null>}
 */
export async function current() {
  if (!account()) return null;
  const session = working();
  const row = await read('accounts', session.account);
  if (!row) return null;
  const held = await get('setting', 'token', session);
  const { id, label, device, locale, settings } = row;
  if (isOpen() && (await read('meta', 'last')) !== id) await write('meta', 'last', id);
  return { id, label, locale, settings, name: await session.open(row.name, 'name'), device: device || (await deviceId()), token: held?.token ?? null, expires_at: held?.expires_at ?? null };
}

/** Keep the token of whoever is signed in, sealed; null takes it away (the queue stays). */
export async function saveToken(token, expires_at = null) {
  await put('setting', 'token', { token, expires_at });
  emit('session', {});
}

async function rewrite(id, fn) {
  await change(['accounts'], async (tx) => {
    const row = await tx.read('accounts', id);
    if (row) await tx.write('accounts', id, fn(row));
  });
}

/** Keep a setting of whoever is signed in; it can be read while locked (language, neutral looks), so nothing secret. */
export async function setSetting(name, value) {
  await rewrite(working().account, (row) => ({ ...row, settings: { ...row.settings, [name]: value } }));
}

/** Keep the language of whoever is signed in. */
export async function setLocale(locale) {
  await rewrite(working().account, (row) => ({ ...row, locale }));
}

/** Keep the initials shown while locked. */
export async function setLabel(label) {
  await rewrite(working().account, (row) => ({ ...row, label }));
}

/**
 * Remove an account and all it has here. Refuses while visits have not reached the server, unless forced.
 * @throws {Unsent}
 */
export async function forget(id, { force = false } = {}) {
  const row = await read('accounts', id);
  if (row?.unsent && !force) throw new Unsent(row.unsent);
  await change(['accounts', 'records', 'photos', 'bytes'], async (tx) => {
    for (const store of ['records', 'photos', 'bytes']) await tx.erase(store, under(id));
    await tx.erase('accounts', id);
  });
  if (account() === id) lock();
  emit('session', {});
}
