// One photo: seen in full, with when and where it was taken; marked on a copy, or taken again for a reason.
import { h } from '../core/dom.js';
import { icon } from '../core/icons.js';
import { language, pick, t } from '../core/words.js';
import * as photos from '../data/photos.js';
import { absent } from './answer.js';
import { drawing } from './draw.js';
import { momentWords } from './items/automatic.js';
import { chooser, keep, notKept, takesGallery } from './items/pictures.js';
import { photoRoute, sectionRoute } from './items/routes.js';
import { openSheet } from './items/sheet.js';

const REASONS = ['blurred', 'wrong', 'personal', 'other'];
let shown = { url: '', node: null };

/** @param {{visit: string, item: string, slot: string, draw?: string}} params */
export async function open({ visit, item: id, slot, draw = '' }) {
  const sheet = await openSheet(visit);
  const item = sheet?.items.get(id)?.item;
  const list = item ? sheet.entry(id).photos : [];
  const at = list.findIndex((photo) => photo.slot === slot);
  if (!sheet) return absent();
  if (at < 0) return gone(sheet, id);
  const photo = list[at];
  const blob = await photos.blobOf(photo.sha256);
  const url = blob ? URL.createObjectURL(blob) : '';
  const node = await (draw && blob ? drawing({ sheet, item, photo, url, back: photoRoute(visit, id, slot) }) : viewer(sheet, item, list, at, url));
  letGo();
  shown = { url, node };
  return node;
}

async function viewer(sheet, item, list, at, url) {
  const [{ visit }, { id }, photo] = [sheet, item, list[at]];
  const locked = sheet.isLocked(id);
  const neighbour = (step, name) => {
    const to = list[at + step];
    return to && h('a', { class: 'button', 'data-act': name, href: photoRoute(visit, id, to.slot) }, t(`pic.${name}`));
  };
  return h('article', { class: 'viewer stack' },
    h('h1', null, t('pic.title', { n: at + 1, of: list.length })),
    h('p', { class: 'muted' }, pick(item.text)),
    h('a', { class: 'button', 'data-act': 'to-item', href: sectionRoute(visit, sheet.items.get(id).section.code, id) }, t('pic.back')),
    await picture(photo, url, t('pic.number', { n: at + 1 })),
    h('div', { class: 'pair' }, neighbour(-1, 'previous'), neighbour(1, 'next')),
    facts(sheet, id, photo),
    !locked && url && h('a', { class: 'button wide', 'data-act': 'draw', href: photoRoute(visit, id, photo.slot, true) }, icon('pen'), t('pic.draw')),
    !locked && retaking(sheet, item, photo));
}

/** Let go of the picture; from photo to photo the next is open before the last is closed. */
export function close() {
  if (shown.node?.isConnected) letGo();
}

function letGo() {
  if (shown.url) URL.revokeObjectURL(shown.url);
  shown = { url: '', node: null };
}

function gone(sheet, id) {
  const section = sheet.items.get(id)?.section.code ?? '';
  return h('section', { class: 'stack' }, h('h1', null, t('pic.absent')),
    h('a', { class: 'button primary wide', 'data-act': 'to-item', href: sectionRoute(sheet.visit, section, id) }, t('pic.back')));
}

// Once the server has the visit the original is no longer here; the small picture is.
async function picture(photo, url, name) {
  const frame = h('div', { class: 'frame' });
  const image = h('img', { alt: name, 'data-full': '', decoding: 'async' });
  image.addEventListener('error', () => frame.replaceChildren(h('p', { class: 'note' }, t('pic.unseen', { type: (photo.type || '?').replace('image/', '').toUpperCase() }))), { once: true });
  image.src = url || (await photos.thumbnail(photo.sha256));
  frame.append(image);
  if (!url) frame.append(h('p', { class: 'small muted' }, t('photo.gone')));
  return frame;
}

function facts(sheet, id, photo) {
  const size = photo.bytes >= 1e6 ? `${(photo.bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(photo.bytes / 1e3))} KB`;
  const elsewhere = [];
  for (const [other, entry] of Object.entries(sheet.draft.answers)) {
    for (const one of entry.photos) {
      if (one.sha256 === photo.sha256 && !(other === id && one.slot === photo.slot)) elsewhere.push(pick(sheet.items.get(other)?.item.text) || other);
    }
  }
  const { fix } = photo;
  const place = fix ? `${fix.lat.toFixed(5)}, ${fix.lon.toFixed(5)} (${t('pic.place_is', { n: Math.round(fix.accuracy_m) })})` : t('pic.place_none');
  const rows = [
    photo.taken_at && ['taken_at', momentWords(photo.taken_at, { seconds: true })],
    photo.source !== 'gallery' && ['place', place],
    ['source', t(`pic.source_${photo.source}`)],
    photo.bytes > 0 && ['size', size],
    !sheet.draft.practice && ['arrived', t(`pic.arrived_${photo.source === 'server' || sheet.draft.arrived?.[photo.sha256] || sheet.draft.receipt ? 'yes' : 'no'}`)],
  ].filter(Boolean);
  return [
    elsewhere.length > 0 && h('p', { class: 'note warn', 'data-twice': '' }, t('pic.also', { where: elsewhere.join(language() === 'zh' ? '；' : '; ') })),
    h('dl', { class: 'facts' }, rows.map(([name, words]) => [h('dt', null, t(`pic.${name}`)), h('dd', null, words)])),
  ];
}

// The new photo comes first, then the old one goes: a camera that is cancelled costs nothing.
function retaking(sheet, item, photo) {
  const said = h('div', { role: 'status' });
  const words = h('input', { type: 'text', 'data-part': 'reason', maxlength: 200, 'aria-label': t('pic.reason_words') });
  words.hidden = true;
  const radios = REASONS.map((reason) => h('input', { type: 'radio', name: 'reason', value: reason, 'data-reason': reason }));
  const chosen = () => radios.find((radio) => radio.checked)?.value ?? '';
  const reason = () => (chosen() === 'other' ? words.value.trim() : chosen() && t(`pic.reason_${chosen()}`));
  const take = async ([file], source) => {
    if (!file) return;
    try {
      const made = await keep(sheet, item.id, file, source, { instead: { slot: photo.slot, reason: reason() } });
      const to = photoRoute(sheet.visit, item.id, made.slot);
      if (location.hash === to) dispatchEvent(new HashChangeEvent('hashchange'));
      else location.replace(to);
    } catch (error) {
      said.replaceChildren(h('p', { class: 'note bad' }, notKept(error, file)));
    }
  };
  const choosers = [chooser('camera', t('pic.retake_now'), pick(item.text), take, { 'data-part': 'retake' }),
    takesGallery(item, sheet.draft) && chooser('gallery', t('pic.gallery'), pick(item.text), take, { 'data-part': 'retake-gallery', multiple: false })].filter(Boolean);
  const ready = () => {
    words.hidden = chosen() !== 'other';
    for (const one of choosers) {
      one.querySelector('input').disabled = !reason();
      one.classList.toggle('off', !reason());
    }
  };
  for (const input of [...radios, words]) input.addEventListener('input', ready);
  ready();
  return h('details', { class: 'retake' }, h('summary', { 'data-act': 'retake' }, t('pic.retake')),
    h('fieldset', { class: 'stack' }, h('legend', null, t('pic.retake_why')),
      radios.map((radio, at) => h('label', { class: 'choice' }, radio, h('span', null, t(`pic.reason_${REASONS[at]}`)))), words),
    h('p', { class: 'small muted' }, t('pic.retake_note')), h('div', { class: 'row' }, choosers), said);
}
