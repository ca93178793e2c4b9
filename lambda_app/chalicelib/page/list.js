/** A list: read from the field or a file, and scored in batches. */

import {$, Failure, ask, many, number} from "./common.js";
import {point} from "./points.js";
import {readRows} from "./rows.js";
import * as table from "./table.js";

const MAX_NAMES = 100_000;
const MAX_FILE = 10e6; // bytes
// Names in a request: a brief answer has some 700 bytes a name, and load balancers take 1 MB.
const BATCH = 500;
const BATCH_BYTES = 250_000; // the API takes 1 MB, but an answer repeats the names
const MAX_LENGTH = 8193; // characters; the API refuses more than 8,192
const MAX_LIVE = 1000; // rows up to which the table is drawn after each batch
const BUSY = [429, 502, 503, 504]; // statuses after which a batch is sent again
const WAITS = [1, 2, 4, 8, 16, 30]; // seconds before each further attempt, unless the API says
const PAUSE = 250; // ms without a key before the field is read

let timer = 0;
let maxBatch = BATCH; // less if the API has refused that many
let running = null; // the AbortController of the list in progress
let fromFile = false; // whether the field has a file's lines, unchanged
let rest = []; // the names of a list that broke off, which are not judged yet

/** Split names into batches that the API takes. */
function* batches(names) {
  let batch = [];
  let bytes = 0;
  for (const name of names) {
    const size = 6 * Math.min(name.length, MAX_LENGTH); // the most that a character takes in JSON
    if (batch.length === maxBatch || batch.length && bytes + size > BATCH_BYTES) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(name);
    bytes += size;
  }
  if (batch.length) yield batch;
}

/** Show a message next to the field, "" for none. */
function showError(message) {
  $("names-error").textContent = message;
  $("names").setAttribute("aria-invalid", String(Boolean(message)));
}

/** Read the field, show what it is taken for, and let a person choose another column. */
function read() {
  const wanted = $("column").options.length ? Number($("column").value) : -1;
  const rows = readRows($("names").value, wanted);
  const choices = rows.column < 0 ? ["choose the column", ...rows.columns] : rows.columns;
  const first = rows.column < 0 ? -1 : 0;
  $("column").replaceChildren(...choices.map((text, i) => new Option(text, first + i)));
  $("column").value = rows.column;
  $("columns").hidden = rows.columns.length < 2;
  const parts = [`Read as ${rows.kind}`, many(rows.names.length, "name"), rows.note];
  $("taken").textContent = $("names").value.trim() ? `${parts.filter(Boolean).join(", ")}.` : "";
  return rows;
}

/** Return what is wrong with a list, "" for nothing. */
function findProblem({names, column}) {
  if (column < 0) return "Which column has the names? Choose it below.";
  if (!names.length) return "No names yet: paste some, or choose a file.";
  if (names.length <= MAX_NAMES) return "";
  return `${many(names.length, "name")}: at most ${number(MAX_NAMES)} here. ` +
    "The command line has no such limit.";
}

async function judge() {
  const rows = read();
  const problem = findProblem(rows);
  showError(problem);
  if (problem) return $(rows.column < 0 ? "column" : "names").focus();
  table.clear(fromFile);
  await goOn(rows.names);
}

/** Score names, the first ones or those after a break, and say how it ended. */
async function goOn(names) {
  rest = names;
  const total = table.size() + names.length;
  setRunning(new AbortController());
  const ending = await judgeAll(names, total, running.signal);
  setRunning(null);
  table.draw();
  $("resume").hidden = !rest.length;
  $("summary").textContent = `${ending}${table.summary()}`;
}

/** Score batch after batch; return a message about an early end, "" if there was none. */
async function judgeAll(names, total, signal) {
  try {
    for (const batch of batches(names)) {
      $("progress").max = total;
      $("progress").value = table.size();
      $("count").textContent = `${number(table.size())} of ${many(total, "name")}`;
      await judgePatiently(batch, signal);
      rest = rest.slice(batch.length);
      if (table.size() <= MAX_LIVE) table.draw();
    }
    return "";
  } catch (error) {
    if (!signal.aborted) showError(error.message);
    const early = signal.aborted ? "Cancelled" : "Stopped";
    return `${early} after ${number(table.size())} of ${many(total, "name")}. `;
  }
}

/** Score a batch; where the API is busy, wait as long as it says, and try again. */
async function judgePatiently(batch, signal) {
  const before = table.size();
  for (const wait of [...WAITS, NaN]) {
    try {
      return await judgeBatch(batch.slice(table.size() - before), signal);
    } catch (error) {
      if (!BUSY.includes(error.status) || Number.isNaN(wait)) throw error;
      const seconds = Math.min(error.wait >= 0 ? error.wait : wait, 60);
      $("count").textContent += `: the API is busy, going on in ${seconds} s`;
      await new Promise((resolve, reject) => {
        setTimeout(resolve, 1000 * seconds);
        signal.addEventListener("abort", reject);
      });
    }
  }
}

async function judgeBatch(batch, signal) {
  const body = {domains: batch.map((name) => name.slice(0, MAX_LENGTH)), operating_point: point(),
    fields: "brief"};
  let answer;
  try {
    answer = await ask("malicious-domain-classifier", body, signal);
  } catch (error) {
    if (error.status !== 413 || batch.length === 1) throw error;
    maxBatch = Math.ceil(batch.length / 2);
    await judgeBatch(batch.slice(0, maxBatch), signal);
    return judgeBatch(batch.slice(Math.ceil(batch.length / 2)), signal);
  }
  if (answer.results?.length !== batch.length)
    throw new Failure("The API answers, but not with a verdict for each name.");
  table.add(batch, answer);
}

/** Swap the buttons, and move the keyboard's focus from one to the other. */
function setRunning(controller) {
  running = controller;
  const [shown, gone] = controller ? [$("cancel"), $("start")] : [$("start"), $("cancel")];
  const focused = document.activeElement === gone;
  shown.hidden = false;
  gone.hidden = true;
  if (focused) shown.focus();
  $("resume").hidden = true;
  $("running").hidden = !controller;
  $("summary").textContent = controller ? "Judging." : "";
}

/** Draw the verdicts again, by the chosen operating point. */
export function redraw() {
  table.draw();
  if (!running && table.size()) $("summary").textContent = table.summary();
}

/** Show the names in a file before they are sent. */
async function loadFile(file) {
  if (!file || running) return;
  if (file.size > MAX_FILE)
    return showError(`${file.name} has ${(file.size / 1e6).toFixed(1)} MB: at most 10 MB here.`);
  const content = await file.text().catch(() => "\0");
  if (content.includes("\0")) return showError(`${file.name} cannot be read as text in UTF-8.`);
  $("names").value = content.replace(/^\ufeff/, "");
  fromFile = true;
  $("column").replaceChildren();
  const rows = read();
  showError(findProblem(rows));
  $("summary").textContent = `${file.name}: ${many(rows.names.length, "line")} read, not judged yet.`;
  $("start").focus();
}

function drag(event) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault(); // a browser would open the file instead
  $("list-section").classList.toggle("drop", event.type === "dragover");
  if (event.type === "drop") loadFile(event.dataTransfer.files[0]);
}

/** Add the event handlers of the list. */
export function setUp() {
  table.setUp();
  $("list").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!running) judge();
  });
  $("names").addEventListener("input", () => {
    fromFile = false;
    $("column").replaceChildren();
    clearTimeout(timer);
    timer = setTimeout(read, PAUSE);
  });
  $("column").addEventListener("change", () => showError(findProblem(read())));
  $("resume").addEventListener("click", () => {
    showError("");
    goOn(rest);
  });
  $("cancel").addEventListener("click", () => running?.abort());
  $("file").addEventListener("change", async () => {
    await loadFile($("file").files[0]);
    $("file").value = ""; // the same file may be chosen again
  });
  for (const type of ["dragover", "dragleave", "drop"]) window.addEventListener(type, drag);
}
