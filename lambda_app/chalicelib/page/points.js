/** The model: its operating points, the chosen one, and what its features mean. */

import {$, ask, number, percent} from "./common.js";

export const USUAL = "0.001"; // the point that is chosen at first

let thresholds = null; // by the values of the choice, once they are loaded
let meanings = {}; // of the features, by name
let asking = null; // the promise of a request in progress

/** The chosen operating point, in the API's form. */
export function point() {
  const {value} = $("point");
  return Number(value) || value;
}

/** Choose a point by its value in a link; ignore one that the model does not have. */
export function choose(value) {
  if ([...$("point").options].some((option) => option.value === value)) $("point").value = value;
}

/** Its threshold, if the model is known. */
export const threshold = () => thresholds?.get($("point").value);

/** What a feature means; its name while the model is not known. */
export const meaning = (name) => meanings[name] ?? name;

/**
 * Load the model, unless it is known; the page works without it, too.
 * @returns {Promise<boolean>} whether the model became known just now
 */
export function loadModel() {
  if (thresholds) return Promise.resolve(false);
  return asking ??= fetchModel().finally(() => { asking = null; });
}

async function fetchModel() {
  try {
    const model = await ask("model");
    fillChoice(listPoints(model));
    meanings = model.meanings ?? {}; // older deployments have none
    $("model").textContent = `Version ${model.version ?? "unknown"}; model ${model.name}, trained ` +
      `${model.created.slice(0, 10)}.`;
    $("point-error").textContent = "";
    return true;
  } catch (error) {
    $("point-error").textContent = `The other operating points are not known. ${error.message}`;
    return false;
  }
}

function listPoints(model) {
  const rates = model.operating_points.map(({false_positive_rate: rate, threshold: value}) => {
    const one = number(Math.round(1 / rate));
    return [String(rate), `1 false alarm in ${one} legitimate names`, value];
  });
  return [["max_f1", "Balanced: maximal F1", model.threshold.value], ...rates,
    ["even", "Even: as likely generated as not", 0.5]];
}

/** Fill the choice; a model without the chosen point is asked at that of maximal F1. */
function fillChoice(points) {
  const chosen = $("point").value;
  thresholds = new Map(points.map(([value, , limit]) => [value, limit]));
  $("point").replaceChildren(...points.map(([value, words, limit]) =>
    new Option(`${words} (from ${percent(limit)})`, value)));
  $("point").value = thresholds.has(chosen) ? chosen : "max_f1";
  if ($("point").value !== chosen) $("point").dispatchEvent(new Event("change"));
}
