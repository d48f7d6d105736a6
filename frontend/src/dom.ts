/** Delegated events: they also reach what is swapped in later. */

export const one = <E extends Element = HTMLElement>(selector: string, within: ParentNode = document): E | null =>
  within.querySelector<E>(selector);

export const all = <E extends Element = HTMLElement>(selector: string, within: ParentNode = document): E[] => [
  ...within.querySelectorAll<E>(selector),
];

export function on<E extends HTMLElement = HTMLElement, V extends Event = Event>(
  type: string,
  selector: string,
  handle: (element: E, event: V) => void,
  options: AddEventListenerOptions = {},
): void {
  document.addEventListener(
    type,
    (event) => {
      const target = event.target instanceof Element ? event.target.closest<E>(selector) : null;
      if (target) handle(target, event as V);
    },
    options,
  );
}

/** Runs for what is on the page now and for each part that htmx brings later. */
export function onLoad(selector: string, handle: (element: HTMLElement) => void): void {
  const visit = (root: ParentNode) => {
    if (root instanceof HTMLElement && root.matches(selector)) handle(root);
    all(selector, root).forEach(handle);
  };
  visit(document);
  document.addEventListener("htmx:load", (event) => {
    if (event.target instanceof HTMLElement && event.target !== document.body) visit(event.target);
  });
}

export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])"));

export const isShown = (element: HTMLElement): boolean => element.checkVisibility();

export const pageLanguage = document.documentElement.lang || "en";
