"use strict";

function drawCase(item) {
  const main = $("case");
  const had = main.contains(document.activeElement);
  pinned = [];
  main.className = "";
  if (!item) {
    main.replaceChildren(el("h1.nothing", {}, items.length ? "No case matches these filters." : "There are no rows on this page."));
    return;
  }
  const allSteps = []; // every step on the page, with its spans of the report
  const reasoning = el("section.reasoning", {"aria-label": "Question and steps"},
    drawQuestion(item), drawOwnSteps(item, allSteps), drawModels(item, allSteps), drawRest(item));
  const films = drawFilms(item);
  const report = drawReport(item, allSteps);
  if (!films) main.classList.add("nofilms");
  if (report && films?.matches(".none")) main.classList.add("missing");
  if (!report) main.classList.add("noreport");
  main.replaceChildren(...[films, reasoning, report].filter(Boolean));
  main.scrollTop = 0;
  if (had) main.focus({preventScroll: true});
}

function drawQuestion(item) {
  const {question, options, answer, task, findings, fault} = item.shared;
  const right = new Set(answer);
  return el("div.question", {},
    el("p.facts", {}, [task, ...findings].filter(Boolean).map((fact) => el("span.fact", {}, fact)), el("span.id", {}, item.shared.id)),
    el(question ? "h1" : "h1.hidden", {}, question || `Study ${item.shared.id}`),
    options.length > 0 && el("ul.options", {}, options.map((option, i) =>
      el(right.has(option) ? "li.right" : "li", {}, el("span.letter", {}, String.fromCharCode(65 + i)), el("bdi", {}, option), right.has(option) && el("span.sign", {title: "right answer"}, " ✓")))),
    answer.some((text) => !options.includes(text)) && el("p", {}, "Right answer: ", el("b", {}, answer.join(", "))),
    fault && el("p.judged.fault", {}, el("b", {}, "! fault"), ": ", el("bdi", {}, fault)));
}

function drawOwnSteps(item, allSteps) {
  return item.chains.filter((chain) => chain.on === "steps" && (chain.steps.length || chain.row.why.steps)).map((chain, i) => {
    const support = chain.row.support;
    const why = chain.row.why.steps ?? chain.row.why.support;
    return el("section", {}, el("h2", {}, "Steps", i > 0 && [" (", el("bdi", {}, chain.row.model), ")"],
      typeof support === "number" && el("span.note", {}, ` support ${support.toFixed(2)}`), why && el("span.note", {}, " ", el("bdi", {}, why))),
    drawSteps(chain, item.shared.report, allSteps));
  });
}

// The signatures, and the keys of the row that the page shows nowhere else.
function drawRest(item) {
  const signed = new Map(item.rows.flatMap((row) => Object.entries(row.signed).map(([key, value]) => [`${key} ${value}`, [key, value]])));
  const rest = Object.entries(item.shared.rest);
  if (!signed.size && !rest.length) return null;
  return el("details.rest", {}, el("summary", {}, "Signatures and other fields"),
    el("dl", {}, [...signed.values(), ...rest].map(([key, value]) => [el("dt", {}, key), el("dd", {}, typeof value === "string" ? value : JSON.stringify(value))])));
}
