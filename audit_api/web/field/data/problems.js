// What stands in the way of a visit, kept with it, and told in the language of the moment it is read.
import { now } from '../core/clock.js';
import { language, pick, t } from '../core/words.js';

/** Keep of a refusal what is needed to tell it later. @param {import('../core/api.js').Refused|null} error */
export function problemOf(error) {
  const { status = 0, slug = '', title = '', detail = '', errors = [] } = error ?? {};
  return { status, slug, title, detail, errors, language: error?.language ?? language(), missing: error?.problem?.missing ?? [], at: now() };
}

/**
 * Tell a problem: what it is, what the server said of this case, and what is to be done at which item.
 * @param {any} problem of a draft
 * @returns {{title: string, detail: string, items: {item: string|null, sha256: string|null, text: string}[]}}
 */
export function inWords(problem) {
  const own = ownWords(`sending.problem.${problem.slug}`);
  const said = problem.language === language();
  return {
    title: own ?? (said && problem.title ? problem.title : t('sending.problem.other', { status: problem.status })),
    detail: said ? problem.detail : '',
    items: problem.errors.map(({ item = null, sha256 = null, code, message, language: spoken = problem.language }) => ({
      item, sha256, text: ownWords(`sending.error.${code}`) ?? textOf(message, spoken) ?? t('sending.error.other'),
    })),
  };
}

function ownWords(key) {
  const words = t(key);
  return words === key ? null : words;
}

function textOf(message, spoken) {
  if (message && typeof message === 'object') return pick(message);
  return message && spoken === language() ? message : null;
}
