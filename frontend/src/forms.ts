/** Fields that grow, send, take dropped files, offer a repair, and input that is not lost by accident. */
import { all, on, onLoad, one } from "./dom";

const CAN_GROW = CSS.supports("field-sizing", "content");

function grow(field: HTMLElement): void {
  if (CAN_GROW || !(field instanceof HTMLTextAreaElement)) return;
  field.rows = Math.min(12, Math.max(1, field.value.split("\n").length));
}

onLoad("textarea[data-grow]", grow);
on("input", "textarea[data-grow]", grow);

on<HTMLTextAreaElement, KeyboardEvent>("keydown", "textarea, form[data-ctrl-enter] input", (field, event) => {
  // While kana are being converted, Enter belongs to the input method.
  if (event.key !== "Enter" || event.isComposing) return;
  const plain = "enter" in field.dataset && !event.shiftKey;
  if (!plain && !event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  if (field.value.trim()) field.form?.requestSubmit();
});

// A quick line is emptied once it is saved, never before.
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful, requestConfig } = (
    event as CustomEvent<{ elt: HTMLElement; successful: boolean; requestConfig: { verb: string } }>
  ).detail;
  if (!(elt instanceof HTMLFormElement) || requestConfig.verb === "get" || !successful) return;
  changed.delete(elt);
  if (!("quick" in elt.dataset)) return;
  elt.reset();
  for (const field of all<HTMLTextAreaElement>("textarea", elt)) field.value = "";
  one(".parsed", elt)?.replaceChildren();
});

// Esc leaves a cell or line that is being edited as it was.
on<HTMLElement, KeyboardEvent>("keydown", "[data-esc]", (part, event) => {
  const cancel = event.key === "Escape" && !event.isComposing ? one("[data-cancel]", part) : null;
  if (!cancel) return;
  event.preventDefault();
  event.stopPropagation();
  cancel.click();
});

on<HTMLButtonElement>("click", "[data-repair]", (button, event) => {
  const field = document.getElementById(button.dataset.repair ?? "");
  if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) return;
  event.preventDefault();
  field.value = button.value;
  field.classList.remove("is-invalid");
  field.removeAttribute("aria-invalid");
  button.closest(".err")?.remove();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
  field.focus();
});

on("click", "[data-copy]", async (button) => {
  const field = document.getElementById(button.dataset.copy ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  field.select();
  await navigator.clipboard.writeText(field.value);
});

on("dragover", "[data-drop]", (zone, event) => {
  event.preventDefault();
  zone.classList.add("over");
});
on("dragleave", "[data-drop]", (zone) => zone.classList.remove("over"));
on<HTMLElement, DragEvent>("drop", "[data-drop]", (zone, event) => {
  event.preventDefault();
  zone.classList.remove("over");
  const input = one<HTMLInputElement>("input[type=file]", zone);
  const files = event.dataTransfer?.files;
  if (!input || !files?.length) return;
  if (input.multiple) input.files = files;
  else {
    const single = new DataTransfer();
    single.items.add(files[0] as File);
    input.files = single.files;
  }
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
on<HTMLInputElement>("change", "[data-drop] input[type=file]", (input) => {
  const names = one<HTMLOutputElement>("[data-files]", input.closest("[data-drop]") ?? document);
  if (names) names.value = [...(input.files ?? [])].map((file) => file.name).join(", ");
});

// What is not saved yet is marked until it is.
on<HTMLInputElement>("change", ".en-right input[type=checkbox]", (box) => {
  box.closest(".en-right")?.classList.toggle("chg", box.checked !== box.defaultChecked);
});

const changed = new Set<HTMLFormElement>();
on<HTMLFormElement>("input", "form[data-guard-changes]", (form) => changed.add(form));
on<HTMLFormElement>("submit", "form[data-guard-changes]", (form) => changed.delete(form));
window.addEventListener("beforeunload", (event) => {
  if ([...changed].some((form) => form.isConnected)) event.preventDefault();
});

on<HTMLFormElement, SubmitEvent>("submit", "form[data-busy]", (form, event) => {
  if (event.defaultPrevented) return;
  const button = event.submitter ?? one("button:not([type=button])", form);
  button?.setAttribute("aria-busy", "true");
});
