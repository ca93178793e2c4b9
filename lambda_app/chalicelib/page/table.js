/** The rows of a list that was judged: as a table to sort and filter, and as CSV. */

import {$, make, many, number, percent} from "./common.js";
import {threshold} from "./points.js";

const SHOWN = 1000; // rows in the table
const VERDICTS = ["malicious", "legitimate", "skipped", "invalid"];
const COLUMNS = ["domain", "name", "label", "probability", "status", "reason"]; // as score has them
const NO_NAME = ["comment", "placeholder"]; // reasons to skip what is no name at all
const compared = new Intl.Collator("en").compare;

/** @typedef {{row: number, domain: string, status: string, reason: string, error?: string,
 *   name?: string, probability?: number, segmentation?: string, allowed?: string,
 *   assigned?: string}} Row  reason: a code of what is skipped or invalid */

/** @type {Row[]} */
let rows = [];
let told = NaN; // the threshold that the API gave with the rows
let order = {key: "row", down: false};
let chosen = "all"; // or one of VERDICTS
let lines = false; // of a file, where what holds no name is counted and not listed

/** Begin anew; ofFile: the rows are a file's lines, of which some may hold no name. */
export function clear(ofFile) {
  [rows, chosen, lines] = [[], "all", ofFile];
  draw();
}

/** How many rows there are. */
export const size = () => rows.length;

/** Add what the API says of a batch of names. */
export function add(batch, answer) {
  told = answer.threshold;
  for (const [i, result] of answer.results.entries()) {
    const {error, name, class1Prob: probability, segmentation, allowed, assigned} = result;
    const status = result.status ?? (error === undefined ? "judged" : "invalid");
    const reason = error === undefined ? "" : result.reason; // a sentence where it is judged
    rows.push({row: rows.length + 1, domain: batch[i], status, reason, error, name, probability,
      segmentation, allowed, assigned});
  }
}

const judged = (row) => row.status === "judged";
const label = (row) => Number(!row.allowed && row.probability >= (threshold() ?? told));

function verdict(row) {
  return judged(row) ? VERDICTS[1 - label(row)] : row.status;
}

const nameless = (row) => row.status === "invalid" || NO_NAME.includes(row.reason);

/** How the name is read, or why it is not. */
function words(row) {
  if (!judged(row)) return row.error;
  const read = row.segmentation?.replaceAll("|", " ") ?? "";
  return [note(row), read].filter(Boolean).join(", ");
}

/** What a verdict rests on beside the label, as score writes it. */
function note({allowed, assigned}) {
  if (allowed) return `allowed: ${allowed}`;
  return assigned ? `assigned: ${assigned}` : "";
}

function counts() {
  const count = Object.fromEntries(VERDICTS.map((word) => [word, 0]));
  for (const row of rows) count[verdict(row)] += 1;
  return count;
}

/** How many rows there are of each kind, as a sentence; "" for none. */
export function summary() {
  if (!rows.length) return "";
  const parts = Object.entries(counts()).map(([word, n]) => `${number(n)} ${word}`);
  const none = lines ? rows.filter(nameless).length : 0;
  return `${many(rows.length, lines ? "line" : "name")}: ${parts.join(", ")}.` +
    (none ? ` ${many(none, "line")} ${none === 1 ? "holds" : "hold"} no name.` : "");
}

/** Whether a row is in the table as it is filtered. */
function wanted(row) {
  return chosen === "all" ? !(lines && nameless(row)) : verdict(row) === chosen;
}

/** Show the rows in their order, with verdicts by the operating point that is chosen now. */
export function draw() {
  $("found").hidden = !rows.length;
  drawFilter();
  const found = rows.filter(wanted).toSorted(by(order));
  $("rows").tBodies[0].replaceChildren(...found.slice(0, SHOWN).map(line));
  $("shown").textContent = shown(found.length);
}

function shown(found) {
  const hidden = chosen === "all" ? rows.length - found : 0;
  const none = hidden ? ` ${many(hidden, "line")} without a name: see Skipped and Invalid.` : "";
  if (found > SHOWN)
    return `The first ${number(SHOWN)} of ${many(found, "row")} in this order; ` +
      `the CSV has all.${none}`;
  if (chosen !== "all") return `${number(found)} of ${many(rows.length, "row")}.`;
  return none.trim();
}

function line(row) {
  const word = verdict(row);
  const probability = judged(row) ? percent(row.probability) : "";
  const tr = make("tr");
  tr.append(make("td", number(row.row), "number"), make("td", row.domain, "name"),
    make("td", word, word), make("td", probability, "number"), make("td", words(row)));
  return tr;
}

function drawFilter() {
  const count = {all: rows.filter((row) => !(lines && nameless(row))).length, ...counts()};
  for (const {control, lastElementChild: amount} of $("filter").querySelectorAll("label")) {
    control.checked = control.value === chosen;
    amount.textContent = number(count[control.value]);
  }
}

function addFilter() {
  for (const word of ["all", ...VERDICTS]) {
    const radio = make("input");
    Object.assign(radio, {type: "radio", name: "filter", value: word});
    const choice = make("label");
    choice.append(radio, make("span", word, "word"), " ", make("span"));
    $("filter").append(choice);
  }
}

const COMPARE = {
  row: (a, b) => a.row - b.row,
  domain: (a, b) => compared(a.domain, b.domain),
  verdict: (a, b) => compared(verdict(a), verdict(b)) || a.probability - b.probability,
  probability: (a, b) => a.probability - b.probability,
  reason: (a, b) => compared(words(a), words(b)),
};

/** A comparison of rows; those without a verdict are last in either direction. */
function by({key, down}) {
  const any = key === "row" || key === "domain";
  const last = (row) => Number(!any && !judged(row));
  const compare = (a, b) => (last(a) ? 0 : COMPARE[key](a, b) * (down ? -1 : 1));
  return (a, b) => last(a) - last(b) || compare(a, b) || a.row - b.row;
}

function sort(button) {
  const {key} = button.dataset;
  const first = key === "probability" || key === "verdict"; // the most malicious on top
  order = {key, down: order.key === key ? !order.down : first};
  for (const head of $("rows").tHead.rows[0].cells) head.removeAttribute("aria-sort");
  button.parentElement.setAttribute("aria-sort", order.down ? "descending" : "ascending");
  draw();
}

// --- CSV, byte for byte as the command score writes it ---

/** One cell (RFC 4180); text that a spreadsheet would run as a formula is defused. */
function cell(text) {
  const content = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(content) ? `"${content.replaceAll('"', '""')}"` : content;
}

/** A number from 0 to 1 as Python writes it. */
function float(p) {
  if (p === 0 || p === 1) return p.toFixed(1);
  if (p >= 1e-4) return String(p);
  const [digits, exponent] = p.toExponential().split("e-");
  return `${digits}e-${exponent.padStart(2, "0")}`;
}

function record(row) {
  if (!judged(row))
    return [cell(row.domain), "", "", "", row.status,
      cell(row.status === "skipped" ? row.reason : row.error)];
  return [cell(row.domain), cell(row.name), label(row), float(row.probability), row.status,
    cell(note(row))];
}

function csv() {
  return [COLUMNS, ...rows.map(record)].map((cells) => `${cells.join(",")}\n`).join("");
}

function download() {
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([csv()], {type: "text/csv"}));
  link.download = "verdicts.csv";
  link.click();
  setTimeout(URL.revokeObjectURL, 10_000, link.href); // the browser may read it late
}

/** Make header, filter and button work. */
export function setUp() {
  addFilter();
  $("filter").addEventListener("change", ({target}) => {
    chosen = target.value;
    draw();
  });
  $("rows").tHead.addEventListener("click", ({target}) => {
    if (target.dataset.key) sort(target);
  });
  $("download").addEventListener("click", download);
}
