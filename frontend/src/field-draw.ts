/** Drawing from the templates of the page: it has the words in the reader's language, the script has none. */
import { all, one, pageLanguage } from "./dom";

// Days before months, as everywhere in Enishi.
const language = pageLanguage === "en" ? "en-GB" : pageLanguage;

type Drawn = string | null | undefined;

/** A copy of `<template id>`: each `data-f="name"` says that value, and goes where there is none. */
export function draw(id: string, values: Record<string, Drawn> = {}): HTMLElement {
  const blank = one<HTMLTemplateElement>(`template#${id}`)?.content.firstElementChild;
  if (!blank) throw new Error(`no template ${id}`);
  return fill(blank.cloneNode(true) as HTMLElement, values);
}

export function fill(part: HTMLElement, values: Record<string, Drawn>): HTMLElement {
  for (const place of all("[data-f]", part)) {
    const value = values[place.dataset.f ?? ""];
    const box = place.closest<HTMLElement>("[data-with]") ?? place;
    box.hidden = !value;
    if (value) place.textContent = value;
  }
  return part;
}

/** Words of the page with numbers and names in them, as `data-…` of `template#field-words`. */
export function words(name: string, values: Record<string, string> = {}): string {
  const text = one("template#field-words")?.dataset[name] ?? "";
  return text.replace(/\{(\w+)\}/g, (_whole, key: string) => values[key] ?? "");
}

const numbers = new Intl.NumberFormat(language);
const days = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "short" });
const moments = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

const sizes = (unit: string, digits: number): Intl.NumberFormat =>
  // In Persian the short form has Latin letters.
  new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: language === "fa" ? "long" : "short", maximumFractionDigits: digits });
const large = sizes("megabyte", 1);
const small = sizes("kilobyte", 0);

export const sizeOf = (bytes: number): string => (bytes < 1e6 ? small.format(Math.max(1, Math.round(bytes / 1e3))) : large.format(bytes / 1e6));
export const number = (value: number): string => numbers.format(value);
export const day = (value: string | number): string => days.format(new Date(value));
export const moment = (value: string | number): string => moments.format(new Date(value));

const ARABIC: Record<string, string> = { ي: "ی", ى: "ی", ك: "ک", ة: "ه", أ: "ا", إ: "ا", آ: "ا" };

/** One form for all spellings: case, accents, width, kana, Arabic letters, digits of any script. */
export function fold(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\p{M}\u200c\u200d\u0640]/gu, "")
    .toLowerCase()
    .replace(/[\u30a1-\u30f6]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60))
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 15))
    .replace(/[يىكةأإآ]/g, (letter) => ARABIC[letter] ?? letter)
    .replace(/ß/g, "ss")
    .replace(/[^\p{L}\p{N}@]+/gu, " ")
    .trim();
}
