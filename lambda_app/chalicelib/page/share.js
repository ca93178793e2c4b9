/** Copy what is on the page: a link, a curl command, the answer as JSON. */

import {$, apiAddress, keyFor} from "./common.js";
import {point} from "./points.js";

const WORDS = {link: "Link", curl: "Command", json: "JSON"};

/** The page's address with a name, and the operating point if it is not the default. */
export function addressOf(domain) {
  const url = new URL(location.href);
  const usual = point() === "max_f1";
  for (const [key, value] of [["domain", domain], ["operating_point", usual ? "" : point()]]) {
    if (value) url.searchParams.set(key, value);
    else url.searchParams.delete(key);
  }
  url.hash = "";
  return url.href;
}

/** The request as a command for a POSIX shell, with a variable for the key. */
function curl(body) {
  const quoted = (text) => `'${text.replace(/'/g, "'\\''")}'`;
  const url = new URL("malicious-domain-classifier", apiAddress());
  const key = keyFor(url) ? ['-H "X-Api-Key: $API_KEY"'] : [];
  return ["curl", "-H 'Content-Type: application/json'", ...key,
    "-d", quoted(JSON.stringify(body)), quoted(url.href)].join(" ");
}

const TEXTS = {
  link: ({body}) => addressOf(body.domain),
  curl: ({body}) => curl(body),
  json: ({answer}) => JSON.stringify(answer, null, 2),
};

/** Copy a text and confirm it; if the browser refuses, show the text for copying by hand. */
async function copy(kind, text) {
  forget();
  try {
    await navigator.clipboard.writeText(text);
    $("copied").textContent = `${WORDS[kind]} copied.`;
  } catch { // no permission, or a page from plain http
    $("copied").textContent = "The clipboard is closed to this page: copy it from here.";
    $("to-copy").hidden = false;
    $("to-copy").value = text;
    $("to-copy").focus();
    $("to-copy").select();
  }
}

/** Remove the message about an earlier copy. */
export function forget() {
  $("copied").textContent = "";
  $("to-copy").hidden = true;
}

/** Add the event handlers; current() returns {body, answer} of what is on the page. */
export function setUp(current) {
  $("share").addEventListener("click", ({target}) => {
    const kind = target.dataset.copy;
    if (kind) copy(kind, TEXTS[kind](current()));
  });
}
