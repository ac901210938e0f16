// An arrow or a circle on a copy of a photo. The copy is one more photo of the item; the original is not touched.
import { act, announce, h } from '../core/dom.js';
import { icon } from '../core/icons.js';
import { t } from '../core/words.js';
import * as photos from '../data/photos.js';
import { notKept } from './items/pictures.js';
import { photoRoute } from './items/routes.js';

const LONGEST_SIDE = 2000; // a copy to point at something; the original keeps every pixel
const INK = '#e0122c';
const CASING = '#ffffff';

/** @param {{sheet: any, item: any, photo: any, url: string, back: string}} what */
export async function drawing({ sheet, item, photo, url, back }) {
  const picture = await decoded(url);
  if (!picture) {
    return h('section', { class: 'stack' }, h('h1', null, t('draw.title')), h('p', { class: 'note' }, t('draw.impossible')),
      h('a', { class: 'button primary wide', 'data-act': 'cancel', href: back }, t('core.back')));
  }
  const canvas = h('canvas', { tabIndex: 0, role: 'img', 'aria-label': t('draw.canvas'), 'data-part': 'canvas' });
  const shapes = [];
  const pen = penOn(canvas, picture, shapes);
  const said = h('div', { role: 'status', class: 'small' });
  let tool = 'arrow';
  const tools = ['arrow', 'circle'].map((name) => h('button', {
    type: 'button', role: 'radio', 'data-act': `draw-${name}`, 'aria-checked': String(name === tool), onclick: () => choose(name),
  }, icon(name), t(`draw.${name}`)));
  const choose = (name) => {
    tool = name;
    tools.forEach((button, at) => button.setAttribute('aria-checked', String(['arrow', 'circle'][at] === name)));
  };
  const changed = () => {
    pen.draw();
    undo.disabled = keepIt.disabled = !shapes.length;
  };
  pen.follow(() => tool, changed);
  canvas.addEventListener('keydown', (event) => keyed(event, canvas, shapes, tool) && (event.preventDefault(), changed()));
  const undo = act('undo', [icon('undo'), t('draw.undo')], () => { shapes.pop(); changed(); });
  const keepIt = act('keep-drawing', t('draw.keep'), async () => {
    said.textContent = t('draw.saving');
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.9));
    const file = new File([blob], 'marked.jpg', { type: 'image/jpeg' });
    try {
      const made = await photos.add(sheet.visit, item.id, file, { source: 'drawing', fix: photo.fix });
      announce(t('pic.kept'));
      location.replace(photoRoute(sheet.visit, item.id, made.slot));
    } catch (error) {
      said.replaceChildren(h('p', { class: 'note bad' }, notKept(error, file)));
    }
  }, { class: 'primary' });
  changed();
  return h('article', { class: 'drawing stack' }, h('h1', null, t('draw.title')), h('p', { class: 'muted' }, t('draw.how')),
    h('div', { class: 'frame' }, canvas),
    h('div', { class: 'bottom' }, h('div', { class: 'pair', role: 'radiogroup', 'aria-label': t('draw.tool') }, tools),
      h('div', { class: 'pair' }, undo, h('a', { class: 'button', 'data-act': 'cancel', href: back, onclick: (event) => { event.preventDefault(); location.replace(back); } }, t('core.cancel'))), keepIt, said));
}

async function decoded(url) {
  const image = new Image();
  image.src = url;
  return image.decode().then(() => image, () => null);
}

function penOn(canvas, picture, shapes) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.naturalWidth, picture.naturalHeight));
  canvas.width = Math.max(1, Math.round(picture.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(picture.naturalHeight * scale));
  const context = canvas.getContext('2d');
  const width = Math.max(2, Math.max(canvas.width, canvas.height) / 110);
  const draw = () => {
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    context.lineCap = context.lineJoin = 'round';
    for (const shape of shapes) {
      // White beneath red: seen on any ground.
      for (const [colour, thick] of [[CASING, width * 2], [INK, width]]) {
        Object.assign(context, { strokeStyle: colour, lineWidth: thick });
        context.stroke(pathOf(shape, width));
      }
    }
  };
  const at = (event) => {
    const seen = canvas.getBoundingClientRect();
    return [((event.clientX - seen.left) / seen.width) * canvas.width, ((event.clientY - seen.top) / seen.height) * canvas.height];
  };
  const follow = (tool, changed) => {
    let shape = null;
    canvas.addEventListener('pointerdown', (event) => {
      if (shape || event.button) return;
      canvas.setPointerCapture(event.pointerId);
      shape = { kind: tool(), from: at(event), to: at(event) };
      shapes.push(shape);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!shape) return;
      shape.to = at(event);
      changed();
    });
    const end = () => {
      // A touch without a stroke marks nothing.
      if (shape && Math.hypot(shape.to[0] - shape.from[0], shape.to[1] - shape.from[1]) < width * 3) shapes.splice(shapes.indexOf(shape), 1);
      shape = null;
      changed();
    };
    canvas.addEventListener('pointerup', end);
    canvas.addEventListener('pointercancel', end);
  };
  return { draw, follow };
}

function pathOf({ kind, from, to }, width) {
  const path = new Path2D();
  if (kind === 'circle') {
    const [x, y] = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
    path.ellipse(x, y, Math.abs(to[0] - from[0]) / 2, Math.abs(to[1] - from[1]) / 2, 0, 0, 2 * Math.PI);
    return path;
  }
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  path.moveTo(...from);
  path.lineTo(...to);
  for (const side of [-0.5, 0.5]) {
    path.moveTo(...to);
    path.lineTo(to[0] - width * 5 * Math.cos(angle + side), to[1] - width * 5 * Math.sin(angle + side));
  }
  return path;
}

/** Mark by keys; tells whether a key meant something. */
function keyed({ key, shiftKey }, { width, height }, shapes, kind) {
  if (key === 'Enter' || key === ' ') {
    shapes.push({ kind, from: [width * 0.4, height * 0.6], to: [width * 0.6, height * 0.4] });
    return true;
  }
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [0, 0];
  const last = shapes.at(-1);
  if (!last || !(dx || dy)) return false;
  const step = Math.max(width, height) / 40;
  for (const end of shiftKey ? ['to'] : ['from', 'to']) last[end] = [last[end][0] + dx * step, last[end][1] + dy * step];
  return true;
}
