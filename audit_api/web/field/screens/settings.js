// Settings: what each does is said beside it; what could lose something asks first.
import { act, announce, h } from '../core/dom.js';
import { emit } from '../core/events.js';
import { chooseDiscreet, chooseLanguage } from '../core/look.js';
import { language, t } from '../core/words.js';
import { current, setSetting } from '../data/accounts.js';
import { kick } from '../data/outbox.js';
import { estimate, persist } from '../data/storage.js';
import { exportNow } from './exporting.js';
import { importPart } from './importing.js';
import { size } from './parts.js';
import { peoplePart, signOutPart } from './people.js';
import { pinPart } from './pin.js';
import { versionPart } from './version.js';

const SECONDS = [15, 30, 60, 120, 300];
const PARTS = { 'sign-out': signOutPart, pin: pinPart, people: peoplePart };

/** @param {{part?: string}} params */
export async function open({ part }) {
  const person = await current();
  if (part && PARTS[part]) return h('section', { class: 'stack' }, await PARTS[part](person));
  const room = await estimate();
  const kept = await navigator.storage?.persisted?.();
  const set = async (name, value) => {
    await setSetting(name, value);
    emit('settings', { [name]: value });
    announce(t('settings.saved'));
  };
  return h(
    'section', { class: 'stack' },
    h('h1', null, t('core.settings')),
    h('p', { class: 'muted' }, t('settings.who', { label: person.label })),
    group(t('settings.language'), h('div', { class: 'row', role: 'radiogroup', 'aria-label': t('settings.language') },
      [['zh', '中文', 'zh-CN'], ['en', 'English', 'en']].map(([code, name, lang]) => h('button', {
        type: 'button', role: 'radio', lang, class: 'grow', 'data-language': code, 'aria-checked': String(language() === code), onclick: () => chooseLanguage(code),
      }, name)))),
    toggle('discreet', Boolean(person.settings.discreet), async (on) => {
      await set('discreet', on);
      chooseDiscreet(on);
      if (!on) await kick('timer');
    }),
    group(t('settings.lock'), [
      h('label', { for: 'lock-seconds' }, t('settings.lock_after')),
      h('select', { id: 'lock-seconds', 'data-act': 'lock-seconds', onchange: ({ target }) => set('lock_seconds', Number(target.value)) },
        SECONDS.map((n) => h('option', { value: String(n), selected: n === (person.settings.lock_seconds ?? 60) }, t(n < 60 ? 'settings.seconds' : 'settings.minutes', { n: n < 60 ? n : n / 60 })))),
      h('div', { class: 'row' },
        h('a', { class: 'button grow', href: '#/lock', 'data-act': 'lock-now' }, t('settings.lock_now')),
        h('a', { class: 'button grow', href: '#/settings/pin', 'data-act': 'change-pin' }, t('settings.change_pin'))),
    ]),
    toggle('wifi_only', Boolean(person.settings.wifi_only), async (on) => {
      await set('wifi_only', on);
      await kick('timer');
    }),
    group(t('settings.storage'), [
      h('p', { class: 'number' }, t('settings.used', { used: size(room.used), left: size(Math.max(0, room.quota - room.used)) })),
      room.low && h('p', { class: 'note warn' }, t('today.low', { used: size(room.used), left: size(Math.max(0, room.quota - room.used)) })),
      h('p', { class: 'muted', 'data-part': 'persisted' }, t(kept ? 'settings.kept' : 'settings.not_kept')),
      !kept && act('persist', t('settings.keep'), ({ target }) => keep(target), { class: 'wide' }),
      h('p', { class: 'muted small' }, t('settings.export_why')),
      act('export', t('core.export'), exportNow, { class: 'wide' }),
      importPart(),
    ]),
    group(t('settings.people'), [
      h('a', { class: 'button wide', href: '#/settings/people', 'data-act': 'people' }, t('settings.people_go')),
      h('a', { class: 'button danger wide', href: '#/settings/sign-out', 'data-act': 'sign-out' }, t('settings.sign_out')),
    ]),
    group(t('settings.first_use'), h('a', { class: 'button wide', href: '#/first-use', 'data-act': 'first-use' }, t('today.prepare_go'))),
    group(t('settings.version'), await versionPart()),
  );
}

function group(title, ...inside) {
  return h('section', { class: 'card stack' }, h('h2', { class: 'flush' }, title), inside);
}

function toggle(name, on, change) {
  return h('section', { class: 'card' }, h('label', { class: 'choice' }, h('input', {
    type: 'checkbox', role: 'switch', 'data-act': name.replace('_', '-'), checked: on, 'aria-describedby': `about-${name}`,
    onchange: ({ target }) => change(target.checked),
  }), h('span', null, h('strong', null, t(`settings.${name}`)))), h('p', { class: 'muted small', id: `about-${name}` }, t(`settings.${name}_why`)));
}

async function keep(button) {
  const done = await persist();
  button.previousElementSibling.textContent = t(done ? 'settings.kept' : 'settings.keep_refused');
}
