"use strict";

// The marks of people: {id, on, sample, step, text, shown, mark, verdict, comment, by}, one a step and person. step counts
// from 1; text is the step's own, should the rows change; shown is the verdict that the person saw.

const FLIPPED = {supported: "contradicted", contradicted: "supported", unmentioned: "supported", not_checkable: "supported", none: "contradicted"};
const marks = new Map();
let marked = null; // id of a row -> the marks of it; made anew after a change
let place = "cxr-marks";
let me = "";

const keyOf = (mark) => JSON.stringify([mark.id, mark.on, mark.sample ?? 0, mark.step, mark.text, mark.by]);
const blank = (chain, number) => ({
  id: chain.row.id,
  on: chain.on,
  sample: chain.on === "predictions" ? chain.prediction.sample : null,
  answered_by: chain.on === "predictions" ? chain.row.by : null,
  step: number,
  text: chain.steps[number - 1].text,
  shown: chain.steps[number - 1].verdict ?? null,
  mark: null,
  verdict: null,
  comment: "",
  by: me,
});

function openMarks() {
  place = `cxr-marks:${JSON.parse(document.querySelector("script.about").textContent).fingerprint}`;
  me = store.get("cxr-by") ?? "";
  for (const line of (store.get(place) ?? "").split("\n").filter(Boolean)) keep(JSON.parse(line));
}

function keep(mark) {
  marked = null;
  const empty = mark.mark === null && !mark.comment;
  if (empty) marks.delete(keyOf(mark));
  else marks.set(keyOf(mark), mark);
}

function markOf(chain, number) {
  const found = blank(chain, number);
  return marks.get(keyOf(found)) ?? found;
}

function marksOf(id) {
  if (!marked) {
    marked = new Map();
    for (const mark of marks.values()) marked.set(mark.id, [...(marked.get(mark.id) ?? []), mark]);
  }
  return marked.get(id) ?? [];
}

function marksOfOthers(chain, number) {
  const wanted = blank(chain, number);
  return marksOf(wanted.id).filter((mark) => mark.by !== me && keyOf({...mark, by: me}) === keyOf(wanted));
}

function setMark(chain, number, change) {
  keep({...markOf(chain, number), ...change});
  saveMarks();
}

function saveMarks() {
  if (!store.set(place, asLines())) toast("This browser stores nothing for this page: download your marks before you close it.");
  showMarked();
}

const asLines = () => [...marks.values()].map((mark) => JSON.stringify(mark) + "\n").join("");

function showMarked() {
  $("marked").textContent = marks.size;
  $("me").textContent = me ? `by ${me}` : "Your name";
}

// Asks for the name once, before the first mark; runs then() when there is one.
function withName(then, again = false) {
  if (me && !again) return then();
  const dialog = $("who");
  $("name").value = me;
  const done = () => {
    const given = $("name").value.trim();
    if (!given) return $("name").focus();
    me = given;
    store.set("cxr-by", me);
    dialog.close();
    showMarked();
    then();
  };
  $("named").onclick = done;
  $("name").onkeydown = (event) => event.key === "Enter" && (event.preventDefault(), done());
  dialog.showModal();
}

function downloadMarks() {
  if (!marks.size) return toast("No marks yet: agree or disagree with a step first.");
  const url = URL.createObjectURL(new Blob([asLines()], {type: "application/x-ndjson"}));
  el("a", {href: url, download: `marks${me ? "-" + me.replace(/[^\p{L}\p{N}]+/gu, "-") : ""}.jsonl`}).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

async function importMarks(file) {
  const steps = new Set();
  for (const item of items)
    for (const chain of item.chains) chain.steps.forEach((_, i) => steps.add(keyOf({...blank(chain, i + 1), by: ""})));
  let taken = 0;
  let strange = 0;
  for (const line of (await file.text()).split("\n").filter((line) => line.trim())) {
    let mark;
    try { mark = JSON.parse(line); } catch { mark = null; }
    if (mark && typeof mark.by === "string" && mark.on && steps.has(keyOf({...mark, by: ""}))) {
      keep({...mark, comment: String(mark.comment ?? "")});
      taken += 1;
    } else strange += 1;
  }
  saveMarks();
  toast(`${plural(taken, "mark")} imported` + (strange ? `; ${strange} left out, which are for other rows` : ""));
}
