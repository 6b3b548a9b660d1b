// Pictures of the goods, drawn: no photograph is fetched from anywhere. Each fills a square of
96;

import { svg, type SVGTemplateResult } from 'lit-html';

const batik = svg`
  <path fill="#3a1d12" d="M14 30 48 16l34 14-34 15z"/>
  <path fill="#7a3b1d" d="M14 30v12l34 15V45z"/><path fill="#5c2a14" d="M82 30v12L48 57V45z"/>
  <path fill="#1f2a63" d="M14 45v12l34 15V60z"/><path fill="#172050" d="M82 45v12L48 72V60z"/>
  <path fill="#b5552c" d="M14 60v9l34 15V75z"/><path fill="#8e3f1e" d="M82 60v9L48 84V75z"/>
  <g fill="none" stroke="#f0c069" stroke-width="1.6">
    <path d="m31 30 17-7 17 7-17 8zM39 30q9-6 18 0-9 6-18 0zM48 25q-3 5 0 10 3-5 0-10z"/>
    <path d="m18 37 6 2.600m4 1.8 6 2.600m4 1.8 6 2.600M52 47l6-2.600m4-1.8 6-2.600m4-1.8 6-2.6"/>
    <path d="m18 52 6 2.600m4 1.8 6 2.600m4 1.8 6 2.600M52 62l6-2.600m4-1.8 6-2.600m4-1.8 6-2.6"/>
  </g>`;

const coffee = svg`
  <path fill="#2b1a12" d="M26 18h44l4 62q-26 8-52 0z"/><path fill="#3b2519" d="M26 18h44l1
    9H25z"/>
  <path fill="#120a06" d="M28 14h40v6H28z"/><circle cx="48" cy="52" r="18" fill="#f3e2c3"/>
  <path fill="#2f6b4a" d="m31 58 10-14 7 9 5-6 12 11a18 18 0 0 1-34 0z"/>
  <g fill="#7b4a25"><ellipse cx="43" cy="64" rx="5" ry="3.5" transform="rotate(-25 43 64)"/>
  <ellipse cx="54" cy="65" rx="5" ry="3.5" transform="rotate(20 54 65)"/></g>
  <path fill="none" stroke="#f3e2c3" d="m39.5 66 7-4m4 2 7 2.5"/>
  <path fill="none" stroke="#d8a24a" stroke-width="2" d="M33 31h30M37 76h22"/>`;

const sambal = svg`
  <path fill="#f4d8cf" d="M26 32h44v44q0 8-8 8H34q-8 0-8-8z"/>
  <path fill="#b3210f" d="M29 40q10 4 19 0t19 0v35q0 6-6 6H35q-6 0-6-6z"/>
  <path fill="#e0482a" d="M33 45h5v4h-5zm9 18h6v4h-6zm15-14h5v5h-5zm-3 24h5v3h-5zM35 70h4v4h-4z"/>
  <path fill="#21462f" d="M22 17h52v13H22z"/><path fill="#2f6043" d="M22 17h52v4H22z"/>
  <path fill="#fff4df" d="M29 50h38v19H29z"/>
  <path fill="#c81e1e" d="M37 62q10 5 19-5l2 1q-9 14-21 6z"/><path fill="#2f6043" d="m56 57 4-4 1
    2-3 4z"/>`;

const bag = svg`
  <path fill="none" stroke="#7d4a1f" stroke-width="4" d="M33 40q0-25 15-25t15 25"/>
  <path fill="#d9a860" d="M18 38h60l-6 44H24z"/>
  <g stroke="#a87331" stroke-width="2.5" fill="none">
    <path d="M20 48h56M21 58h54M22 68h52M24 77h48"/>
    <path d="m28 38 3 44M38 38l2 44M48 38v44M58 38l-2 44M68 38l-3 44"/>
  </g>
  <path fill="#b4322b" d="m20 48 56 0-1.5 10h-53z"/>
  <path fill="#f6e2b3" d="m30 53 4-4 4 4-4 4zm14 0 4-4 4 4-4 4zm14 0 4-4 4 4-4 4z"/>
  <path fill="#8d5a25" d="M17 35h62v5H17z"/>`;

const chips = svg`
  <path fill="#f0b429" d="M27 16h42q-3 8 1 16t0 20 1 28H25q5-14 1-28t0-20 1-16z"/>
  <path fill="#d38d12" d="M27 16h42l-1.5 6h-39zM25 75h46v6H25z"/>
  <path fill="#fff8e6" d="M33 30h30v10H33z"/><path fill="#7b2d12" d="M37 33h22v4H37z"/>
  <g fill="#e8d2a0" stroke="#9a6a27" stroke-width="1.5">
    <circle cx="41" cy="57" r="9"/><circle cx="56" cy="61" r="10"/><circle cx="49" cy="50" r="8"/>
  </g>
  <g fill="#9a6a27"><circle cx="40" cy="58" r="1.5"/><circle cx="55" cy="58" r="1.7"/>
  <circle cx="59" cy="64" r="1.5"/><circle cx="50" cy="49" r="1.5"/><circle cx="53" cy="65"
    r="1.3"/></g>`;

const sarong = svg`
  <path fill="#17403a" d="M18 28h60v48q0 6-6 6H24q-6 0-6-6z"/>
  <path fill="#0f2f2b" d="M18 28q30 10 60 0v8q-30 10-60 0z"/>
  <g stroke="#e6b450" stroke-width="2.5" fill="none" opacity=".9">
    <path d="M30 33v49M48 36v46M66 33v49M18 50h60M18 66h60"/></g>
  <g stroke="#c2462f" stroke-width="4" fill="none" opacity=".75">
    <path d="M39 35v47M57 35v47M18 58h60M18 74h60"/></g>
  <path fill="#e8dcc0" d="M38 46h20v14H38z"/><path fill="#8c2f1f" d="M42 50h12v2H42zm2
    4h8v2h-8z"/>`;

const lurik = svg`
  <path fill="#6d1f3a" d="M20 20h48q10 0 10 10v50H30q-10 0-10-10z"/>
  <g stroke-width="3" fill="none"><path stroke="#f2b53a" d="M30 20v58M46 20v60M62 20v60"/>
  <path stroke="#f7ead2" stroke-width="1.5" d="M35 20v60M51 20v60M67 20v60"/>
  <path stroke="#2a1030" d="M40 20v60M56 20v60M73 22v58"/></g>
  <path fill="#4b1429" d="M20 70q0-8 10-8h48v18H30q-10 0-10-10z"/>
  <path fill="none" stroke="#f2b53a" stroke-width="2" d="M26 70h52M28 75h50"/>
  <g stroke="#f7ead2" stroke-width="1.5"><path d="M34
    80v6m6-6v6m6-6v6m6-6v6m6-6v6m6-6v6m6-6v6"/></g>`;

const phoneCase = svg`
  <rect x="28" y="10" width="40" height="76" rx="9" fill="#4a4f8f"/>
  <rect x="31" y="13" width="34" height="70" rx="7" fill="#6a70c4"/>
  <rect x="35" y="17" width="15" height="20" rx="5" fill="#2b2f63"/>
  <g fill="#c9ccff"><circle cx="40" cy="23" r="3"/><circle cx="40" cy="31" r="3"/></g>
  <path fill="none" stroke="#aeb3f5" stroke-width="2" d="M36 74q12-26 24-14M36 64q10-16 24-10"/>`;

const parcel = svg`
  <path fill="#c98f4e" d="m14 34 34-16 34 16v36L48 86 14 70z"/>
  <path fill="#a8702f" d="M48 50 14 34v36l34 16z"/><path fill="#e0b57c" d="m48 18 34 16-34
    16-34-16z"/>
  <path fill="#f7e6c8" d="m30 26 34 16v10l-8 3V45L22 30z"/>`;

const kPictures: Record<string, SVGTemplateResult> = {
  batik,
  coffee,
  sambal,
  bag,
  chips,
  sarong,
  lurik,
  case: phoneCase,
};

export function picture(name: string): SVGTemplateResult {
  return kPictures[name] ?? parcel;
}
