"use strict";

// A list of steps. Each becomes {element, spans, pieces}: it lights up together with its sentences of the report.
function drawSteps(chain, report, allSteps) {
  return el("ol.steps", {}, chain.steps.map((step, i) => drawStep(chain, step, i + 1, report, allSteps)));
}

function drawStep(chain, step, number, report, allSteps) {
  const verdict = verdictOf(step);
  const one = {spans: report ? step.evidence ?? [] : [], pieces: [], element: null};
  const judged = [step.kind, verdict === "none" && chain.on === "predictions" && !step.reason ? null : words(verdict)].filter(Boolean).join(" · ");
  const second = step.second && step.second.verdict !== step.verdict ? step.second : null;
  const quotes = one.spans.map(({start, end}) => Array.from(report).slice(start, end).join("")).filter(Boolean);
  one.element = el(`li.step.verdict-${verdict}`, {
    tabindex: "0",
    onclick: (event) => { if (!event.target.closest("button, select, textarea")) { pin([one]); reveal(one); } },
    onmouseenter: () => light([one]), onmouseleave: () => light(pinned), onfocus: () => { light([one]); reveal(one); }, onblur: () => light(pinned),
  },
  el("span.sign", {"aria-hidden": "true", title: words(verdict)}, SIGNS[verdict]),
  el("div.body", {},
    el("p.sentence", {}, step.text),
    (judged || step.reason) && el("p.judged", {}, el("b", {}, judged), judged && step.reason && ": ", el("bdi", {}, step.reason)),
    step.fault && step.fault !== step.reason && el("p.judged.fault", {}, el("b", {}, "! fault"), ": ", el("bdi", {}, step.fault)),
    second && el("p.judged", {}, el("b", {}, `${second.judge}: ${words(second.verdict ?? "none")}`), second.reason && [", ", el("bdi", {}, second.reason)]),
    quotes.length > 0 && el("blockquote", {}, quotes.map((quote) => el("p", {}, quote)))),
  marking(chain, number, verdict));
  one.element.chain = chain;
  one.element.number = number;
  allSteps.push(one);
  return one.element;
}

// The buttons Agree, Disagree and Comment, and the verdict that a person gives instead; redrawn after each change.
function marking(chain, number, verdict) {
  const box = el("div.marking", {role: "group", "aria-label": `Your mark on step ${number}`});
  const change = (what) => withName(() => { setMark(chain, number, what); draw(); });
  const toggle = (thinks, to) => change(thinks === to.mark ? {mark: null, verdict: null} : to);
  const draw = (commenting = false) => {
    const mark = markOf(chain, number);
    const thinks = opinion(mark, verdict);
    const sees = verdict === "none" ? "step" : "verdict";
    const agree = {mark: "agree", verdict: verdict === "none" ? "supported" : verdict};
    const disagree = {mark: "disagree", verdict: FLIPPED[verdict]};
    const choices = Object.keys(SIGNS).filter((other) => other !== agree.verdict && other !== "none");
    const at = box.contains(document.activeElement) ? document.activeElement.className : null;
    box.replaceChildren(
      el("button.agree", {"aria-pressed": String(thinks === "agree"), title: `Agree with the ${sees} (a)`, onclick: () => toggle(thinks, agree)}, "Agree"),
      el("button.disagree", {"aria-pressed": String(thinks === "disagree"), title: `Disagree with the ${sees} (d)`, onclick: () => toggle(thinks, disagree)}, "Disagree"),
      el("button.comment", {"aria-expanded": String(commenting || Boolean(mark.comment)), title: "Comment (c)", onclick: () => withName(() => draw(true))}, "Comment"),
      ...(thinks === "disagree" ? [el("label", {}, "It is ", el("select.instead", {onchange: (event) => change({mark: "disagree", verdict: event.target.value})},
        choices.map((other) => el("option", {value: other, selected: other === mark.verdict}, words(other)))))] : []),
      ...(commenting || mark.comment ? [el("textarea", {rows: "2", "aria-label": `Comment on step ${number}`, oninput: (event) => setMark(chain, number, {comment: event.target.value.trim()})}, mark.comment)] : []),
      ...marksOfOthers(chain, number).map((other) => otherMark(other, verdict)));
    box.parentElement?.classList.toggle("marked", Boolean(mark.mark));
    if (commenting) box.querySelector("textarea").focus();
    else if (at) box.querySelector(`.${at}`)?.focus();
  };
  box.redraw = draw;
  draw();
  queueMicrotask(() => box.parentElement?.classList.toggle("marked", Boolean(markOf(chain, number).mark)));
  return box;
}

function otherMark(mark, verdict) {
  const thinks = opinion(mark, verdict);
  return el("p.other", {}, el("b", {}, mark.by), `: ${thinks ?? "comment"}${thinks === "disagree" ? `, ${words(mark.verdict ?? "none")}` : ""}`,
    mark.comment && [". ", el("bdi", {}, mark.comment)]);
}

// After a change in another tab; a comment that is being written stays.
function redrawMarks() {
  for (const box of document.querySelectorAll(".marking")) if (!box.contains(document.activeElement?.closest("textarea"))) box.redraw();
}

// n, p: the next step or the one before; a, d, c press its buttons.
function stepBy(by) {
  const steps = [...document.querySelectorAll(".step")];
  const at = steps.indexOf(document.activeElement.closest(".step"));
  const next = at < 0 ? steps[by > 0 ? 0 : steps.length - 1] : steps[at + by];
  next?.focus();
}

function press(name) {
  const step = document.activeElement.closest(".step") ?? document.querySelector(".step.lit");
  if (!step) return toast("Select a step first: n and p move between steps.");
  step.querySelector(`.marking .${name}`).click();
  if (name !== "comment") step.focus();
}
