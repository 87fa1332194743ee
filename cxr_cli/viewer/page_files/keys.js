"use strict";

// The keyboard: what each key does, and where Escape and Enter lead.

const KEYS = {
  j: ["next case; also → and ↓", () => move(1)],
  k: ["previous case; also ← and ↑", () => move(-1)],
  n: ["next step", () => stepBy(1)],
  p: ["previous step", () => stepBy(-1)],
  a: ["agree with the step's verdict", () => press("agree")],
  d: ["disagree with the step's verdict", () => press("disagree")],
  c: ["comment on the step", () => press("comment")],
  i: ["swap black and white on the films", () => $("invert")?.click()],
  l: ["open or close the list and filters", () => openSide(!sideOpen())],
  "/": ["search; Enter goes to the cases that are found, Escape back to all", () => { openSide(true); $("search").focus(); }],
  "?": ["show these shortcuts", () => $("keys").showModal()],
};
const ARROWS = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const at = event.target;
  if (event.key === "Escape") return leave(at);
  if (at.id === "search" && event.key === "Enter") return toCase();
  if (at.closest("input, textarea, select")) return;
  const upOrDown = event.key === "ArrowUp" || event.key === "ArrowDown";
  if (upOrDown && !at.closest("#list") && at !== document.body) return; // there they scroll
  const by = ARROWS[event.key];
  const key = KEYS[event.key] ?? KEYS[event.key.toLowerCase()]; // with Caps Lock too
  if (!by && !key) return;
  event.preventDefault();
  if (by) move(by);
  else key[1]();
}

// Escape: from a comment to its step, from the search to all cases, from other fields to the case.
function leave(at) {
  if (at.id === "search") clearSearch();
  if (at.closest("input, textarea, select")) toCase(at.closest(".step"));
  else if (phone.matches && sideOpen()) toCase();
}

function toCase(step) {
  if (phone.matches) openSide(false);
  (step ?? $("case")).focus({preventScroll: true});
}
