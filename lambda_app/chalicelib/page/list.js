/** A list: read, judged in batches, shown as a table, given as CSV. */

import {$, Failure, ask, make, many, percent} from "./common.js";
import {point, threshold} from "./points.js";

const MAX_NAMES = 100_000;
const MAX_FILE = 10e6; // bytes
const BATCH = 500; // names a request; the API takes 1,000, and answers some 3.6 kB a name
const BATCH_BYTES = 900_000; // the API takes 1 MB
const LONGEST = 8193; // characters; the API refuses what has more than 8,192
const SHOWN = 1000; // rows in the table
const HEADERS = ["domain", "domains", "host", "hostname", "name", "query", "url"];
const COLUMNS = ["domain", "name", "verdict", "probability", "threshold", "operating_point",
  "read_as", "unlikely", "error"];
const compared = new Intl.Collator("en").compare;

/** @typedef {{row: number, domain: string, error?: string, name?: string, probability?: number,
 *   segmentation?: string, unlikely?: string}} Row  of a name that is judged or refused */

/** @type {Row[]} */
let rows = [];
let told = NaN; // the threshold that the API gave with the rows
let order = {key: "row", down: false};
let running = null; // the AbortController of the list that is being judged

const limit = () => threshold() ?? told;
const number = (value) => value.toLocaleString("en");

function verdict(row) {
  if (row.error !== undefined) return "refused";
  return row.probability >= limit() ? "malicious" : "legitimate";
}

/** How the name is read, or why it is not. */
function reason(row) {
  return row.error ?? row.segmentation?.replaceAll("|", " ") ?? "";
}

/** The names of a text: each line's first cell; a first line that names its column is left out. */
function read(content) {
  const names = content.split(/\r\n|\r|\n/).map(firstCell).filter(Boolean);
  return names.length > 1 && HEADERS.includes(names[0].toLowerCase()) ? names.slice(1) : names;
}

function firstCell(line) {
  const quoted = /^\s*"((?:[^"]|"")*)"/.exec(line);
  return (quoted ? quoted[1].replaceAll('""', '"') : line.split(/[,;\t]/, 1)[0]).trim();
}

/** Names in lots that the API takes at once. */
function* batches(names) {
  let batch = [];
  let bytes = 0;
  for (const name of names) {
    const size = 6 * Math.min(name.length, LONGEST); // in JSON a character takes no more
    if (batch.length === BATCH || batch.length && bytes + size > BATCH_BYTES) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(name);
    bytes += size;
  }
  if (batch.length) yield batch;
}

/** A message next to the field, "" for none. */
function say(message) {
  $("names-error").textContent = message;
  $("names").setAttribute("aria-invalid", String(Boolean(message)));
}

/** What is wrong with a list, "" for nothing. */
function trouble(names) {
  if (!names.length) return "No names yet: paste some, or choose a file.";
  if (names.length <= MAX_NAMES) return "";
  return `${many(names.length, "name")}: at most ${number(MAX_NAMES)} here. ` +
    "The command line has no such limit.";
}

async function judge() {
  const names = read($("names").value);
  say(trouble(names));
  if (trouble(names)) return $("names").focus();
  rows = [];
  draw();
  busy(new AbortController());
  const ending = await all(names, running.signal);
  busy(null);
  draw();
  $("summary").textContent = `${ending}${summary()}`;
}

/** Judge batch after batch; returns what to say of an early end, "" if there was none. */
async function all(names, signal) {
  try {
    for (const batch of batches(names)) {
      progress(names.length);
      await some(batch, signal);
      if (rows.length <= SHOWN) draw();
    }
    return "";
  } catch (error) {
    if (!signal.aborted) say(error.message);
    const early = signal.aborted ? "Cancelled" : "Stopped";
    return `${early} after ${number(rows.length)} of ${many(names.length, "name")}. `;
  }
}

async function some(batch, signal) {
  const body = {domains: batch.map((name) => name.slice(0, LONGEST)), operating_point: point()};
  const answer = await ask("malicious-domain-classifier", body, signal);
  if (answer.results?.length !== batch.length)
    throw new Failure("The API answers, but not with a verdict for each name.");
  told = answer.threshold;
  for (const [i, result] of answer.results.entries()) {
    const {error, name, class1Prob: probability, segmentation, unlikely} = result;
    const row = rows.length + 1;
    rows.push({row, domain: batch[i], error, name, probability, segmentation, unlikely});
  }
}

/** Swap the buttons; who pressed one by keyboard finds the other in its place. */
function busy(controller) {
  running = controller;
  const [shown, gone] = controller ? [$("cancel"), $("start")] : [$("start"), $("cancel")];
  const focused = document.activeElement === gone;
  shown.hidden = false;
  gone.hidden = true;
  if (focused) shown.focus();
  $("running").hidden = !controller;
  $("summary").textContent = controller ? "Judging." : "";
}

function progress(total) {
  $("progress").max = total;
  $("progress").value = rows.length;
  $("count").textContent = `${number(rows.length)} of ${many(total, "name")}`;
}

function summary() {
  if (!rows.length) return "";
  const count = {malicious: 0, legitimate: 0, refused: 0};
  for (const row of rows) count[verdict(row)] += 1;
  const parts = Object.entries(count).map(([word, n]) => `${number(n)} ${word}`);
  return `${many(rows.length, "name")}: ${parts.join(", ")}.`;
}

/** Show the rows in their order, with verdicts by the operating point that is chosen now. */
export function draw() {
  $("found").hidden = !rows.length;
  const first = rows.toSorted(by(order)).slice(0, SHOWN);
  $("rows").tBodies[0].replaceChildren(...first.map(line));
  $("shown").textContent = rows.length > SHOWN
    ? `The first ${number(SHOWN)} of ${many(rows.length, "row")} in this order; the CSV has all.` : "";
  if (!running) $("summary").textContent = summary();
}

function line(row) {
  const word = verdict(row);
  const probability = row.error === undefined ? percent(row.probability) : "";
  const tr = make("tr");
  tr.append(make("td", number(row.row), "number"), make("td", row.domain, "name"),
    make("td", word, word), make("td", probability, "number"), make("td", reason(row)));
  return tr;
}

const COMPARE = {
  row: (a, b) => a.row - b.row,
  domain: (a, b) => compared(a.domain, b.domain),
  verdict: (a, b) => compared(verdict(a), verdict(b)) || a.probability - b.probability,
  probability: (a, b) => a.probability - b.probability,
  reason: (a, b) => compared(reason(a), reason(b)),
};

/** A comparison of rows; those refused have no verdict and are last in either direction. */
function by({key, down}) {
  const any = key === "row" || key === "domain";
  const last = (row) => Number(!any && row.error !== undefined);
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

/** One cell of a CSV (RFC 4180); text that a spreadsheet would run as a formula is defused. */
function cell(value) {
  let content = String(value ?? "");
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(content)) content = `'${content}`;
  return /[",\r\n]/.test(content) ? `"${content.replaceAll('"', '""')}"` : content;
}

function csv() {
  const lines = rows.map((row) => [row.domain, row.name, verdict(row), row.probability, limit(),
    point(), row.segmentation, row.unlikely, row.error]);
  return [COLUMNS, ...lines].map((cells) => `${cells.map(cell).join(",")}\r\n`).join("");
}

function download() {
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([csv()], {type: "text/csv"}));
  link.download = "verdicts.csv";
  link.click();
  setTimeout(URL.revokeObjectURL, 10_000, link.href); // the browser may read it late
}

/** Show the names of a file, to be seen before they are sent. */
async function take(file) {
  if (!file || running) return;
  if (file.size > MAX_FILE)
    return say(`${file.name} has ${(file.size / 1e6).toFixed(1)} MB: at most 10 MB here.`);
  const content = await file.text().catch(() => "\0");
  if (content.includes("\0")) return say(`${file.name} cannot be read as text in UTF-8.`);
  const names = read(content);
  $("names").value = names.join("\n");
  say(trouble(names));
  $("summary").textContent = `${file.name}: ${many(names.length, "name")} read, not judged yet.`;
  $("start").focus();
}

function drag(event) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault(); // a browser would leave the page and show the file
  $("list-section").classList.toggle("drop", event.type === "dragover");
  if (event.type === "drop") take(event.dataTransfer.files[0]);
}

/** Make the list's half of the page work. */
export function setUp() {
  $("list").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!running) judge();
  });
  $("cancel").addEventListener("click", () => running?.abort());
  $("file").addEventListener("change", async () => {
    await take($("file").files[0]);
    $("file").value = ""; // the same file may be chosen again
  });
  $("rows").tHead.addEventListener("click", ({target}) => {
    if (target.dataset.key) sort(target);
  });
  $("download").addEventListener("click", download);
  for (const type of ["dragover", "dragleave", "drop"]) window.addEventListener(type, drag);
}
