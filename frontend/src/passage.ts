/** From selected words to a promise or a theme: the passage is named by its place in the text it was taken from. */
import htmx from "htmx.org";

import { all, on, one } from "./dom";

/** What can be made of a passage: where the text says the form for it stands. */
export type Aim = "passageUrl" | "themeUrl";

interface Passage {
  urls: DOMStringMap;
  source: string;
  start: number;
  end: number;
  text: string;
  range: Range;
}

// The server counts characters as Unicode code points, the browser as UTF-16 units.
const length = (text: string): number => [...text].length;

function selected(): Passage | null {
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0);
  const holder = range.commonAncestorContainer;
  const source = (holder instanceof Element ? holder : holder.parentElement)?.closest<HTMLElement>("[data-passage-source]");
  if (!source) return null;
  const before = document.createRange();
  before.setStart(source, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const raw = range.toString();
  const text = raw.trim();
  if (!text) return null;
  const start = length(before.toString()) + length(raw) - length(raw.trimStart());
  return {
    urls: source.dataset,
    source: source.dataset.passageSource ?? "",
    start,
    end: start + length(text),
    text,
    range,
  };
}

const tools = one("[data-passage-tools]");
const aimOf = (button: HTMLElement): Aim => button.dataset.passageButton as Aim;

function place(): void {
  if (!tools) return;
  const passage = selected();
  const buttons = all<HTMLElement>("[data-passage-button]", tools);
  for (const button of buttons) button.hidden = !passage?.urls[aimOf(button)];
  tools.hidden = buttons.every((button) => button.hidden);
  if (!passage || tools.hidden) return;
  const box = passage.range.getBoundingClientRect();
  // Positions are set through the object model, which the content policy allows.
  tools.style.insetBlockStart = `${box.bottom + window.scrollY + 6}px`;
  tools.style.left = `${Math.max(8, Math.min(box.left + window.scrollX, window.innerWidth - tools.offsetWidth - 8))}px`;
}

let pending = 0;
document.addEventListener("selectionchange", () => {
  window.clearTimeout(pending);
  pending = window.setTimeout(place, 120);
});

/** Opens the form for the selected words; false when nothing is selected that it could be made of. */
export function fromSelection(aim: Aim): boolean {
  const passage = selected();
  const url = passage?.urls[aim];
  if (!passage || !url) return false;
  const { source, start, end, text } = passage;
  if (tools) tools.hidden = true;
  void htmx.ajax("get", url, { target: "#sheet", swap: "innerHTML", values: { source, start, end, text } });
  return true;
}

// The press itself would end the selection.
on("mousedown", "[data-passage-button]", (_button, event) => event.preventDefault());
on<HTMLElement>("click", "[data-passage-button]", (button) => fromSelection(aimOf(button)));
