/** Stakeholders that move between fields: by dragging, or by Space, arrows, Space. The form that opens asks for the reason. */
import htmx from "htmx.org";

import { on, one } from "./dom";

let lifted: HTMLElement | null = null;
let aim: HTMLElement | null = null;

const cellAt = (matrix: Element | null, influence: number, interest: number): HTMLElement | null =>
  matrix?.querySelector<HTMLElement>(`[data-cell="${influence}-${interest}"]`) ?? null;

function point(cell: HTMLElement | null): void {
  aim?.classList.remove("over");
  aim = cell;
  aim?.classList.add("over");
  const says = one("[data-matrix-says]");
  if (says && cell) says.textContent = cell.dataset.cell ?? "";
}

function lift(dot: HTMLElement): void {
  lifted = dot;
  dot.classList.add("lift");
  point(dot.closest<HTMLElement>("[data-cell]"));
}

function letGo(): void {
  lifted?.classList.remove("lift");
  lifted = null;
  point(null);
}

function drop(): void {
  const dot = lifted;
  const to = aim;
  letGo();
  if (!dot?.dataset.stakeholder || !to?.dataset.cell || to === dot.closest("[data-cell]")) return;
  const [influence, interest] = to.dataset.cell.split("-");
  void htmx.ajax("get", `${dot.dataset.stakeholder}&influence=${influence}&interest=${interest}`, { target: "#sheet", swap: "innerHTML" });
}

on<HTMLElement>("dragstart", "[data-matrix] [data-stakeholder]", (dot, event) => {
  (event as DragEvent).dataTransfer?.setData("text/plain", dot.dataset.stakeholder ?? "");
  lift(dot);
});
on("dragend", "[data-stakeholder]", letGo);
on<HTMLElement>("dragover", "[data-matrix] [data-cell]", (cell, event) => {
  if (!lifted) return;
  event.preventDefault();
  if (cell !== aim) point(cell);
});
on("drop", "[data-matrix] [data-cell]", (_cell, event) => {
  event.preventDefault();
  drop();
});

const STEPS: Record<string, [number, number]> = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };

on<HTMLElement>("keydown", "[data-matrix] [data-stakeholder]", (dot, event) => {
  const { key } = event as KeyboardEvent;
  if (key === " ") {
    event.preventDefault();
    if (lifted) drop();
    else lift(dot);
    return;
  }
  if (!lifted) return;
  const step = STEPS[key];
  if (step) {
    event.preventDefault();
    event.stopPropagation();
    const [influence = 0, interest = 0] = (aim?.dataset.cell ?? "").split("-").map(Number);
    const sideways = document.dir === "rtl" ? -step[1] : step[1];
    point(cellAt(dot.closest("[data-matrix]"), influence + step[0], interest + sideways) ?? aim);
  } else if (key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    letGo();
  }
});
