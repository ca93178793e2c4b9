/** One name: judged as it is typed, and kept in the page's address. */

import {$, Failure, apiAddress, ask, make, setKey} from "./common.js";
import * as list from "./list.js";
import {choose, loadModel, point} from "./points.js";
import * as share from "./share.js";
import {drawTicks, showSkipped, showTerms, showVerdict} from "./verdict.js";

const PAUSE = 250; // ms without a key before the API is asked
const FIRST = "plzdonthackmekthxbye"; // on the page when it opens, unless its address has a name
const EXAMPLES = ["facebook.com", "https://www.example.co.uk/path", FIRST, "xmqjtoevkbhrw.ru",
  "qwrtzp", "d111111abcdef8.cloudfront.net", "printer.local"];

let latest = new AbortController(); // of the question whose answer counts
let timer = 0;
let shown = null; // {body, answer}: what was asked, and what is on the page

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
  if (!domain) {
    clear();
    return follow("");
  }
  $("result").setAttribute("aria-busy", "true");
  const body = {domain, operating_point: point()};
  try {
    const answer = await ask("malicious-domain-classifier", body, signal);
    if (!signal.aborted) show(body, checked(answer));
  } catch (error) {
    if (!signal.aborted) complain(body, error);
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

function complain(body, error) {
  if (!(error instanceof Failure)) {
    clear(error.message);
    throw error;
  }
  // The API repeats the name, which stands right above.
  const message = error.message.replace(/^domain "(?:[^"\\]|\\.)*": /, "");
  if (error.answer?.Status === "skipped") {
    keep(body, error.answer);
    return showSkipped(body.domain, message, error.answer.Reason);
  }
  clear(message, error.status === 422);
  if (error.status === 422) follow(body.domain);
}

function show(body, answer) {
  keep(body, answer);
  showVerdict(answer);
  learn();
}

function keep(body, answer) {
  shown = {body, answer};
  say("", false);
  share.forget();
  follow(body.domain);
}

/** Let the page's address say what is on it; the browser's history gets no entry of it. */
function follow(domain) {
  const asked = new URLSearchParams(location.search);
  if (domain === FIRST && !asked.has("domain") && point() === "max_f1") return; // as it opened
  history.replaceState(null, "", share.addressOf(domain));
}

/** Ask for the model, unless it is known; a verdict on the page then gets its words. */
async function learn() {
  if (await loadModel() && shown?.answer.contributions) showTerms(shown.answer);
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
  $("point").addEventListener("change", () => {
    list.redraw();
    judge();
  });
}

/** Judge the name of the page's address, at its operating point, or the first one. */
async function begin() {
  const asked = new URLSearchParams(location.search);
  $("domain").value = asked.get("domain") || FIRST;
  const known = learn();
  if (asked.has("operating_point")) {
    await known; // which points there are is the model's to say
    choose(asked.get("operating_point"));
  }
  judge();
}

drawTicks();
addExamples();
showAddress();
listen();
list.setUp();
share.setUp(() => shown);
begin();
