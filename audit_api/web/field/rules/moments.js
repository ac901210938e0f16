// Times as text: ISO 8601 as the server reads it, but for a stray character before the offset ("10:02: +08:00"), which
// some versions of Python pass over; no phone writes one.

const DATE = /^(\d{4})(?:-(\d\d)-(\d\d)|(\d\d)(\d\d)|-W(\d\d)(?:-(\d))?|W(\d\d)(\d)?)$/;
const CLOCK = '(\\d\\d)(?::(\\d\\d)(?::(\\d\\d)(?:[.,]\\d+)?)?|(\\d\\d)(?:(\\d\\d)(?:[.,]\\d+)?)?)?';
const TIME = new RegExp(`^${CLOCK}(Z|[+-]${CLOCK})?$`);
const WEEK = 7 * 86_400_000;

/**
 * Read a time; null where the server would not.
 * @param {string} text
 * @returns {{year: number, zoned: boolean}|null}
 */
export function readMoment(text) {
  for (const length of [10, 8, 7]) {
    const year = dateOf(text.slice(0, length));
    if (year === null) continue;
    const rest = Array.from(text.slice(length)).slice(1).join(''); // whatever stands between them
    if (rest === '') return { year, zoned: false };
    const zoned = timeOf(rest);
    if (zoned !== null) return { year, zoned };
  }
  return null;
}

/** Give the year of a date there is. */
function dateOf(text) {
  const found = DATE.exec(text);
  if (!found) return null;
  const year = Number(found[1]);
  const week = found[6] ?? found[8];
  if (week !== undefined) return yearOfWeek(year, Number(week), Number(found[7] ?? found[9] ?? 1));
  const [month, day] = [Number(found[2] ?? found[4]), Number(found[3] ?? found[5])];
  const made = new Date(Date.UTC(2000, 0, 1));
  made.setUTCFullYear(year, month - 1, day); // a day too many falls into another month
  return year > 0 && made.getUTCMonth() === month - 1 ? year : null;
}

/** The first week of a year holds its 4 January. */
function yearOfWeek(year, week, day) {
  if (year < 1 || week < 1 || day < 1 || day > 7) return null;
  const monday = (of) => {
    const fourth = new Date(Date.UTC(2000, 0, 1));
    fourth.setUTCFullYear(of, 0, 4);
    return fourth.getTime() - ((fourth.getUTCDay() + 6) % 7) * 86_400_000;
  };
  const start = monday(year) + (week - 1) * WEEK;
  return start < monday(year + 1) ? new Date(start + (day - 1) * 86_400_000).getUTCFullYear() : null;
}

/** Tell whether a time of the day carries its offset; null where it is none. */
function timeOf(text) {
  const found = TIME.exec(text);
  if (!found) return null;
  const [hour, minute, second] = [found[1], found[2] ?? found[4] ?? 0, found[3] ?? found[5] ?? 0].map(Number);
  const [aside, past, rest] = [found[7] ?? 0, found[8] ?? found[10] ?? 0, found[9] ?? found[11] ?? 0].map(Number);
  const good = hour < 24 && minute < 60 && second < 60 && aside < 24 && past < 60 && rest < 60;
  return good ? found[6] !== undefined : null;
}
