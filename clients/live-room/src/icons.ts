// The page's signs, on a grid of 24. They take the colour of the text beside them and are hidden
// from screen readers, which read that text.

import { html, type TemplateResult } from 'lit-html';

const kPaths = {
  bag: `M7 8V7a5 5 0 0 1 10 0v1h2.200l.8 12.200a1.7 1.7 0 0 1-1.7 1.800H5.700A1.7 1.7 0 0 1 4
    20.200L4.8 8zm2 0h6V7a3 3 0 0 0-6 0z`,
  receipt: `M5 2.5 7 4l2.5-1.500L12 4l2.5-1.500L17 4l2-1.500v19L17 20l-2.5 1.500L12 20l-2.5
    1.500L7 20l-2 1.500zM8 8v2h8V8zm0 4v2h8v-2z`,
  gear: `m10 2-.6 2.700a7.6 7.6 0 0 0-1.7 1L5 4.9 3 8.300l2 1.800a7.7 7.7 0 0 0 0 2L3 14l2 3.4
    2.7-.8a7.6 7.6 0 0 0 1.7 1L10 20.400h4l.6-2.700a7.6 7.6 0 0 0 1.7-1l2.7.8 2-3.4-2-1.900a7.7
    7.7 0 0 0 0-2l2-1.9-2-3.4-2.7.8a7.6 7.6 0 0 0-1.7-1L14 2zm2 6a3.2 3.2 0 1 1 0 6.400A3.2 3.2 0
    0 1 12 8z`,
  close: `M5 6.4 6.4 5l5.6 5.600L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.600L6.4 19 5 17.6
    10.6 12z`,
  clock: 'M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20zm1 4h-2v7l5 3 1-1.7-4-2.300z',
  check: 'm9.5 17.7-5.6-5.6 1.7-1.7 3.9 3.9 8.9-8.9 1.7 1.700z',
  cross: 'M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20zm-1 5v7h2V7zm0 9v2h2v-2z',
  info: 'M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20zm-1 8v7h2v-7zm0-4v2h2V6z',
  out: `M13 4h7v7h-2V7.400l-8.3 8.3-1.4-1.400L16.6 6H13zM5 6h5v2H6v10h10v-4h2v5a1 1 0 0 1-1 1H5a1
    1 0 0 1-1-1V7a1 1 0 0 1 1-1z`,
  leaf: `M20.5 3.500c.7 9-3.5 15-10.3 15-1.6 0-3-.4-4.2-1.100L4.3 21l-1.8-.9C4.6 14.7 8.7 11 14
    9c-5 .7-8.7 3-11 6.300C2.5 8.5 8.5 4 20.5 3.500z`,
  shield: `M12 2 4 5v6c0 5 3.4 9.3 8 11 4.6-1.7 8-6 8-11V5zm-1.2 14-4-4 1.5-1.5 2.5 2.5 5-5L17.3
    9.500z`,
} as const;

export type IconName = keyof typeof kPaths;

export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    <path fill="currentColor" d=${kPaths[name]} />
  </svg>`;
}
