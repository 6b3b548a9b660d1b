// Every word the page shows, by language: Indonesian first, English second (texts/*.json). A text
// with values in it is a form with {names}, filled by fill(); no sentence is put together from
// pieces. Pure.

import en from '../texts/en.json';
import id from '../texts/id.json';

export type Locale = 'id' | 'en';
export const kLocales: readonly Locale[] = ['id', 'en'];

// A form for each of the language's plurals.
export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Texts = { [Key in keyof typeof id]: (typeof id)[Key] extends string ? string : Plural };

const kTables: Record<Locale, Texts> = { id, en };

export function texts(locale: Locale): Texts {
  return kTables[locale];
}

// Puts the values into a form; a name without a value is a programmer's error.
export function fill(form: string, values: Record<string, string>): string {
  return form.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for {${name}} in "${form}"`);
    return value;
  });
}
