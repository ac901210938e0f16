// Keeps one whole version of the app on the phone and answers from it, so that the app opens in airplane mode.
// The server puts `self.EDITION = {version, files: {name: sha256}}` before this text. Nothing of anybody's own is kept
// or touched here: drafts and photos lie in IndexedDB, and /v1 is none of this worker's business.
'use strict';

const { version, files } = self.EDITION;
const PREFIX = 'field-';
const CACHE = PREFIX + version;
const PAGE = 'index.html';
const AT_ONCE = 6;
const base = new URL('./', self.location.href);
const address = (name) => new URL(name, base).href;

self.addEventListener('install', (event) => event.waitUntil(keepAll()));
self.addEventListener('activate', (event) => event.waitUntil(begin()));
self.addEventListener('message', (event) => event.waitUntil(hear(event)));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== base.origin || !url.pathname.startsWith(base.pathname)) return;
  const path = url.pathname.slice(base.pathname.length);
  const name = request.mode === 'navigate' && !/\.\w+$/.test(path) ? PAGE : path;
  if (Object.hasOwn(files, name)) event.respondWith(answer(name));
});

/** Keep every file, or fail as a whole: the version before goes on working, and the next attempt finds what this one got. */
async function keepAll() {
  const cache = await caches.open(CACHE);
  const names = Object.keys(files);
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let name = names.pop(); name; name = names.pop()) await keep(cache, name);
  }));
}

async function keep(cache, name) {
  // What an earlier version or a broken-off attempt has got already is not loaded again over one bar of signal.
  const known = await caches.match(address(name));
  if (known && await isRight(known, name)) {
    await cache.put(address(name), known);
    return;
  }
  const fresh = await fetch(address(name), { cache: 'no-cache' });
  // A server that was changed in between would give a mixture of two versions.
  if (!await isRight(fresh, name)) throw new Error(`${name} is not of version ${version}`);
  await cache.put(address(name), fresh);
}

async function isRight(response, name) {
  if (!response.ok) return false;
  const digest = await crypto.subtle.digest('SHA-256', await response.clone().arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('') === files[name];
}

async function begin() {
  // A version still coming may find its files in ours; it clears up when its own turn comes.
  if (!self.registration.installing && !self.registration.waiting) {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
  }
  // The very first page was loaded without a worker, and is to survive going offline too.
  await self.clients.claim();
}

async function answer(name) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(address(name));
  if (kept) return kept;
  // The browser has cleared the cache.
  const fresh = await fetch(address(name), { cache: 'no-cache' });
  if (await isRight(fresh, name)) await cache.put(address(name), fresh.clone()).catch(() => {});
  return fresh;
}

/** Said by the app: `take-over` (somebody pressed the button), `version`. */
async function hear({ data, ports }) {
  if (data?.type === 'version') ports[0]?.postMessage(version);
  if (data?.type === 'take-over') await self.skipWaiting();
}
