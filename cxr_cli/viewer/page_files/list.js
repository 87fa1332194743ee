"use strict";

// The list has an element for each item in sight, however many items there are.
const itemHeight = () => 3.375 * parseFloat(getComputedStyle(document.documentElement).fontSize); // as in the style
let current = null;
let onPage = {}; // the item on the page, and the model that it was drawn for

function drawList() {
  const box = $("list");
  const height = itemHeight();
  const first = Math.max(0, Math.floor(box.scrollTop / height) - 4);
  const last = Math.min(found.length, first + Math.ceil(box.clientHeight / height) + 8);
  $("inner").replaceChildren(...found.slice(first, last).map((item, i) => listItem(item, first + i, height)));
  const row = current && $(`item-${current.number}`); // none where it is out of sight, or filtered out
  if (row) box.setAttribute("aria-activedescendant", row.id);
  else box.removeAttribute("aria-activedescendant");
}

function listItem(item, index, height) {
  const row = el("div.item", {
    id: `item-${item.number}`, role: "option", "aria-selected": String(item === current), "aria-setsize": found.length, "aria-posinset": index + 1,
    onclick: () => { show(item); if (phone.matches) openSide(false); },
  },
  el("div.ask", {}, item.shared.question || item.shared.report || item.shared.id),
  el("div.of", {}, el("span.id", {}, item.shared.id), el("span.signs", {}, tally(item))));
  row.style.top = `${index * height}px`;
  return row;
}

// ✓3 ✗1 of the steps, then each model's outcome.
function tally(item) {
  const counts = new Map();
  for (const chain of item.chains) if (chain.on === "steps") for (const step of chain.steps) counts.set(verdictOf(step), (counts.get(verdictOf(step)) ?? 0) + 1);
  const steps = ["supported", "contradicted", "unmentioned"].filter((verdict) => counts.has(verdict))
    .map((verdict) => el(`span.verdict-${verdict}`, {title: `${plural(counts.get(verdict), "step")} ${words(verdict)}`}, SIGNS[verdict] + counts.get(verdict)));
  const answers = [...item.outcomes].filter(([, set]) => set.size).map(([who, set]) => {
    const best = ["right", "wrong", "none"].find((outcome) => set.has(outcome));
    return el(`span.dot.outcome-${best}`, {title: `${models.get(who)}: ${OUTCOMES[best]}`}, {right: "✓", wrong: "✗", none: "–"}[best]);
  });
  return [...steps, ...answers];
}

function bringIntoList(index) {
  const box = $("list");
  const height = itemHeight();
  $("inner").style.height = `${found.length * height}px`; // before scrolling: a list that is too short does not scroll
  if (index < 0) return;
  if (index * height < box.scrollTop) box.scrollTop = index * height;
  else if ((index + 1) * height > box.scrollTop + box.clientHeight) box.scrollTop = (index + 1) * height - box.clientHeight;
}

function move(by) {
  const next = found[found.indexOf(current) + by];
  if (next) show(next);
}

function show(item) {
  current = item;
  const index = found.indexOf(item);
  bringIntoList(index);
  drawList();
  $("place").textContent = item ? `${(index + 1).toLocaleString("en")} of ${found.length.toLocaleString("en")}` : "";
  $("back").disabled = index <= 0;
  $("on").disabled = index < 0 || index === found.length - 1;
  if (onPage.item === item && onPage.model === chosen.model) return;
  onPage = {item, model: chosen.model};
  drawCase(item);
  if (!item) return;
  say(`${index + 1} of ${found.length}: ${item.shared.question || item.shared.id}`);
  try {
    history.replaceState(null, "", `#${encodeURIComponent(item.shared.id)}`);
  } catch { /* some browsers refuse many changes in a short time */ }
}
