/** A list: read from the field or a file, and scored in batches. */

import {$, Failure, ask, many, number} from "./common.js";
import {point} from "./points.js";
import * as table from "./table.js";

const MAX_NAMES = 100_000;
const MAX_FILE = 10e6; // bytes
const BATCH = 500; // names in a request; the API takes 1,000, and an answer has some 3.6 kB a name
const BATCH_BYTES = 900_000; // the API takes 1 MB
const MAX_LENGTH = 8193; // characters; the API refuses more than 8,192
const MAX_LIVE = 1000; // rows up to which the table is drawn after each batch
const HEADERS = ["domain", "domains", "host", "hostname", "name", "query", "url"];

let maxBatch = BATCH; // less if the API has refused that many
let running = null; // the AbortController of the list in progress
let fromFile = false; // whether the field has a file's lines, unchanged

/** The names in a text: the first cell of each line, without a header line. */
function readNames(content) {
  const names = content.split(/\r\n|\r|\n/).map(firstCell).filter(Boolean);
  return names.length > 1 && HEADERS.includes(names[0].toLowerCase()) ? names.slice(1) : names;
}

function firstCell(line) {
  const quoted = /^\s*"((?:[^"]|"")*)"/.exec(line);
  return (quoted ? quoted[1].replaceAll('""', '"') : line.split(/[,;\t]/, 1)[0]).trim();
}

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

/** Return what is wrong with a list, "" for nothing. */
function findProblem(names) {
  if (!names.length) return "No names yet: paste some, or choose a file.";
  if (names.length <= MAX_NAMES) return "";
  return `${many(names.length, "name")}: at most ${number(MAX_NAMES)} here. ` +
    "The command line has no such limit.";
}

async function judge() {
  const names = readNames($("names").value);
  showError(findProblem(names));
  if (findProblem(names)) return $("names").focus();
  table.clear(fromFile);
  setRunning(new AbortController());
  const ending = await judgeAll(names, running.signal);
  setRunning(null);
  table.draw();
  $("summary").textContent = `${ending}${table.summary()}`;
}

/** Score batch after batch; return a message about an early end, "" if there was none. */
async function judgeAll(names, signal) {
  try {
    for (const batch of batches(names)) {
      showProgress(names.length);
      await judgeBatch(batch, signal);
      if (table.size() <= MAX_LIVE) table.draw();
    }
    return "";
  } catch (error) {
    if (!signal.aborted) showError(error.message);
    const early = signal.aborted ? "Cancelled" : "Stopped";
    return `${early} after ${number(table.size())} of ${many(names.length, "name")}. `;
  }
}

async function judgeBatch(batch, signal) {
  const body = {domains: batch.map((name) => name.slice(0, MAX_LENGTH)), operating_point: point()};
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
  $("running").hidden = !controller;
  $("summary").textContent = controller ? "Judging." : "";
}

function showProgress(total) {
  $("progress").max = total;
  $("progress").value = table.size();
  $("count").textContent = `${number(table.size())} of ${many(total, "name")}`;
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
  const names = readNames(content);
  $("names").value = names.join("\n");
  fromFile = true;
  showError(findProblem(names));
  $("summary").textContent = `${file.name}: ${many(names.length, "line")} read, not judged yet.`;
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
  });
  $("cancel").addEventListener("click", () => running?.abort());
  $("file").addEventListener("change", async () => {
    await loadFile($("file").files[0]);
    $("file").value = ""; // the same file may be chosen again
  });
  for (const type of ["dragover", "dragleave", "drop"]) window.addEventListener(type, drag);
}
