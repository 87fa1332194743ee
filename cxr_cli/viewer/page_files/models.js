"use strict";

// The replies of the models, side by side, and the scores.
function drawModels(item, allSteps) {
  const rows = item.rows.filter((row) => row.who !== null && (!chosen.model || row.who === chosen.model));
  if (!rows.length) return null;
  return el("section", {}, el("h2", {}, rows.length > 1 ? "Models" : "Model"),
    el("div.models", {}, rows.map((row) => drawModel(item, row, allSteps))), drawScores(rows));
}

function drawModel(item, row, allSteps) {
  const chains = item.chains.filter((chain) => chain.row === row && chain.on === "predictions");
  return el("article.model", {},
    el("h3", {title: row.by}, models.get(row.who)),
    row.vote && el("p.judged", {}, "Most samples answer ", el("bdi", {}, asText(row.vote.answer) || "nothing"), ` (${Math.round(row.vote.share * 100)} %)`),
    chains.map((chain, i) => {
      const content = [drawSteps(chain, item.shared.report, allSteps), wholeReply(chain)];
      if (chains.length === 1) return [answerLine(item, chain), ...content];
      return el("details", {open: i === 0}, el("summary", {}, `${i + 1} `, answerLine(item, chain)), ...content);
    }));
}

function answerLine(item, chain) {
  const {answer, why, right} = chain.prediction;
  if (!item.shared.question) return null;
  const graded = why === NO_REFERENCE ? null : outcome(chain.prediction);
  return el("span.answer", {}, "Answers ", el("b", {}, asText(answer) || "nothing"), " ",
    graded && el(`span.outcome-${graded}`, {}, `${{right: "✓", wrong: "✗", none: "–"}[graded]} `, el("bdi", {}, right === null ? why : OUTCOMES[graded])));
}

function wholeReply(chain) {
  const text = chain.prediction.text;
  return text ? el("details", {}, el("summary", {}, "Full reply"), el("pre", {}, text)) : el("p.judged", {}, "The reply is empty.");
}

const asText = (answer) => (Array.isArray(answer) ? answer.join(", ") : answer ?? "");

function drawScores(rows) {
  const metrics = [...new Set(rows.flatMap((row) => Object.keys(row.scores)))];
  if (!metrics.length) return null;
  return el("div.wide", {tabindex: "0", role: "region", "aria-label": "Scores"}, el("table.scores", {}, el("caption", {}, "Scores"),
    el("thead", {}, el("tr", {}, el("th", {scope: "col"}, el("span.hidden", {}, "Score")), rows.map((row) => el("th", {scope: "col"}, models.get(row.who))))),
    el("tbody", {}, metrics.map((metric) => el("tr", {}, el("th", {scope: "row"}, metric), rows.map((row) => score(row, metric)))))));
}

function score(row, metric) {
  const value = row.scores[metric];
  if (!Object.hasOwn(row.scores, metric)) return el("td", {}, "");
  if (value === null) return el("td.null", {}, "– ", el("bdi", {}, Object.hasOwn(row.why, metric) ? row.why[metric] : ""));
  return el("td", {}, el("span.share", {style: null}, value.toFixed(2)));
}
