// Calls to the server: who is asking, in which language, for how long; and what a refusal says.
import { emit } from './events.js';
import { language } from './words.js';

const PATIENCE_MS = 30_000;
let signedIn = async () => null;

/** There was no answer: no network, cut off, too slow, or a server that is not there. */
export class Offline extends Error {
  constructor(cause) {
    super('no answer', { cause });
    this.name = 'Offline';
  }
}

/** The server said no. `detail` and `errors` are in the language of the question. */
export class Refused extends Error {
  /** @param {number} status @param {any} problem the RFC 9457 document, or null @param {Headers} headers */
  constructor(status, problem, headers) {
    super(problem?.detail || problem?.title || `status ${status}`);
    this.name = 'Refused';
    this.status = status;
    this.problem = problem ?? {};
    this.slug = String(problem?.type ?? '').replace(/^.*\//, '');
    this.title = problem?.title ?? '';
    this.detail = problem?.detail ?? '';
    this.errors = problem?.errors ?? [];
    this.headers = headers;
    this.language = language();
    this.retryAfter = secondsOf(headers.get('Retry-After'));
  }
}

/** Tell how to find out who is signed in. @param {() => Promise<{id: string, token: string|null}|null>} source */
export function identify(source) {
  signedIn = source;
}

/**
 * Call the server. Nothing of an answer stays in the browser's cache: what is kept is kept sealed.
 * @param {string} method
 * @param {string} path from the root, such as /v1/assignments
 * @param {{json?: any, body?: BodyInit, headers?: Object<string, string>, signal?: AbortSignal, patience?: number,
 *   open?: boolean, who?: string, kind?: 'json'|'blob'}} [more] `open`: without a token; `patience`: milliseconds until it
 *   is given up; `who`: only in this account's name, whoever has unlocked meanwhile
 * @returns {Promise<{status: number, headers: Headers, json: any, blob: Blob|null}>}
 * @throws {Offline} without an answer
 * @throws {Refused} on 4xx and 5xx
 */
export async function call(method, path, more = {}) {
  const person = more.open ? null : await signedIn();
  if (more.who && person?.id !== more.who) throw new Offline(new Error('somebody else is signed in'));
  const used = person?.token ?? null;
  const headers = { Accept: 'application/json, application/problem+json, image/*', 'Accept-Language': language(), ...more.headers };
  if (used) headers.Authorization = `Bearer ${used}`;
  if (more.json !== undefined) headers['Content-Type'] = 'application/json';
  const body = more.json === undefined ? more.body : JSON.stringify(more.json);
  const { answer, content } = await exchange(method, path, { headers, body }, more);
  if (answer.ok || answer.status === 304) return { status: answer.status, headers: answer.headers, json: more.kind === 'blob' ? null : content, blob: more.kind === 'blob' ? content : null };
  // Asked with a token that has been renewed in the meantime: then nobody needs to sign in.
  if (answer.status === 401 && !more.open && ((await signedIn())?.token ?? null) === used) emit('session', { needs_login: person?.id ?? true });
  throw new Refused(answer.status, content, answer.headers);
}

async function exchange(method, path, request, { signal, patience = PATIENCE_MS, kind }) {
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), patience);
  const stop = () => ended.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  try {
    const answer = await fetch(path, { method, ...request, signal: ended.signal, cache: 'no-store', credentials: 'omit', redirect: 'error' });
    // A broken-off answer is none: its body is read before anything is believed.
    return { answer, content: answer.ok && kind === 'blob' ? await answer.blob() : parsed(await answer.text(), answer) };
  } catch (error) {
    throw new Offline(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

function parsed(text, answer) {
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    // Networks with a sign-in page of their own answer 200 with HTML: that was not our server.
    if (answer.ok) throw error;
    return null;
  }
}

function secondsOf(text) {
  if (!text) return null;
  if (/^\d+$/.test(text)) return Number(text);
  const until = Date.parse(text);
  return Number.isNaN(until) ? null : Math.max(0, (until - Date.now()) / 1000);
}
