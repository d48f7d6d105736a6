/** Cards that move between columns: by dragging, or by Space, arrows, Space. The menu of each card is the way without both. */
import htmx from "htmx.org";

import { all, on, one } from "./dom";

let lifted: HTMLElement | null = null;
let aim: HTMLElement | null = null;

const columnsOf = (card: HTMLElement): HTMLElement[] => all("[data-column]", card.closest("[data-board]") ?? undefined);

function tell(column: HTMLElement | null): void {
  const says = one("[data-board-says]");
  if (says) says.textContent = one("h3", column ?? undefined)?.firstChild?.textContent ?? "";
}

function point(column: HTMLElement | null): void {
  aim?.classList.remove("over");
  aim = column;
  aim?.classList.add("over");
  if (column) {
    tell(column);
    column.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

function lift(card: HTMLElement): void {
  lifted = card;
  card.classList.add("lift");
  point(card.closest<HTMLElement>("[data-column]"));
}

function letGo(): void {
  lifted?.classList.remove("lift");
  lifted = null;
  point(null);
}

function drop(): void {
  const card = lifted;
  const to = aim;
  letGo();
  if (!card?.dataset.card || !to || to === card.closest("[data-column]")) return;
  void htmx.ajax("post", card.dataset.card, {
    target: card,
    swap: "innerHTML",
    values: { to: to.dataset.column ?? "", next: card.dataset.next ?? "" },
  });
}

on<HTMLElement>("dragstart", "[data-card]", (card, event) => {
  (event as DragEvent).dataTransfer?.setData("text/plain", card.id);
  lift(card);
});
on("dragend", "[data-card]", letGo);
on<HTMLElement>("dragover", "[data-column]", (column, event) => {
  if (!lifted) return;
  event.preventDefault();
  if (column !== aim) point(column);
});
on("drop", "[data-column]", (_column, event) => {
  event.preventDefault();
  drop();
});

on<HTMLElement>("keydown", "[data-card]", (card, event) => {
  const { key, target } = event as KeyboardEvent;
  if (target !== card) return;
  if (key === " ") {
    event.preventDefault();
    if (lifted) drop();
    else lift(card);
    return;
  }
  if (!lifted) return;
  const columns = columnsOf(card);
  const forward = document.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  const back = document.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
  const step = key === forward ? 1 : key === back ? -1 : 0;
  if (step) {
    event.preventDefault();
    point(columns[Math.max(0, Math.min(columns.length - 1, columns.indexOf(aim ?? card) + step))] ?? null);
  } else if (key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    letGo();
  }
});
