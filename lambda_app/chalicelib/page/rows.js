/** Read the names in a text: one a line, a column of CSV or of a Zeek log, a field of JSON lines. */

import {many} from "./common.js";

const LOOKED_AT = 100; // rows by which a column is found
const HEADERS = ["domain", "domains", "domain_name", "dns.rrname", "dns.question.name", "dns.query",
  "query", "query_name", "qname", "rrname", "hostname", "host", "fqdn", "name", "url", "indicator"];
const HOST = /^(?=.*\.[\p{L}\d-]*\p{L})[\p{L}\d_-]+(\.[\p{L}\d_-]+)+\.?$/u;
const KINDS = {",": "CSV", ";": "CSV with semicolons", "\t": "tab-separated values", "|": "CSV with bars"};

/** @typedef {{kind: string, names: string[], columns: string[], column: number, note: string}} Rows
 *   columns: what a person may choose from, with first cells; [] for one name a line.
 *   column: its index, -1 if none was found */

/**
 * Read a text; wanted: the index of a column that was chosen, else -1.
 * @returns {Rows}
 */
export function readRows(text, wanted = -1) {
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
  const first = lines.find((line) => line.trim()) ?? "";
  if (first.startsWith("#separator")) return readZeek(lines, wanted);
  if (/^\s*\{/.test(first)) return readJson(lines, wanted) ?? readLines(lines);
  return readCsv(lines.filter((line) => line.trim()), wanted) ?? readLines(lines);
}

function readLines(lines) {
  const names = lines.map((line) => line.trim()).filter(Boolean);
  const header = names.length > 1 && HEADERS.includes(normal(names[0]));
  return {kind: "one name a line", names: header ? names.slice(1) : names, columns: [], column: 0,
    note: header ? `the header “${names[0]}” is left out` : ""};
}

const normal = (cell) => cell.trim().toLowerCase();

/** Take a column of records: the one wanted, else by its header, else the only one with hosts. */
function pick(kind, header, records, wanted, note = "") {
  const width = Math.max(header?.length ?? 0, ...records.slice(0, LOOKED_AT).map((x) => x.length));
  const some = records.slice(0, LOOKED_AT);
  const numbers = [...Array(width).keys()];
  const known = HEADERS.map((name) => (header ?? []).map(normal).indexOf(name)).find((i) => i >= 0);
  const hosts = numbers.filter((i) => some.filter((x) => HOST.test(x[i] ?? "")).length > 0.8 * some.length);
  const column = wanted >= 0 && wanted < width ? wanted : known ?? (hosts.length === 1 ? hosts[0] : -1);
  const columns = numbers.map((i) => `${i + 1}: ${header ? `${header[i] ?? ""} — ` : ""}` +
    some.slice(0, 3).map((x) => (x[i] ?? "").slice(0, 30)).join(", "));
  return {kind, columns, column, note, names: records.map((x) => x[column] ?? "")};
}

function readCsv(lines, wanted) {
  const some = lines.filter((line) => !line.startsWith("#")).slice(0, LOOKED_AT);
  const split = (by) => some.map((line) => parseCsv(line, by)[0] ?? []);
  const isHeader = ([head = []]) => head.length > 1 && head.some((x) => HEADERS.includes(normal(x)));
  const fits = (by) => {
    const rows = split(by);
    return isHeader(rows) ? 1e3 : rows.every((x) => x.length > 1 && x.length === rows[0].length) * rows[0]?.length;
  };
  const [best] = Object.keys(KINDS).sort((a, b) => fits(b) - fits(a));
  if (!some.length || !fits(best) || some.every((line) => line.startsWith("||"))) return null;
  const records = parseCsv(lines.filter((line) => !line.startsWith("#")).join("\n"), best);
  const header = isHeader(records) || !records[0].some((x) => /\.|^\d|^$/.test(x)) ? records.shift() : null;
  return pick(KINDS[best], header, records, wanted, header ? "the first line is its header" : "");
}

/** Parse CSV (RFC 4180), whose quoted cells may hold delimiters and line breaks. */
function parseCsv(text, by) {
  const rows = [[]];
  const cell = new RegExp(`\\s*"((?:[^"]|"")*)"[^${by}\\n]*(${by === "|" ? "\\|" : by}|\\n|$)|([^${by}\\n]*)([${by}\\n]|$)`, "y");
  while (cell.lastIndex < text.length) {
    const [, quoted, end, plain, stop] = cell.exec(text);
    rows[rows.length - 1].push(quoted === undefined ? plain.trim() : quoted.replace(/""/g, '"'));
    if ((end ?? stop) === "\n") rows.push([]);
    else if (end ?? stop) if (cell.lastIndex === text.length) rows[rows.length - 1].push("");
  }
  return rows.filter((row) => row.length);
}

function readZeek(lines, wanted) {
  const header = lines.find((line) => line.startsWith("#fields"))?.split("\t").slice(1) ?? [];
  const records = lines.filter((line) => line && !line.startsWith("#")).map((line) => line.split("\t"));
  return pick("a Zeek log", header, records, wanted);
}

/** Read JSON lines, by paths of keys such as dns.rrname; objects without the field are other events. */
function readJson(lines, wanted) {
  const objects = [];
  for (const line of lines.filter((x) => x.trim())) {
    try {
      objects.push(flatten(JSON.parse(line)));
    } catch {
      return null;
    }
  }
  const keys = [...new Set(objects.slice(0, LOOKED_AT).flatMap((x) => Object.keys(x)))];
  const found = pick("JSON lines", keys, objects.map((x) => keys.map((key) => x[key])), wanted);
  const names = found.names.filter((x) => x);
  const others = objects.length - names.length;
  return {...found, names, note: others ? `${many(others, "object")} without that field left out` : ""};
}

function flatten(value, path = "") {
  if (typeof value === "string") return {[path]: value};
  if (typeof value !== "object" || !value || Array.isArray(value)) return {};
  return Object.assign({}, ...Object.keys(value).map((key) => flatten(value[key], path ? `${path}.${key}` : key)));
}
