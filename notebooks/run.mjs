import { valueAndGrad, start, args } from "./moons.mjs";
const { value, gradient } = valueAndGrad(start, args);
console.log([value, ...gradient].join(' '));
