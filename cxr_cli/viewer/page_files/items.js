"use strict";

// An item is one question of one study. It has a row for each model; the first row holds what they share. A chain is a list
// of steps: `on` "steps" of a row, or "predictions", one sample of a model.

const SIGNS = {supported: "✓", contradicted: "✗", unmentioned: "?", not_checkable: "·", none: "–"};
const OUTCOMES = {right: "correct", wrong: "wrong", none: "no clear answer"};
const NO_REFERENCE = "no reference answer"; // as `cxr score` writes it
const verdictOf = (step) => (Object.hasOwn(SIGNS, step.verdict) ? step.verdict : "none");
const words = (verdict) => (verdict === "none" ? "not judged" : verdict.replace("_", " "));

const items = [];
const models = new Map(); // a model (`who`: its `answered_by` and its name in the file) -> the name on the page

function readItems() {
  for (const script of document.querySelectorAll("script.row")) {
    const row = JSON.parse(script.textContent);
    script.remove();
    row.who = row.predictions.length ? JSON.stringify([row.by, row.model]) : null;
    if (row.who !== null && !models.has(row.who)) models.set(row.who, nameFor(row.model));
    if (row.of === items.length) items.push({rows: [], number: row.of});
    items[row.of].rows.push(row);
  }
  for (const item of items) prepareItem(item);
  window.requestIdleCallback?.(prepareSearch);
}

// Two models of the same name, say with two settings, get a number.
function nameFor(model) {
  const taken = [...models.values()].filter((name) => name === model || name.startsWith(`${model} (`)).length;
  return taken ? `${model} (${taken + 1})` : model;
}

function prepareItem(item) {
  item.shared = item.rows[0];
  item.chains = [];
  for (const row of item.rows) {
    if (row.steps && !item.chains.some((chain) => chain.on === "steps" && coversAll(chain.steps, row.steps)))
      item.chains.push({on: "steps", row, steps: row.steps});
    for (const prediction of row.predictions)
      item.chains.push({on: "predictions", row, prediction, who: row.who, steps: prediction.steps});
  }
  item.verdicts = new Set();
  item.outcomes = new Map();
  for (const chain of item.chains) {
    for (const step of chain.steps) {
      item.verdicts.add(verdictOf(step));
      if (step.fault) item.verdicts.add("fault");
    }
    if (chain.on === "predictions") {
      if (!item.outcomes.has(chain.who)) item.outcomes.set(chain.who, new Set());
      if (item.shared.question && chain.prediction.why !== NO_REFERENCE) item.outcomes.get(chain.who).add(outcome(chain.prediction));
    }
  }
  item.differ = new Set([...item.outcomes.values()].map((set) => [...set].sort().join())).size > 1;
}

// Are these the same steps, without any verdict that the first do not have?
function coversAll(first, steps) {
  return steps.length === first.length && steps.every((step, i) => step.text === first[i].text && (!step.verdict || step.verdict === first[i].verdict));
}

function outcome(prediction) {
  return prediction.right === null ? "none" : prediction.right === 1 ? "right" : "wrong";
}

let prepared = 0;
function prepareSearch(idle) {
  while (prepared < items.length && idle.timeRemaining() > 1) haystack(items[prepared++]);
  if (prepared < items.length) requestIdleCallback(prepareSearch);
}

// The texts of an item in lower case, collected when the browser is idle or at the first search.
function haystack(item) {
  if (item.haystack === undefined) {
    const parts = [item.shared.question, item.shared.report, item.shared.before?.report, ...item.shared.answer, ...item.shared.options];
    for (const row of item.rows) parts.push(row.id, ...row.predictions.map((prediction) => prediction.text));
    for (const chain of item.chains) for (const step of chain.steps) parts.push(step.text, step.reason);
    item.haystack = parts.filter(Boolean).join("\n").toLowerCase();
  }
  return item.haystack;
}
