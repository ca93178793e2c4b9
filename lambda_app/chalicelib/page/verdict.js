/** What the API says of one name, shown: verdict, scale, the four groups, a sentence, every term. */

import {$, make, percent} from "./common.js";
import {meaning} from "./points.js";

const SPAN = 10; // log-odds at the ends of the scale
const TICKS = [0.0001, 0.01, 0.5, 0.99, 0.9999];
const PARTS = [ // keys of the answer that add up to the log-odds, in a reader's words
  ["intercept", "Every name starts at"],
  ["length", "How long it is"],
  ["entropy", "How mixed its characters are"],
  ["proVowels", "How it can be pronounced"],
  ["numWords", "How it reads in words"],
];

/** Show a verdict. */
export function showVerdict(answer) {
  const word = answer.allowed ? "allowed" : answer.label ? "malicious" : "legitimate";
  const numbers =
    `P(malicious) ${percent(answer.class1Prob)}, threshold ${percent(answer.threshold)}`;
  head(word, answer.name, numbers, notes(answer));
  showScale(answer);
  showParts(answer);
  $("reason").textContent = answer.reason ?? "";
  showReading(answer);
  showTerms(answer);
  reveal(true);
}

/** Show that a name is not judged, and why: neither a verdict nor an error. */
export function showSkipped(domain, message, code) {
  const note = ["Not judged", "the model has nothing to say about such names.", code];
  head("skipped", domain, message, [note]);
  reveal(false);
}

function reveal(judged) {
  $("why").hidden = !judged;
  $("result").hidden = false;
}

function head(word, name, numbers, remarks) {
  $("verdict").replaceChildren(make("strong", word, word), " ", make("span", name, "name"));
  $("numbers").textContent = numbers;
  $("announced").textContent = `${name}: ${word}. ${numbers}`;
  $("notes").hidden = !remarks.length;
  $("notes").replaceChildren(...remarks.map(([title, text, code]) => {
    const item = make("li");
    item.append(make("strong", title), `: ${text}`, ...code ? [" ", make("code", code)] : []);
    return item;
  }));
}

/** What to know of how a name was judged: each a title and a sentence. */
function notes({allowed, assigned, bare, name}) {
  const remarks = [];
  const add = (title, text) => remarks.push([title, text]);
  if (allowed) add("Allowed", `an allow list has the entry ${allowed}, whatever the probability.`);
  if (assigned) add("Assigned zone",
    `under ${assigned} the provider makes the labels up, so that its own label is judged: ${name}.`);
  if (bare) add("A label by itself", "it has no dot, and is judged as if it were registered.");
  return remarks;
}

/** Where a probability stands on the scale, which is one of log-odds. */
function place(p) {
  const side = Math.log(p / (1 - p)) / SPAN;
  return `${50 + 50 * Math.max(-1, Math.min(1, side))}%`;
}

function showScale(answer) {
  $("mark").className = answer.label ? "malicious" : "legitimate";
  $("mark").style.left = place(answer.class1Prob);
  $("limit").style.left = $("zone").style.left = place(answer.threshold);
  $("scale").setAttribute("aria-valuenow", String(100 * answer.class1Prob));
  $("scale").setAttribute("aria-valuetext", $("numbers").textContent);
}

/** The scale's marks, which stay the same. */
export function drawTicks() {
  $("ticks").replaceChildren(...TICKS.map((p) => {
    const tick = make("span", `${100 * p}%`);
    tick.style.left = place(p);
    return tick;
  }));
}

/** Intercept and groups, their sum, and the probability that it makes. */
function showParts(answer) {
  const rows = PARTS.map(([key, words]) => [words, answer[key], key]);
  const sum = rows.reduce((total, [, share]) => total + share, 0);
  const keys = PARTS.map(([key]) => key).join(" + ");
  draw($("sums"), [...rows, ["Sum: the log-odds", sum, keys]]);
  $("total").textContent = percent(1 / (1 + Math.exp(-sum)));
}

function showReading(answer) {
  const none = answer.segmentation === null; // as by the classic model
  $("reasons").hidden = $("glossary").hidden = none;
  if (none) return;
  const parts = answer.segmentation.split("|");
  $("segments").replaceChildren(...parts.flatMap((part) => [make("span", part), " "]));
  $("unlikely").textContent = answer.unlikely;
}

/** Every term, the largest first, by what its features mean as far as that is known. */
export function showTerms(answer) {
  const terms = Object.entries(answer.contributions);
  terms.sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  $("more").textContent = `All ${terms.length} terms, and what they mean`;
  draw($("terms"), terms.map(([term, share]) => [named(term), share, term]));
}

/** “a x b” is what the features a and b say together. */
function named(term) {
  return term.split(" x ").map(meaning).join(" × ");
}

/** Rows of a name, a bar from the middle, and the number. */
function draw(body, rows) {
  const most = Math.max(...rows.map(([, share]) => Math.abs(share)), 1e-9);
  body.replaceChildren(...rows.map(([name, share, title]) => {
    const header = make("th", name);
    header.scope = "row";
    header.title = title;
    const row = make("tr");
    row.append(header, bar(share, most), make("td", signed(share), "number"));
    return row;
  }));
}

function bar(share, most) {
  const side = share > 0 ? "malicious" : "legitimate";
  const line = make("span", "", `bar ${side}`);
  line.style.width = `${50 * Math.abs(share) / most}%`;
  const cell = make("td", "", "axis");
  cell.append(line, make("span", `for ${side}`, "unseen"));
  return cell;
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}
