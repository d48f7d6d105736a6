/** Walking a list by keys, choosing rows, and the bar for what is chosen. */
import { all, isShown, on, onLoad, one } from "./dom";

const ROW = "tbody > tr:not(.grp), .en-prow, [data-row]";

let at: HTMLElement | null = null;
let anchor: HTMLInputElement | null = null;

const listOf = (): HTMLElement | null =>
  at?.isConnected ? at.closest<HTMLElement>("[data-rows]") : (all("[data-rows]").find(isShown) ?? null);

function go(row: HTMLElement): void {
  at?.classList.remove("is-at");
  at = row;
  row.classList.add("is-at");
  const target = one("a[href], button, input", row);
  target?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by: 1 | -1): boolean {
  const list = listOf();
  if (!list) return false;
  const rows = all(ROW, list).filter(isShown);
  if (!rows.length) return false;
  const here = at ? rows.indexOf(at) : -1;
  const next = here < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, here + by));
  go(rows[next] as HTMLElement);
  return true;
}

function open(): boolean {
  if (!at?.isConnected) return false;
  const link = one<HTMLAnchorElement>("td:not(.pick) a[href], th a[href], a.whole, a[href]", at);
  if (link) link.click();
  else if (at.dataset.row) window.location.assign(at.dataset.row);
  else return false;
  return true;
}

function pick(range: boolean): boolean {
  const box = at?.isConnected ? one<HTMLInputElement>("[data-select]", at) : null;
  if (!box) return false;
  if (range) selectRange(box);
  else box.checked = !box.checked;
  anchor = box;
  update(box);
  return true;
}

/** True when the key was for the list. */
export function handleRowKey(event: KeyboardEvent): boolean {
  switch (event.key) {
    case "j":
      return step(1);
    case "k":
      return step(-1);
    case "Enter":
      // A focused link or button answers to Enter by itself.
      return event.target === document.body && open();
    case "x":
      return pick(false);
    case "X":
      return pick(true);
    default:
      return false;
  }
}

function boxesOf(list: Element): HTMLInputElement[] {
  return all<HTMLInputElement>("[data-select]", list);
}

function selectRange(to: HTMLInputElement): void {
  const list = to.closest("[data-rows]");
  if (!list) return;
  const boxes = boxesOf(list);
  const from = anchor?.isConnected ? boxes.indexOf(anchor) : boxes.indexOf(to);
  const end = boxes.indexOf(to);
  for (const box of boxes.slice(Math.min(from, end), Math.max(from, end) + 1)) box.checked = true;
}

function update(within: Element): void {
  const list = within.closest("[data-rows]");
  if (!list) return;
  const boxes = boxesOf(list);
  const chosen = boxes.filter((box) => box.checked).length;
  const head = one<HTMLInputElement>("[data-select-page]", list);
  if (head) {
    head.checked = chosen > 0 && chosen === boxes.length;
    head.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  const bar = one(`[data-bulk="${CSS.escape(list.id)}"]`);
  if (!bar) return;
  bar.hidden = chosen === 0;
  const every = one<HTMLInputElement>("[data-select-all-matches]", bar);
  if (every && chosen < boxes.length) every.checked = false;
  const count = one("[data-selected-count]", bar);
  if (count) count.textContent = new Intl.NumberFormat(document.documentElement.lang).format(chosen);
}

/** Lets every chosen row go. */
export function clearSelection(): void {
  for (const list of all("[data-rows]")) {
    for (const box of boxesOf(list)) box.checked = false;
    const first = boxesOf(list)[0];
    if (first) update(first);
  }
}

let withShift = false;
on<HTMLInputElement, MouseEvent>("click", "[data-select]", (_box, event) => {
  withShift = event.shiftKey;
});
on<HTMLInputElement>("change", "[data-select]", (box) => {
  if (withShift && box.checked) selectRange(box);
  withShift = false;
  anchor = box;
  update(box);
});
on<HTMLInputElement>("change", "[data-select-page]", (head) => {
  const list = head.closest("[data-rows]");
  if (!list) return;
  for (const box of boxesOf(list)) box.checked = head.checked;
  update(head);
});
on<HTMLInputElement>("change", "[data-select-all-matches]", (every) => {
  const list = document.getElementById(every.closest<HTMLElement>("[data-bulk]")?.dataset.bulk ?? "");
  if (!list || !every.checked) return;
  for (const box of boxesOf(list)) box.checked = true;
  const first = boxesOf(list)[0];
  if (first) update(first);
});
on("click", "[data-clear-selection]", clearSelection);
on("focusin", `[data-rows] :is(${ROW})`, (inside) => {
  const row = inside.closest<HTMLElement>(ROW);
  if (row === at) return;
  at?.classList.remove("is-at");
  at = row;
});
onLoad("[data-rows]", (list) => {
  const first = boxesOf(list)[0];
  if (first) update(first);
});
