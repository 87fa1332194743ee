"use strict";

// Lines of a file or of the store as marks: each field is checked, and the step is looked up on this page.
const isText = (value) => typeof value === "string";
const textOrNull = (value) => value === null || isText(value);
const FIELDS = {
  id: (value) => isText(value) && value !== "",
  on: (value) => value === "steps" || value === "predictions",
  sample: (value) => value === null || Number.isInteger(value),
  answered_by: textOrNull,
  model: textOrNull,
  step: (value) => Number.isInteger(value) && value >= 1,
  text: isText,
  shown: textOrNull,
  mark: (value) => value === null || value === "agree" || value === "disagree",
  verdict: (value) => value === null || (value !== "none" && Object.hasOwn(SIGNS, value)),
  comment: isText,
  by: (value) => isText(value) && value.trim() !== "" && !/[|\p{C}]/u.test(value),
  at: (value) => value === "" || (isText(value) && !Number.isNaN(Date.parse(value))),
};
const OPTIONAL = {on: "steps", sample: null, answered_by: null, model: null, shown: null, verdict: null, comment: "", at: ""};

// {mark}, or {fault}: the field that is missing or wrong, "JSON" for a line that is none.
function parseMark(line) {
  let given;
  try { given = JSON.parse(line); } catch { return {fault: "JSON"}; }
  if (given === null || typeof given !== "object" || Array.isArray(given)) return {fault: "JSON"};
  const mark = {};
  for (const [field, right] of Object.entries(FIELDS)) {
    const value = (Object.hasOwn(given, field) ? given[field] : null) ?? OPTIONAL[field] ?? null;
    if (!right(value) || (field === "mark" && !Object.hasOwn(given, field))) return {fault: field};
    mark[field] = value;
  }
  return {mark};
}

let stepsOnPage = null; // a step, without the model -> the {answered_by, model} that have it; made when first asked for

function modelsWith(mark) {
  const stepOf = ({id, on, sample, step, text}) => JSON.stringify([id, on, sample ?? 0, step, text]);
  if (!stepsOnPage) {
    stepsOnPage = new Map();
    for (const chain of items.flatMap((item) => item.chains)) chain.steps.forEach((_, i) => {
      const {answered_by, model, ...step} = blank(chain, i + 1);
      const there = stepsOnPage.get(stepOf(step)) ?? [];
      if (!there.some((one) => one.answered_by === answered_by && one.model === model)) there.push({answered_by, model});
      stepsOnPage.set(stepOf(step), there);
    });
  }
  return stepsOnPage.get(stepOf(mark)) ?? [];
}

// The mark with the model as this page names it; null for a step that is not here, "several" if it may be of several models.
function placed(mark) {
  const there = modelsWith(mark);
  const same = there.filter((one) => one.answered_by === mark.answered_by && one.model === mark.model);
  const alike = there.filter((one) => one.answered_by === mark.answered_by || (mark.answered_by === null && mark.model === null));
  const [one, ...others] = same.length ? same : alike;
  if (others.length) return "several";
  return one ? {...mark, ...one} : null;
}
