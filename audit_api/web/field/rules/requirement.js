// What a visit needs before it can be submitted: answers, comments, photos.
// Mirrors audit_api/domain/submission_rules.py.
import { characters, isAdverse, isAnswered, isBlank, isFailed, isNotApplicable, itemsOf, stripped, WORDED } from './items.js';
import { visibleItems } from './relevance.js';

const FAR_METRES = 300;
const FAILED_BELOW = 50;
const EARTH_RADIUS_METRES = 6_371_008.8;
const DATUM = 'WGS-84';

/**
 * Give how each item shown stands, in the order of the checklist; hidden items ask for nothing.
 * @param {object} checklist
 * @param {Object<string, any>} answers stored value by item, passed by `checkAnswers`
 * @param {Object<string, string>} [comments]
 * @param {Object<string, number>} [photoCounts] photos named by item
 * @param {[number, number]|null} [dealerPosition] degrees, WGS-84 (see `positionOf`)
 * @param {Iterable<string>} [later] items that may still be unanswered (see follow_ups.js)
 * @returns {{item: string, needed: number, given: number, problems: {code: string, zh: string, en: string}[]}[]}
 *   needed of a required item without an answer: photos that any answer needs
 */
export function standings(checklist, answers, comments = {}, photoCounts = {}, dealerPosition = null, later = []) {
  const shown = visibleItems(checklist, answers);
  const open = new Set(later ?? []);
  const found = [];
  for (const item of itemsOf(checklist)) {
    if (!shown.has(item.id)) continue;
    const value = answers[item.id] ?? null;
    const given = photoCounts?.[item.id] ?? 0;
    if (isAnswered(item, value) || (item.type === 'photo' && given > 0)) {
      const needed = photosNeeded(item, value);
      const problems = problemsOf(item, value, needed, given, dealerPosition, comments?.[item.id]);
      found.push({ item: item.id, needed, given, problems });
    } else {
      const owed = item.required && !isNotApplicable(item, value);
      const problems = owed && !open.has(item.id) ? [UNANSWERED] : [];
      found.push({ item: item.id, needed: owed ? photosNeeded(item, value) : 0, given, problems });
    }
  }
  return found;
}

const problem = (code, zh, en) => Object.freeze({ code, zh, en });
const UNANSWERED = problem('required', '此题必答；请作答', 'this item must be answered');
const ADVERSE = problem('comment_adverse', '请补充说明：原话、何种职位的人、在哪里', 'add a comment: the exact words, by whom (role), and where');
const CRITICAL = problem('comment_critical', '一票否决项未通过；请补充说明所见事实', 'a critical item failed: add a comment on what was seen');

function problemsOf(item, value, needed, given, dealer, comment) {
  const found = [];
  if (WORDED.has(item.type) && typeof value === 'string') {
    const [least, count] = [item.min_chars ?? 0, characters(stripped(value))];
    if (count < least) found.push(problem('too_short', `至少 ${least} 个字符，现有 ${count} 个`, `at least ${least} characters, there are ${count}`));
  }
  if (given < needed) {
    found.push(problem('photos_missing', `需要 ${needed} 张照片，现有 ${given} 张；请补拍`, `needs ${needed} photos, has ${given}: take what is missing`));
  }
  const wanted = comment && !isBlank(comment) ? null : commentNeeded(item, value, dealer);
  return wanted ? [...found, wanted] : found;
}

/** Give how many photos an answer needs under the item's evidence rule. */
export function photosNeeded(item, value) {
  const { rule, min_photos: least } = item.evidence;
  const needed = rule === 'always'
    || (rule === 'on_fail' && isFailed(item, value, FAILED_BELOW))
    || (rule === 'on_adverse' && isAdverse(item, value));
  return needed ? least : 0;
}

/** Name the comment an answer without one needs. */
function commentNeeded(item, value, dealer) {
  if (isAdverse(item, value)) return ADVERSE;
  if (item.critical && isFailed(item, value, item.critical.fail_below)) return CRITICAL;
  if (item.type !== 'auto_gps' || !dealer || typeof value !== 'object' || (value?.datum ?? DATUM) !== DATUM) return null;
  const away = distanceMetres([value.lat, value.lon], dealer);
  if (!(away > FAR_METRES)) return null;
  const told = Math.round(away);
  return problem('comment_distance', `定位距登记坐标约 ${told} 米；请说明原因`, `the position is about ${told} m from the registered one: say why`);
}

/** Give the great-circle distance between two [lat, lon] in degrees, by the haversine formula. */
export function distanceMetres(one, other) {
  const [lat1, lon1, lat2, lon2] = [...one, ...other].map((degrees) => degrees * (Math.PI / 180));
  const half = Math.sin((lat2 - lat1) / 2) ** 2 + Math.cos(lat1) * Math.cos(lat2) * Math.sin((lon2 - lon1) / 2) ** 2;
  return 2 * EARTH_RADIUS_METRES * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** Give a dealer's registered position to compare with, null where it has none in the datum phones measure in. */
export function positionOf(dealer) {
  const known = dealer?.datum === DATUM && Number.isFinite(dealer.lat) && Number.isFinite(dealer.lon);
  return known ? [dealer.lat, dealer.lon] : null;
}
