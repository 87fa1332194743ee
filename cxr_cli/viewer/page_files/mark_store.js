"use strict";

// This browser stores the marks, a line of JSON each. Several tabs may have the page open: each takes in what the others
// store, and the newer mark stays. Lines that are no marks stay in the store until they are removed by hand.

let place = "cxr-marks";
let stored = null; // the text that was read or written last
let damaged = []; // its lines that are no marks
let unsaved = false;

function openMarks() {
  place = `cxr-marks:${JSON.parse(document.querySelector("script.about").textContent).fingerprint}`;
  me = cleanName(store.get("cxr-by") ?? "");
  readStore();
  if (damaged.length) noticeDamage();
  window.addEventListener("storage", (event) => { if (event.key === place && event.newValue !== null) takeIn(); });
  window.addEventListener("focus", takeIn);
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
}

function readStore() {
  const text = store.get(place) ?? "";
  if (text === stored) return;
  stored = text;
  damaged = [];
  for (const line of text.split("\n").filter((line) => line.trim())) {
    const {mark} = parseMark(line);
    const known = mark && placed(mark);
    if (!mark) damaged.push(line);
    else merge(known && known !== "several" ? known : mark);
  }
}

const asStored = () => asLines(inOrder()) + damaged.map((line) => line + "\n").join("");

function saveMarks() {
  readStore();
  const text = asStored();
  unsaved = !store.set(place, text);
  if (unsaved) toast("This browser stores nothing for this page: download your marks before you close it.");
  else stored = text;
  showMarked();
}

// What another tab has stored.
function takeIn() {
  readStore();
  if (asStored() !== stored) saveMarks();
  showMarked();
  redrawMarks();
}

function noticeDamage() {
  const file = () => download(damaged.map((line) => line + "\n").join(""), "damaged-marks.txt");
  const remove = () => { damaged = []; store.set(place, stored = asStored()); closeNotice(); };
  notice(`${plural(damaged.length, "stored line")} cannot be read as ${damaged.length === 1 ? "a mark" : "marks"}; all other marks are here.`,
    el("button", {onclick: file}, "Download what cannot be read"), el("button", {onclick: remove}, "Remove it"));
}
