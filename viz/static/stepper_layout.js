// A layered drawing, left to right: ranks, dummies for long edges, few crossings, straight lines.
// viz/drawn/layers.py is the same algorithm in Python, step for step, for pictures made without a browser: the same boxes get
// the same places to the last bit, and tests/stepper/test_layout.py holds them to it. What is changed here is changed there.

const GAP_X = 64, GAP_Y = 16, THIN = 12;

// boxes: [{w, h, key}] where key orders them as they were made; edges: [{a, b}] (indices).
// Returns {x, y (centres), width, height, routes: [[x, y] …] for each edge}.
export function layout(boxes, edges) {
  const nodes = boxes.map((b) => ({ ...b, prev: [], next: [], dummy: false }));
  const ends = edges.map(({ a, b }) => (boxes[a].key <= boxes[b].key ? [a, b] : [b, a]));
  rank(nodes, ends);
  const chains = link(nodes, ends);
  const layers = order(nodes);
  const width = columns(nodes, layers);
  const height = rows(nodes, layers);
  const routes = chains.map((chain, e) => route(chain.map((i) => nodes[i]), edges[e].a !== ends[e][0]));
  return { x: nodes.map((v) => v.x), y: nodes.map((v) => v.y), width, height, routes };
}

// Longest path from the left, then what has more users than operands moves right towards its users.
function rank(nodes, ends) {
  const byKey = nodes.map((_, i) => i).sort((i, j) => nodes[i].key - nodes[j].key);
  const out = nodes.map(() => []), into = nodes.map(() => []);
  for (const [a, b] of ends) { out[a].push(b); into[b].push(a); }
  for (const v of nodes) v.rank = 0;
  for (const i of byKey) for (const j of out[i]) nodes[j].rank = Math.max(nodes[j].rank, nodes[i].rank + 1);
  for (const i of byKey.reverse()) {
    if (out[i].length && out[i].length >= into[i].length) {
      nodes[i].rank = Math.min(...out[i].map((j) => nodes[j].rank)) - 1;
    }
  }
  const least = nodes.reduce((m, v) => Math.min(m, v.rank), Infinity);
  for (const v of nodes) v.rank -= least;
}

// Chains of nodes for each edge, with a thin dummy in every rank it crosses.
function link(nodes, ends) {
  const long = ends.reduce((sum, [a, b]) => sum + nodes[b].rank - nodes[a].rank - 1, 0);
  return ends.map(([a, b]) => {
    const chain = [a];
    if (long < 6000) {
      for (let r = nodes[a].rank + 1; r < nodes[b].rank; r++) {
        chain.push(nodes.push({ w: 0, h: THIN, rank: r, key: nodes[b].key, prev: [], next: [], dummy: true }) - 1);
      }
    }
    chain.push(b);
    for (let k = 1; k < chain.length; k++) {
      nodes[chain[k - 1]].next.push(chain[k]);
      nodes[chain[k]].prev.push(chain[k - 1]);
    }
    return chain;
  });
}

function order(nodes) {
  const layers = [];
  nodes.forEach((v, i) => (layers[v.rank] ||= []).push(i));
  for (let r = 0; r < layers.length; r++) layers[r] ||= [];
  for (const layer of layers) layer.sort((i, j) => nodes[i].key - nodes[j].key);
  const number = () => layers.forEach((layer) => layer.forEach((i, at) => (nodes[i].at = at)));
  number();
  const big = nodes.length > 1200;
  let best = Infinity, kept = layers.map((layer) => [...layer]);
  for (let sweep = 0; sweep < 16; sweep++) {
    const side = sweep % 2 ? "next" : "prev";
    const path = sweep % 2 ? [...layers].reverse() : layers;
    for (const layer of path) {
      for (const i of layer) {
        const near = nodes[i][side];
        nodes[i].want = near.length ? near.reduce((s, j) => s + nodes[j].at, 0) / near.length : nodes[i].at;
      }
      layer.sort((i, j) => nodes[i].want - nodes[j].want || nodes[i].at - nodes[j].at);
      layer.forEach((i, at) => (nodes[i].at = at));
      if (!big) swap(nodes, layer);
    }
    const crossed = big ? 0 : crossings(nodes, layers); // a big one keeps its first sweep: five more were as often worse as better
    if (crossed < best) { best = crossed; kept = layers.map((layer) => [...layer]); }
    if (!best) break;
  }
  kept.forEach((layer, r) => (layers[r] = layer));
  number();
  return layers;
}

// Exchange neighbours in a layer while that removes crossings.
function swap(nodes, layer) {
  for (let tries = 0, better = true; better && tries < 4; tries++) {
    better = false;
    for (let k = 1; k < layer.length; k++) {
      const [i, j] = [layer[k - 1], layer[k]];
      if (between(nodes, j, i) < between(nodes, i, j)) {
        layer[k - 1] = j; layer[k] = i;
        nodes[j].at = k - 1; nodes[i].at = k;
        better = true;
      }
    }
  }
}

// Crossings of the edges of i and j when i stands above j.
function between(nodes, i, j) {
  let sum = 0;
  for (const side of ["prev", "next"]) {
    for (const a of nodes[i][side]) for (const b of nodes[j][side]) if (nodes[a].at > nodes[b].at) sum++;
  }
  return sum;
}

function crossings(nodes, layers) {
  let sum = 0;
  for (const layer of layers) {
    const seen = [];
    for (const i of layer) {
      const near = nodes[i].next.map((j) => nodes[j].at);
      for (const at of near) for (const old of seen) if (old > at) sum++;
      seen.push(...near);
    }
  }
  return sum;
}

function columns(nodes, layers) {
  let x = 0;
  for (const layer of layers) {
    const wide = Math.max(0, ...layer.map((i) => nodes[i].w));
    for (const i of layer) { nodes[i].x = x + wide / 2; nodes[i].column = wide; }
    x += wide + GAP_X;
  }
  return Math.max(0, x - GAP_X);
}

// Each node to the average height of its neighbours, as far as its layer allows.
function rows(nodes, layers) {
  for (const layer of layers) spread(nodes, layer, layer.map((_, k) => k * 60));
  const sweeps = nodes.length > 1200 ? 6 : 24;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const sides = sweep > sweeps - 5 ? ["prev", "next"] : [sweep % 2 ? "next" : "prev"];
    for (const layer of sweep % 2 ? [...layers].reverse() : layers) {
      spread(nodes, layer, layer.map((i) => {
        let sum = 0, weight = 0;
        for (const side of sides) {
          for (const j of nodes[i][side]) {
            const w = nodes[i].dummy && nodes[j].dummy ? 6 : nodes[i].dummy || nodes[j].dummy ? 2 : 1;
            sum += w * nodes[j].y;
            weight += w;
          }
        }
        return weight ? sum / weight : nodes[i].y;
      }));
    }
  }
  let top = Infinity, low = -Infinity;
  for (const v of nodes) { top = Math.min(top, v.y - v.h / 2); low = Math.max(low, v.y + v.h / 2); }
  for (const v of nodes) v.y -= top;
  return nodes.length ? low - top : 0;
}

// Least squares to the wanted heights that keeps order and distance (pool adjacent violators).
function spread(nodes, layer, want) {
  const pools = [];
  let offset = 0;
  layer.forEach((i, k) => {
    const v = nodes[i], above = k ? nodes[layer[k - 1]] : null;
    if (above) offset += (above.h + v.h) / 2 + (above.dummy && v.dummy ? 4 : GAP_Y);
    v.offset = offset;
    const weight = v.dummy ? 0.5 : 1;
    pools.push({ sum: (want[k] - offset) * weight, weight, from: k, to: k });
    while (pools.length > 1) {
      const b = pools[pools.length - 1], a = pools[pools.length - 2];
      if (a.sum / a.weight <= b.sum / b.weight) break;
      pools.pop();
      a.sum += b.sum; a.weight += b.weight; a.to = b.to;
    }
  });
  for (const { sum, weight, from, to } of pools) {
    for (let k = from; k <= to; k++) nodes[layer[k]].y = sum / weight + nodes[layer[k]].offset;
  }
}

// Corner points of an edge: across a dummy's column it runs level, so curves stay between columns.
function route(chain, reversed) {
  const points = [];
  chain.forEach((v, k) => {
    if (k) points.push([v.x - (v.dummy ? v.column : v.w) / 2, v.y]);
    if (k < chain.length - 1) points.push([v.x + (v.dummy ? v.column : v.w) / 2, v.y]);
  });
  return reversed ? points.reverse() : points;
}

export function curve(points) {
  let d = `M${points[0].map(round)}`;
  for (let k = 1; k < points.length; k++) {
    const [x0, y0] = points[k - 1], [x1, y1] = points[k];
    const bend = (x1 - x0) / 2;
    d += y0 === y1 ? `L${round(x1)},${round(y1)}`
      : `C${round(x0 + bend)},${round(y0)} ${round(x1 - bend)},${round(y1)} ${round(x1)},${round(y1)}`;
  }
  return d;
}

const round = (x) => Math.round(x * 10) / 10;
