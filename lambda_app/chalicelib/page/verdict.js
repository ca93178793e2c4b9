/** Show the answer about one name: verdict, a sentence, the four groups, every term. */

import {$, make, makeHost, percent, stateOf} from "./common.js";
import {meaning} from "./points.js";

const PARTS = [ // keys of the answer that add up to the log-odds, with labels
  ["intercept", "Every name starts at"],
  ["length", "How long it is"],
  ["entropy", "How mixed its characters are"],
  ["proVowels", "How it can be pronounced"],
  ["numWords", "How it reads in words"],
];

/** Show a verdict. */
export function showVerdict(answer) {
  const word = answer.allowed ? "allowed" : stateOf(answer.label, answer.class1Prob);
  const numbers =
    `P(generated) ${percent(answer.class1Prob)}, generated from ${percent(answer.threshold)}`;
  showHead(word, answer.name, numbers, listNotes(answer));
  showParts(answer);
  $("reason").textContent = answer.reason ?? "";
  showReading(answer);
  showTerms(answer);
  $("why").hidden = false;
}

/** Show why a name is skipped, which is neither a verdict nor an error. */
export function showSkipped(domain, message, code) {
  const note = ["Not judged", "the model has nothing to say about such names.", code];
  showHead("skipped", domain, message, [note]);
  $("why").hidden = true;
}

function showHead(word, name, numbers, remarks) {
  $("result").hidden = false;
  $("verdict").replaceChildren(make("strong", word, word.replace(" ", "-")), " ", makeHost("span", name));
  $("numbers").textContent = numbers;
  $("announced").textContent = `${name}: ${word}. ${numbers}`;
  $("notes").hidden = !remarks.length;
  $("notes").replaceChildren(...remarks.map(([title, text, code]) => {
    const item = make("li");
    item.append(make("strong", title), `: ${text}`, ...code ? [" ", make("code", code)] : []);
    return item;
  }));
}

/** List remarks about how a name was scored: each a title and a sentence. */
function listNotes({allowed, assigned, bare, name}) {
  const remarks = [];
  const add = (title, text) => remarks.push([title, text]);
  if (allowed) add("Allowed", `an allow list has the entry ${allowed}, whatever the probability.`);
  if (assigned) add("Assigned zone",
    `under ${assigned} the provider makes the labels up, so that its own label is judged: ${name}.`);
  if (bare) add("A label by itself", "it has no dot, and is judged as if it were registered.");
  return remarks;
}

/** Show intercept and groups, their sum, and the probability. */
function showParts(answer) {
  const rows = PARTS.map(([key, words]) => [words, answer[key], key]);
  const sum = rows.reduce((total, [, share]) => total + share, 0);
  const keys = PARTS.map(([key]) => key).join(" + ");
  drawBars($("sums"), [...rows, ["Sum: the log-odds", sum, keys]]);
  $("total").textContent = percent(1 / (1 + Math.exp(-sum)));
}

function showReading(answer) {
  const none = answer.segmentation === null; // the baseline model has none
  $("reasons").hidden = $("glossary").hidden = none;
  if (none) return;
  const parts = answer.segmentation.split("|");
  $("segments").replaceChildren(...parts.flatMap((part) => [make("span", part), " "]));
  $("unlikely").textContent = answer.unlikely;
}

/** Show every term, the largest first, with its feature's value, and its meaning if it is known. */
export function showTerms(answer) {
  const terms = Object.entries(answer.contributions);
  terms.sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  $("more").textContent = `All ${terms.length} terms, and what they mean`;
  drawBars($("terms"), terms.map(([term, share]) => [meaning(term), share, term]), answer.values ?? {});
}

/** Draw rows with a name, perhaps a value, a bar from the middle, and the share. */
function drawBars(body, rows, values = {}) {
  const most = Math.max(...rows.map(([, share]) => Math.abs(share)), 1e-9);
  body.replaceChildren(...rows.map(([name, share, title]) => {
    const header = make("th", name);
    header.scope = "row";
    header.title = title;
    if (title in values) header.append(" ", make("span", formatValue(values[title]), "value"));
    const row = make("tr");
    row.append(header, makeBar(share, most), make("td", formatSigned(share), "number"));
    return row;
  }));
}

function makeBar(share, most) {
  const side = share > 0 ? "generated" : "chosen";
  const line = make("span", "", `bar ${side}`);
  line.style.width = `${50 * Math.abs(share) / most}%`;
  const cell = make("td", "", "axis");
  cell.append(line, make("span", `for ${side}`, "unseen"));
  return cell;
}

const formatValue = (value) => value.toLocaleString("en", {maximumSignificantDigits: 4});

const formatSigned = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
