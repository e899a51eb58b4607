// draw.js - zones, screens and plays as elements.

import { objectPath } from "/lib/api.js";
import { element } from "/lib/dom.js";
import { pictureName } from "/lib/moods.js";
import { span } from "./texts.js";

const CLOCK_MS = 2000; // of a clock that is wrong by less nobody need know
export const VIEWER = "/html/flower-viewer/flower-viewer-v2.html";

export class Drawing {
  /** withdraw(key): asks whether to. */
  constructor(speech, fleet, withdraw) {
    Object.assign(this, { speech, fleet, withdraw });
  }

  thumb(key, alt = pictureName(this.speech.language, key)) {
    return element("img", { src: `${objectPath(key)}?w=160`, alt, loading: "lazy", onerror: ({ target }) => target.replaceWith(element("span", { class: "gone" }, "–")) });
  }

  /** How long ago, or for how long, kept up to date by tick(). */
  ago(at, how = "ago") {
    const time = element("time", { "data-at": at, "data-how": how }, "");
    this.#tell(time);
    return time;
  }

  tick(root) {
    for (const time of root.querySelectorAll("time[data-at]")) this.#tell(time);
  }

  #tell(time) {
    time.textContent = this.speech.say(time.dataset.how, span(this.speech, this.fleet.now() - Number(time.dataset.at)));
  }

  // A picture, and the button that takes it off all walls.
  #picture(key, where) {
    const name = pictureName(this.speech.language, key);
    return element("li", {}, this.thumb(key), element("button", {
      type: "button", class: "off", "data-what": `${where} ${key}`, "aria-label": this.speech.say("withdrawOf", name), title: this.speech.say("withdrawOf", name),
      onclick: () => this.withdraw(key),
    }, "×"));
  }

  #strip(name, pictures) {
    const shown = pictures.length ? element("ul", {}, ...pictures.map((one) => this.#picture(one.key, name)))
      : element("p", {}, this.speech.say("none"));
    return element("div", { class: `strip ${name}` }, element("h4", {}, this.speech.say(name)), shown);
  }

  zone({ zone, screens, manifest }) {
    const { speech } = this, due = manifest && manifest.effective_at <= this.fleet.now();
    const dots = ["live", "stale", "dark"].filter((state) => screens[state])
      .map((state) => element("span", { class: `mark ${state}` }, element("i", {}), `${speech.number(screens[state])} ${speech.say(state).toLowerCase()}`));
    const head = element("header", {}, element("h3", {}, element("a", { href: `${VIEWER}?zone=${encodeURIComponent(zone)}` }, zone)),
      manifest ? element("p", {}, speech.say("version", manifest.version), " · ", speech.say(due ? "since" : "from"), " ",
        new Date(manifest.effective_at).toLocaleString(speech.language, { dateStyle: "medium", timeStyle: "short" })) : null,
      element("p", { class: "dots" }, ...dots));
    if (!manifest) return element("article", {}, head, element("p", { class: "quiet" }, speech.say("ambient")));
    return element("article", {}, head, this.#strip("h", manifest.landscape), this.#strip("v", manifest.portrait));
  }

  #shows({ showing, key }) {
    if (!showing) return [this.speech.say("nothing")];
    if (!key) return [element("code", {}, showing.slice(0, 8)), " ", this.speech.say("unknown")];
    return [element("ul", { class: "one" }, this.#picture(key, "screen")), element("span", {}, pictureName(this.speech.language, key))];
  }

  #should({ state, expected, keys }) {
    if (state !== "stale" || !keys.length) return [this.speech.say("oneOf", expected.length)];
    return [element("span", { class: "few" }, ...keys.map((key) => this.thumb(key)))];
  }

  #clock({ clock_off: off }) {
    if (Math.abs(off) < CLOCK_MS) return this.speech.say("inStep");
    return element("b", {}, this.speech.say(off > 0 ? "ahead" : "behind", span(this.speech, Math.abs(off))));
  }

  screen(screen) {
    const { speech } = this, names = speech.say("columns");
    const state = element("span", { class: `mark ${screen.state}` }, element("i", {}), speech.say(screen.state));
    const cells = {
      state: [state, screen.state === "live" ? null : element("small", {}, this.ago(screen.since, "for"))],
      screen: [screen.screen], zone: [screen.zone], place: [`${screen.slot} · ${speech.say(screen.orientation)}`],
      shows: this.#shows(screen), should: this.#should(screen), version: [speech.number(screen.version)],
      seen: [this.ago(screen.seen)], clock: [this.#clock(screen)],
    };
    return this.#row(cells, names, "screen");
  }

  play(play) {
    const { speech } = this;
    return this.#row({
      time: [new Date(play.from).toLocaleTimeString(speech.language)],
      picture: [element("span", { class: "one" }, this.thumb(play.key, "")), element("span", {}, pictureName(speech.language, play.key))],
      zone: [play.zone], screen: [play.screen], length: [span(speech, play.to - play.from)],
    }, speech.say("played"), "picture");
  }

  // Roles are said, since a table that is laid out otherwise on a phone is none to a reader.
  #row(cells, names, header) {
    return element("tr", { role: "row" }, ...Object.entries(cells).map(([name, content]) =>
      element(name === header ? "th" : "td", { role: name === header ? "rowheader" : "cell", scope: name === header ? "row" : null, "data-column": names[name], class: name },
        element("div", {}, ...content.filter((one) => one !== null)))));
  }

  head(names) {
    return element("tr", { role: "row" }, ...Object.entries(names).map(([name, text]) => element("th", { role: "columnheader", scope: "col", class: name }, text)));
  }
}
