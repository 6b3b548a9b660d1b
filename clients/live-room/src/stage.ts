// The stand-in for a live stream: a night market on 12.12, in which the host shows the offer on
// screen. Drawn as SVG and moved by style.css, which stands still for who asks for less motion.

import { html, svg, type TemplateResult } from 'lit-html';
import { picture } from './art.js';

const definitions = svg`<defs>
  <linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
    <stop offset="0" stop-color="#0f0b33"/><stop offset=".42" stop-color="#3a1a63"/>
    <stop offset=".68" stop-color="#a3315f"/><stop offset=".85" stop-color="#f0803c"/>
  </linearGradient>
  <linearGradient id="wall" x1="0" y1="0" x2="0" y2="1">
    <stop offset="0" stop-color="#2a0d33"/><stop offset=".55" stop-color="#7a2350"/>
  </linearGradient>
  <radialGradient id="glow"><stop offset="0" stop-color="#ffdc8a" stop-opacity=".9"/>
    <stop offset="1" stop-color="#ffdc8a" stop-opacity="0"/></radialGradient>
  <radialGradient id="spot"><stop offset="0" stop-color="#fff3d0" stop-opacity=".55"/>
    <stop offset="1" stop-color="#fff3d0" stop-opacity="0"/></radialGradient>
  <pattern id="kawung" width="44" height="44" patternUnits="userSpaceOnUse">
    <g fill="none" stroke="#ffd27d" stroke-width="1.2">
      <path d="M22 22Q8 20 4 4q16 4 18 18zm0 0q14-2 18-18-16 4-18 18zm0 0q-2 14-18 18 4-16
      18-18zm0 0q2 14 18 18-4-16-18-18z"/>
      <circle cx="22" cy="22" r="1.5"/><circle cx="0" cy="22" r="1.5"/>
      <circle cx="22" cy="0" r="1.5"/></g>
  </pattern>
  <pattern id="parang" width="36" height="36" patternUnits="userSpaceOnUse"
    patternTransform="rotate(45)">
    <path fill="#5b1730" d="M0 0h36v36H0z"/>
    <path fill="#e8a94a" d="M0 6q9-10 18 0t18 0v6q-9 10-18 0T0 12z" opacity=".9"/>
    <path fill="#8f2a45" d="M0 26h36v3H0z"/><circle cx="18" cy="27.5" r="2.4" fill="#f7d58e"/>
  </pattern>
</defs>`;

// Light bulbs along a sagging wire.
function lights(y: number, sag: number, count: number) {
  const bulbs = Array.from({ length: count }, (_, index) => {
    const t = (index + 0.5) / count;
    const height = y + sag * 4 * t * (1 - t);
    return svg`<g class="bulb" transform="translate(${t * 400 - 20} ${height + 5})">
      <circle r="13" fill="url(#glow)"/><circle r="3.6" fill="#fff1c4"/></g>`;
  });
  const wire = `M-20 ${y}Q180 ${y + sag * 2} 380 ${y}`;
  return svg`<path d=${wire} fill="none" stroke="#1a1030" stroke-width="1.5"/>${bulbs}`;
}

const sign = svg`<g text-anchor="middle" font-weight="900">
  <text class="sign-back" x="180" y="156" font-size="86" textLength="236">12.12</text>
  <text class="sign-bulbs" x="180" y="156" font-size="86" textLength="236">12.12</text>
  <g transform="translate(180 183)"><rect x="-84" y="-12" width="168" height="24" rx="12"
    fill="#c8102e"/>
  <text y="5" font-size="13.5" fill="#fff" letter-spacing="5">HARBOLNAS</text></g></g>`;

// The stall: a back wall, a string of red and white flags, and a striped awning before it.
const stall = svg`<path fill="url(#wall)" d="M-200 216h760v440h-760z"/>
  <path fill="url(#kawung)" opacity=".1" d="M-200 216h760v440h-760z"/>
  ${Array.from({ length: 11 }, (_, index) => {
    const x = index * 36 - 18;
    const y = 258 + 10 * Math.sin((index / 10) * Math.PI);
    return svg`<path fill="#e8213f" d=${`M${x} ${y}h26l-6.5 10h-13z`}/>
      <path fill="#fff7ea" d=${`M${x + 6.5} ${y + 10}h13l-6.5 10z`}/>`;
  })}
  ${Array.from({ length: 13 }, (_, index) => {
    const shape = `M${index * 44 - 106} 212h44v26a22 17 0 0 1-44 0z`;
    return svg`<path d=${shape} fill=${index % 2 ? '#fff7ea' : '#c8102e'}/>`;
  })}
  <path fill="#7c0b1f" d="M-200 206h760v9h-760z"/>
  <path fill="#ffb52e" d="M-200 204h760v3h-760z"/>`;

// The host: a headscarf, a batik blouse, a smile, and a hand that points at the goods.
const host = svg`<g transform="translate(-4 -50) scale(.94)"><g class="presenter">
  <circle cx="132" cy="400" r="130" fill="url(#spot)"/>
  <path fill="#0e6b63" d="M58 560q-6-98 30-118 44-18 88 0 36 20 30 118z"/>
  <path fill="url(#kawung)" d="M58 560q-6-98 30-118 44-18 88 0 36 20 30 118z"/>
  <g class="arm"><path fill="#0e6b63" d="M182 452q34 14 48 52l-20 12q-24-22-40-28z"/>
    <path fill="#c98a5f" d="M210 514q10-12 22-8 10 6 16 2 6 4-2 12-12 12-26 8z"/></g>
  <path fill="#f2b53a" d="M132 322q-50 2-50 60 0 30-14 52 18 30 64 32 46-2 64-32-14-22-14-52
    0-58-50-60z"/>
  <path fill="#d99a22" d="M88 440q24 22 44 22t44-22q-8 24-44 30-36-6-44-30z"/>
  <path fill="#d79b70" d="M132 338q34 0 34 42 0 46-34 50-34-4-34-50 0-42 34-42z"/>
  <path fill="#e6a52f" d="M98 376q2-40 34-40t34 40q-12-26-34-26t-34 26z"/>
  <g class="eyes" fill="#2a1512"><ellipse cx="119" cy="385" rx="3.6" ry="4.6"/>
    <ellipse cx="146" cy="385" rx="3.6" ry="4.6"/></g>
  <path fill="none" stroke="#5a2d1c" stroke-width="2.4" stroke-linecap="round"
    d="M112 374q6-5 13-1m14-0q7-4 13 1m-22 18q-3 7 3 7"/>
  <path class="mouth" fill="#8e1f2c" d="M119 406q13 6 27 0-3 14-14 14-10 0-13-14z"/>
  <g fill="#e88e78" opacity=".6"><circle cx="109" cy="400" r="6"/><circle cx="156" cy="400"
    r="6"/></g>
  <path fill="#1c1533" d="M86 470h11v34H86z" transform="rotate(8 90 480)"/>
  <circle cx="89" cy="466" r="10" fill="#3c3560"/></g></g>`;

const table = svg`<path fill="url(#parang)" d="M-200 452h760v400h-760z"/>
  <path fill="#f7d58e" d="M-200 446h760v8h-760z"/>
  <path fill="#5a0f2c" d="M206 416h92l8 34H198z"/>
  <ellipse cx="252" cy="418" rx="62" ry="12" fill="#f2b53a"/>
  <ellipse cx="252" cy="416" rx="52" ry="9" fill="#ffdf9a"/>`;

export function stage(art: string, label: string): TemplateResult {
  return html`<svg
    class="stage"
    role="img"
    aria-label=${label}
    viewBox="0 0 360 640"
    preserveAspectRatio="xMidYMin slice"
  >
    ${definitions}
    <path fill="url(#sky)" d="M-200-200h760v1000h-760z" />
    <path class="kawung" fill="url(#kawung)" d="M-244-244h848v1000h-848z" />
    ${lights(52, 20, 9)} ${sign} ${stall} ${host} ${table}
    <g class="goods">
      <circle cx="252" cy="350" r="105" fill="url(#spot)" />
      <svg x="182" y="281" width="140" height="140" viewBox="0 0 96 96">${picture(art)}</svg>
    </g>
  </svg>`;
}
