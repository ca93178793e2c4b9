/** One name: scored as it is typed, and kept in the page's address. */

import {$, Failure, apiAddress, ask, keyFor, make, setKey, trustLink} from "./common.js";
import * as list from "./list.js";
import {USUAL, choose, loadModel, point} from "./points.js";
import {showSkipped, showTerms, showVerdict} from "./verdict.js";

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
    const answer = await ask("malicious-domain-classifier", {...body, fields: "values"}, signal);
    if (typeof answer.class1Prob !== "number" || !answer.contributions)
      throw new Failure(`${apiAddress()} answers, but not with a verdict.`);
    if (!signal.aborted) show(body, answer);
  } catch (error) {
    if (!signal.aborted) showFailure(body, error);
  }
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
  forgetCopy();
  updateAddress(body.domain);
}

/** Put the name in the page's address, without an entry in the browser's history. */
function updateAddress(domain) {
  const asked = new URLSearchParams(location.search);
  if (domain === FIRST && !asked.has("domain") && point() === Number(USUAL)) return; // as it opened
  history.replaceState(null, "", addressOf(domain));
}

/** The page's address with a name, and the operating point if it is not the usual one. */
function addressOf(domain) {
  const url = new URL(location.href);
  const another = $("point").value === USUAL ? "" : $("point").value;
  for (const [key, value] of [["domain", domain], ["operating_point", another]]) {
    if (value) url.searchParams.set(key, value);
    else url.searchParams.delete(key);
  }
  url.hash = "";
  return url.href;
}

/** Load the model, unless it is known; explain the terms on the page with its meanings. */
async function loadMeanings() {
  if (await loadModel() && shown?.answer.contributions) showTerms(shown.answer);
}

function showAddress() {
  try {
    $("api").textContent = apiAddress().href;
  } catch (error) {
    $("api").textContent = "nobody yet";
    clear(error.message);
  }
}

// What can be copied, by button: how it is called, and the text.
const COPIES = {
  link: ["Link", ({body}) => addressOf(body.domain)],
  curl: ["Command", ({body}) => makeCurl(body)],
  json: ["JSON", ({answer}) => JSON.stringify(answer, null, 2)],
};

/** The request as a command for a POSIX shell, with a variable for the key. */
function makeCurl(body) {
  const quoted = (text) => `'${text.replace(/'/g, "'\\''")}'`;
  const url = new URL("malicious-domain-classifier", apiAddress());
  const key = keyFor(url) ? ['-H "X-Api-Key: $API_KEY"'] : [];
  return ["curl", "-H 'Content-Type: application/json'", ...key,
    "-d", quoted(JSON.stringify(body)), quoted(url.href)].join(" ");
}

/** Copy a text and confirm it; if the browser refuses, show the text for copying by hand. */
async function copy(word, text) {
  forgetCopy();
  try {
    await navigator.clipboard.writeText(text);
    $("copied").textContent = `${word} copied.`;
  } catch { // no permission, or a page from plain http
    $("copied").textContent = "The clipboard is closed to this page: copy it from here.";
    $("to-copy").hidden = false;
    $("to-copy").value = text;
    $("to-copy").focus();
    $("to-copy").select();
  }
}

/** Remove the message about an earlier copy. */
function forgetCopy() {
  $("copied").textContent = "";
  $("to-copy").hidden = true;
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
  $("share").addEventListener("click", ({target}) => {
    const [word, text] = COPIES[target.dataset.copy] ?? [];
    if (word) copy(word, text(shown));
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

for (const text of EXAMPLES)
  $("examples").append(Object.assign(make("button", text, "example"), {type: "button"}));
showAddress();
listen();
list.setUp();
begin();
