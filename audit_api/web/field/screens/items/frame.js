// What surrounds the items: the way from section to section under the thumb, how much is answered, whether it is stored.
import { act, h } from '../../core/dom.js';
import { icon } from '../../core/icons.js';
import { pick, t } from '../../core/words.js';
import { allRoute, reviewRoute, sectionRoute } from './routes.js';

/** The sections as a list to choose from; a dialog, since it is wanted seldom and then wholly. */
export function contents(sheet, present) {
  const list = h('ol', { class: 'plain sections' });
  const node = h('dialog', { class: 'contents', 'aria-label': t('answer.sections') },
    h('div', { class: 'row apart' }, h('h2', null, t('answer.sections')), act('close', t('core.close'), () => node.close(), { class: 'quiet' })),
    h('div', { class: 'pair' },
      h('a', { class: 'button', href: allRoute(sheet.visit), 'data-act': 'all', 'aria-current': present === null ? 'page' : null }, t('answer.all')),
      h('a', { class: 'button primary', href: reviewRoute(sheet.visit), 'data-act': 'review' }, t('answer.review'))),
    list);
  // A link to where one is already changes no address: the dialog closes all the same. So does a touch beside it.
  node.addEventListener('click', ({ target }) => (target === node || target.closest('a')) && node.close());
  const update = () => {
    if (!node.open) return;
    list.replaceChildren(...sheet.sections.filter(({ items }) => items.length).map(({ section, items, done, lacking }) => {
      const whole = done === items.length && !lacking;
      const asked = (sheet.draft.asked ?? []).filter((note) => items.some(({ id }) => id === note.item)).length;
      const partly = done > 0 && lacking > 0;
      return h('li', null, h('a', {
        class: 'row', 'data-section': section.code, 'aria-current': section.code === present ? 'page' : null, href: sectionRoute(sheet.visit, section.code),
      }, h('span', { class: 'grow' }, pick(section.title)),
      asked > 0 && h('span', { class: 'badge warn' }, t('answer.asked')),
      partly && h('span', { class: 'badge warn' }, t('answer.section_lacking', { n: lacking })),
      whole ? h('span', { class: 'badge good' }, t('answer.section_done')) : h('span', { class: 'number muted' }, t('answer.section_state', { done, asked: items.length }))));
    }));
  };
  return { node, update, open: () => {
    node.showModal();
    update();
    list.querySelector('[aria-current]')?.focus();
  } };
}

/** The bar under the thumb: back and forth, the sections, how much is answered, whether it is stored. */
export function footer(sheet, present, dialog) {
  const neighbours = () => {
    const codes = sheet.sections.filter(({ section, items }) => items.length || section.code === present).map(({ section }) => section.code);
    const at = codes.indexOf(present);
    return present === null ? [null, null] : [codes[at - 1] ?? null, codes[at + 1] ?? null];
  };
  const bar = h('progress', { max: 1, value: 0, 'aria-label': t('answer.share', { done: 0, asked: 0 }) });
  const share = h('span', { class: 'number', 'data-share': '' });
  const state = h('span', { class: 'small', 'data-saved': '' });
  const previous = h('a', { class: 'button arrow', 'data-act': 'previous-section', 'aria-label': t('answer.previous') }, icon('back'));
  const next = h('a', { class: 'button arrow primary', 'data-act': 'next-section' }, icon('next'));
  const middle = act('sections', [icon('list'), h('span', { class: 'two-lines' }, share, state)], () => dialog.open(), { class: 'middle', 'aria-haspopup': 'dialog' });
  const trouble = h('div', { class: 'note bad stack', role: 'alert', hidden: true }, h('p', null, t('answer.failed_why')),
    act('retry', t('core.retry'), () => sheet.flush(), { class: 'wide' }));
  const tell = (told) => {
    state.textContent = t(`answer.${told}`);
    state.dataset.saved = told;
    trouble.hidden = told !== 'failed';
  };
  const update = () => {
    const [before, after] = neighbours();
    previous.hidden = present === null;
    previous.toggleAttribute('aria-disabled', !before);
    if (before) previous.href = sectionRoute(sheet.visit, before);
    else previous.removeAttribute('href');
    next.href = after ? sectionRoute(sheet.visit, after) : reviewRoute(sheet.visit);
    next.dataset.act = after ? 'next-section' : 'review';
    next.setAttribute('aria-label', t(after ? 'answer.next' : 'answer.review'));
    if (next.dataset.leads !== String(Boolean(after))) {
      next.dataset.leads = String(Boolean(after));
      next.replaceChildren(...(after ? [icon('next')] : [h('span', null, t('review.title')), icon('next')]));
    }
    bar.value = sheet.share;
    share.textContent = t('answer.share', { done: sheet.done, asked: sheet.asked });
    bar.setAttribute('aria-label', share.textContent);
  };
  sheet.onState = tell;
  tell(sheet.state);
  update();
  return { node: h('nav', { 'aria-label': t('answer.sections') }, bar, h('div', { class: 'thumb-row' }, previous, middle, next)), trouble, update, close: () => (sheet.onState = null) };
}
