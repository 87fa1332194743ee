"use strict";

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
