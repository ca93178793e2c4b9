/** One name: scored as it is typed, and kept in the page's address. */

import {$, Failure, apiAddress, ask, make, setKey, trustLink} from "./common.js";
import * as list from "./list.js";
import {choose, loadModel, point} from "./points.js";
import * as share from "./share.js";
import {drawTicks, showSkipped, showTerms, showVerdict} from "./verdict.js";

const PAUSE = 250; // ms without a key before a request
const FIRST = "plzdonthackmekthxbye"; // the first name, unless the page's address has one
const EXAMPLES = ["facebook.com", "https://www.example.co.uk/path", FIRST, "xmqjtoevkbhrw.ru",
  "qwrtzp", "d111111abcdef8.cloudfront.net", "printer.local"];

let latest = new AbortController(); // of the latest request
let timer = 0;
let shown = null; // {body, answer}: the request and its answer on the page

function cancel() {
  clearTimeout(timer);
  latest.abort();
  latest = new AbortController();
}

/** Send a request when the typing pauses. */
function judgeSoon() {
  cancel();
  timer = setTimeout(judge, PAUSE);
}

async function judge() {
  cancel();
  const {signal} = latest;
  const domain = $("domain").value.trim();
  if (!domain) {
    clear();
    return updateAddress("");
  }
  $("result").setAttribute("aria-busy", "true");
  const body = {domain, operating_point: point()};
  try {
    const answer = await ask("malicious-domain-classifier", body, signal);
    if (!signal.aborted) show(body, checkAnswer(answer));
  } catch (error) {
    if (!signal.aborted) showFailure(body, error);
  }
}

function checkAnswer(answer) {
  if (typeof answer.class1Prob === "number" && answer.contributions) return answer;
  throw new Failure(`${apiAddress()} answers, but not with a verdict.`);
}

/** Show a message next to the field; bad: the name itself is not valid. */
function showError(message, bad) {
  $("result").removeAttribute("aria-busy");
  $("domain-error").textContent = message;
  $("domain").setAttribute("aria-invalid", String(bad));
}

function clear(message = "", bad = false) {
  shown = null;
  $("result").hidden = true;
  $("announced").textContent = "";
  showError(message, bad);
}

function showFailure(body, error) {
  if (!(error instanceof Failure)) {
    clear(error.message);
    throw error;
  }
  // The API repeats the name, which is right above.
  const message = error.message.replace(/^domain "(?:[^"\\]|\\.)*": /, "");
  if (error.answer?.Status === "skipped") {
    remember(body, error.answer);
    return showSkipped(body.domain, message, error.answer.Reason);
  }
  clear(message, error.status === 422);
  if (error.status === 422) updateAddress(body.domain);
}

function show(body, answer) {
  remember(body, answer);
  showVerdict(answer);
  loadMeanings();
}

function remember(body, answer) {
  shown = {body, answer};
  showError("", false);
  share.forget();
  updateAddress(body.domain);
}

/** Put the name in the page's address, without an entry in the browser's history. */
function updateAddress(domain) {
  const asked = new URLSearchParams(location.search);
  if (domain === FIRST && !asked.has("domain") && point() === "max_f1") return; // as it opened
  history.replaceState(null, "", share.addressOf(domain));
}

/** Load the model, unless it is known; explain the terms on the page with its meanings. */
async function loadMeanings() {
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
    await loadMeanings();
    judge();
  });
  $("confirm").addEventListener("submit", (event) => {
    event.preventDefault();
    trustLink();
    showAddress();
    begin();
  });
  $("one").addEventListener("submit", (event) => {
    event.preventDefault();
    judge();
  });
  $("domain").addEventListener("input", judgeSoon);
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

/** Score the name in the page's address, at its operating point, or the first name. */
async function begin() {
  const asked = new URLSearchParams(location.search);
  $("domain").value = asked.get("domain") || FIRST;
  const known = loadMeanings();
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
