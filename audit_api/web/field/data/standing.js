// What the outbox tells: every visit and photo with where it stands, as far as this tab knows from itself or the others.
import { emit } from '../core/events.js';
import { current } from './accounts.js';
import { all } from './drafts.js';
import { heldBack } from './line.js';
import { photosIn } from './revisions.js';
import { needsLogin } from './session.js';

let told = {};
let heard = 0;

/** What an uploader has to tell before anything has happened. */
export const fresh = (who) => ({ who, sending: null, failing: false, login: false, due: {}, photos: {} });

/** Tell this tab and the others how far the uploader is. @param {ReturnType<typeof fresh>} live */
export function tell(live) {
  hear({ ...live, login: needsLogin(), photos: { ...live.photos } });
  emit('outbox', { told });
}

/** Take note of what the uploader said. */
export function hear(said) {
  [told, heard] = [said, performance.now()];
}

/** When the uploader was last heard of. */
export function lastHeard() {
  return heard;
}

/**
 * What there is and where it stands. `why`: what holds everything back (`offline`, `paused`, `login`, `discreet`,
 * `wifi`, `wifi_unknown`), null where nothing does.
 * @returns {Promise<{online: boolean, paused: boolean, needs_login: boolean, why: string|null, visits: {visit: string,
 *   assignment: string, dealer: string, wish: string, state: string, photos: {sha256: string, sent: number, total: number,
 *   state: 'waiting'|'sending'|'there'|'failed'}[], next_try_at: string|null, problem: any, changed_at: string}[]}>}
 */
export async function status() {
  const person = await current();
  const own = told.who === person?.id ? told : fresh(person?.id);
  const settings = person?.settings ?? {};
  const visits = (await all()).filter((draft) => !draft.practice).map((draft) => line(draft, own));
  const waiting = visits.filter(({ state }) => state === 'waiting' || state === 'sending');
  const why = heldBack(settings, waiting.some((visit) => visit.told));
  return { online: navigator.onLine !== false && !own.failing, paused: Boolean(settings.paused), needs_login: needsLogin() || own.login, why, visits };
}

function line(draft, own) {
  const { visit, assignment, dealer, wish, problem, changed_at } = draft;
  const state = draft.state === 'waiting' && own.sending === visit ? 'sending' : draft.state;
  const named = photosIn(Object.values(draft.answers));
  const sizes = new Map(Object.values(draft.answers).flatMap((answer) => answer.photos).map((photo) => [photo.sha256, photo.bytes]));
  const photos = named.map((sha256) => {
    const total = sizes.get(sha256);
    if (state === 'received' || draft.arrived[sha256]) return { sha256, sent: total, total, state: 'there' };
    return { sha256, sent: 0, total, state: 'waiting', ...own.photos[sha256] };
  });
  const next_try_at = own.due[visit] ? new Date(own.due[visit]).toISOString() : null;
  return { visit, assignment, dealer, wish, state, photos, next_try_at, problem, changed_at, told: Boolean(draft.told), receipt: draft.receipt };
}
