"use strict";

// The report in pieces that no span and no heading cuts; each has the steps that it is evidence for.
const HEADING = /(?:^|(?<=\s))[A-Z][A-Z /]{2,30}:\s*/g;

function drawReport(item, steps) {
  const {report, before} = item.shared;
  if (!report && !before.report) return null;
  return el("section.report", {"aria-label": "Report", tabindex: "0"},
    report && [el("h2", {}, "Report"), el("div.text", {}, pieces(report, steps))],
    before.report && [el("h2", {}, "Prior report"), el("div.text", {}, pieces(before.report, []))]);
}

function pieces(text, steps) {
  const points = Array.from(text); // spans count characters; a string counts UTF-16 units
  const headings = [...text.matchAll(HEADING)].map((match) => {
    const start = Array.from(text.slice(0, match.index)).length;
    return [start, start + match[0].length];
  });
  const spans = steps.flatMap((step) => step.spans.map(({start, end}) => ({start: Math.max(0, start), end: Math.min(points.length, end), step})));
  const cuts = [...new Set([0, points.length, ...headings.flat(), ...spans.flatMap(({start, end}) => (start < end ? [start, end] : []))])].sort((a, b) => a - b);
  return cuts.slice(1).map((end, i) => {
    const start = cuts[i];
    const words = points.slice(start, end).join("");
    const resting = spans.filter((span) => span.start <= start && end <= span.end).map((span) => span.step);
    if (headings.some(([from, to]) => from <= start && end <= to)) return el("span.heading", {}, words.trim());
    if (!resting.length || !words.trim()) return words;
    const piece = el("span.evidence", {
      tabindex: "0", role: "button",
      onclick: () => pin(resting), onmouseenter: () => light(resting), onmouseleave: () => light(pinned), onfocus: () => light(resting), onblur: () => light(pinned),
      onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pin(resting); resting[0].element.scrollIntoView({block: "nearest"}); } },
    }, words);
    for (const step of new Set(resting)) step.pieces.push(piece);
    return piece;
  });
}

let pinned = []; // the steps that stay lit when nothing is pointed at

function light(steps) {
  for (const lit of document.querySelectorAll(".lit")) lit.classList.remove("lit");
  for (const step of steps) for (const part of [step.element, ...step.pieces]) part.classList.add("lit");
}

function pin(steps) {
  pinned = steps.length === pinned.length && steps.every((step, i) => step === pinned[i]) ? [] : steps;
  light(pinned);
}

function reveal(step) {
  if (!phone.matches) step.pieces[0]?.scrollIntoView({block: "nearest"});
}
