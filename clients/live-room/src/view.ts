// The page as a function of the state: no component keeps anything of its own.

import { html, nothing, type TemplateResult } from 'lit-html';
import { picture } from './art.js';
import { formatCount, formatMoney, formatTime, type Money } from './format.js';
import type { Entry } from './history.js';
import { icon } from './icons.js';
import { kSteps, leftUntil, present, type Action, type Ticket } from './presentation.js';
import type { Offer, Room } from './room.js';
import { availability, countdown, type Shelf } from './shelf.js';
import { stage } from './stage.js';
import { fill, kLocales, texts, type Locale, type Texts } from './texts.js';

export type Panel = 'shelf' | 'purchases' | 'settings';

export interface State {
  locale: Locale;
  room: Room | undefined;
  roomFailed: boolean;
  connection: 'connecting' | 'open' | 'lost' | 'offline';
  shelf: Shelf;
  // Newest first.
  entries: Entry[];
  // On a phone one panel at a time covers the stage; on a wide screen all but the settings stand
  // beside it.
  panel: Panel | undefined;
  announcement: string;
  now: Date;
}

export interface Actions {
  buy(offer: Offer, price: Money): void;
  setConsent(consent: boolean): void;
  setLocale(locale: Locale): void;
  open(panel: Panel | undefined): void;
  reload(): void;
}

interface Scene {
  state: State;
  room: Room;
  // The one on screen first.
  offers: Offer[];
  words: Texts;
  actions: Actions;
}

export function page(state: State, actions: Actions): TemplateResult {
  const words = texts(state.locale);
  if (!state.room) return waitingRoom(state, words, actions);
  const offers = state.shelf.offers(state.room);
  const scene: Scene = { state, room: state.room, offers, words, actions };
  const [pinned] = offers;
  const values = { host: state.room.host, offer: pinned?.title[state.locale] ?? words.nothing };
  return html` <main class="live" ?inert=${state.panel !== undefined && isNarrow()}>
      ${stage(pinned?.art ?? '', fill(words.stageLabel, values))}
      <div class="shade"></div>
      ${topBar(scene)} ${connection(scene)}
      <div class="front">
        ${latest(scene)} ${pinned ? pinnedCard(scene, pinned) : nothing} ${bottomBar(scene)}
      </div>
    </main>
    ${state.panel
      ? html`<div class="scrim" @click=${() => actions.open(undefined)}></div>`
      : nothing}
    <aside class="side" data-panel=${state.panel ?? 'none'}>
      ${shelf(scene)} ${purchases(scene)} ${settings(scene)}
    </aside>
    <p class="unseen" role="status">${state.announcement}</p>`;
}

export function isNarrow(): boolean {
  return !matchMedia('(min-width: 62rem)').matches;
}

function waitingRoom(state: State, words: Texts, actions: Actions): TemplateResult {
  if (!state.roomFailed) return html`<main class="waiting"><p>${words.connecting}</p></main>`;
  return html`<main class="waiting">
    <p role="alert">${words.roomFailed}</p>
    <button class="buy" @click=${() => actions.reload()}>${words.retryRoom}</button>
  </main>`;
}

// --- Over the stage -----------------------------------------------------------------------------

function topBar({ state, room, words, actions }: Scene): TemplateResult {
  return html`<header class="top">
    <div class="host">
      <span class="face" aria-hidden="true">${room.host.slice(0, 1)}</span>
      <div>
        <h1>${room.title[state.locale]}</h1>
        <p><span class="badge live-badge">${words.live}</span>${room.host}</p>
      </div>
    </div>
    <p class="sample">${words.sampleStream}</p>
    <button
      class="round"
      aria-label=${words.settings}
      aria-expanded=${state.panel === 'settings'}
      @click=${() => actions.open('settings')}
    >
      ${icon('gear')}
    </button>
  </header>`;
}

function connection({ state, words }: Scene): TemplateResult {
  const told = {
    open: state.shelf.closed ? words.roomClosed : undefined,
    connecting: words.connecting,
    lost: words.reconnecting,
    offline: words.offline,
  };
  const text = told[state.connection];
  return html`<p
    class="connection"
    role="status"
    data-state=${state.connection}
    ?data-empty=${!text}
  >
    ${text ?? nothing}
  </p>`;
}

// How long a final word stays in front; one to pay stays as long as the goods are held.
const kStaleMs = 30_000;

// The newest tap, for a phone where the list of all lies behind a button.
function latest(scene: Scene): TemplateResult | typeof nothing {
  const { entries, now } = scene.state;
  const entry = entries[0];
  const hold = entry?.state.holdExpiresAt ?? entry?.since;
  const isStale = entry?.state.final && hold && now.getTime() - hold.getTime() > kStaleMs;
  return entry && !isStale ? html`<div class="latest">${ticket(scene, entry, 2)}</div>` : nothing;
}

function pinnedCard(scene: Scene, offer: Offer): TemplateResult {
  const { state, words } = scene;
  return html`<section class="pinned card" aria-label=${words.pinned} data-offer=${offer.offerId}>
    <p class="strip">${words.pinned} ${clock(scene, offer)}</p>
    ${tile(offer)}
    <div class="about">
      ${marks(scene, offer)}
      <h2>${offer.title[state.locale]}</h2>
      ${priceLine(scene, offer)}
    </div>
    ${buyButton(scene, offer)}
  </section>`;
}

function bottomBar({ state, offers, words, actions }: Scene): TemplateResult {
  const open = state.entries.filter((entry) => !entry.state.final).length;
  const label = fill(words.openPurchases, { count: String(open) });
  return html`<nav class="bottom" aria-label=${words.shelf}>
    <button @click=${() => actions.open('shelf')}>
      ${icon('bag')}<span>${words.shelf}</span>
      <b class="count" aria-hidden="true">${offers.length}</b>
    </button>
    <button aria-label=${label} @click=${() => actions.open('purchases')}>
      ${icon('receipt')}<span>${words.purchases}</span>
      ${open > 0 ? html`<b class="count busy" aria-hidden="true">${open}</b>` : nothing}
    </button>
  </nav>`;
}

// --- Offers -------------------------------------------------------------------------------------

function tile(offer: Offer): TemplateResult {
  return html`<svg class="tile" viewBox="0 0 96 96" aria-hidden="true">${picture(offer.art)}</svg>`;
}

function marks(scene: Scene, offer: Offer): TemplateResult {
  const { state, words } = scene;
  const kind = availability(offer, state.now);
  const told = {
    open: '',
    low: words.low,
    'sold-out': words.soldOut,
    'not-started': '',
    ended: words.ended,
  };
  const local = fill(words.localFrom, { place: offer.place });
  return html`<p class="marks">
    ${offer.local
      ? html`<span class="badge local" title=${local}>${icon('leaf')}${words.local}</span>`
      : nothing}
    ${told[kind] ? html`<span class="badge" data-kind=${kind}>${told[kind]}</span>` : nothing}
  </p>`;
}

function clock({ state, words }: Scene, offer: Offer): TemplateResult | typeof nothing {
  const running = countdown(offer, state.now);
  if (!running) return nothing;
  const form = running.towards === 'start' ? words.startsIn : words.endsIn;
  const text = fill(form, { time: leftUntil(running.at, state.now) });
  return html`<span role="timer">${icon('clock')} ${text}</span>`;
}

function priceLine(scene: Scene, offer: Offer): TemplateResult {
  const { state, words } = scene;
  return html`<p class="price">
    <b>${formatMoney(offer.price, state.locale)}</b>
    ${offer.sold
      ? html`<span class="limit">${formatCount(words.sold, offer.sold, state.locale)}</span>`
      : nothing}
    ${offer.buyerLimit > 0
      ? html`<span class="limit">${formatCount(words.limit, offer.buyerLimit, state.locale)}</span>`
      : nothing}
  </p>`;
}

// A button that cannot be used stays in reach of the keyboard and says why.
function buyButton(scene: Scene, offer: Offer): TemplateResult {
  const { state, words, actions } = scene;
  const kind = state.shelf.closed ? 'ended' : availability(offer, state.now);
  const mine = state.entries.filter((entry) => entry.offerId === offer.offerId);
  const busy = mine.some((entry) => !entry.state.final);
  const bought = mine.some((entry) => entry.state.kind === 'ordered');
  const told = {
    open: bought ? words.buyAgain : words.buy,
    low: bought ? words.buyAgain : words.buy,
    'sold-out': words.soldOut,
    'not-started': words.notStarted,
    ended: words.ended,
  };
  const { price } = offer;
  const values = {
    offer: offer.title[state.locale],
    price: formatMoney(price, state.locale),
    button: busy ? words.working : told[kind],
  };
  const off = busy || !(kind === 'open' || kind === 'low');
  return html`<button
    class="buy"
    aria-label=${fill(words.buyOffer, values)}
    aria-disabled=${off}
    @click=${() => off || actions.buy(offer, price)}
  >
    ${values.button}
  </button>`;
}

function shelfClock(scene: Scene, offer: Offer): TemplateResult | typeof nothing {
  const told = clock(scene, offer);
  return told === nothing ? nothing : html`<p class="badge clock">${told}</p>`;
}

function panelHead({ words, actions }: Scene, title: string, more: string): TemplateResult {
  return html`<header class="panel-head">
    <h2 tabindex="-1">${title}</h2>
    <p>${more}</p>
    <button class="round close" aria-label=${words.close} @click=${() => actions.open(undefined)}>
      ${icon('close')}
    </button>
  </header>`;
}

function shelf(scene: Scene): TemplateResult {
  const { state, offers, words } = scene;
  const count = formatCount(words.shelfCount, offers.length, state.locale);
  return html`<section class="panel" id="shelf" aria-label=${words.shelf}>
    ${panelHead(scene, words.shelf, count)}
    <ul class="offers">
      ${offers.map(
        (offer) =>
          html`<li class="offer" data-offer=${offer.offerId}>
            ${tile(offer)}
            <div class="about">
              ${marks(scene, offer)} ${shelfClock(scene, offer)}
              <h3>${offer.title[state.locale]}</h3>
              ${offer.seller
                ? html`<p class="seller">${fill(words.seller, { seller: offer.seller })}</p>`
                : nothing}
              ${priceLine(scene, offer)}
            </div>
            ${buyButton(scene, offer)}
          </li>`,
      )}
    </ul>
    ${processedBy(scene)}
  </section>`;
}

function processedBy({ room, words }: Scene): TemplateResult {
  const values = { marketplace: room.marketplace };
  return html`<div class="processed">
    ${icon('shield')}
    <p>
      <b>${fill(words.processedBy, values)}</b>
      ${fill(words.processedWhy, values)}
    </p>
  </div>`;
}

// --- What became of the taps --------------------------------------------------------------------

function purchases(scene: Scene): TemplateResult {
  const { state, words } = scene;
  return html`<section class="panel" id="purchases" aria-label=${words.purchases}>
    ${panelHead(scene, words.purchases, '')}
    ${state.entries.length === 0
      ? html`<p class="empty">${words.purchasesNone}</p>`
      : html`<ol class="tickets">
          ${state.entries.map((entry) => html`<li>${ticket(scene, entry, 3)}</li>`)}
        </ol>`}
  </section>`;
}

const kToneIcons = { wait: 'clock', done: 'check', info: 'info', bad: 'cross' } as const;

function ticket(scene: Scene, entry: Entry, level: 2 | 3): TemplateResult {
  const { state, room, words } = scene;
  const offer = room.offers.find((one) => one.offerId === entry.offerId);
  const told = present(entry, {
    locale: state.locale,
    marketplace: room.marketplace,
    now: state.now,
  });
  const tapped = fill(words.tappedAt, { time: formatTime(entry.tappedAt, state.locale) });
  return html`<article class="ticket" data-tone=${told.tone} data-state=${entry.state.kind}>
    <header>
      ${icon(kToneIcons[told.tone])}
      <p class="title" role="heading" aria-level=${level}>${told.title}</p>
    </header>
    <p class="what">
      <span>${offer?.title[state.locale] ?? entry.offerId}</span>
      <span>${entry.priceSeen ? formatMoney(entry.priceSeen, state.locale) : nothing}</span>
    </p>
    ${told.step === undefined ? nothing : way(told.step, words)}
    <p class="next">${told.next} ${told.after ?? nothing}</p>
    ${told.until ? timeLeft(told.until, entry, scene) : nothing} ${ways(scene, entry, offer, told)}
    <footer><span>${told.order ?? nothing}</span><span>${tapped}</span></footer>
  </article>`;
}

function way(step: number, words: Texts): TemplateResult {
  return html`<ol class="way" aria-label=${words.steps}>
    ${kSteps.map(
      (name, index) =>
        html`<li
          data-at=${index < step ? 'past' : index === step ? 'now' : 'ahead'}
          aria-current=${index === step ? 'step' : nothing}
        >
          ${words[name]}
        </li>`,
    )}
  </ol>`;
}

function timeLeft(until: Date, entry: Entry, { state, words }: Scene): TemplateResult {
  const left = leftUntil(until, state.now);
  const total = Math.max(1, until.getTime() - entry.since.getTime());
  const value = Math.max(0, until.getTime() - state.now.getTime());
  const label = fill(words.timeLeft, { time: left });
  return html`<p class="left">
    <progress max=${total} .value=${Math.min(total, value)} aria-label=${label}></progress>
    <span role="timer">${label}</span>
  </p>`;
}

function ways(scene: Scene, entry: Entry, offer: Offer | undefined, told: Ticket) {
  const { words, room } = scene;
  const { link, action } = told;
  if (link) {
    return html`<a class="go" href=${link.href} target="_blank" rel="noopener noreferrer">
        ${link.label}${icon('out')}<span class="unseen">${words.newTab}</span>
      </a>
      <p class="by">${fill(words.processedBy, { marketplace: room.marketplace })}</p>`;
  }
  if (!action || !offer) return nothing;
  return html`<button class="again" @click=${() => act(scene, entry, offer, action)}>
    ${action.label}
  </button>`;
}

function act({ actions }: Scene, entry: Entry, offer: Offer, action: Action): void {
  switch (action.kind) {
    case 'again':
      return actions.buy(offer, entry.priceSeen ?? offer.price);
    case 'at-price':
      return actions.buy(offer, action.price);
    case 'consent':
      return actions.setConsent(true);
  }
}

// --- Settings -----------------------------------------------------------------------------------

function settings(scene: Scene): TemplateResult {
  const { state, room, words, actions } = scene;
  const values = { marketplace: room.marketplace };
  return html`<section class="panel" id="settings" aria-label=${words.settings}>
    ${panelHead(scene, words.settings, '')}
    <div class="setting">
      <button
        class="switch"
        role="switch"
        aria-checked=${room.consent}
        aria-describedby="privacy-means"
        @click=${() => actions.setConsent(!room.consent)}
      >
        <span>${words.privacy}</span><i aria-hidden="true"></i>
      </button>
      <p id="privacy-means">${fill(room.consent ? words.privacyOn : words.privacyOff, values)}</p>
    </div>
    <fieldset class="setting">
      <legend>${words.language}</legend>
      <div class="choices">
        ${kLocales.map(
          (locale) =>
            html`<label lang=${locale}>
              <input
                type="radio"
                name="language"
                .checked=${state.locale === locale}
                @change=${() => actions.setLocale(locale)}
              />
              <span>${texts(locale).languageName}</span>
            </label>`,
        )}
      </div>
    </fieldset>
    ${processedBy(scene)}
  </section>`;
}
