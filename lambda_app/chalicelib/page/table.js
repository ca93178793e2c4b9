/** The rows of a scored list: a table to sort and filter, and CSV. */

import {$, STATES, make, makeHost, many, number, percent, stateOf} from "./common.js";
import {threshold} from "./points.js";

const MAX_SHOWN = 1000; // rows in the table
const VERDICTS = [...STATES, "skipped", "invalid"];
const COLUMNS = ["domain", "name", "label", "probability", "status", "reason",
  "reason_code"]; // as in score
const NO_NAME_REASONS = ["comment", "placeholder"]; // reasons for skipping a text without a name

// Orders of rows, by the column whose head is clicked; rows without a verdict have no probability.
const ORDERS = {
  row: (a, b) => a.row - b.row,
  domain: (a, b) => a.domain.localeCompare(b.domain, "en") || a.row - b.row,
  probability: (a, b) => (b.probability ?? -1) - (a.probability ?? -1) || a.row - b.row,
};

/** @typedef {{row: number, domain: string, status: string, reason: string, error?: string,
 *   name?: string, probability?: number, segmentation?: string, allowed?: string,
 *   assigned?: string}} Row  reason: a code, for skipped and invalid names */

/** @type {Row[]} */
let rows = [];
let apiThreshold = NaN; // the threshold in the API's answer
let order = "row"; // one of ORDERS
let chosen = "all"; // or one of VERDICTS
let lines = false; // of a file: those without a name are counted, not listed

/** Remove all rows; ofFile: the next ones are a file's lines, some perhaps without a name. */
export function clear(ofFile) {
  [rows, chosen, lines] = [[], "all", ofFile];
  draw();
}

/** The number of rows. */
export const size = () => rows.length;

/** Add the API's results for a batch of names. */
export function add(batch, answer) {
  apiThreshold = answer.threshold;
  for (const [i, result] of answer.results.entries()) {
    const {error, name, class1Prob: probability, segmentation, allowed, assigned} = result;
    const certain = result.label === 1 && probability < answer.threshold; // by a known generator
    const status = result.status ?? (error === undefined ? "judged" : "invalid");
    const reason = error === undefined ? "" : result.reason; // of a scored name it is a sentence
    rows.push({row: rows.length + 1, domain: batch[i], status, reason, error, name, probability,
      segmentation, allowed, assigned, certain});
  }
}

const isJudged = (row) => row.status === "judged";
const label = (row) => Number(!row.allowed &&
  (row.certain || row.probability >= (threshold() ?? apiThreshold)));

function verdictOf(row) {
  return isJudged(row) ? stateOf(label(row), row.allowed ? 0 : row.probability) : row.status;
}

const holdsNoName = (row) => row.status === "invalid" || NO_NAME_REASONS.includes(row.reason);

/** How the name is segmented, or why it was not scored. */
function explain(row) {
  if (!isJudged(row)) return row.error;
  const read = row.segmentation?.replace(/\|/g, " ") ?? "";
  return [note(row), read].filter(Boolean).join(", ");
}

/** The allow list's entry or the zone behind a verdict, as the command score writes it. */
function note({allowed, assigned}) {
  if (allowed) return `allowed: ${allowed}`;
  return assigned ? `assigned: ${assigned}` : "";
}

function countVerdicts() {
  const count = Object.fromEntries(VERDICTS.map((word) => [word, 0]));
  for (const row of rows) count[verdictOf(row)] += 1;
  return count;
}

/** The number of rows of each kind, as a sentence; "" for none. */
export function summary() {
  if (!rows.length) return "";
  const parts = Object.entries(countVerdicts()).map(([word, n]) => `${number(n)} ${word}`);
  const none = lines ? rows.filter(holdsNoName).length : 0;
  return `${many(rows.length, lines ? "line" : "name")}: ${parts.join(", ")}.` +
    (none ? ` ${many(none, "line")} ${none === 1 ? "holds" : "hold"} no name.` : "");
}

/** Show the sorted rows, with verdicts by the chosen operating point. */
export function draw() {
  $("found").hidden = !rows.length;
  drawFilter();
  const found = rows.filter((row) => (chosen === "all" ? !(lines && holdsNoName(row))
    : verdictOf(row) === chosen)).sort(ORDERS[order]);
  $("rows").tBodies[0].replaceChildren(...found.slice(0, MAX_SHOWN).map(makeRow));
  $("shown").textContent = describeShown(found.length);
}

function describeShown(found) {
  const hidden = chosen === "all" ? rows.length - found : 0;
  const none = hidden ? ` ${many(hidden, "line")} without a name: see Skipped and Invalid.` : "";
  if (found > MAX_SHOWN)
    return `The first ${number(MAX_SHOWN)} of ${many(found, "row")} in this order; ` +
      `the CSV has all.${none}`;
  if (chosen !== "all") return `${number(found)} of ${many(rows.length, "row")}.`;
  return none.trim();
}

function makeRow(row) {
  const word = verdictOf(row);
  const probability = isJudged(row) ? percent(row.probability) : "";
  const tr = make("tr");
  tr.append(make("td", number(row.row), "number"), makeHost("td", row.domain),
    make("td", word, word.replace(" ", "-")), make("td", probability, "number"), make("td", explain(row)));
  return tr;
}

function drawFilter() {
  const count = {all: rows.filter((row) => !(lines && holdsNoName(row))).length, ...countVerdicts()};
  for (const choice of $("filter").querySelectorAll("label")) {
    const {control, lastElementChild: amount} = choice;
    control.checked = control.value === chosen;
    choice.className = control.checked ? "chosen" : "";
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

function sort({target}) {
  order = target.dataset.key ?? order;
  for (const head of $("rows").tHead.rows[0].cells) head.removeAttribute("aria-sort");
  const head = $("rows").querySelector(`[data-key=${order}]`).parentElement;
  head.setAttribute("aria-sort", order === "probability" ? "descending" : "ascending");
  draw();
}

// --- CSV, byte for byte that of the command score ---

/** Format a cell (RFC 4180), such that no spreadsheet runs it as a formula. */
function formatCell(text) {
  const content = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(content) ? `"${content.replace(/"/g, '""')}"` : content;
}

/** Format a number from 0 to 1 as Python does. */
function formatFloat(p) {
  if (p === 0 || p === 1) return p.toFixed(1);
  if (p >= 1e-4) return String(p);
  const [digits, exponent] = p.toExponential().split("e-");
  return `${digits}e-${exponent.padStart(2, "0")}`;
}

function makeRecord(row) {
  if (!isJudged(row))
    return [formatCell(row.domain), "", "", "", row.status,
      formatCell(row.status === "skipped" ? row.reason : row.error), row.reason];
  return [formatCell(row.domain), formatCell(row.name), label(row), formatFloat(row.probability),
    row.status, formatCell(note(row)), ""];
}

function makeCsv() {
  return [COLUMNS, ...rows.map(makeRecord)].map((cells) => `${cells.join(",")}\n`).join("");
}

function download() {
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([makeCsv()], {type: "text/csv"}));
  link.download = "verdicts.csv";
  link.click();
  setTimeout(URL.revokeObjectURL, 10_000, link.href); // the browser may read it later
}

/** Add the event handlers of header, filter and button. */
export function setUp() {
  addFilter();
  $("filter").addEventListener("change", ({target}) => {
    chosen = target.value;
    draw();
  });
  $("rows").tHead.addEventListener("click", sort);
  $("download").addEventListener("click", download);
}
