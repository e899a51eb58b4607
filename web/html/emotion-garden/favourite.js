// favourite.js - the hour that a visitor loves: one of 64, of a season, a weather and a time of day.

import { byId, element } from "/lib/dom.js";
import { scene } from "./scene.js";

export const ROWS = {
  season: ["spring", "summer", "autumn", "winter"],
  weather: ["sunny", "cloudy", "rainy", "snowy"],
  time: ["the-early-dawn", "day", "sunset", "the-middle-of-the-night"],
};

/** What is likely at this moment: the season and the hour it is, and weather that goes with them. */
export function likely(now = new Date()) {
  const season = ["winter", "spring", "summer", "autumn"][Math.floor(((now.getMonth() + 1) % 12) / 3)];
  const hour = now.getHours();
  const time = hour < 5 || hour >= 21 ? "the-middle-of-the-night" : hour < 8 ? "the-early-dawn" : hour < 17 ? "day" : "sunset";
  return { season, weather: season === "winter" ? "snowy" : "sunny", time };
}

/** As keys and gardens have it: "spring,sunny,day". */
export const favouriteKey = ({ season, weather, time }) => `${season},${weather},${time}`;

export function favouriteStep(kiosk) {
  const form = byId("favourite");
  const chosen = () => Object.fromEntries(Object.keys(ROWS).map((row) => [row, form.elements[row].value]));
  const show = () => byId("scene").replaceChildren(scene(chosen()));
  const grow = (favourite) => {
    Object.assign(kiosk.visit, { favourite, walk: null });
    kiosk.go("garden");
  };

  form.addEventListener("change", () => {
    kiosk.visit.hour = chosen();
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("favourite-yes").addEventListener("click", () => grow(favouriteKey(chosen())));
  byId("favourite-skip").addEventListener("click", () => grow(null));
  return {
    draw() {
      kiosk.visit.hour ??= likely();
      form.replaceChildren(...Object.entries(ROWS).map(([row, values]) => drawRow(kiosk, row, values)));
      show();
    },
  };
}

function drawRow(kiosk, row, values) {
  const { say } = kiosk.speech;
  return element("fieldset", {}, element("legend", {}, say(row)), element("div", { class: "signs" }, ...values.map((value) =>
    element("label", { class: "sign" },
      element("input", { type: "radio", name: row, value, class: "unseen", checked: kiosk.visit.hour[row] === value }),
      element("span", { class: "round" }, scene({ [row]: value })), element("span", {}, say(value))))));
}
