// Addresses of the answering screens, so that Back, reload and a link all lead to the same place.

const part = (text) => encodeURIComponent(text);

/** A section of a visit; with an item, scrolled to it. */
export function sectionRoute(visit, section, item = '') {
  return `#/visit/${visit}/section/${part(section)}${item ? `?item=${part(item)}` : ''}`;
}

/** All items of a visit on one page. */
export function allRoute(visit, item = '') {
  return `#/visit/${visit}/all${item ? `?item=${part(item)}` : ''}`;
}

/** What is missing, and sending. */
export function reviewRoute(visit) {
  return `#/visit/${visit}/review`;
}

/** One photo, or drawing on it. */
export function photoRoute(visit, item, slot, draw = false) {
  return `#/visit/${visit}/photo/${part(item)}/${part(slot)}${draw ? '?draw=1' : ''}`;
}
