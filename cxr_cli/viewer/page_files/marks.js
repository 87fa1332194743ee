"use strict";

// The marks of people, one a step and person: {id, on, sample, answered_by, model, step, text, shown, mark, verdict, comment,
// by, at}. step counts from 1; text is the step's own, should the rows change; shown is the verdict that the person saw; at is
// when the mark was set. A mark that was taken back stays, empty, so that no other tab brings it back.

const FLIPPED = {supported: "contradicted", contradicted: "supported", unmentioned: "supported", not_checkable: "supported", none: "contradicted"};
const marks = new Map(); // key -> mark
let markedRows = null; // id of a row -> its marks that are not empty; made anew after a change

const keyOf = (mark) => JSON.stringify([mark.id, mark.on, mark.sample ?? 0, mark.answered_by, mark.model, mark.step, mark.text, mark.by]);
const isEmpty = (mark) => mark.mark === null && !mark.comment;
const timeOf = (mark) => Date.parse(mark.at) || 0;

function blank(chain, number) {
  const predicted = chain.on === "predictions";
  const {text, verdict} = chain.steps[number - 1];
  return {
    id: chain.row.id, on: chain.on, sample: predicted ? chain.prediction.sample : null,
    answered_by: predicted ? chain.row.by : null, model: predicted ? chain.row.model : null,
    step: number, text, shown: verdict ?? null, mark: null, verdict: null, comment: "", by: me, at: "",
  };
}

function markOf(chain, number) {
  const found = blank(chain, number);
  return marks.get(keyOf(found)) ?? found;
}

function marksOf(id) {
  if (!markedRows) {
    markedRows = new Map();
    for (const mark of marks.values()) if (!isEmpty(mark)) markedRows.set(mark.id, [...(markedRows.get(mark.id) ?? []), mark]);
  }
  return markedRows.get(id) ?? [];
}

function marksOfOthers(chain, number) {
  const wanted = blank(chain, number);
  return marksOf(wanted.id).filter((mark) => mark.by !== me && keyOf({...mark, by: me}) === keyOf(wanted));
}

// The opinion of the mark on a step with this verdict, which may be another one than the person saw.
function opinion(mark, verdict) {
  if (!mark.mark || !mark.verdict) return mark.mark;
  return mark.verdict === (verdict === "none" ? "supported" : verdict) ? "agree" : "disagree";
}

function setMark(chain, number, change) {
  const before = markOf(chain, number);
  const at = new Date(Math.max(Date.now(), timeOf(before) + 1)).toISOString();
  keep({...before, shown: blank(chain, number).shown, ...change, at});
  saveMarks();
}

function keep(mark) {
  markedRows = null;
  marks.set(keyOf(mark), mark);
}

// Takes the mark in if it is newer than the one that is here; of two of the same time all tabs keep the same.
function merge(mark) {
  const here = marks.get(keyOf(mark));
  const age = here ? timeOf(mark) - timeOf(here) || (JSON.stringify(mark) > JSON.stringify(here) ? 1 : -1) : 1;
  if (age > 0) keep(mark);
}

const inOrder = () => [...marks.values()].sort((a, b) => timeOf(a) - timeOf(b) || (keyOf(a) < keyOf(b) ? -1 : 1));
const asLines = (some) => some.map((mark) => JSON.stringify(mark) + "\n").join("");
