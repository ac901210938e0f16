// Drawn, since such signs come out as coloured emoji on some phones.
const PATHS = {
  back: 'M15 5l-7 7 7 7',
  gear: 'M4 7h9M19 7h1M4 17h1M11 17h9M13 7a3 3 0 106 0 3 3 0 10-6 0zM5 17a3 3 0 106 0 3 3 0 10-6 0z',
  notes: 'M6 3h12v18H6zM9 8h6M9 12h6M9 16h4',
  camera: 'M4 8h3.5l1.7-2.5h5.6L16.5 8H20v11H4zM12 10.2a3 3 0 100 6 3 3 0 000-6z',
  gallery: 'M4 5h16v14H4zM4 16l4.5-4.5 4 4 2.5-2.5 5 4.5M15.5 8.6a1 1 0 100 2 1 1 0 000-2z',
  pen: 'M4 20l1-4L16.5 4.5a1.8 1.8 0 012.6 0l.4.4a1.8 1.8 0 010 2.6L8 19zM14.5 6.5l3 3',
  mic: 'M12 3.5a2.5 2.5 0 00-2.5 2.5v5a2.5 2.5 0 005 0V6A2.5 2.5 0 0012 3.5zM6.5 11a5.5 5.5 0 0011 0M12 16.5V20.5',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  owed: 'M12 4v9.5M12 18.6v.4',
  arrow: 'M5 19L19 5M9.5 5H19v9.5',
  circle: 'M12 4.5a7.5 7.5 0 100 15 7.5 7.5 0 000-15z',
  undo: 'M9 6L4.5 10.5 9 15M4.5 10.5H14a5 5 0 010 10h-2',
  timer: 'M12 6.5a7 7 0 100 14 7 7 0 000-14zM12 10v3.8l2.4 1.6M9.5 3.5h5',
  pin: 'M12 21c4.5-5 6.5-8 6.5-11a6.5 6.5 0 00-13 0c0 3 2 6 6.5 11zM12 7.7a2.3 2.3 0 100 4.6 2.3 2.3 0 000-4.6z',
  list: 'M8.5 6.5H20M8.5 12H20M8.5 17.5H20M4.5 6.5h.1M4.5 12h.1M4.5 17.5h.1',
  next: 'M9 5l7 7-7 7',
};
const SPACE = 'http://www.w3.org/2000/svg';

/** Draw an icon; it says nothing to a screen reader, the button around it does. */
export function icon(name) {
  const svg = document.createElementNS(SPACE, 'svg');
  const path = document.createElementNS(SPACE, 'path');
  for (const [key, value] of Object.entries({ viewBox: '0 0 24 24', width: '24', height: '24', 'aria-hidden': 'true' })) svg.setAttribute(key, value);
  for (const [key, value] of Object.entries({ d: PATHS[name], fill: 'none', stroke: 'currentColor', 'stroke-width': '2', 'stroke-linecap': 'round', 'stroke-linejoin': 'round' })) path.setAttribute(key, value);
  svg.append(path);
  return svg;
}
