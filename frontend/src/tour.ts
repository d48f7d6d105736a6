/** The guided tour: shows the control that the card of this page speaks of. Without it the address leads there. */

import { all, isShown, one } from "./dom";

const RING = "en-tour-here";

function control(): HTMLElement | undefined {
  const ids = one("#tour")?.dataset.tour?.split(" ") ?? [];
  return ids.map((id) => one(`#${id}`)).find((found): found is HTMLElement => found !== null && isShown(found));
}

function ring(): HTMLElement | undefined {
  const found = control();
  for (const old of all(`.${RING}`)) old.classList.remove(RING);
  found?.classList.add(RING);
  return found;
}

function arrive(): void {
  const shown = ring();
  if (!shown) return;
  shown.scrollIntoView({ block: shown.offsetHeight > innerHeight / 2 ? "start" : "center" });
  one("#tour")?.focus({ preventScroll: true });
}

ring();
// The browser follows the anchor of the address first, which would take the focus away again.
window.addEventListener("load", () => requestAnimationFrame(arrive));
document.addEventListener("htmx:afterSettle", ring);
