// How much of a checklist is answered. Coverage as the server's score has it (audit_api/domain/scoring.py), and no
// score: covert visits must not be steered by it.
import { isAnswered, isNotApplicable, isScored, itemsOf } from './items.js';
import { visibleItems } from './relevance.js';

/**
 * Give the share of the weight shown that counts: answered, not N/A, with a score.
 * @param {object} checklist
 * @param {Object<string, any>} answers
 * @returns {{share: number|null, counted: number, shown: number, sections: {code: string, share: number|null, counted: number, shown: number}[]}}
 *   share 0..1, null where nothing weighed is shown
 */
export function coverage(checklist, answers) {
  const shown = visibleItems(checklist, answers);
  const sections = checklist.sections.map(({ code, items }) => {
    const weighed = items.filter((item) => item.weight && shown.has(item.id));
    const counting = weighed.filter((item) => isScored(item, answers[item.id]));
    return shareOf({ code, counted: weightOf(counting), shown: weightOf(weighed) });
  });
  return { ...shareOf({ counted: sum(sections, 'counted'), shown: sum(sections, 'shown') }), sections };
}

/**
 * Count the items shown and those settled: answered or N/A.
 * @param {object} checklist
 * @param {Object<string, any>} answers
 * @param {Object<string, number>} [photoCounts]
 * @returns {{shown: number, settled: number, sections: {code: string, shown: number, settled: number}[]}}
 */
export function progress(checklist, answers, photoCounts = {}) {
  const shown = visibleItems(checklist, answers);
  const sections = checklist.sections.map(({ code, items }) => {
    const asked = items.filter((item) => shown.has(item.id));
    const settled = asked.filter((item) => isSettled(item, answers[item.id]) || (item.type === 'photo' && photoCounts?.[item.id] > 0));
    return { code, shown: asked.length, settled: settled.length };
  });
  return { shown: sum(sections, 'shown'), settled: sum(sections, 'settled'), sections };
}

/** Tell whether nothing more is to be answered: answered or N/A. */
export function isSettled(item, value) {
  return isAnswered(item, value) || isNotApplicable(item, value);
}

/**
 * Give the answers of the items shown: what hidden items were answered with before is not sent.
 * @param {object} checklist
 * @param {Object<string, any>} answers
 */
export function keptAnswers(checklist, answers) {
  const shown = visibleItems(checklist, answers);
  return Object.fromEntries(itemsOf(checklist).filter(({ id }) => shown.has(id) && id in answers).map(({ id }) => [id, answers[id]]));
}

function weightOf(items) {
  return items.reduce((total, item) => total + item.weight, 0);
}

function sum(rows, name) {
  return rows.reduce((total, row) => total + row[name], 0);
}

function shareOf(row) {
  return { ...row, share: row.shown ? row.counted / row.shown : null };
}
