/** The operating point: which threshold makes a name malicious. */

import {$, ask, make, percent} from "./common.js";

let thresholds = null; // by the values of the choice, once the API has told them

/** The operating point chosen, as the API takes it. */
export function point() {
  const {value} = $("point");
  return value === "max_f1" ? value : Number(value);
}

/** Its threshold, if that is known. */
export const threshold = () => thresholds?.get($("point").value);

/** Ask for the operating points, unless they are known; the page judges without them too. */
export async function loadPoints() {
  if (thresholds) return;
  try {
    const model = await ask("model");
    fill(listed(model));
    $("model").textContent = `Model: ${model.name}, trained ${model.created.slice(0, 10)}.`;
    $("point-error").textContent = "";
  } catch (error) {
    $("point-error").textContent = `The other operating points are not known. ${error.message}`;
  }
}

function listed(model) {
  const rates = model.operating_points.map(({false_positive_rate: rate, threshold: value}) => {
    const one = Math.round(1 / rate).toLocaleString("en");
    return [String(rate), `1 false alarm in ${one} legitimate names`, value];
  });
  return [["max_f1", "Balanced: maximal F1", model.threshold.value], ...rates];
}

function fill(points) {
  const chosen = $("point").value;
  thresholds = new Map(points.map(([value, , limit]) => [value, limit]));
  $("point").replaceChildren(...points.map(([value, words, limit]) => {
    const option = make("option", `${words} (from ${percent(limit)})`);
    option.value = value;
    return option;
  }));
  $("point").value = chosen;
}
