// modules.js - the pages' own modules in Node: their addresses begin at the garden's root.
import { register } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const web = pathToFileURL(path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../../../web")).href;
register(`data:text/javascript,${encodeURIComponent(`
  export async function resolve(name, context, next) {
    if (!/^\\/(html|lib)\\//.test(name)) return next(name, context);
    return { url: ${JSON.stringify(web)} + name, format: "module", shortCircuit: true };
  }`)}`);

/** module("/html/studio/look.js") */
export const module = (address) => import(address);
