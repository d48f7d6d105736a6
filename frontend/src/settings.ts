/** What a user sets once: the theme, which groups of the navigation are closed. */
import { all, on, one } from "./dom";

on<HTMLFormElement, SubmitEvent>("submit", "[data-theme-form]", (form, event) => {
  const button = event.submitter;
  if (!(button instanceof HTMLButtonElement)) return;
  event.preventDefault();
  document.documentElement.dataset.bsTheme = button.value;
  for (const other of all("button[name=theme]", form)) other.setAttribute("aria-pressed", String(other === button));
  void fetch(form.action, { method: "POST", body: new FormData(form, button), headers: { "HX-Request": "true" } });
});

const CLOSED = "enishi.nav";

function remembered(): Record<string, boolean> {
  try {
    return JSON.parse(localStorage.getItem(CLOSED) ?? "{}") as Record<string, boolean>;
  } catch {
    return {};
  }
}

const groups = remembered();
for (const group of all<HTMLDetailsElement>("details[data-group]")) {
  const key = group.dataset.group ?? "";
  if (key in groups && !one("[aria-current]", group)) group.open = Boolean(groups[key]);
  group.addEventListener("toggle", () => {
    groups[key] = group.open;
    try {
      localStorage.setItem(CLOSED, JSON.stringify(groups));
    } catch {
      // A browser that keeps nothing opens the groups as the page says.
    }
  });
}
