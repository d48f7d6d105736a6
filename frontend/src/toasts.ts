/** Says what happened, for eight seconds, and takes it back. */
import htmx from "htmx.org";

import { all, on, one } from "./dom";

const SHOWN_MS = 8000;

interface Toast {
  text: string;
  undo_url?: string;
  kind?: string;
}

function run(toast: HTMLElement): void {
  let timer = 0;
  const start = () => {
    timer = window.setTimeout(() => toast.remove(), SHOWN_MS);
  };
  const hold = () => window.clearTimeout(timer);
  toast.addEventListener("mouseenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("mouseleave", start);
  toast.addEventListener("focusout", start);
  // Trouble stays until it is read.
  if (!toast.classList.contains("error")) start();
}

export function say({ text, undo_url, kind }: Toast): void {
  const place = one("#toasts");
  const blank = one<HTMLTemplateElement>("template#toast")?.content.firstElementChild;
  if (!place || !blank) return;
  const toast = blank.cloneNode(true) as HTMLElement;
  const words = one("[data-text]", toast);
  if (words) words.textContent = text;
  if (kind) toast.classList.add(kind);
  const form = one<HTMLFormElement>("[data-undo]", toast);
  if (undo_url && form) form.action = undo_url;
  else form?.remove();
  place.append(toast);
  run(toast);
}

/** What the page itself has to say stands on the body, in the reader's language. */
export function sayKnown(name: string): void {
  const text = one(`template#words`)?.dataset[name];
  if (text) say({ text, kind: "error" });
}

all("#toasts [data-toast]").forEach(run);

document.addEventListener("toast", (event) => say((event as CustomEvent<Toast>).detail));

on("click", "[data-dismiss]", (button) => button.closest("[data-toast]")?.remove());

on<HTMLFormElement>("submit", "form[data-undo]", (form, event) => {
  event.preventDefault();
  form.closest("[data-toast]")?.remove();
  void htmx.ajax("post", form.action, { source: document.body, swap: "none" });
});

/** Takes back the last thing that can be taken back; false when there is none. */
export function undoLast(): boolean {
  const form = all<HTMLFormElement>("form[data-undo]").at(-1);
  form?.requestSubmit();
  return Boolean(form);
}
