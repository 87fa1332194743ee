"use strict";

// Marks as JSONL files: down from the page, and back into it.

function download(text, name) {
  const url = URL.createObjectURL(new Blob([text], {type: "application/x-ndjson"}));
  el("a", {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function downloadMarks() {
  const full = inOrder().filter((mark) => !isEmpty(mark));
  if (!full.length) return toast("No marks yet: agree or disagree with a step first.");
  download(asLines(full), `marks${me ? "-" + me.replace(/[^\p{L}\p{N}]+/gu, "-") : ""}.jsonl`);
  unsaved = false;
}

async function importMarks(file) {
  let text;
  try { text = await file.text(); } catch { return notice(`${file.name} cannot be read.`); }
  const n = {added: 0, newer: 0, same: 0, older: 0, elsewhere: 0, several: 0, damaged: 0};
  let fault = "";
  text.split("\n").forEach((line, i) => {
    if (!line.trim()) return;
    const {mark, fault: what} = parseMark(line);
    if (!mark) fault ||= `, the first is line ${i + 1}: ${what === "JSON" ? "broken JSON" : `\`${what}\` is missing or wrong`}`;
    n[mark ? importMark(mark) : "damaged"] += 1;
  });
  saveMarks();
  const left = [
    n.same && `${n.same} already here`, n.older && `${n.older} not newer than the one here`, n.elsewhere && `${n.elsewhere} for other rows`,
    n.several && `${n.several} that may be of several models`, n.damaged && `${plural(n.damaged, "line")} that ${n.damaged === 1 ? "is no mark" : "are no marks"}${fault}`,
  ].filter(Boolean);
  notice(`${plural(n.added + n.newer, "mark")} imported` + (n.newer ? `, ${n.newer} of them newer than the one here` : "")
    + (left.length ? `. Left out: ${left.join("; ")}` : "") + ".");
}

function importMark(given) {
  if (isEmpty(given)) return "same";
  const mark = placed(given);
  if (!mark) return "elsewhere";
  if (mark === "several") return "several";
  const here = marks.get(keyOf(mark));
  if (here && ["mark", "verdict", "comment"].every((field) => here[field] === mark[field])) return "same";
  if (here && !isEmpty(here) && timeOf(mark) <= timeOf(here)) return "older";
  const at = here ? new Date(Math.max(timeOf(mark), timeOf(here) + 1)).toISOString() : mark.at; // newer than the one taken back
  keep({...mark, at});
  return here && !isEmpty(here) ? "newer" : "added";
}
