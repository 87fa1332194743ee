"use strict";

// Each filter: its label, its choices ([value, label]), and whether an item passes a choice.
const FILTERS = [
  {id: "task", label: "Task", choices: () => countChoices((item) => [item.shared.task]), passes: (item, task) => item.shared.task === task},
  {id: "finding", label: "Finding", choices: () => countChoices((item) => item.shared.findings), passes: (item, name) => item.shared.findings.includes(name)},
  {
    id: "verdict", label: "Verdict", passes: (item, verdict) => item.verdicts.has(verdict),
    choices: () => [...Object.keys(SIGNS), "fault"].filter((verdict) => items.some((item) => item.verdicts.has(verdict)))
      .map((verdict) => [verdict, verdict === "fault" ? "! has a fault" : `${SIGNS[verdict]} ${words(verdict)}`]),
  },
  {
    id: "model", label: "Model", passes: (item, who) => item.outcomes.has(who), choices: () => [...models],
  },
  {
    id: "outcome", label: "Answer",
    choices: () => {
      const there = new Set(items.flatMap((item) => [...item.outcomes.values()].flatMap((set) => [...set])));
      const outcomes = Object.entries(OUTCOMES).filter(([outcome]) => there.has(outcome));
      return models.size > 1 && outcomes.length > 1 ? [...outcomes, ["differ", "models differ"]] : outcomes;
    },
    passes: (item, outcome) => {
      const one = chosen.model ? [item.outcomes.get(chosen.model) ?? new Set()] : [...item.outcomes.values()];
      if (outcome === "differ") return item.differ;
      return one.some((set) => set.has(outcome));
    },
  },
  {
    id: "mark", label: "Marks", choices: () => (items.some((item) => item.verdicts.size) ? [["no", "not marked"], ["yes", "marked"], ["disagree", "disagreed"]] : []),
    passes: (item, wanted) => {
      const found = item.rows.flatMap((row) => marksOf(row.id).filter((mark) => mark.mark && mark.by === me));
      return wanted === "disagree" ? found.some((mark) => mark.mark === "disagree") : (found.length > 0) === (wanted === "yes");
    },
  },
];
const chosen = {};
let found = []; // the items that pass

// Each value of the items, the most frequent first, with the number of items.
function countChoices(values) {
  const counts = new Map();
  for (const item of items) for (const value of values(item)) if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([value, count]) => [value, `${value} (${count.toLocaleString("en")})`]);
}

function makeFilters() {
  for (const filter of FILTERS) {
    const choices = filter.choices();
    if (choices.length < 2) continue;
    const select = el("select", {id: filter.id, "aria-label": filter.label, onchange: () => { chosen[filter.id] = select.value; refilter(); }},
      el("option", {value: ""}, `${filter.label}: all`), choices.map(([value, label]) => el("option", {value}, label)));
    $("filters").append(select);
  }
  $("search").addEventListener("input", refilter);
  $("clear").addEventListener("click", clearFilters);
}

function clearFilters() {
  for (const select of $("filters").querySelectorAll("select")) { select.value = ""; chosen[select.id] = ""; }
  $("search").value = "";
  refilter();
}

function clearSearch() {
  $("search").value = "";
  refilter();
}

function refilter() {
  const active = FILTERS.filter((filter) => chosen[filter.id]);
  const wanted = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  found = items.filter((item) => active.every((filter) => filter.passes(item, chosen[filter.id]))
    && (!wanted.length || wanted.every((word) => haystack(item).includes(word))));
  for (const select of $("filters").querySelectorAll("select")) select.classList.toggle("set", Boolean(select.value));
  $("clear").hidden = !active.length && !wanted.length;
  const all = found.length === items.length;
  $("counted").textContent = all ? plural(items.length, "case") : `${found.length.toLocaleString("en")} of ${plural(items.length, "case")}`;
  say($("counted").textContent);
  show(found.includes(current) ? current : found[0] ?? null);
}
