/** One box to find and to do: a combobox over answers that the server draws. */
import { all, on, one } from "./dom";

const dialog = one<HTMLDialogElement>("dialog#palette");
const input = one<HTMLInputElement>("input[role=combobox]", dialog ?? document.createElement("div"));
const options = (): HTMLAnchorElement[] => (dialog ? all<HTMLAnchorElement>("[role=option]", dialog) : []);
const chosen = (): HTMLAnchorElement | undefined => options().find((option) => option.ariaSelected === "true");

/** False when this page has no palette. */
export function openPalette(): boolean {
  if (!dialog || !input) return false;
  if (!dialog.open) {
    dialog.showModal();
    input.select();
    input.dispatchEvent(new CustomEvent("palette:open"));
  }
  return true;
}

function choose(option: HTMLAnchorElement | undefined): void {
  for (const other of options()) other.ariaSelected = String(other === option);
  if (option) {
    input?.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else input?.removeAttribute("aria-activedescendant");
}

function step(by: number): void {
  const list = options();
  if (!list.length) return;
  const current = chosen();
  const here = current ? list.indexOf(current) : by > 0 ? -1 : 0;
  choose(list[(here + by + list.length) % list.length]);
}

on<HTMLElement, MouseEvent>("click", "[data-palette]", (_link, event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (openPalette()) event.preventDefault();
});

input?.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "ArrowDown") step(1);
  else if (event.key === "ArrowUp") step(-1);
  else if (event.key === "Enter" && chosen()) chosen()?.click();
  // A search field would only be emptied by the first Escape.
  else if (event.key === "Escape") dialog?.close();
  else return;
  event.preventDefault();
});

// The first answer is chosen, so that Enter takes it.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!(event.target instanceof HTMLElement) || event.target.id !== "palette-list") return;
  choose(options()[0]);
  const said = one("[data-found]", dialog ?? document);
  if (said) said.textContent = `${said.dataset.words} ${new Intl.NumberFormat(document.documentElement.lang).format(options().length)}`;
});

// An option that does something is a post, sent by a form of its own.
on<HTMLAnchorElement>("click", "#palette [data-post]", (option, event) => {
  event.preventDefault();
  const form = document.createElement("form");
  form.method = "post";
  form.action = option.href;
  const token = one<HTMLInputElement>("input[name=csrfmiddlewaretoken]");
  if (token) form.append(token.cloneNode());
  document.body.append(form);
  form.submit();
});
