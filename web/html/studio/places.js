// places.js - how many pictures each place of the gardens has: eight emotions, and of each the 64
// favourites of season, weather and time.

import { EMOTIONS, FAVOURITES, splitSearchKey } from "/html/studio/words.js";

const KNOWN = new Set(FAVOURITES);

/** Empty counts: places: Map of search key to { garden, pool, coming }; loose: those of no favourite. */
export function noPlaces() {
  const places = new Map(), loose = new Map();
  for (const emotion of EMOTIONS) {
    loose.set(emotion, { garden: 0, pool: 0 });
    for (const favourite of FAVOURITES) places.set(`${emotion}/${favourite}`, { emotion, favourite, garden: 0, pool: 0, coming: 0 });
  }
  return { places, loose };
}

/** area: "garden" or "pool". A picture that was promoted is in both, and counts in the garden alone. */
export function countItems({ places, loose }, area, items, inGarden = new Set()) {
  for (const item of items) {
    if (area === "pool" && inGarden.has(item.key.replace(/^imgPool\//, "emotions/"))) continue;
    const [emotion, favourite] = splitSearchKey(item.emotion);
    const place = KNOWN.has(favourite) ? places.get(item.emotion) : loose.get(emotion);
    if (place) place[area]++;
  }
}

/** What a place has, as it is counted. */
export const countOf = (place, counted) => place.garden + (counted === "garden" ? 0 : place.pool);

/** How many bulk requests, each two pictures, a place takes to have as many as are wanted. */
export const requestsFor = (place, wanted, counted) => Math.max(0, Math.ceil((wanted - countOf(place, counted) - place.coming) / 2));
