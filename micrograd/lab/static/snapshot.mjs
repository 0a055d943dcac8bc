// Run by Node when the page is written: start Pyodide, import our packages, and write its memory down (see runtime.py).
// node snapshot.mjs FOLDER_OF_PYODIDE CARRIED.json OUT
import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const [folder, carried, out] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
const files = JSON.parse(await readFile(carried, "utf8"));

const place = (FS) => {
  for (const [path, text] of Object.entries(files)) {
    FS.mkdirTree(`/lab/${path}`.replace(/\/[^/]*$/, ""));
    FS.writeFile(`/lab/${path}`, text);
  }
};

const python = await loadPyodide({ indexURL: folder, _makeSnapshot: true, fsInit: place });
python.runPython("import sys; sys.path.append('/lab'); from micrograd.lab import inside; inside.warm()");
await writeFile(out, python.makeMemorySnapshot());
process.exit(0);
