// What happens, told inside this tab; what concerns stored data, told to the other tabs as well.
// Names: changed {visit} (a draft) · outbox {} · language {} · look {} · locked {} · unlocked {} · session {} (signed in, or asked to) · storage {}

const target = new EventTarget();
const SHARED = new Set(['changed', 'outbox', 'session']);
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('field') : null;
if (channel) channel.onmessage = ({ data }) => target.dispatchEvent(new CustomEvent(data.name, { detail: { ...data.detail, elsewhere: true } }));

/** Tell that something happened. */
export function emit(name, detail = {}) {
  target.dispatchEvent(new CustomEvent(name, { detail }));
  if (SHARED.has(name)) channel?.postMessage({ name, detail });
}

/**
 * Listen; gives the function that stops it.
 * @param {string} name
 * @param {(detail: any) => void} fn
 */
export function on(name, fn) {
  const heard = (event) => fn(event.detail);
  target.addEventListener(name, heard);
  return () => target.removeEventListener(name, heard);
}
