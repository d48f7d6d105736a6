/** Single letters that press what is on the page. They are off inside fields, and as a whole when the user says so. */
import { all, isShown, isTyping, on, one } from "./dom";
import { openDialog } from "./menus";
import { openPalette } from "./palette";
import { fromSelection } from "./passage";
import { clearSelection, handleRowKey } from "./rows";
import { undoLast } from "./toasts";

const CHORD_MS = 1200;

let going = 0;

const lettersOn = (): boolean => document.body.dataset.keys === "on";

on<HTMLInputElement>("change", "[data-keys-switch]", (box) => {
  document.body.dataset.keys = box.checked ? "on" : "off";
});

function press(selector: string): boolean {
  const target = all(selector).find(isShown);
  if (!target) return false;
  if (target.matches("input, textarea, select")) target.focus();
  else target.click();
  return true;
}

function openNew(): boolean {
  const menu = one<HTMLDetailsElement>("details[data-new]");
  if (!menu || !isShown(menu)) return false;
  menu.open = true;
  one(".en-pop a", menu)?.focus();
  return true;
}

function handleLetter(letter: string): boolean {
  if (going && Date.now() - going < CHORD_MS) {
    going = 0;
    return press(`[data-go="${CSS.escape(letter)}"]`);
  }
  going = 0;
  switch (letter) {
    case "g":
      going = Date.now();
      return true;
    case "z":
      return undoLast();
    case "n":
      return openNew();
    case "l":
      return press("[data-quick] textarea") || press('[data-key="l"]');
    case "p":
      return fromSelection("passageUrl") || press('[data-key="p"]');
    case "t":
      return fromSelection("themeUrl") || press('[data-key="t"]');
    case "j":
      return press("[data-next]");
    case "k":
      return press("[data-prev]");
    default:
      return press(`[data-key="${CSS.escape(letter)}"]`);
  }
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    if (openPalette()) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || one("dialog[open]")) return;
  if (event.key === "Escape") {
    clearSelection();
    return;
  }
  if (!lettersOn()) return;
  if (event.key === "/") {
    if (openPalette()) event.preventDefault();
    return;
  }
  if (event.key === "?") {
    event.preventDefault();
    openDialog("keys");
    return;
  }
  const chord = going && Date.now() - going < CHORD_MS;
  const handled = (!chord && handleRowKey(event)) || (event.key.length === 1 && handleLetter(event.key.toLowerCase()));
  if (handled) event.preventDefault();
});
