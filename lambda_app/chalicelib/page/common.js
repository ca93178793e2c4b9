/** What both parts of the page share: the API, numbers as text, elements. */

const TIMEOUT = 30_000; // ms; API Gateway itself gives up after 29 s
const HERE = ["localhost", "127.0.0.1"];
const MAX_PART = 24; // characters of a host's label that fit a phone

let key = {text: "", origin: ""};
let trusted = ""; // the API of another origin that a link named and a person confirmed

/**
 * An error, with a message for the person at the page. status: of HTTP, 0 without an answer;
 * answer: the API's, if there was one; wait: seconds after which it may be asked again.
 */
export class Failure extends Error {
  constructor(message, status = 0, answer = null, wait = NaN) {
    super(message);
    Object.assign(this, {status, answer, wait});
  }
}

/** @returns {HTMLElement} the element with an id */
export const $ = (id) => document.getElementById(id);

/** Make an element. Text never becomes markup. */
export function make(tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}

/**
 * The API's address, with a slash at its end: the meta tag's, else ?api=, else the page's folder.
 * Plain http is for this machine only; a link's is asked once it is confirmed. Throws Failure.
 */
export function apiAddress() {
  const set = document.querySelector("meta[name=api]").content;
  const asked = new URLSearchParams(location.search).get("api");
  const url = parseAddress(set || asked || ".");
  if (set || url.origin === location.origin || url.href === trusted) return url;
  $("link-api").textContent = url.href;
  $("confirm").hidden = false;
  throw new Failure("Nothing is sent until you confirm the address above.");
}

/** Let the API that the page's link names be asked. */
export function trustLink() {
  trusted = $("link-api").textContent;
  $("confirm").hidden = true;
}

function parseAddress(setting) {
  let url = null;
  try {
    url = new URL(setting, location.href);
  } catch {
    // told below
  }
  const safe = url?.protocol === "https:" || url?.protocol === "http:" && HERE.includes(url.hostname);
  if (!safe && url?.origin !== location.origin || url?.username || url?.password)
    throw new Failure(`The API's address is set to “${setting}”: expected https://… ` +
      "(or http://… on this machine), without a password.");
  if (!url.pathname.endsWith("/") && setting !== ".") url.pathname += "/";
  url.search = url.hash = "";
  return url;
}

/** Send a key with every request to this API from now on; only this page keeps it. */
export function setKey(text) {
  key = {text: text.trim(), origin: apiAddress().origin};
}

/** The key for an API, "" if there is none. */
export const keyFor = (url) => (key.origin === url.origin ? key.text : "");

/**
 * Send a request: GET, or POST of a body as JSON.
 * Throws Failure, or an AbortError if the signal aborts it.
 */
export async function ask(path, body, signal = null) {
  const url = new URL(path, apiAddress());
  const sent = keyFor(url);
  const headers = {...body && {"Content-Type": "application/json"}, ...sent && {"X-Api-Key": sent}};
  const request = {headers, credentials: "omit", ...body && {method: "POST", body: JSON.stringify(body)}};
  const [reply, answer] = await fetchJson(url, request, signal);
  if (reply.status === 401) {
    $("key-for").textContent = url.origin;
    $("access").hidden = false;
  }
  if (reply.ok && answer) return answer;
  const message = answer?.Message ?? answer?.message; // API Gateway's own is in lower case
  throw new Failure(message ?? `${reply.url} answers with HTTP ${reply.status}, and not as this API ` +
    "does. Its address can be set: ?api=https://… after the page's own.", reply.status, answer,
  parseInt(reply.headers.get("Retry-After"), 10));
}

/** Fetch an object in JSON; null for anything else. */
async function fetchJson(url, request, signal) {
  const stop = new AbortController(); // AbortSignal.any and .timeout are too new for some
  const timer = setTimeout(() => stop.abort(), TIMEOUT);
  const cancel = () => stop.abort();
  signal?.addEventListener("abort", cancel);
  try {
    const reply = await fetch(url, {...request, signal: stop.signal});
    const value = await reply.json().catch((error) => {
      if (error.name !== "SyntaxError") throw error;
    });
    return [reply, Object(value) === value ? value : null];
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure(stop.signal.aborted
      ? `No answer from ${url.origin} within ${TIMEOUT / 1000} seconds.`
      : `No answer from ${url.origin}: it is down, or this page may not ask it.`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
  }
}

/** The states of a scored name, the likeliest to be generated first. */
export const STATES = ["generated", "unclear", "not generated"];

/** The state of a name by the API's label, and P(malicious), whose log-odds are above 0 from 0.5. */
export const stateOf = (label, p) => STATES[label ? 0 : p > 0.5 ? 1 : 2];

/** A probability in percent, with two figures of whichever side is the smaller. */
export function percent(p) {
  if (p < 1e-4) return "< 0.01 %";
  const side = 100 * Math.min(p, 1 - p);
  const digits = Math.min(Math.max(2, 1 - Math.floor(Math.log10(side || 1))), 8);
  const text = (100 * p).toFixed(digits);
  return Number(text) === 100 && side ? "> 99.99999999%" : `${text}%`;
}

/** A whole number as people read it. */
export const number = (value) => value.toLocaleString("en");

/** An element with a host or URL, which breaks after its dots and slashes, if that is enough. */
export function makeHost(tag, text, className = "name") {
  const element = make(tag, "", className);
  for (const part of text.match(/[^./]+[./]*|[./]+/g) ?? [])
    element.append(make("span", part, part.length > MAX_PART ? "" : "part"), make("wbr"));
  return element;
}

/** A whole number with its noun, as in “1,200 names”. */
export function many(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
}
