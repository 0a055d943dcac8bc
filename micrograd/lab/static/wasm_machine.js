// A graph that runs: its memory, one run, a batch of samples, many steps of training. Made by `make` from tables in JSON.

import { assembled, instantiated } from "./wasm_code.js";
import { functions, layout, update } from "./wasm_graph.js";

const ROWS = 256; // steps of training in one call
const MOST = 1 << 30; // bytes

export class Machine {
  constructor(tables) {
    const places = layout(tables), { optimizer, params } = tables;
    const slots = places.free, rows = slots + 8 * params * (optimizer?.slots ?? 0), end = rows + 8 * ROWS * (optimizer?.numbers ?? 0);
    if (end > MOST) throw new RangeError(`a graph of ${places.count} numbers is too large for this page`);
    this.tables = tables;
    this.places = places;
    const pages = Math.ceil((end + 8) / 65536), memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.all = new Float64Array(memory.buffer);
    const { count } = places;
    this.values = this.all.subarray(0, count);
    this.gradients = this.all.subarray(count, 2 * count);
    this.flags = this.all.subarray(2 * count, 3 * count);
    this.slots = this.all.subarray(slots / 8, rows / 8);
    this.rows = this.all.subarray(rows / 8, end / 8);
    this.at = rows;
    this.answer = new Float64Array(tables.outputs.length); // the outputs of the latest run
    tables.constants.forEach((text, k) => { this.values[tables.leaves + places.inner + k] = Number(text); });
    const [parts, passes] = functions(tables, places, new Int32Array(memory.buffer, places.looked, places.many));
    if (optimizer && params) parts.push(update(optimizer, places, params, slots));
    this.run_ = instantiated(assembled(parts, pages, passes), memory);
  }

  // The numbers of some ids.
  part(what, from, count) { return this[what].subarray(from, from + count); }

  forward() {
    this.run_.forward();
    this.tables.outputs.forEach((id, k) => { this.answer[k] = this.number(id); });
  }

  // After `forward`: every gradient of seed · root. more: what leaves have is added to.
  backward(seed = 1, more = false) {
    this.gradients.fill(0, more ? this.tables.leaves : 0);
    this.flags.fill(0);
    if (this.tables.root < 0) return;
    this.gradients[this.tables.root] = seed;
    this.run_.backward();
  }

  run() {
    this.forward();
    this.backward();
  }

  // Room for the inputs of a batch of samples, one behind the other; then `batch` runs them.
  feed(samples) {
    const { width, outputs } = this.tables;
    this.samples = samples;
    this.out = new Float64Array(samples * outputs.length);
    this.slope = new Float64Array(samples * width);
    this.fed = new Float64Array(samples * width);
    return this.fed;
  }

  // Of each sample its outputs (in `out`); back: the gradients of the mean, and by the inputs (in `slope`).
  batch(back) {
    const { width, from, outputs } = this.tables, { samples, fed, out, slope, values, gradients } = this;
    if (back) gradients.fill(0);
    for (let k = 0; k < samples; k++) {
      values.set(fed.subarray(k * width, (k + 1) * width), from);
      this.forward();
      out.set(this.answer, k * outputs.length);
      if (!back) continue;
      gradients.fill(0, from, from + width);
      this.backward(1 / samples, true);
      slope.set(gradients.subarray(from, from + width), k * width);
    }
  }

  number(id) { return this.values[id < 0 ? this.tables.leaves + this.places.inner - 1 - id : id]; }

  // The optimizer's rule, with a row of `rows`.
  update(row) { this.run_.update(this.at + 8 * row * this.tables.optimizer.numbers); }

  // Steps of training on the same arguments, a row of `rows` each, until so many milliseconds are over: how many were made; `losses` has
  // what they were. finite: it stops before the update of a loss that is not.
  train(steps, finite, milliseconds) {
    const { outputs, batch } = this.tables, end = performance.now() + milliseconds;
    this.losses = new Float64Array(steps);
    for (let k = 0; k < steps; k++) {
      if (batch) this.batch(true);
      else this.run();
      let loss = this.answer[0];
      if (batch) {
        loss = 0;
        for (let at = 0; at < this.out.length; at += outputs.length) loss += this.out[at];
        loss /= this.samples;
      }
      this.losses[k] = loss;
      if (finite && !Number.isFinite(loss)) return k;
      this.update(k);
      if (performance.now() > end) return k + 1;
    }
    return steps;
  }
}

export const make = (text) => new Machine(JSON.parse(text));
