/** What is on the page, to take along: a link, a command for curl, the answer as JSON. */

import {$, apiAddress, hasKey} from "./common.js";
import {point} from "./points.js";

const WORDS = {link: "Link", curl: "Command", json: "JSON"};

/** The page's address with a name in it, and the operating point if it is not the usual one. */
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

/** The request as a command for a POSIX shell; a key is left for the reader to fill in. */
function curl(body) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const key = hasKey() ? ['-H "X-Api-Key: $API_KEY"'] : [];
  const url = new URL("malicious-domain-classifier", apiAddress()).href;
  return ["curl", "-H 'Content-Type: application/json'", ...key,
    "-d", quoted(JSON.stringify(body)), quoted(url)].join(" ");
}

const TEXTS = {
  link: ({body}) => addressOf(body.domain),
  curl: ({body}) => curl(body),
  json: ({answer}) => JSON.stringify(answer, null, 2),
};

/** Copy, and say so; where the browser refuses, show the text to be copied by hand. */
async function copy(kind, text) {
  forget();
  try {
    await navigator.clipboard.writeText(text);
    $("copied").textContent = `${WORDS[kind]} copied.`;
  } catch { // no permission, or a page that came by plain http
    $("copied").textContent = "The clipboard is closed to this page: copy it from here.";
    $("to-copy").hidden = false;
    $("to-copy").value = text;
    $("to-copy").focus();
    $("to-copy").select();
  }
}

/** Take back what was said of an earlier copy. */
export function forget() {
  $("copied").textContent = "";
  $("to-copy").hidden = true;
}

/** Make the buttons work; current() gives {body, answer} of what is on the page. */
export function setUp(current) {
  $("share").addEventListener("click", ({target}) => {
    const kind = target.dataset.copy;
    if (kind) copy(kind, TEXTS[kind](current()));
  });
}
