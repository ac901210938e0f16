// What wraps a key, and what seals and opens under it: AES-GCM with a random 96-bit IV each time; no key can be exported.

const ROUNDS = 600_000;
const IV_BYTES = 12;
export const SHORTEST_PIN = 4;

const text = new TextEncoder();
const subtle = () => crypto.subtle;
/** n random bytes. */
export const random = (n) => crypto.getRandomValues(new Uint8Array(n));

/** Stretch a PIN into a key. */
export async function pinKey(pin, salt, rounds) {
  const base = await subtle().importKey('raw', text.encode(pin.normalize('NFKC')), 'PBKDF2', false, ['deriveKey']);
  return subtle().deriveKey({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds }, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** The key that wraps under the recovery key of the server. */
export async function recoveryWrapper(recoveryKey, id) {
  const base = await subtle().importKey('raw', text.encode(recoveryKey), 'HKDF', false, ['deriveKey']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt: text.encode(id), info: text.encode('field recovery') };
  return subtle().deriveKey(how, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** Wrap the bytes of a key. */
export async function wrap(raw, key, id) {
  const iv = random(IV_BYTES);
  return { iv, wrapped: await subtle().encrypt({ name: 'AES-GCM', iv, additionalData: text.encode(id) }, key, raw) };
}

/** Give the bytes of a wrapped key; fails with the wrong one. */
export const unwrap = (held, key, id) => subtle().decrypt({ name: 'AES-GCM', iv: held.iv, additionalData: text.encode(id) }, key, held.wrapped);

/** Wrap the bytes of a key under a PIN. */
export async function pinPart(raw, pin, id) {
  if (pin.length < SHORTEST_PIN) throw new RangeError('PIN too short');
  const salt = random(16);
  return { salt, rounds: ROUNDS, ...(await wrap(raw, await pinKey(pin, salt, ROUNDS), id)) };
}

/**
 * What seals and opens for one account. It is kept by whoever began a piece of work, so that work begun for one auditor
 * never ends up under another's key, whoever unlocks meanwhile.
 */
export class Session {
  constructor(account, key, names) {
    this.account = account;
    this.key = key;
    this.names = names;
  }

  /** @returns {Promise<{iv: Uint8Array, data: ArrayBuffer}>} `place` says what it is, and must be said again to open it */
  seal(value, place = '') {
    return this.sealBytes(text.encode(JSON.stringify(value)), place);
  }

  async open(sealed, place = '') {
    return JSON.parse(new TextDecoder().decode(await this.openBytes(sealed, place)));
  }

  async sealBytes(bytes, place = '') {
    const iv = random(IV_BYTES);
    return { iv, data: await subtle().encrypt({ name: 'AES-GCM', iv, additionalData: text.encode(`${this.account} ${place}`) }, this.key, bytes) };
  }

  openBytes(sealed, place = '') {
    return subtle().decrypt({ name: 'AES-GCM', iv: sealed.iv, additionalData: text.encode(`${this.account} ${place}`) }, this.key, sealed.data);
  }

  /** The name under which something is kept: it tells nobody what that is, and is always the same. */
  async nameOf(...parts) {
    const made = new Uint8Array(await subtle().sign('HMAC', this.names, text.encode(JSON.stringify(parts))));
    return btoa(String.fromCharCode(...made.subarray(0, 18)));
  }
}

/** Make a session of the bytes of its key, which are blotted out. */
export async function sessionOf(raw, id) {
  const base = await subtle().importKey('raw', raw, 'HKDF', false, ['deriveKey']);
  const how = (info) => ({ name: 'HKDF', hash: 'SHA-256', salt: text.encode(id), info: text.encode(info) });
  new Uint8Array(raw).fill(0);
  return new Session(
    id,
    await subtle().deriveKey(how('field data'), base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']),
    await subtle().deriveKey(how('field names'), base, { name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign']),
  );
}
