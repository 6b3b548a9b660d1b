// Numbers, money and times as a language writes them, by Intl. Pure.

import { fill, type Locale, type Plural } from './texts.js';

export interface Money {
  currency: string;
  amountMinor: bigint;
}

const kTags: Record<Locale, string> = { id: 'id-ID', en: 'en-GB' };

// A formatter costs far more than a use of it.
const formatters = new Map<string, unknown>();
function cached<T>(key: string, make: () => T): T {
  if (!formatters.has(key)) formatters.set(key, make());
  return formatters.get(key) as T;
}

// ISO 4217's exponents where they are not 2; Intl's own are how a currency is usually written.
const kExponents: Record<string, number> = { JPY: 0, KRW: 0, VND: 0, BHD: 3, JOD: 3, KWD: 3 };

// Minor units are ISO 4217's: Rp 25.000 is 2500000. Whole amounts are written without decimals, as
// shops do. Exact for every int64.
export function formatMoney({ currency, amountMinor }: Money, locale: Locale): string {
  const exponent = kExponents[currency] ?? 2;
  const format = cached(`money ${locale} ${currency}`, () => {
    return new Intl.NumberFormat(kTags[locale], {
      style: 'currency',
      currency,
      currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: exponent,
      trailingZeroDisplay: 'stripIfInteger',
    });
  });
  const digits = amountMinor.toString().padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  const decimal = exponent === 0 ? whole : `${whole}.${digits.slice(-exponent)}`;
  return format.format(decimal as Intl.StringNumericLiteral);
}

export function formatCount(forms: Plural, count: number, locale: Locale): string {
  const rules = cached(`plural ${locale}`, () => new Intl.PluralRules(kTags[locale]));
  const number = cached(`number ${locale}`, () => new Intl.NumberFormat(kTags[locale]));
  return fill(forms[rules.select(count)] ?? forms.other, { count: number.format(count) });
}

// A time of day to the second: deadlines are seconds away.
export function formatTime(time: Date, locale: Locale): string {
  const format = cached(
    `time ${locale}`,
    () => new Intl.DateTimeFormat(kTags[locale], { timeStyle: 'medium', hourCycle: 'h23' }),
  );
  return format.format(time);
}

const kMinuteMs = 60_000;
const kHourMs = 60 * kMinuteMs;

// A duration as a clock shows it, 02:05 or 1:02:05, rounded up; never negative.
export function formatLeft(leftMs: number): string {
  const left = Math.ceil(Math.max(0, leftMs) / 1000) * 1000;
  const two = (value: number) => Math.floor(value).toString().padStart(2, '0');
  const clock = [two((left % kHourMs) / kMinuteMs), two((left % kMinuteMs) / 1000)];
  return (left < kHourMs ? clock : [Math.floor(left / kHourMs).toString(), ...clock]).join(':');
}
