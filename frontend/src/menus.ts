/** Menus (details) and dialogs. */
import { all, on, onLoad, one } from "./dom";

const OPEN = "details[data-menu][open]";

function shut(menu: HTMLDetailsElement, focus = false): void {
  menu.open = false;
  if (focus) one("summary", menu)?.focus();
}

// `toggle` does not bubble, so it is caught on its way down.
on<HTMLDetailsElement>(
  "toggle",
  "details[data-menu]",
  (menu) => {
    if (!menu.open) return;
    for (const other of all<HTMLDetailsElement>(OPEN)) if (other !== menu && !other.contains(menu)) shut(other);
    const list = one(".en-pop", menu);
    list?.dispatchEvent(new CustomEvent("menu:open", { bubbles: false }));
  },
  { capture: true },
);

document.addEventListener("click", (event) => {
  for (const menu of all<HTMLDetailsElement>(OPEN)) {
    if (event.target instanceof Node && !menu.contains(event.target)) shut(menu);
  }
});

document.addEventListener("focusin", (event) => {
  for (const menu of all<HTMLDetailsElement>(OPEN)) {
    if (event.target instanceof Node && !menu.contains(event.target)) shut(menu);
  }
});

on<HTMLDetailsElement, KeyboardEvent>("keydown", OPEN, (menu, event) => {
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    shut(menu, true);
    return;
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  if (event.target instanceof HTMLElement && event.target.matches("input, select, textarea")) return;
  const items = all("a[href], button:not(:disabled), input, label[tabindex]", one(".en-pop", menu) ?? menu);
  if (!items.length) return;
  event.preventDefault();
  const at = items.indexOf(document.activeElement as HTMLElement);
  const next = event.key === "ArrowDown" ? at + 1 : at < 0 ? items.length - 1 : at - 1;
  items[(next + items.length) % items.length]?.focus();
});

export function openDialog(id: string): void {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

on("click", "[data-dialog]", (button) => {
  const menu = button.closest<HTMLDetailsElement>(OPEN);
  if (menu) shut(menu);
  openDialog(button.dataset.dialog ?? "");
});

on("click", "[data-close]", (button, event) => {
  event.preventDefault();
  button.closest("dialog")?.close();
});

// A press on the backdrop is a press on the dialog itself.
on<HTMLDialogElement, MouseEvent>("click", "dialog", (dialog, event) => {
  if (event.target !== dialog) return;
  const box = dialog.getBoundingClientRect();
  const inside =
    event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) dialog.close();
});

// Where one is stands in view, also where the line of tabs is longer than a phone is wide.
// Sideways only: the page itself stays where it is.
onLoad(":is(.en-views > div, .en-tabs, .en-stages) > [aria-current]", (here) => {
  const line = here.parentElement;
  if (!line) return;
  const [place, room] = [here.getBoundingClientRect(), line.getBoundingClientRect()];
  if (place.right > room.right) line.scrollLeft += place.right - room.right;
  else if (place.left < room.left) line.scrollLeft += place.left - room.left;
});

// The sheet: an empty dialog that opens when a form is swapped into it.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target instanceof HTMLElement && event.target.id === "sheet" && event.target.childElementCount) {
    openDialog("sheet");
    // A form begins at its first field, not at its cross; on a phone the keyboard would cover what is asked.
    if (matchMedia("(pointer: fine)").matches && !one("[data-focus]", event.target)) {
      one(":is(input:not([type=hidden], [type=file]), select, textarea):enabled", event.target)?.focus();
    }
  }
});
document.addEventListener("close-sheet", () => {
  const sheet = document.getElementById("sheet");
  if (sheet instanceof HTMLDialogElement) sheet.close();
});
