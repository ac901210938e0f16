// The phone's own time, as it is: the server keeps both and works out the skew.

/** Give now as ISO 8601 with the phone's offset, to the second. */
export function now() {
  return iso(new Date());
}

/** Give a Date as ISO 8601 with the phone's offset, to the second. */
export function iso(date) {
  const two = (n) => String(Math.floor(Math.abs(n))).padStart(2, '0');
  const offset = -date.getTimezoneOffset();
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day}T${time}${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
}

/** Milliseconds since 1970. */
export function stamp() {
  return Date.now();
}
