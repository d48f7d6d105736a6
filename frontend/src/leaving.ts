/** Whoever leaves takes along nobody: on a page of another user, or of nobody, what was taken into the field goes. */
import { on, one } from "./dom";
import { marked, takeOffOthers } from "./field-store";

const here = document.body.dataset.user;
const known = marked();

const taken =
  known && here !== undefined && here !== String(known.user) ? takeOffOthers(Number(here) || 0) : Promise.resolve();

// On to the sign-in service, once nothing is left here; by itself, for whoever has scripts.
void taken.finally(() => {
  one<HTMLFormElement>("form[data-go-on]")?.submit();
  one<HTMLAnchorElement>("a[data-go-on]")?.click();
});

on<HTMLFormElement>("submit", "form[data-sign-out]", (form, event) => {
  const waiting = marked()?.waiting ?? 0;
  if (!waiting || !form.dataset.signOut) return;
  // What waits is asked about first, on the page that can send it.
  event.preventDefault();
  window.location.assign(form.dataset.signOut);
});
