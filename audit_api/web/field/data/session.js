// Who is signed in to the server on this phone. A token that is no longer good stops sending, and loses nothing.
import { call, identify } from '../core/api.js';
import { emit, on } from '../core/events.js';
import { account } from '../core/vault.js';
import { current, deviceId, saveToken } from './accounts.js';

const asked = new Set();

identify(current);
on('session', ({ needs_login, signed_in, elsewhere }) => {
  if (needs_login) asked.add(needs_login);
  // In another tab it may have been anybody; who still is unknown to the server is told so once more.
  if (signed_in && elsewhere) asked.clear();
  else if (signed_in) asked.delete(account());
});

/** The code was given to somebody else than the one whose drafts are open. */
export class OtherPerson extends Error {
  /** @param {any} redeemed what the code gave */
  constructor(redeemed) {
    super('the code is of another person');
    this.name = 'OtherPerson';
    this.redeemed = redeemed;
  }
}

/** Tell whether the server no longer knows whoever works here: a new code is needed before anything is sent. */
export function needsLogin() {
  return asked.has(account());
}

/**
 * Change a code for a token; a code works once.
 * @param {string} code
 * @param {{device?: string, label?: string}} [phone] the phone's own id, made once
 * @returns {Promise<{token: string, expires_at: string, person: {id: string, name: string, locale: string, role: string},
 *   recovery_key: string, device: string}>}
 */
export async function redeem(code, { device = null, label = phoneLabel() } = {}) {
  device ??= await deviceId();
  const { json } = await call('POST', '/v1/device-tokens', { open: true, json: { code: code.trim(), device, label } });
  return { ...json, device };
}

/**
 * Sign in anew with another code, keeping everything that waits.
 * @throws {OtherPerson} when the code is of somebody else: their drafts are theirs, and these stay
 */
export async function renew(code) {
  const account = await current();
  const redeemed = await redeem(code, { device: account.device });
  if (redeemed.person.id !== account.id) throw new OtherPerson(redeemed);
  await saveToken(redeemed.token);
  emit('session', { signed_in: true });
  return redeemed;
}

/** Name the phone as the list of devices shows it: its system, nothing that tells more. */
export function phoneLabel() {
  const agent = navigator.userAgent;
  const known = [['iPhone', /iPhone/], ['iPad', /iPad/], ['Android', /Android/], ['Mac', /Macintosh/], ['Windows', /Windows/], ['Linux', /Linux/]];
  return known.find(([, pattern]) => pattern.test(agent))?.[0] ?? 'Browser';
}
