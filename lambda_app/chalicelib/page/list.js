/** A list: read from the field or a file, and judged in batches. */

import {$, Failure, ask, many, number} from "./common.js";
import {point} from "./points.js";
import * as table from "./table.js";

const MAX_NAMES = 100_000;
const MAX_FILE = 10e6; // bytes
const BATCH = 500; // names a request; the API takes 1,000, and answers some 3.6 kB a name
const BATCH_BYTES = 900_000; // the API takes 1 MB
const LONGEST = 8193; // characters; the API refuses what has more than 8,192
const LIVE = 1000; // rows up to which the table is drawn batch by batch
const HEADERS = ["domain", "domains", "host", "hostname", "name", "query", "url"];

let most = BATCH; // less where the API has said that it takes less
let running = null; // the AbortController of the list that is being judged
let ofFile = false; // whether the field has a file's lines, as they were

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
    if (batch.length === most || batch.length && bytes + size > BATCH_BYTES) {
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
  table.clear(ofFile);
  busy(new AbortController());
  const ending = await all(names, running.signal);
  busy(null);
  table.draw();
  $("summary").textContent = `${ending}${table.summary()}`;
}

/** Judge batch after batch; returns what to say of an early end, "" if there was none. */
async function all(names, signal) {
  try {
    for (const batch of batches(names)) {
      progress(names.length);
      await some(batch, signal);
      if (table.size() <= LIVE) table.draw();
    }
    return "";
  } catch (error) {
    if (!signal.aborted) say(error.message);
    const early = signal.aborted ? "Cancelled" : "Stopped";
    return `${early} after ${number(table.size())} of ${many(names.length, "name")}. `;
  }
}

async function some(batch, signal) {
  const body = {domains: batch.map((name) => name.slice(0, LONGEST)), operating_point: point()};
  let answer;
  try {
    answer = await ask("malicious-domain-classifier", body, signal);
  } catch (error) {
    if (error.status !== 413 || batch.length === 1) throw error;
    most = Math.ceil(batch.length / 2);
    await some(batch.slice(0, most), signal);
    return some(batch.slice(Math.ceil(batch.length / 2)), signal);
  }
  if (answer.results?.length !== batch.length)
    throw new Failure("The API answers, but not with a verdict for each name.");
  table.add(batch, answer);
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
  $("progress").value = table.size();
  $("count").textContent = `${number(table.size())} of ${many(total, "name")}`;
}

/** Verdicts by the operating point that is chosen now. */
export function redraw() {
  table.draw();
  if (!running && table.size()) $("summary").textContent = table.summary();
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
  ofFile = true;
  say(trouble(names));
  $("summary").textContent = `${file.name}: ${many(names.length, "line")} read, not judged yet.`;
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
  table.setUp();
  $("list").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!running) judge();
  });
  $("names").addEventListener("input", () => {
    ofFile = false;
  });
  $("cancel").addEventListener("click", () => running?.abort());
  $("file").addEventListener("change", async () => {
    await take($("file").files[0]);
    $("file").value = ""; // the same file may be chosen again
  });
  for (const type of ["dragover", "dragleave", "drop"]) window.addEventListener(type, drag);
}
