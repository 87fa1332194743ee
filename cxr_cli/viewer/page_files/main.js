"use strict";

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

// What the address asks for after "#".
function wantedItem() {
  const raw = location.hash.slice(1);
  let id = raw;
  try { id = decodeURIComponent(raw); } catch { /* no id that this page wrote */ }
  const item = items.find((item) => item.rows.some((row) => row.id === id)) ?? null;
  if (id && !item && items.length) toast(`No case of this page has the id ${id.slice(0, 80)}`);
  return item;
}

function goToHash() {
  const item = wantedItem();
  if (!item) return;
  if (!found.includes(item)) clearFilters();
  show(item);
}

const sideOpen = () => !document.body.classList.contains("shut");
function openSide(open) {
  document.body.classList.toggle("shut", !open);
  $("drawer").setAttribute("aria-expanded", String(open));
  if (open) drawList();
}

function start() {
  readItems();
  openMarks();
  showMarked();
  makeFilters();
  $("keys").querySelector("dl").append(...Object.entries(KEYS).flatMap(([key, [what]]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, what)]));
  for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
  $("drawer").addEventListener("click", () => openSide(!sideOpen()));
  $("back").addEventListener("click", () => move(-1));
  $("on").addEventListener("click", () => move(1));
  $("help").addEventListener("click", () => $("keys").showModal());
  $("me").addEventListener("click", () => withName(() => drawCase(current), true));
  $("noticed").addEventListener("click", closeNotice);
  $("save").addEventListener("click", downloadMarks);
  $("load").addEventListener("click", () => $("loaded").click());
  $("loaded").addEventListener("change", async (event) => { await importMarks(event.target.files[0]); event.target.value = ""; refilter(); drawCase(current); });
  $("list").addEventListener("scroll", () => requestAnimationFrame(drawList));
  window.addEventListener("resize", drawList);
  document.addEventListener("keydown", onKey);
  phone.addEventListener("change", () => openSide(!phone.matches));
  openSide(!phone.matches);
  window.addEventListener("hashchange", goToHash);
  current = wantedItem();
  refilter();
}

start();
