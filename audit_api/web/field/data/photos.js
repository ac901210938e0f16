// Photos: the original bytes, sealed, in the same transaction as the draft that names them; kept until the visit is on the server.
import { change, keys, read, reserve, StorageFull } from '../core/db.js';
import { now } from '../core/clock.js';
import { emit, on } from '../core/events.js';
import { t } from '../core/words.js';
import { working } from '../core/vault.js';
import { MOST_PHOTOS } from '../rules/index.js';
import { all, answerOf, discard, edit } from './drafts.js';
import { refuse, small, typeOf, typeOfFile } from './picture.js';

export { refuse };

/** A photo that is not taken; `message` says why, for people. */
export class PhotoRefused extends Error {
  constructor(words) {
    super(words);
    this.name = 'PhotoRefused';
  }
}

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
const keyOf = async (session, sha256) => [session.account, await session.nameOf('photo', sha256)];

/** The SHA-256 of bytes, in hex. */
export const hashOf = async (bytes) => hex(await crypto.subtle.digest('SHA-256', bytes));

function freeSlot(draft, item) {
  const taken = new Set([...answerOf(draft, item).photos.map((photo) => photo.slot)]);
  for (let n = 1; ; n += 1) if (!taken.has(String(n))) return String(n);
}

// One photo at a time, whatever tab it is in: two of 30 MB at once would be 120 MB, and none is freed while it is being added.
const inTurn = (session, fn) => navigator.locks.request(`photos:${session.account}`, fn);

/**
 * Add a photo to an item. When this resolves, its original bytes and the draft naming them lie on the disk.
 * A photo from the gallery has no time and place of taking that the phone could vouch for; what its EXIF says, stays in it.
 * @param {string} visit
 * @param {string} item
 * @param {Blob} file
 * @param {{source: 'camera'|'gallery'|'drawing', fix?: object|null, taken_at?: string|null, instead?: {slot: string, reason: string}}} how
 *   `instead`: take the place of a photo that is taken again, in one step (see `retake`)
 * @returns {Promise<Photo & {again: boolean}>} `again`: the same bytes are already in this phone, in whatever slot
 * @throws {PhotoRefused} @throws {StorageFull} and nothing has changed
 */
export async function add(visit, item, file, { source, fix = null, instead = null, taken_at = source === 'gallery' ? null : now() }) {
  const session = working();
  return inTurn(session, async () => {
    const words = await refuse(file);
    if (words) throw new PhotoRefused(words);
    // A photo must not take the room that was given up for answers and for sending.
    if (!(await reserve())) throw new StorageFull();
    const bytes = await file.arrayBuffer();
    const sha256 = await hashOf(bytes);
    const type = await typeOfFile(file);
    const { key, again, hasSmall, lay } = await prepared(session, bytes, sha256, type);
    let photo;
    await edit(visit, (draft) => {
      const { photos } = answerOf(draft, item);
      if (instead) putAway(draft, item, instead.slot, instead.reason);
      if (photos.length >= MOST_PHOTOS) throw new PhotoRefused(t('photo.many'));
      photo = { slot: freeSlot(draft, item), sha256, taken_at, fix, source, bytes: bytes.byteLength, type };
      photos.push(photo);
      photos.sort((one, other) => Number(one.slot) - Number(other.slot));
    }, { session, stores: ['photos', 'bytes'], also: lay });
    emit('storage', { full: false });
    if (!hasSmall) draw(session, key, new Blob([bytes], { type }), type).catch(() => {});
    return { ...photo, again };
  });
}

// Seal the bytes, where they are not here yet; `lay` writes them within a transaction.
async function prepared(session, bytes, sha256, type) {
  const key = await keyOf(session, sha256);
  const held = await read('photos', key);
  const row = held ?? { about: await session.seal({ sha256, type, bytes: bytes.byteLength }, 'photo'), small: null };
  const sealed = held && (await has(key)) ? null : await session.sealBytes(bytes, `bytes ${sha256}`);
  const lay = async (tx) => {
    if (sealed) await tx.write('bytes', key, sealed);
    await tx.write('photos', key, (await tx.read('photos', key)) ?? row);
  };
  return { key, again: Boolean(held), hasSmall: Boolean(held?.small), lay, isNew: Boolean(sealed) };
}

/**
 * Keep the original bytes of a photo that a draft from elsewhere names.
 * @param {ArrayBuffer} bytes
 * @returns {Promise<boolean>} whether they were not here yet
 */
export async function keep(bytes, sha256) {
  const session = working();
  return inTurn(session, async () => {
    const { lay, isNew } = await prepared(session, bytes, sha256, typeOf(new Uint8Array(bytes, 0, Math.min(64, bytes.byteLength))));
    if (isNew) await change(['photos', 'bytes'], lay);
    return isNew;
  });
}

const has = async (key) => (await keys('bytes', IDBKeyRange.only(key))).length > 0;

const drawing = new Map();

/** Make the small picture once, however many ask for it meanwhile. */
function draw(session, key, blob, type) {
  const name = key.join(' ');
  if (!drawing.has(name)) drawing.set(name, drawn(session, key, blob, type).finally(() => drawing.delete(name)));
  return drawing.get(name);
}

async function drawn(session, key, blob, type) {
  const { jpeg, neutral } = await small(blob, type);
  // A neutral one is not kept: it may have been for want of memory.
  if (neutral) return jpeg;
  const sealed = await session.sealBytes(await jpeg.arrayBuffer(), 'small');
  await change(['photos'], async (tx) => {
    const row = await tx.read('photos', key);
    if (row) await tx.write('photos', key, { ...row, small: sealed });
  });
  return jpeg;
}

/**
 * Give the original bytes of a photo, the very ones that were given.
 * @returns {Promise<ArrayBuffer|null>} null where they are not here (any more)
 */
export async function bytesOf(sha256, session = working()) {
  const row = await read('bytes', await keyOf(session, sha256));
  return row ? session.openBytes(row, `bytes ${sha256}`) : null;
}

/** Give the original as a Blob with its type, to be shown in full or drawn upon. */
export async function blobOf(sha256, session = working()) {
  const bytes = await bytesOf(sha256, session);
  return bytes ? new Blob([bytes], { type: typeOf(new Uint8Array(bytes, 0, Math.min(64, bytes.byteLength))) }) : null;
}

const urls = new Map();
const MOST_URLS = 120;

function drop() {
  for (const url of urls.values()) url.then(URL.revokeObjectURL).catch(() => {});
  urls.clear();
}
on('locked', drop);

/** Give the address of a small picture; it holds until locking, or until many others were asked for. */
export async function thumbnail(sha256) {
  const session = working();
  const name = `${session.account} ${sha256}`;
  if (!urls.has(name)) {
    const made = picture(session, sha256).then(URL.createObjectURL);
    urls.set(name, made);
    made.catch(() => urls.delete(name));
    if (urls.size > MOST_URLS) {
      const [oldest, url] = urls.entries().next().value;
      urls.delete(oldest);
      url.then(URL.revokeObjectURL).catch(() => {});
    }
  }
  return urls.get(name);
}

async function picture(session, sha256) {
  const key = await keyOf(session, sha256);
  if (drawing.has(key.join(' '))) return drawing.get(key.join(' '));
  const row = await read('photos', key);
  if (row?.small) return new Blob([await session.openBytes(row.small, 'small')], { type: 'image/jpeg' });
  return inTurn(session, async () => {
    const { type } = row ? await session.open(row.about, 'photo') : { type: 'image/jpeg' };
    const bytes = await bytesOf(sha256, session);
    return bytes ? draw(session, key, new Blob([bytes], { type }), type) : (await small(new Blob([]), type)).jpeg;
  });
}

/**
 * Take a photo out of its slot to take it again; what it was, why and when, stays in `retaken`, its bytes until the visit is sent.
 * @param {string} reason what the auditor says; needed
 */
export async function retake(visit, item, slot, reason) {
  return edit(visit, (draft) => putAway(draft, item, slot, reason));
}

function putAway(draft, item, slot, reason) {
  if (!reason?.trim()) throw new PhotoRefused(t('photo.reason'));
  const { photos } = answerOf(draft, item);
  const at = photos.findIndex((photo) => photo.slot === slot);
  if (at < 0) return false;
  const [gone] = photos.splice(at, 1);
  draft.retaken.push({ ...gone, item, reason: reason.trim(), at: now() });
  return true;
}

/** The hashes that stand in more than one slot of a visit: worth a look, never refused. @returns {Set<string>} */
export function repeated(draft) {
  const [once, twice] = [new Set(), new Set()];
  for (const { photos } of Object.values(draft.answers)) {
    for (const { sha256 } of photos) (once.has(sha256) ? twice : once).add(sha256);
  }
  return twice;
}

const named = (draft) => [...Object.values(draft.answers).flatMap(({ photos }) => photos), ...draft.retaken].map((photo) => photo.sha256);

/**
 * Free the originals of a visit whose receipt names them, and those taken again; small pictures stay. What another
 * visit that is not on the server names, stays, and so does what the receipt does not name.
 * @returns {Promise<string[]>} the hashes freed
 */
export async function free(visit) {
  const session = working();
  return inTurn(session, async () => {
    const drafts = await all(session);
    const draft = drafts.find((one) => one.visit === visit);
    if (!draft?.receipt) return [];
    const kept = new Set(drafts.filter((other) => other.visit !== visit && !other.receipt).flatMap(named));
    const arrived = new Set(draft.receipt.photos.map((photo) => photo.sha256));
    const present = new Set(Object.values(draft.answers).flatMap(({ photos }) => photos.map((photo) => photo.sha256)));
    const gone = [...new Set(named(draft))].filter((sha256) => !kept.has(sha256) && (arrived.has(sha256) || !present.has(sha256)));
    const places = await Promise.all(gone.map((sha256) => keyOf(session, sha256)));
    // Erasing alone needs no room, so it works on a full phone.
    await change(['bytes'], async (tx) => {
      for (const key of places) await tx.erase('bytes', key);
    });
    if (gone.length) await reserve();
    return gone;
  });
}

/**
 * Throw away a visit that the server has, or one for practice, with its photos, but for those that another visit names.
 * @returns {Promise<boolean>} false where it still has to be sent: then nothing is touched
 */
export async function discardVisit(visit) {
  const session = working();
  return inTurn(session, async () => {
    const drafts = await all(session);
    const draft = drafts.find((one) => one.visit === visit);
    if (!draft) return false;
    const kept = new Set(drafts.filter((other) => other.visit !== visit).flatMap(named));
    const gone = [...new Set(named(draft))].filter((sha256) => !kept.has(sha256));
    const places = await Promise.all(gone.map((sha256) => keyOf(session, sha256)));
    return discard(draft, { session, stores: ['photos', 'bytes'], also: async (tx) => {
      for (const store of ['photos', 'bytes']) for (const key of places) await tx.erase(store, key);
    } });
  });
}
