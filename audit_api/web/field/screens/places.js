// The way to a place. A position is handed on in the datum it is kept in: read in another, it lies 500 m off in China.
import { h } from '../core/dom.js';
import { isDiscreet, t } from '../core/words.js';
import { onIos, placeOf } from './parts.js';

const CHINESE = /^Asia\/(Shanghai|Urumqi|Chongqing|Harbin|Chungking|Kashgar)$/;

/** Addresses outside the app that lead to a dealer, each with its words; none without a position. */
export function linksTo(dealer) {
  const { lat, lon, datum = 'WGS-84', timezone = '' } = dealer ?? {};
  if (lat === null || lat === undefined || lon === null || lon === undefined) return [];
  const kind = datum.toUpperCase().replace(/[^A-Z0-9]/g, '');
  const name = isDiscreet() ? '' : placeOf(dealer);
  const links = [];
  if (kind !== 'WGS84' || CHINESE.test(timezone)) {
    if (kind === 'BD09') links.push(['baidu', `https://api.map.baidu.com/marker?${query({ location: `${lat},${lon}`, title: name || '·', content: name || '·', output: 'html', coord_type: 'bd09ll', src: 'planner' })}`]);
    else links.push(['amap', `https://uri.amap.com/marker?${query({ position: `${lon},${lat}`, name, coordinate: kind === 'WGS84' ? 'wgs84' : 'gaode', callnative: '1' })}`]);
  }
  // Both of these take WGS-84 and nothing else.
  if (kind === 'WGS84' && onIos()) links.push(['apple', `https://maps.apple.com/?${query({ ll: `${lat},${lon}`, q: name || `${lat},${lon}` })}`]);
  else if (kind === 'WGS84') links.push(['geo', `geo:${lat},${lon}?q=${lat},${lon}${name ? `(${encodeURIComponent(name)})` : ''}`]);
  return links;
}

/** The links as buttons. */
export function waysTo(dealer) {
  const links = linksTo(dealer);
  if (!links.length) return h('p', { class: 'muted' }, t('briefing.no_position'));
  return h('div', { class: 'row' }, links.map(([kind, href]) => h('a', { class: 'button grow', href, target: '_blank', rel: 'noopener noreferrer', 'data-act': 'navigate', 'data-map': kind }, t(`map.${kind}`))));
}

function query(parts) {
  return new URLSearchParams(Object.entries(parts).filter(([, value]) => value !== '')).toString();
}
