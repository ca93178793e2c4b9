/** What both parts of the page share: the API, numbers as text, elements. */

const TIMEOUT = 30_000; // ms; API Gateway itself gives up after 29 s
const HERE = ["localhost", "127.0.0.1"];

let key = "";

/**
 * An error, with a message for the person at the page. status: of HTTP, 0 without an answer;
 * answer: the API's, if there was one.
 */
export class Failure extends Error {
  constructor(message, status = 0, answer = null) {
    super(message);
    this.status = status;
    this.answer = answer;
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
 * Plain http is for this machine only. Throws Failure.
 */
export function apiAddress() {
  const asked = new URLSearchParams(location.search).get("api");
  const setting = document.querySelector("meta[name=api]").content || asked || ".";
  const url = URL.canParse(setting, location.href) ? new URL(setting, location.href) : null;
  const safe = url?.protocol === "https:" || url?.protocol === "http:" && HERE.includes(url.hostname);
  if (!safe && url?.origin !== location.origin || url?.username || url?.password)
    throw new Failure(`The API's address is set to “${setting}”: expected https://… ` +
      "(or http://… on this machine), without a password.");
  if (!url.pathname.endsWith("/") && setting !== ".") url.pathname += "/";
  url.search = url.hash = "";
  return url;
}

/** Send a key with every request from now on; only this page keeps it. */
export function setKey(text) {
  key = text.trim();
}

/** Whether a key is sent. */
export const hasKey = () => Boolean(key);

/**
 * Send a request: GET, or POST of a body as JSON.
 * Throws Failure, or an AbortError if the signal aborts it.
 */
export async function ask(path, body, signal = null) {
  const headers = {...body && {"Content-Type": "application/json"}, ...key && {"X-Api-Key": key}};
  const request = {headers, credentials: "omit", ...body && {method: "POST", body: JSON.stringify(body)}};
  const [reply, text] = await fetchText(new URL(path, apiAddress()), request, signal);
  const answer = parseJson(text);
  if (reply.status === 401) $("access").hidden = false;
  if (reply.ok && answer) return answer;
  const message = answer?.Message ?? answer?.message; // API Gateway's own is in lower case
  throw new Failure(message ?? `${reply.url} answers with HTTP ${reply.status}, and not as this API ` +
    "does. Its address can be set: ?api=https://… after the page's own.", reply.status, answer);
}

async function fetchText(url, request, signal) {
  const timeout = AbortSignal.timeout(TIMEOUT);
  try {
    const both = signal ? AbortSignal.any([signal, timeout]) : timeout;
    const reply = await fetch(url, {...request, signal: both});
    return [reply, await reply.text()];
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(error.name === "TimeoutError"
      ? `No answer from ${url.origin} within ${TIMEOUT / 1000} seconds.`
      : `No answer from ${url.origin}: it is down, or this page may not ask it.`);
  }
}

/** @returns {object | null} the object that a text holds in JSON */
function parseJson(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/** A probability in percent, with two figures of whichever side is the smaller. */
export function percent(p) {
  const side = 100 * Math.min(p, 1 - p);
  const digits = side > 0 ? Math.min(Math.max(2, 1 - Math.floor(Math.log10(side))), 8) : 2;
  const text = (100 * p).toFixed(digits);
  if (side > 0 && Number(text) === 100) return "> 99.99999999%";
  return side > 0 && Number(text) === 0 ? "< 0.00000001%" : `${text}%`;
}

/** A whole number as people read it. */
export const number = (value) => value.toLocaleString("en");

/** A whole number with its noun, as in “1,200 names”. */
export function many(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
}
