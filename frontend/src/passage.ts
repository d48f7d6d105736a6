/** From selected words to a promise: the passage is named by its place in the text it was taken from. */
import htmx from "htmx.org";

import { on, one } from "./dom";

interface Passage {
  url: string;
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
  if (!source?.dataset.passageUrl) return null;
  const before = document.createRange();
  before.setStart(source, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const raw = range.toString();
  const text = raw.trim();
  if (!text) return null;
  const start = length(before.toString()) + length(raw) - length(raw.trimStart());
  return {
    url: source.dataset.passageUrl,
    source: source.dataset.passageSource ?? "",
    start,
    end: start + length(text),
    text,
    range,
  };
}

const button = one("[data-passage-button]");

function place(): void {
  if (!button) return;
  const passage = selected();
  button.hidden = !passage;
  if (!passage) return;
  const box = passage.range.getBoundingClientRect();
  // Positions are set through the object model, which the content policy allows.
  button.style.insetBlockStart = `${box.bottom + window.scrollY + 6}px`;
  button.style.left = `${Math.min(box.left + window.scrollX, window.innerWidth - button.offsetWidth - 8)}px`;
}

let pending = 0;
document.addEventListener("selectionchange", () => {
  window.clearTimeout(pending);
  pending = window.setTimeout(place, 120);
});

/** Opens the form of a promise with the selected words; false when nothing is selected. */
export function promiseFromSelection(): boolean {
  const passage = selected();
  if (!passage) return false;
  const { url, source, start, end, text } = passage;
  if (button) button.hidden = true;
  void htmx.ajax("get", url, { target: "#sheet", swap: "innerHTML", values: { source, start, end, text } });
  return true;
}

// The press itself would end the selection.
on("mousedown", "[data-passage-button]", (_button, event) => event.preventDefault());
on("click", "[data-passage-button]", () => promiseFromSelection());
