// Sealed records of whoever is signed in. Neither the content nor the id of a record can be read without the key.
import { change, list, read, under } from '../core/db.js';
import { working } from '../core/vault.js';

/** Where a record lies. */
export async function keyOf(session, kind, id) {
  return [session.account, kind, await session.nameOf(kind, id)];
}

/** Seal a record for `place`, as it lies in the store. */
export function sealed(session, kind, id, value) {
  return session.seal({ id, value }, kind);
}

/**
 * Read a record.
 * @param {'visit'|'assignment'|'checklist'|'setting'} kind
 * @param {string} id
 * @param {Session} [session] of a piece of work begun earlier
 * @returns {Promise<any>} null where there is none
 */
export async function get(kind, id, session = working()) {
  const row = await read('records', await keyOf(session, kind, id));
  return row ? (await session.open(row, kind)).value : null;
}

/** Store a record; resolves when it lies on the disk. */
export async function put(kind, id, value, session = working()) {
  const [key, row] = [await keyOf(session, kind, id), await sealed(session, kind, id, value)];
  await change(['records'], (tx) => tx.write('records', key, row));
}

/** Remove a record. */
export async function remove(kind, id, session = working()) {
  const key = await keyOf(session, kind, id);
  await change(['records'], (tx) => tx.erase('records', key));
}

/**
 * All records of a kind, in no order. One that cannot be opened (a damaged disk) is left out and left where it is: it must
 * not keep the auditor from all the others.
 * @returns {Promise<any[]>}
 */
export async function all(kind, session = working()) {
  const rows = await list('records', under(session.account, kind));
  const opened = await Promise.allSettled(rows.map((row) => session.open(row, kind)));
  for (const { reason } of opened) if (reason) console.error(`a ${kind} cannot be opened`, reason);
  return opened.filter(({ status }) => status === 'fulfilled').map(({ value }) => value.value);
}
