/** The model: its operating points, of which one is chosen, and what its features mean. */

import {$, ask, make, number, percent} from "./common.js";

let thresholds = null; // by the values of the choice, once the API has told them
let meanings = {}; // of the features, by name, likewise
let asking = null; // the promise of an answer that is under way

/** The operating point chosen, as the API takes it. */
export function point() {
  const {value} = $("point");
  return value === "max_f1" ? value : Number(value);
}

/** Choose one by the value it has in a link; one that the model has not changes nothing. */
export function choose(value) {
  if ([...$("point").options].some((option) => option.value === value)) $("point").value = value;
}

/** Its threshold, if that is known. */
export const threshold = () => thresholds?.get($("point").value);

/** What a feature means; its name while the API has not told. */
export const meaning = (name) => meanings[name] ?? name;

/**
 * Ask for the model, unless it is known; the page judges without it too.
 * @returns {Promise<boolean>} whether the model became known just now
 */
export function loadModel() {
  if (thresholds) return Promise.resolve(false);
  asking ??= known().finally(() => {
    asking = null;
  });
  return asking;
}

async function known() {
  try {
    const model = await ask("model");
    fill(listed(model));
    meanings = model.meanings ?? {}; // older deployments tell none
    $("model").textContent = `Model: ${model.name}, trained ${model.created.slice(0, 10)}.`;
    $("point-error").textContent = "";
    return true;
  } catch (error) {
    $("point-error").textContent = `The other operating points are not known. ${error.message}`;
    return false;
  }
}

function listed(model) {
  const rates = model.operating_points.map(({false_positive_rate: rate, threshold: value}) => {
    const one = number(Math.round(1 / rate));
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
