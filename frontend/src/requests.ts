/** What one sees of a request: the bar, the busy button, the error, and where the focus goes. */
import { all, one } from "./dom";
import { sayKnown } from "./toasts";

const PATIENCE_MS = 150;

let running = 0;
let timer = 0;

function started(): void {
  running += 1;
  if (running === 1) timer = window.setTimeout(() => document.body.classList.add("en-busy"), PATIENCE_MS);
}

function ended(): void {
  running = Math.max(0, running - 1);
  if (running) return;
  window.clearTimeout(timer);
  document.body.classList.remove("en-busy");
}

interface Detail {
  elt: HTMLElement;
  target?: HTMLElement;
  requestConfig?: { triggeringEvent?: Event };
  xhr?: XMLHttpRequest;
}

const detailOf = (event: Event): Detail => (event as CustomEvent<Detail>).detail;

function pressed(detail: Detail): HTMLElement | null {
  const event = detail.requestConfig?.triggeringEvent;
  const button = event instanceof SubmitEvent ? event.submitter : detail.elt.matches("button") ? detail.elt : null;
  return button?.matches(".btn") ? (button as HTMLElement) : null;
}

document.addEventListener("htmx:beforeRequest", (event) => {
  started();
  pressed(detailOf(event))?.setAttribute("aria-busy", "true");
});

document.addEventListener("htmx:afterRequest", (event) => {
  ended();
  pressed(detailOf(event))?.removeAttribute("aria-busy");
});

function putBack(element: HTMLElement): void {
  if (element instanceof HTMLInputElement && "optimistic" in element.dataset) element.checked = !element.checked;
}

document.addEventListener("htmx:responseError", (event) => {
  const { elt, xhr } = detailOf(event);
  putBack(elt);
  if (xhr?.status === 403) sayKnown("forbidden");
  else if (xhr?.status === 404) sayKnown("missing");
  else if (xhr?.status === 413) sayKnown("large");
  else if (xhr?.status === 429) sayKnown("often");
  else sayKnown("broken");
});

document.addEventListener("htmx:sendError", (event) => {
  putBack(detailOf(event).elt);
  sayKnown("offline");
});

// What opened a sheet has the focus again when the sheet has closed; after the page is drawn anew it is known by what it loads.
let opener = "";
document.addEventListener("htmx:beforeSwap", () => {
  opener = document.activeElement?.getAttribute("hx-get") ?? "";
});

// The element that had the focus may be gone after a swap: then it goes to what the part itself names, to the same again,
// or to its heading.
document.addEventListener("htmx:afterSettle", (event) => {
  const part = event.target;
  if (!(part instanceof HTMLElement)) return;
  const named = one("[data-focus]", part);
  if (named) {
    named.focus();
    return;
  }
  if (part.id !== "main" || document.activeElement !== document.body) return;
  const same = opener && all("[hx-get]", part).find((link) => link.getAttribute("hx-get") === opener);
  if (same) {
    same.focus();
    return;
  }
  const heading = one("h1, h2", part);
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
});

window.addEventListener("pageshow", () => {
  for (const button of all("form[data-busy] [aria-busy=true]")) button.removeAttribute("aria-busy");
});
