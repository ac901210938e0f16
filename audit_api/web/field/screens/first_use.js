// Making the phone ready: one thing at a time, each with its reason; any of them can be left for later.
import { act, announce, h } from '../core/dom.js';
import { emit } from '../core/events.js';
import { t } from '../core/words.js';
import { setSetting } from '../data/accounts.js';
import { persist } from '../data/storage.js';
import { onIos, standalone } from './parts.js';

const STEPS = ['install', 'storage', 'position', 'camera', 'practice'];
let at = 0;
let offered = null;
// Android hands over the button for the home screen once, early.
globalThis.addEventListener?.('beforeinstallprompt', (event) => {
  event.preventDefault();
  offered = event;
});

export async function open({ step }) {
  at = Math.max(0, step ? STEPS.indexOf(step) : at);
  const box = h('section', { class: 'stack' });
  draw(box);
  return box;
}

function draw(box) {
  const name = STEPS[at];
  const said = h('p', { role: 'status', 'data-part': 'outcome' });
  box.dataset.step = name;
  box.replaceChildren(
    h('p', { class: 'muted small' }, t('first.step', { n: at + 1, all: STEPS.length })),
    h('h1', { tabIndex: -1 }, t(`first.${name}`)),
    h('p', null, t(`first.${name}_why`)),
    ...[MAKE[name](said, box)].flat(),
    said,
    h('div', { class: 'bottom' },
      at > 0 && act('previous-step', t('first.previous'), () => move(box, -1), {}),
      at + 1 < STEPS.length ? act('next-step', t('first.next'), () => move(box, 1), {}) : act('finish-steps', t('core.done'), finish, { class: 'primary' })),
  );
}

function move(box, by) {
  at += by;
  draw(box);
  const heading = box.querySelector('h1');
  heading.focus();
  announce(heading.textContent);
}

async function finish() {
  await setSetting('prepared', true);
  at = 0;
  location.hash = '#/today';
}

const MAKE = {
  install(said) {
    if (standalone()) return h('p', { class: 'note good' }, t('first.install_done'));
    if (onIos()) return h('ol', null, [1, 2, 3].map((n) => h('li', null, t(`first.install_ios_${n}`))));
    return [
      h('ol', null, [1, 2].map((n) => h('li', null, t(`first.install_android_${n}`)))),
      offered && act('install', t('first.install_go'), async () => {
        await offered.prompt();
        const { outcome } = await offered.userChoice;
        said.textContent = outcome === 'accepted' ? t('first.install_done') : t('first.later');
        offered = null;
      }, { class: 'primary wide' }),
    ].filter(Boolean);
  },
  storage(said) {
    return act('persist', t('first.storage_go'), async () => {
      said.textContent = t((await persist()) ? 'settings.kept' : 'settings.keep_refused');
      emit('storage', {});
    }, { class: 'primary wide' });
  },
  position(said) {
    return act('allow-position', t('first.allow'), () => new Promise((resolve) => {
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => resolve((said.textContent = t('first.position_done', { n: Math.round(coords.accuracy) }))),
        ({ code }) => resolve((said.textContent = t(code === 1 ? 'first.position_refused' : 'first.position_none'))),
        { enableHighAccuracy: true, timeout: 20_000, maximumAge: 60_000 },
      );
    }), { class: 'primary wide' });
  },
  // Photos are taken by the phone's own camera through a file field, which asks by itself; one trial shows that it works.
  camera(said) {
    const field = h('input', {
      type: 'file', accept: 'image/*', capture: 'environment', class: 'unseen', tabIndex: -1, 'data-part': 'trial', 'aria-label': t('first.camera_go'),
      onchange: () => (said.textContent = t(field.files.length && field.files[0].size ? 'first.camera_done' : 'first.camera_none')),
    });
    return [act('try-camera', t('first.camera_go'), () => field.click(), { class: 'primary wide' }), field];
  },
  practice() {
    return h('a', { class: 'button primary wide', href: '#/practice', 'data-act': 'practice' }, t('first.practice_go'));
  },
};
