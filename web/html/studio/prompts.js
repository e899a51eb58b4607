// prompts.js - rows of the prompt table: templates cycled over the product of what was chosen. The
// templates and words are /prompts.json, which gardenctl reads, too; filling is the same there.

import { poolFolder } from "/html/studio/words.js";

const PLACES = { emotion: "EMOTION", animal: "ANIMAL", weather: "WEATHER", season: "SEASON", time: "TIME" };

/** A template with a choice filled in. An empty word leaves no comma or space behind. */
export function fillTemplate(template, choice, words) {
  const filled = template.replace(/\[(EMOTION|ANIMAL|WEATHER|SEASON|TIME)\]/g, (mark, name) => {
    const value = choice[Object.keys(PLACES).find((key) => PLACES[key] === name)];
    return words[name]?.[value] ?? value;
  });
  return filled.replace(/ +/g, " ").replace(/(\s*,)+/g, ",").replace(/^[ ,]+|[ ,]+$/g, "");
}

/**
 * plan: { emotions, animals, weathers, seasons, times, templates, per_row, stamp, edits: { row: text } }.
 * Pictures of rows that share a folder go on counting, so that none takes another's name.
 */
export function makeRows(plan, words) {
  const rows = [], next = new Map(), requests = Math.ceil(plan.per_row / 2);
  if (plan.templates.length === 0) return rows;
  for (const emotion of plan.emotions)
    for (const season of plan.seasons)
      for (const weather of plan.weathers)
        for (const time of plan.times)
          for (const animal of plan.animals) {
            const choice = { emotion, season, weather, time, animal }, i = rows.length;
            const favourite = `${season},${weather},${time}`, folder = poolFolder(emotion, favourite);
            const first = next.get(folder) ?? 0;
            next.set(folder, first + requests);
            rows.push({ ...choice, i, favourite, requests, first, fname: `${folder}/img_${plan.stamp}`,
              prompt: plan.edits?.[i] ?? fillTemplate(plan.templates[i % plan.templates.length], choice, words) });
          }
  return rows;
}

/** What POST /bulk takes for request k of a row. */
export function bulkBody(row, k, others) {
  return {
    index: row.first + k, fname: row.fname,
    prompt: JSON.stringify({ emotion: row.emotion.toUpperCase(), emotionText: row.prompt, favorite: row.favourite, others }),
  };
}

/** The two keys that a request's pictures go to. */
export const keysOf = (fname, index) => [`${fname}_${index}h.jpeg`, `${fname}_${index}v.jpeg`];
