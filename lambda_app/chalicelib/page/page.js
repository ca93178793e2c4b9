/** One name: its verdict as it is typed, against the threshold, and every contribution. */

import {$, Failure, apiAddress, ask, make, many, percent, setKey} from "./common.js";
import * as list from "./list.js";
import {loadModel, meaning, point} from "./points.js";

const PAUSE = 250; // ms without a key before the API is asked
const TOP = 12; // terms that are shown before all are
const SPAN = 10; // log-odds at the ends of the scale
const TICKS = [0.0001, 0.01, 0.5, 0.99, 0.9999];
const EXAMPLES = ["facebook.com", "https://www.example.co.uk/path", "plzdonthackmekthxbye",
  "xmqjtoevkbhrw.ru", "qwrtzp"];

let latest = new AbortController(); // of the question whose answer counts
let timer = 0;
let shown = null; // the answer that is on the page

function forget() {
  clearTimeout(timer);
  latest.abort();
  latest = new AbortController();
}

/** Ask when the typing rests. */
function soon() {
  forget();
  timer = setTimeout(judge, PAUSE);
}

async function judge() {
  forget();
  const {signal} = latest;
  const domain = $("domain").value.trim();
  if (!domain) return clear();
  $("result").setAttribute("aria-busy", "true");
  const body = {domain, operating_point: point()};
  try {
    const answer = await ask("malicious-domain-classifier", body, signal);
    if (!signal.aborted) show(checked(answer));
  } catch (error) {
    if (!signal.aborted) complain(error);
  }
}

function checked(answer) {
  if (typeof answer.class1Prob === "number" && answer.contributions) return answer;
  throw new Failure(`${apiAddress()} answers, but not with a verdict.`);
}

/** A message next to the field; bad: the name itself is the trouble. */
function say(message, bad) {
  $("result").removeAttribute("aria-busy");
  $("domain-error").textContent = message;
  $("domain").setAttribute("aria-invalid", String(bad));
}

function clear(message = "", bad = false) {
  shown = null;
  $("result").hidden = true;
  $("announced").textContent = "";
  say(message, bad);
}

function complain(error) {
  // The API repeats the name, which stands right above.
  clear(error.message.replace(/^domain "(?:[^"\\]|\\.)*": /, ""), error.status === 422);
  if (!(error instanceof Failure)) throw error;
}

function show(answer) {
  shown = answer;
  say("", false);
  const word = answer.label ? "malicious" : "legitimate";
  const numbers =
    `P(malicious) ${percent(answer.class1Prob)}, threshold ${percent(answer.threshold)}`;
  $("verdict").replaceChildren(make("strong", word, word), " ", make("span", answer.name, "name"));
  $("numbers").textContent = numbers;
  $("announced").textContent = `${answer.name}: ${word}. ${numbers}`;
  showScale(answer);
  showReasons(answer);
  showShares(answer);
  $("result").hidden = false;
  learn();
}

/** Ask for the model, unless it is known; a verdict on the page then gets its words. */
async function learn() {
  if (await loadModel() && shown) showShares(shown);
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

function drawTicks() {
  $("ticks").replaceChildren(...TICKS.map((p) => {
    const tick = make("span", `${100 * p}%`);
    tick.style.left = place(p);
    return tick;
  }));
}

function showReasons(answer) {
  const none = answer.segmentation === null; // as by the classic model
  $("reasons").hidden = $("glossary").hidden = none;
  if (none) return;
  const parts = answer.segmentation.split("|");
  $("segments").replaceChildren(...parts.flatMap((part) => [make("span", part), " "]));
  $("unlikely").textContent = answer.unlikely;
}

/** The sums, and under them the terms, the largest first. */
function showShares(answer) {
  const terms = Object.entries(answer.contributions);
  terms.sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  draw($("sums"), sums(answer.intercept, terms));
  const all = $("more").getAttribute("aria-expanded") === "true";
  $("more").hidden = terms.length <= TOP;
  $("more").textContent = all ? `Show the ${TOP} largest` : `Show all ${terms.length} terms`;
  const part = terms.slice(0, all ? terms.length : TOP);
  draw($("terms"), part.map(([term, share]) => [named(term), share, term]),
    heading(part.length, terms.length));
}

function sums(intercept, terms) {
  const add = (total, [, share]) => total + share;
  const [up, down] = [terms.filter(([, x]) => x > 0), terms.filter(([, x]) => x <= 0)];
  return [
    ["Every name starts with (intercept)", intercept],
    [many(up.length, "positive term"), up.reduce(add, 0)],
    [many(down.length, "negative term"), down.reduce(add, 0)],
    ["Sum: the log-odds", terms.reduce(add, intercept)],
  ];
}

function heading(part, whole) {
  const which = part < whole ? `The ${part} largest of ${whole} terms` : `All ${whole} terms`;
  const cell = make("th", `${which}, bars on a scale of their own`);
  cell.colSpan = 3;
  cell.scope = "rowgroup";
  const row = make("tr");
  row.append(cell);
  return row;
}

/** “a x b” is what the features a and b say together. */
function named(term) {
  return term.split(" x ").map(meaning).join(" × ");
}

/** Rows of a name, a bar from the middle, and the number. */
function draw(body, rows, ...before) {
  const most = Math.max(...rows.map(([, share]) => Math.abs(share)), 1e-9);
  body.replaceChildren(...before, ...rows.map(([name, share, title = ""]) => {
    const head = make("th", name);
    head.scope = "row";
    head.title = title;
    const row = make("tr");
    row.append(head, bar(share, most), make("td", signed(share), "number"));
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

function addExamples() {
  for (const example of EXAMPLES) {
    const button = make("button", example, "example");
    button.type = "button";
    $("examples").append(button);
  }
}

function showAddress() {
  try {
    $("api").textContent = apiAddress().href;
  } catch (error) {
    $("api").textContent = "nobody yet";
    clear(error.message);
  }
}

function listen() {
  $("access").addEventListener("submit", async (event) => {
    event.preventDefault();
    setKey($("key").value);
    $("access").hidden = true; // until an answer says again that it takes one
    await learn();
    judge();
  });
  $("one").addEventListener("submit", (event) => {
    event.preventDefault();
    judge();
  });
  $("domain").addEventListener("input", soon);
  $("examples").addEventListener("click", ({target}) => {
    if (target.tagName !== "BUTTON") return;
    $("domain").value = target.textContent;
    judge();
  });
  $("more").addEventListener("click", () => {
    const all = $("more").getAttribute("aria-expanded") === "true";
    $("more").setAttribute("aria-expanded", String(!all));
    showShares(shown);
  });
  $("point").addEventListener("change", () => {
    list.draw();
    judge();
  });
}

drawTicks();
addExamples();
showAddress();
listen();
list.setUp();
learn();
