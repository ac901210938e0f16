// The photos of an item: what is still owed and what it must show, taking and choosing, and the ones that are there.
import { announce, h } from '../../core/dom.js';
import { icon } from '../../core/icons.js';
import { hold } from '../../core/vault.js';
import { pick, t } from '../../core/words.js';
import * as photos from '../../data/photos.js';
import { momentWords } from './automatic.js';
import { recent, soon, warm } from './position.js';
import { photoRoute } from './routes.js';

/** Whether pictures of the gallery are taken: where the item says so, and for follow-ups once the visit is over. */
export function takesGallery(item, draft) {
  return Boolean(item.evidence?.gallery || (item.follow_up_hours && (draft.ended_at || draft.follow_ups)));
}

// Those whose camera is open: taken off the page by the lock, they must still hear of the photo.
const opened = new Set();

/** A button that opens the camera or the gallery. */
export function chooser(source, words, label, chosen, more = {}) {
  const camera = source === 'camera';
  const input = h('input', {
    type: 'file', accept: 'image/*', 'data-part': source, 'aria-label': `${words}: ${label}`, ...(camera ? { capture: 'environment' } : { multiple: true }), ...more,
  });
  // The position is looked for while the camera is open.
  if (camera) input.addEventListener('click', warm);
  // However long the camera is open: a photo that comes back behind the lock is stored all the same.
  let release = () => opened.delete(input);
  input.addEventListener('click', () => {
    release();
    opened.add(input);
    const done = hold();
    release = () => {
      opened.delete(input);
      done();
    };
  });
  input.addEventListener('cancel', () => release());
  input.addEventListener('change', async () => {
    const files = [...input.files];
    try {
      await chosen(files, camera ? 'camera' : 'gallery');
    } finally {
      release();
    }
    input.value = ''; // the same file chosen again is a choice too
  });
  return h('label', { class: `button take ${camera ? 'camera' : ''}` }, icon(source), h('span', null, words), input);
}

/** Keep one picture with the place and time of now. The photo is stored before the position is waited for. */
export async function keep(sheet, id, file, source, more = {}) {
  const fix = source === 'camera' ? recent() : null;
  const photo = await photos.add(sheet.visit, id, file, { source, fix, ...more });
  if (source === 'camera' && !fix) {
    const release = hold();
    soon().then((found) => found && sheet.change((draft) => {
      const taken = draft.answers[id]?.photos.find((one) => one.slot === photo.slot && one.sha256 === photo.sha256);
      if (taken && !taken.fix) taken.fix = found;
    }, { counts: true })).catch((error) => console.warn('the position came too late', error)).finally(release);
  }
  return photo;
}

/** Why a picture was not kept, in words. */
export function notKept(error, file) {
  if (error?.name === 'PhotoRefused') return t('pic.refused', { name: file.name, why: error.message });
  return error?.name === 'StorageFull' ? t('store.full') : t('pic.not_kept', { name: file.name });
}

/** How many photos are still owed, in words. */
export function owedWords(needed, given) {
  const n = needed - given;
  return t(`pic.owed${given ? '_more' : ''}${n === 1 ? '_one' : ''}`, { n });
}

/** The photo part of an item's box. */
export function pictures(item, sheet) {
  const name = pick(item.text);
  const owed = h('p', { class: 'owed', id: `${item.id}-owed` });
  const list = h('ul', { class: 'thumbs plain' });
  const said = h('div', { class: 'stack', role: 'status' });
  const shown = new Map();
  const take = async (files, source) => {
    said.replaceChildren();
    const trouble = [];
    for (const [at, file] of files.entries()) {
      said.replaceChildren(h('p', { class: 'small muted' }, t('pic.saving', { n: at + 1, of: files.length })), ...trouble);
      try {
        const { again } = await keep(sheet, item.id, file, source);
        if (again) trouble.push(h('p', { class: 'note warn', 'data-again': '' }, t('pic.again')));
      } catch (error) {
        trouble.push(h('p', { class: 'note bad', 'data-refused': '' }, notKept(error, file)));
      }
    }
    await sheet.reload();
    said.replaceChildren(...trouble);
    if (!trouble.length) announce(t('pic.kept'));
  };
  const camera = chooser('camera', t('pic.camera'), name, take);
  const gallery = chooser('gallery', t('pic.gallery'), name, take);

  const refresh = () => {
    const { needed = 0, given = 0 } = sheet.standing.get(item.id) ?? {};
    const lacks = Math.max(0, needed - given);
    owed.hidden = !lacks;
    owed.toggleAttribute('data-owed', lacks > 0);
    camera.classList.toggle('wanted', lacks > 0);
    if (lacks) {
      const of = pick(item.evidence.of);
      owed.replaceChildren(icon('camera'), h('span', null, h('strong', null, owedWords(needed, given)), of ? t('pic.of', { of }) : '',
        sheet.checklist.capture === 'discreet' ? h('span', { class: 'small block' }, t('pic.discreetly')) : ''));
    }
    gallery.hidden = !takesGallery(item, sheet.draft);
    thumbs();
  };
  const thumbs = () => {
    const present = new Set();
    sheet.entry(item.id).photos.forEach((photo, at) => {
      const key = `${photo.slot} ${photo.sha256}`;
      present.add(key);
      if (!shown.has(key)) shown.set(key, thumb(item, sheet, photo));
      const one = shown.get(key);
      one.update(photo, at + 1);
      if (list.children[at] !== one.node) list.insertBefore(one.node, list.children[at] ?? null);
    });
    for (const [key, one] of shown) {
      if (present.has(key)) continue;
      one.node.remove();
      shown.delete(key);
    }
    list.hidden = !present.size;
  };
  refresh();
  return { owed, list, said, camera, gallery, refresh };
}

function thumb(item, sheet, photo) {
  const image = h('img', { alt: '', width: 88, height: 88, decoding: 'async' });
  const badge = h('span', { class: 'tag' });
  const link = h('a', { class: 'thumb', href: photoRoute(sheet.visit, item.id, photo.slot), 'data-photo': photo.slot, 'data-sha': photo.sha256 }, image, badge);
  const without = () => image.replaceWith(h('span', { class: 'blank', 'aria-hidden': 'true' }, icon('gallery')));
  image.addEventListener('error', without, { once: true });
  Promise.resolve(photos.thumbnail(photo.sha256)).then((url) => (url ? (image.src = url) : without()), without);
  const update = (now, number) => {
    const marks = [
      now.source === 'drawing' && t('pic.drawn'),
      sheet.repeats.get(now.sha256) > 1 && t('pic.twice'),
    ].filter(Boolean);
    badge.textContent = marks.join(' · ');
    badge.hidden = !marks.length;
    link.setAttribute('aria-label', [t('pic.number', { n: number }), now.taken_at && momentWords(now.taken_at), ...marks].filter(Boolean).join(', '));
  };
  return { node: h('li', null, link), update };
}
