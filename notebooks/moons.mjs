// loss: a program of 128 scalars, written by micrograd.export.to_js.
//
// program of 128 scalars → 11 tensor operations and 13 for the gradients, for every sample of a batch
//   p[42]  parameters
//   x1[2]  inputs
//   x2[1]  inputs
// forward
//   sum1[i + …]  = p[2 + 3i]                                         i < 8
//   sum1[i + …] += Σj p[3i + j] · x1[j + …]                          i < 8, j < 2
//   relu1[i + …]  = max(0, sum1[i + …])                              i < 8
//   sum2[i + …]  = p[32 + 9i]                                        i < 2
//   sum2[i + …] += Σj p[24 + 9i + j] · relu1[j + …]                  i < 2, j < 8
//   shift1[0 + …]  = maxi sum2[i + …]                                i < 2
//   sub1[i + …]  = sum2[i + …] - shift1[0 + …]                       i < 2
//   exp1[i + …]  = exp(sub1[i + …])                                  i < 2
//   sum3[0 + …]  = Σi exp1[i + …]                                    i < 2
//   div1[i + …]  = exp1[i + …] / sum3[0 + …]                         i < 2
//   choose1[0 + …]  = div1[x2[0 + …] + …]
//   log1[0 + …]  = log(choose1[0 + …])
//   neg1[0 + …]  = -log1[0 + …]
// backward
//   log1.grad[0 + …]  = -neg1.grad[0 + …]
//   choose1.grad[0 + …]  = log1.grad[0 + …] · ∂log/∂choose1[0 + …]
//   div1.grad[i + …]  = 0                                            i < 2
//   div1.grad[x2[0 + …] + …] += choose1.grad[0 + …]
//   exp1.grad[i + …]  = div1.grad[i + …] · (1 / sum3[0 + …])         i < 2
//   sum3.grad[0 + …]  = Σi div1.grad[i + …] · ∂div/∂sum3[0 + …]      i < 2
//   exp1.grad[i + …] += sum3.grad[0 + …]                             i < 2
//   sub1.grad[i + …]  = exp1.grad[i + …] · exp1[i + …]               i < 2
//   sum2.grad[i + …]  = sub1.grad[i + …]                             i < 2
//   p.grad[24 + 9i + j]  = Σbatch sum2.grad[i + …] · relu1[j + …]    i < 2, j < 8
//   relu1.grad[j + …]  = Σi sum2.grad[i + …] · p[24 + 9i + j]        i < 2, j < 8
//   p.grad[32 + 9i]  = Σbatch sum2.grad[i + …]                       i < 2
//   sum1.grad[i + …]  = relu1.grad[i + …] · ∂relu/∂sum1[i + …]       i < 8
//   p.grad[3i + j]  = Σbatch sum1.grad[i + …] · x1[j + …]            i < 8, j < 2
//   p.grad[2 + 3i]  = Σbatch sum1.grad[i + …]                        i < 8

export const PARAMS = 42, INPUTS = 3, OUTPUTS = 1;
const ROOM = 64; // samples in one pass
const inf = Infinity;
export const start = Float64Array.of(
    0.9120685437784988, 0.8956549741186988, 0.0, -0.8868972645463826, -0.8302560096821567, 0.0, 0.6709977562588991, 0.4719399781370466, 0.0, 0.3394608028804418, -0.3837270848217116, 0.0,
    0.21188833135692486, 0.21360346728167579, 0.0, 0.16240803422400618, -0.6832342594903889, 0.0, -0.13866071941746272, -0.21293635958925727, 0.0, 0.4460241624749317, 0.9896391258994854, 0.0,
    0.8987909461864871, 0.08835409485864165, -0.11029162254829283, -0.4635185167013438, -0.9281513412142848, -0.945110285818362, -0.07021227580537581, -0.36306974429264516, 0.0, -0.23997015619857676, 0.7835789156565749, 0.05150553829205662,
    0.12102072205299774, -0.5277531857698758, -0.9522838417184356, -0.34971414247767996, -0.7266052140270667, 0.0,
);
export const args = Float64Array.of(
    1.1288184753155464, 0.1449445608699771, 0.0, 0.006633580893826191, 0.4235456349028368, 1.0, 0.8849206356439454, 0.11125247010711345, 0.0, -0.09634827415544689, 0.24819803706580523, 1.0,
    0.996551753358462, 0.22830790067688456, 0.0, 0.0780262743237365, 0.19363246541544465, 1.0, 0.9481536995454597, 0.31282735409871115, 0.0, -0.09823607130887665, 0.23449818773012343, 1.0,
    0.9396465297708418, 0.6588003058843332, 0.0, 0.11272149806003942, 0.06564066762324335, 1.0, 0.9801328936704816, 0.5354329819963642, 0.0, 0.23404592644773164, -0.052108283800273415, 1.0,
    0.817910247041702, 0.7076030830424669, 0.0, 0.2735316365396524, -0.09232699033047949, 1.0, 0.6177646894635264, 0.7322216360895282, 0.0, 0.28169085624879436, -0.11565269916749794, 1.0,
    0.669009578561835, 0.8709805962411887, 0.0, 0.34745768867577975, -0.24196564911969434, 1.0, 0.6278647092249473, 0.7190005369394425, 0.0, 0.39864690863021573, -0.37769185505212743, 1.0,
    0.6664700126521148, 0.8742258418804145, 0.0, 0.5968135816809671, -0.321574538228651, 1.0, 0.3420508123212253, 0.7738930371037467, 0.0, 0.7263462417276998, -0.4696963967831506, 1.0,
    0.33932400420371095, 0.8330235100082264, 0.0, 0.6886733612737961, -0.3378678580586868, 1.0, 0.30488239535801664, 0.8565806604276904, 0.0, 0.7049372555383409, -0.49125296630170934, 1.0,
    0.12696304091728958, 1.014583881789057, 0.0, 0.9762165621972808, -0.5974170563485851, 1.0, 0.004540262795962875, 1.1102186479648073, 0.0, 1.0105716565570193, -0.6418822202174704, 1.0,
    -0.23766407892113964, 1.0629923231252243, 0.0, 0.9884122773691213, -0.4960142013220865, 1.0, -0.36662916704377, 0.9504365483214512, 0.0, 1.2430761798544168, -0.4619643141919914, 1.0,
    -0.22001741570957437, 0.9710477641775794, 0.0, 1.503509429876437, -0.4431179912471368, 1.0, -0.5163671014824867, 0.9213931026726219, 0.0, 1.1848293620317865, -0.38750092591522967, 1.0,
    -0.5451700864548595, 0.7041681237555364, 0.0, 1.6076235876196374, -0.3836134785895866, 1.0, -0.8932963038095233, 0.7408302160908418, 0.0, 1.5495017103521496, -0.3142216423876511, 1.0,
    -0.7412239337936676, 0.8127969937768058, 0.0, 1.7363103098172896, -0.190548021351791, 1.0, -0.7571926240889051, 0.42396497861130367, 0.0, 1.9201054527680006, -0.21288290722341355, 1.0,
    -0.8129476690540883, 0.4028758076301584, 0.0, 1.7592086397064952, -0.055182644704172105, 1.0, -0.7180005734091123, 0.4896555450071124, 0.0, 1.8471557702660901, 0.05167987842011187, 1.0,
    -1.062793044604701, 0.31588552908417294, 0.0, 1.8903459282077864, 0.2528872601271424, 1.0, -1.1123273117299788, 0.18150611985504103, 0.0, 1.8924196960231756, 0.21315871388878976, 1.0,
    -0.9230218018241276, 0.12074959387027756, 0.0, 2.052657867782476, 0.5107884664797546, 1.0, -0.8850430268488106, -0.137179272141546, 0.0, 2.053696569015001, 0.3238731543078537, 1.0,
);

// V: values, G: gradients, R: whether something reaches a gradient; VB, GB, RB: those of each sample; T: addresses.
const V = new Float64Array(42);
const G = new Float64Array(42);
const R = new Float64Array(42);
const VB = new Float64Array(6208);
const GB = new Float64Array(6208);
const RB = new Float64Array(6208);
const slot = Int32Array.of(0, 1, 8); // where the inputs belong

const relu = (x) => x > 0 || x !== x ? x : 0;

const maximum = (x, y) => x > y || x !== x ? x : x === 0 && y === 0 ? x + y : y;


function relu_0(x0) {
    return relu(x0);
}

function sub_1(x0, x1) {
    return (x0 - x1);
}

function exp_2(x0) {
    return Math.exp(x0);
}

function div_3(x0, x1) {
    return (x0 / x1);
}

function log_4(x0) {
    return Math.log(x0);
}

function neg_5(x0) {
    return (-x0);
}

function v_neg__x0_6(g) {
    return (-g);
}

function v_log__x0_7(g, y, x0) {
    return (g * ((+(y === y)) !== 0 ? ((1.0) / Math.abs(x0)) : y));
}

function zero_8() {
    return (0.0);
}

function v_div__x0_9(g, x1) {
    return (g * ((1.0) / x1));
}

function v_div__x1_10(g, y, x0, x1) {
    return (g * ((+(Math.abs(y) < (2.2250738585072014e-308))) !== 0 ? ((((x0 * (-1.6069380442589903e+60)) / x1) / x1) * (6.223015277861142e-61)) : (-(y / x1))));
}

function v_exp__x0_11(g, y) {
    return (g * y);
}

function v_relu__x0_12(g, x0) {
    return ((+((0.0) < x0)) !== 0 ? g : ((+(x0 === x0)) !== 0 ? (0.0) : (g * x0)));
}

function reached_13(r) {
    return ((r) !== 0 ? (1.0) : (0.0));
}

function reached_14(x0, r) {
    return ((r) !== 0 ? ((((+((0.0) < x0)) !== 0 ? (1.0) : ((+(x0 === x0)) !== 0 ? (0.0) : (1.0)))) !== 0 ? (1.0) : (0.0)) : (0.0));
}

function v_neg__x0_15(g, r) {
    return ((r) !== 0 ? (-g) : (0.0));
}

function v_log__x0_16(g, y, x0, r) {
    return ((r) !== 0 ? (g * ((+(y === y)) !== 0 ? ((1.0) / Math.abs(x0)) : y)) : (0.0));
}

function v_div__x0_17(g, x1, r) {
    return ((r) !== 0 ? (g * ((1.0) / x1)) : (0.0));
}

function v_div__x1_18(g, y, x0, x1, r) {
    return ((r) !== 0 ? (g * ((+(Math.abs(y) < (2.2250738585072014e-308))) !== 0 ? ((((x0 * (-1.6069380442589903e+60)) / x1) / x1) * (6.223015277861142e-61)) : (-(y / x1)))) : (0.0));
}

function v_exp__x0_19(g, y, r) {
    return ((r) !== 0 ? (g * y) : (0.0));
}

function masked_20(g, x0, r) {
    return ((r) !== 0 ? (g * x0) : (0.0));
}

function v_relu__x0_21(g, x0, r) {
    return ((r) !== 0 ? ((+((0.0) < x0)) !== 0 ? g : ((+(x0 === x0)) !== 0 ? (0.0) : (g * x0))) : (0.0));
}

// sum1[i + …]  = p[2 + 3i]    i < 8
function make_sum1(n) {
    for (let i = 0; i < 8; i++) {
        for (let b = 0; b < n; b++) {
            VB[1024 + 64 * i + b] = V[2 + 3 * i];
        }
    }
}

// sum1[i + …] += Σj p[3i + j] · x1[j + …]    i < 8, j < 2
function make_sum1_2(n) {
    for (let i = 0; i < 8; i += 4) {
        for (let b = 0; b < n; b += 4) {
            let s00 = -0.0, s01 = -0.0, s02 = -0.0, s03 = -0.0, s10 = -0.0, s11 = -0.0, s12 = -0.0, s13 = -0.0, s20 = -0.0, s21 = -0.0, s22 = -0.0, s23 = -0.0, s30 = -0.0, s31 = -0.0, s32 = -0.0, s33 = -0.0;
            for (let j = 0; j < 2; j++) {
                const a0 = V[0 + 3 * i + j];
                const a1 = V[3 + 3 * i + j];
                const a2 = V[6 + 3 * i + j];
                const a3 = V[9 + 3 * i + j];
                const b0 = VB[0 + 64 * j + b];
                const b1 = VB[1 + 64 * j + b];
                const b2 = VB[2 + 64 * j + b];
                const b3 = VB[3 + 64 * j + b];
                s00 += a0 * b0;
                s01 += a0 * b1;
                s02 += a0 * b2;
                s03 += a0 * b3;
                s10 += a1 * b0;
                s11 += a1 * b1;
                s12 += a1 * b2;
                s13 += a1 * b3;
                s20 += a2 * b0;
                s21 += a2 * b1;
                s22 += a2 * b2;
                s23 += a2 * b3;
                s30 += a3 * b0;
                s31 += a3 * b1;
                s32 += a3 * b2;
                s33 += a3 * b3;
            }
            VB[1024 + 64 * i + b] += s00;
            VB[1025 + 64 * i + b] += s01;
            VB[1026 + 64 * i + b] += s02;
            VB[1027 + 64 * i + b] += s03;
            VB[1088 + 64 * i + b] += s10;
            VB[1089 + 64 * i + b] += s11;
            VB[1090 + 64 * i + b] += s12;
            VB[1091 + 64 * i + b] += s13;
            VB[1152 + 64 * i + b] += s20;
            VB[1153 + 64 * i + b] += s21;
            VB[1154 + 64 * i + b] += s22;
            VB[1155 + 64 * i + b] += s23;
            VB[1216 + 64 * i + b] += s30;
            VB[1217 + 64 * i + b] += s31;
            VB[1218 + 64 * i + b] += s32;
            VB[1219 + 64 * i + b] += s33;
        }
    }
}

// relu1[i + …]  = max(0, sum1[i + …])    i < 8
function make_relu1(n) {
    for (let i = 0; i < 8; i++) {
        for (let b = 0; b < n; b++) {
            VB[1536 + 64 * i + b] = relu_0(VB[1024 + 64 * i + b]);
        }
    }
}

// sum2[i + …]  = p[32 + 9i]    i < 2
function make_sum2(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            VB[2048 + 64 * i + b] = V[32 + 9 * i];
        }
    }
}

// sum2[i + …] += Σj p[24 + 9i + j] · relu1[j + …]    i < 2, j < 8
function make_sum2_2(n) {
    for (let i = 0; i < 2; i += 2) {
        for (let b = 0; b < n; b += 4) {
            let s00 = -0.0, s01 = -0.0, s02 = -0.0, s03 = -0.0, s10 = -0.0, s11 = -0.0, s12 = -0.0, s13 = -0.0;
            for (let j = 0; j < 8; j++) {
                const a0 = V[24 + 9 * i + j];
                const a1 = V[33 + 9 * i + j];
                const b0 = VB[1536 + 64 * j + b];
                const b1 = VB[1537 + 64 * j + b];
                const b2 = VB[1538 + 64 * j + b];
                const b3 = VB[1539 + 64 * j + b];
                s00 += a0 * b0;
                s01 += a0 * b1;
                s02 += a0 * b2;
                s03 += a0 * b3;
                s10 += a1 * b0;
                s11 += a1 * b1;
                s12 += a1 * b2;
                s13 += a1 * b3;
            }
            VB[2048 + 64 * i + b] += s00;
            VB[2049 + 64 * i + b] += s01;
            VB[2050 + 64 * i + b] += s02;
            VB[2051 + 64 * i + b] += s03;
            VB[2112 + 64 * i + b] += s10;
            VB[2113 + 64 * i + b] += s11;
            VB[2114 + 64 * i + b] += s12;
            VB[2115 + 64 * i + b] += s13;
        }
    }
}

// shift1[0 + …]  = maxi sum2[i + …]    i < 2
function make_shift1(n) {
    for (let b = 0; b < n; b++) {
        VB[2560 + b] = -inf;
    }
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            VB[2560 + b] = maximum(VB[2560 + b], VB[2048 + 64 * i + b]);
        }
    }
    for (let b = 0; b < n; b++) {
        VB[2560 + b] = VB[2560 + b] - VB[2560 + b] == 0.0 || VB[2560 + b] != VB[2560 + b] ? VB[2560 + b] + 0.0 : 0.0;
    }
}

// sub1[i + …]  = sum2[i + …] - shift1[0 + …]    i < 2
function make_sub1(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            VB[3072 + 64 * i + b] = sub_1(VB[2048 + 64 * i + b], VB[2560 + b]);
        }
    }
}

// exp1[i + …]  = exp(sub1[i + …])    i < 2
function make_exp1(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            VB[3584 + 64 * i + b] = exp_2(VB[3072 + 64 * i + b]);
        }
    }
}

// sum3[0 + …]  = Σi exp1[i + …]    i < 2
function make_sum3(n) {
    for (let b = 0; b < n; b++) {
        VB[4096 + b] = -0.0;
    }
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            VB[4096 + b] += VB[3584 + 64 * i + b];
        }
    }
}

// div1[i + …]  = exp1[i + …] / sum3[0 + …]    i < 2
function make_div1(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            VB[4608 + 64 * i + b] = div_3(VB[3584 + 64 * i + b], VB[4096 + b]);
        }
    }
}

// choose1[0 + …]  = div1[x2[0 + …] + …]
function make_choose1(n) {
    for (let b = 0; b < n; b++) {
        VB[5120 + b] = VB[4608 + b + 64 * (VB[512 + b] | 0)];
    }
}

// log1[0 + …]  = log(choose1[0 + …])
function make_log1(n) {
    for (let b = 0; b < n; b++) {
        VB[5632 + b] = log_4(VB[5120 + b]);
    }
}

// neg1[0 + …]  = -log1[0 + …]
function make_neg1(n) {
    for (let b = 0; b < n; b++) {
        VB[6144 + b] = neg_5(VB[5632 + b]);
    }
}

function forward(n) {
    make_sum1(n);
    make_sum1_2(n);
    make_relu1(n);
    make_sum2(n);
    make_sum2_2(n);
    make_shift1(n);
    make_sub1(n);
    make_exp1(n);
    make_sum3(n);
    make_div1(n);
    make_choose1(n);
    make_log1(n);
    make_neg1(n);
}

// log1.grad[0 + …]  = -neg1.grad[0 + …]
function grad_log1(n) {
    for (let b = 0; b < n; b++) {
        GB[5632 + b] = v_neg__x0_6(GB[6144 + b]);
    }
}

// choose1.grad[0 + …]  = log1.grad[0 + …] · ∂log/∂choose1[0 + …]
function grad_choose1(n) {
    for (let b = 0; b < n; b++) {
        GB[5120 + b] = v_log__x0_7(GB[5632 + b], VB[5632 + b], VB[5120 + b]);
    }
}

// div1.grad[i + …]  = 0    i < 2
function grad_div1(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            GB[4608 + 64 * i + b] = zero_8();
        }
    }
}

// div1.grad[x2[0 + …] + …] += choose1.grad[0 + …]
function grad_div1_2(n) {
    for (let b = 0; b < n; b++) {
        GB[4608 + b + 64 * (VB[512 + b] | 0)] += GB[5120 + b];
    }
}

// exp1.grad[i + …]  = div1.grad[i + …] · (1 / sum3[0 + …])    i < 2
function grad_exp1(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            GB[3584 + 64 * i + b] = v_div__x0_9(GB[4608 + 64 * i + b], VB[4096 + b]);
        }
    }
}

// sum3.grad[0 + …]  = Σi div1.grad[i + …] · ∂div/∂sum3[0 + …]    i < 2
function grad_sum3(n) {
    for (let b = 0; b < n; b++) {
        GB[4096 + b] = -0.0;
    }
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            GB[4096 + b] += v_div__x1_10(GB[4608 + 64 * i + b], VB[4608 + 64 * i + b], VB[3584 + 64 * i + b], VB[4096 + b]);
        }
    }
}

// exp1.grad[i + …] += sum3.grad[0 + …]    i < 2
function grad_exp1_2(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            GB[3584 + 64 * i + b] += GB[4096 + b];
        }
    }
}

// sub1.grad[i + …]  = exp1.grad[i + …] · exp1[i + …]    i < 2
function grad_sub1(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            GB[3072 + 64 * i + b] = v_exp__x0_11(GB[3584 + 64 * i + b], VB[3584 + 64 * i + b]);
        }
    }
}

// sum2.grad[i + …]  = sub1.grad[i + …]    i < 2
function grad_sum2(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            GB[2048 + 64 * i + b] = GB[3072 + 64 * i + b];
        }
    }
}

// p.grad[24 + 9i + j]  = Σbatch sum2.grad[i + …] · relu1[j + …]    i < 2, j < 8
function grad_p(n) {
    for (let i = 0; i < 2; i += 2) {
        for (let j = 0; j < 8; j += 4) {
            let s00 = -0.0, s01 = -0.0, s02 = -0.0, s03 = -0.0, s10 = -0.0, s11 = -0.0, s12 = -0.0, s13 = -0.0;
            for (let b = 0; b < n; b++) {
                const a0 = GB[2048 + 64 * i + b];
                const a1 = GB[2112 + 64 * i + b];
                const b0 = VB[1536 + 64 * j + b];
                const b1 = VB[1600 + 64 * j + b];
                const b2 = VB[1664 + 64 * j + b];
                const b3 = VB[1728 + 64 * j + b];
                s00 += a0 * b0;
                s01 += a0 * b1;
                s02 += a0 * b2;
                s03 += a0 * b3;
                s10 += a1 * b0;
                s11 += a1 * b1;
                s12 += a1 * b2;
                s13 += a1 * b3;
            }
            G[24 + 9 * i + j] = -0.0 + s00;
            G[25 + 9 * i + j] = -0.0 + s01;
            G[26 + 9 * i + j] = -0.0 + s02;
            G[27 + 9 * i + j] = -0.0 + s03;
            G[33 + 9 * i + j] = -0.0 + s10;
            G[34 + 9 * i + j] = -0.0 + s11;
            G[35 + 9 * i + j] = -0.0 + s12;
            G[36 + 9 * i + j] = -0.0 + s13;
        }
    }
}

// relu1.grad[j + …]  = Σi sum2.grad[i + …] · p[24 + 9i + j]    i < 2, j < 8
function grad_relu1(n) {
    for (let b = 0; b < n; b += 4) {
        for (let j = 0; j < 8; j += 4) {
            let s00 = -0.0, s01 = -0.0, s02 = -0.0, s03 = -0.0, s10 = -0.0, s11 = -0.0, s12 = -0.0, s13 = -0.0, s20 = -0.0, s21 = -0.0, s22 = -0.0, s23 = -0.0, s30 = -0.0, s31 = -0.0, s32 = -0.0, s33 = -0.0;
            for (let i = 0; i < 2; i++) {
                const a0 = GB[2048 + 64 * i + b];
                const a1 = GB[2049 + 64 * i + b];
                const a2 = GB[2050 + 64 * i + b];
                const a3 = GB[2051 + 64 * i + b];
                const b0 = V[24 + 9 * i + j];
                const b1 = V[25 + 9 * i + j];
                const b2 = V[26 + 9 * i + j];
                const b3 = V[27 + 9 * i + j];
                s00 += a0 * b0;
                s01 += a0 * b1;
                s02 += a0 * b2;
                s03 += a0 * b3;
                s10 += a1 * b0;
                s11 += a1 * b1;
                s12 += a1 * b2;
                s13 += a1 * b3;
                s20 += a2 * b0;
                s21 += a2 * b1;
                s22 += a2 * b2;
                s23 += a2 * b3;
                s30 += a3 * b0;
                s31 += a3 * b1;
                s32 += a3 * b2;
                s33 += a3 * b3;
            }
            GB[1536 + 64 * j + b] = -0.0 + s00;
            GB[1600 + 64 * j + b] = -0.0 + s01;
            GB[1664 + 64 * j + b] = -0.0 + s02;
            GB[1728 + 64 * j + b] = -0.0 + s03;
            GB[1537 + 64 * j + b] = -0.0 + s10;
            GB[1601 + 64 * j + b] = -0.0 + s11;
            GB[1665 + 64 * j + b] = -0.0 + s12;
            GB[1729 + 64 * j + b] = -0.0 + s13;
            GB[1538 + 64 * j + b] = -0.0 + s20;
            GB[1602 + 64 * j + b] = -0.0 + s21;
            GB[1666 + 64 * j + b] = -0.0 + s22;
            GB[1730 + 64 * j + b] = -0.0 + s23;
            GB[1539 + 64 * j + b] = -0.0 + s30;
            GB[1603 + 64 * j + b] = -0.0 + s31;
            GB[1667 + 64 * j + b] = -0.0 + s32;
            GB[1731 + 64 * j + b] = -0.0 + s33;
        }
    }
}

// p.grad[32 + 9i]  = Σbatch sum2.grad[i + …]    i < 2
function grad_p_2(n) {
    for (let i = 0; i < 2; i++) {
        let total = -0.0;
        for (let b = 0; b < n; b++) {
            total += GB[2048 + 64 * i + b];
        }
        G[32 + 9 * i] = -0.0 + total;
    }
}

// sum1.grad[i + …]  = relu1.grad[i + …] · ∂relu/∂sum1[i + …]    i < 8
function grad_sum1(n) {
    for (let i = 0; i < 8; i++) {
        for (let b = 0; b < n; b++) {
            GB[1024 + 64 * i + b] = v_relu__x0_12(GB[1536 + 64 * i + b], VB[1024 + 64 * i + b]);
        }
    }
}

// p.grad[3i + j]  = Σbatch sum1.grad[i + …] · x1[j + …]    i < 8, j < 2
function grad_p_3(n) {
    for (let i = 0; i < 8; i += 4) {
        for (let j = 0; j < 2; j += 2) {
            let s00 = -0.0, s01 = -0.0, s10 = -0.0, s11 = -0.0, s20 = -0.0, s21 = -0.0, s30 = -0.0, s31 = -0.0;
            for (let b = 0; b < n; b++) {
                const a0 = GB[1024 + 64 * i + b];
                const a1 = GB[1088 + 64 * i + b];
                const a2 = GB[1152 + 64 * i + b];
                const a3 = GB[1216 + 64 * i + b];
                const b0 = VB[0 + 64 * j + b];
                const b1 = VB[64 + 64 * j + b];
                s00 += a0 * b0;
                s01 += a0 * b1;
                s10 += a1 * b0;
                s11 += a1 * b1;
                s20 += a2 * b0;
                s21 += a2 * b1;
                s30 += a3 * b0;
                s31 += a3 * b1;
            }
            G[0 + 3 * i + j] = -0.0 + s00;
            G[1 + 3 * i + j] = -0.0 + s01;
            G[3 + 3 * i + j] = -0.0 + s10;
            G[4 + 3 * i + j] = -0.0 + s11;
            G[6 + 3 * i + j] = -0.0 + s20;
            G[7 + 3 * i + j] = -0.0 + s21;
            G[9 + 3 * i + j] = -0.0 + s30;
            G[10 + 3 * i + j] = -0.0 + s31;
        }
    }
}

// p.grad[2 + 3i]  = Σbatch sum1.grad[i + …]    i < 8
function grad_p_4(n) {
    for (let i = 0; i < 8; i++) {
        let total = -0.0;
        for (let b = 0; b < n; b++) {
            total += GB[1024 + 64 * i + b];
        }
        G[2 + 3 * i] = -0.0 + total;
    }
}

function backward(n) {
    grad_log1(n);
    grad_choose1(n);
    grad_div1(n);
    grad_div1_2(n);
    grad_exp1(n);
    grad_sum3(n);
    grad_exp1_2(n);
    grad_sub1(n);
    grad_sum2(n);
    grad_p(n);
    grad_relu1(n);
    grad_p_2(n);
    grad_sum1(n);
    grad_p_3(n);
    grad_p_4(n);
}

// log1.reached[0 + …]  = 1 if neg1.reached[0 + …] else 0
function again_log1(n) {
    for (let b = 0; b < n; b++) {
        RB[5632 + b] = reached_13(RB[6144 + b]);
    }
}

// choose1.reached[0 + …]  = 1 if log1.reached[0 + …] else 0
function again_choose1(n) {
    for (let b = 0; b < n; b++) {
        RB[5120 + b] = reached_13(RB[5632 + b]);
    }
}

// div1.reached[i + …]  = 0    i < 2
function again_div1(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            RB[4608 + 64 * i + b] = zero_8();
        }
    }
}

// div1.reached[x2[0 + …] + …] += 1 if choose1.reached[0 + …] else 0
function again_div1_2(n) {
    for (let b = 0; b < n; b++) {
        RB[4608 + b + 64 * (VB[512 + b] | 0)] += reached_13(RB[5120 + b]);
    }
}

// exp1.reached[i + …]  = 1 if div1.reached[i + …] else 0    i < 2
function again_exp1(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            RB[3584 + 64 * i + b] = reached_13(RB[4608 + 64 * i + b]);
        }
    }
}

// sum3.reached[0 + …]  = Σi 1 if div1.reached[i + …] else 0    i < 2
function again_sum3(n) {
    for (let b = 0; b < n; b++) {
        RB[4096 + b] = -0.0;
    }
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            RB[4096 + b] += reached_13(RB[4608 + 64 * i + b]);
        }
    }
}

// exp1.reached[i + …] += 1 if sum3.reached[0 + …] else 0    i < 2
function again_exp1_2(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            RB[3584 + 64 * i + b] += reached_13(RB[4096 + b]);
        }
    }
}

// sub1.reached[i + …]  = 1 if exp1.reached[i + …] else 0    i < 2
function again_sub1(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            RB[3072 + 64 * i + b] = reached_13(RB[3584 + 64 * i + b]);
        }
    }
}

// sum2.reached[i + …]  = 1 if sub1.reached[i + …] else 0    i < 2
function again_sum2(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            RB[2048 + 64 * i + b] = reached_13(RB[3072 + 64 * i + b]);
        }
    }
}

// p.reached[24 + 9i + j]  = Σbatch 1 if sum2.reached[i + …] else 0    i < 2, j < 8
function again_p(n) {
    for (let i = 0; i < 2; i++) {
        for (let j = 0; j < 8; j++) {
            let total = -0.0;
            for (let b = 0; b < n; b++) {
                total += reached_13(RB[2048 + 64 * i + b]);
            }
            R[24 + 9 * i + j] = -0.0 + total;
        }
    }
}

// relu1.reached[j + …]  = Σi 1 if sum2.reached[i + …] else 0    i < 2, j < 8
function again_relu1(n) {
    for (let j = 0; j < 8; j++) {
        for (let b = 0; b < n; b++) {
            RB[1536 + 64 * j + b] = -0.0;
        }
    }
    for (let j = 0; j < 8; j++) {
        for (let i = 0; i < 2; i++) {
            for (let b = 0; b < n; b++) {
                RB[1536 + 64 * j + b] += reached_13(RB[2048 + 64 * i + b]);
            }
        }
    }
}

// p.reached[32 + 9i]  = Σbatch 1 if sum2.reached[i + …] else 0    i < 2
function again_p_2(n) {
    for (let i = 0; i < 2; i++) {
        let total = -0.0;
        for (let b = 0; b < n; b++) {
            total += reached_13(RB[2048 + 64 * i + b]);
        }
        R[32 + 9 * i] = -0.0 + total;
    }
}

// sum1.reached[i + …]  = ((1 if (1 if [0 < sum1[i + …]] else (0 if [sum1[i + …] = sum1[i + …]] else 1)) else 0) if relu1.reached[i + …] else 0)    i < 8
function again_sum1(n) {
    for (let i = 0; i < 8; i++) {
        for (let b = 0; b < n; b++) {
            RB[1024 + 64 * i + b] = reached_14(VB[1024 + 64 * i + b], RB[1536 + 64 * i + b]);
        }
    }
}

// p.reached[3i + j]  = Σbatch 1 if sum1.reached[i + …] else 0    i < 8, j < 2
function again_p_3(n) {
    for (let i = 0; i < 8; i++) {
        for (let j = 0; j < 2; j++) {
            let total = -0.0;
            for (let b = 0; b < n; b++) {
                total += reached_13(RB[1024 + 64 * i + b]);
            }
            R[3 * i + j] = -0.0 + total;
        }
    }
}

// p.reached[2 + 3i]  = Σbatch 1 if sum1.reached[i + …] else 0    i < 8
function again_p_4(n) {
    for (let i = 0; i < 8; i++) {
        let total = -0.0;
        for (let b = 0; b < n; b++) {
            total += reached_13(RB[1024 + 64 * i + b]);
        }
        R[2 + 3 * i] = -0.0 + total;
    }
}

// log1.grad[0 + …]  = -neg1.grad[0 + …] if neg1.reached[0 + …] else 0
function again_log1_2(n) {
    for (let b = 0; b < n; b++) {
        GB[5632 + b] = v_neg__x0_15(GB[6144 + b], RB[6144 + b]);
    }
}

// choose1.grad[0 + …]  = (log1.grad[0 + …] · ((1 / |choose1[0 + …]|) if [log1[0 + …] = log1[0 + …]] else log1[0 + …]) if log1.reached[0 + …] else 0)
function again_choose1_2(n) {
    for (let b = 0; b < n; b++) {
        GB[5120 + b] = v_log__x0_16(GB[5632 + b], VB[5632 + b], VB[5120 + b], RB[5632 + b]);
    }
}

// div1.grad[i + …]  = 0    i < 2
function again_div1_3(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            GB[4608 + 64 * i + b] = zero_8();
        }
    }
}

// div1.grad[x2[0 + …] + …] += choose1.grad[0 + …]
function again_div1_4(n) {
    for (let b = 0; b < n; b++) {
        GB[4608 + b + 64 * (VB[512 + b] | 0)] += GB[5120 + b];
    }
}

// exp1.grad[i + …]  = (div1.grad[i + …] · (1 / sum3[0 + …]) if div1.reached[i + …] else 0)    i < 2
function again_exp1_3(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            GB[3584 + 64 * i + b] = v_div__x0_17(GB[4608 + 64 * i + b], VB[4096 + b], RB[4608 + 64 * i + b]);
        }
    }
}

// sum3.grad[0 + …]  = Σi (div1.grad[i + …] · (((exp1[i + …] · -1.60694e+60 / sum3[0 + …]) / sum3[0 + …]) · 6.22302e-61 if [|div1[i + …]| < 2.22507e-308] else -(div1[i + …] / sum3[0 + …])) if div1.reached[i + …] else 0)    i < 2
function again_sum3_2(n) {
    for (let b = 0; b < n; b++) {
        GB[4096 + b] = -0.0;
    }
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            GB[4096 + b] += v_div__x1_18(GB[4608 + 64 * i + b], VB[4608 + 64 * i + b], VB[3584 + 64 * i + b], VB[4096 + b], RB[4608 + 64 * i + b]);
        }
    }
}

// exp1.grad[i + …] += sum3.grad[0 + …]    i < 2
function again_exp1_4(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            GB[3584 + 64 * i + b] += GB[4096 + b];
        }
    }
}

// sub1.grad[i + …]  = exp1.grad[i + …] · exp1[i + …] if exp1.reached[i + …] else 0    i < 2
function again_sub1_2(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            GB[3072 + 64 * i + b] = v_exp__x0_19(GB[3584 + 64 * i + b], VB[3584 + 64 * i + b], RB[3584 + 64 * i + b]);
        }
    }
}

// sum2.grad[i + …]  = sub1.grad[i + …]    i < 2
function again_sum2_2(n) {
    for (let i = 0; i < 2; i++) {
        for (let b = 0; b < n; b++) {
            GB[2048 + 64 * i + b] = GB[3072 + 64 * i + b];
        }
    }
}

// p.grad[24 + 9i + j]  = Σbatch sum2.grad[i + …] · relu1[j + …] if sum2.reached[i + …] else 0    i < 2, j < 8
function again_p_5(n) {
    for (let i = 0; i < 2; i++) {
        for (let j = 0; j < 8; j++) {
            let total = -0.0;
            for (let b = 0; b < n; b++) {
                total += masked_20(GB[2048 + 64 * i + b], VB[1536 + 64 * j + b], RB[2048 + 64 * i + b]);
            }
            G[24 + 9 * i + j] = -0.0 + total;
        }
    }
}

// relu1.grad[j + …]  = Σi sum2.grad[i + …] · p[24 + 9i + j] if sum2.reached[i + …] else 0    i < 2, j < 8
function again_relu1_2(n) {
    for (let j = 0; j < 8; j++) {
        for (let b = 0; b < n; b++) {
            GB[1536 + 64 * j + b] = -0.0;
        }
    }
    for (let j = 0; j < 8; j++) {
        for (let i = 0; i < 2; i++) {
            for (let b = 0; b < n; b++) {
                GB[1536 + 64 * j + b] += masked_20(GB[2048 + 64 * i + b], V[24 + 9 * i + j], RB[2048 + 64 * i + b]);
            }
        }
    }
}

// p.grad[32 + 9i]  = Σbatch sum2.grad[i + …]    i < 2
function again_p_6(n) {
    for (let i = 0; i < 2; i++) {
        let total = -0.0;
        for (let b = 0; b < n; b++) {
            total += GB[2048 + 64 * i + b];
        }
        G[32 + 9 * i] = -0.0 + total;
    }
}

// sum1.grad[i + …]  = ((relu1.grad[i + …] if [0 < sum1[i + …]] else (0 if [sum1[i + …] = sum1[i + …]] else relu1.grad[i + …] · sum1[i + …])) if relu1.reached[i + …] else 0)    i < 8
function again_sum1_2(n) {
    for (let i = 0; i < 8; i++) {
        for (let b = 0; b < n; b++) {
            GB[1024 + 64 * i + b] = v_relu__x0_21(GB[1536 + 64 * i + b], VB[1024 + 64 * i + b], RB[1536 + 64 * i + b]);
        }
    }
}

// p.grad[3i + j]  = Σbatch sum1.grad[i + …] · x1[j + …] if sum1.reached[i + …] else 0    i < 8, j < 2
function again_p_7(n) {
    for (let i = 0; i < 8; i++) {
        for (let j = 0; j < 2; j++) {
            let total = -0.0;
            for (let b = 0; b < n; b++) {
                total += masked_20(GB[1024 + 64 * i + b], VB[64 * j + b], RB[1024 + 64 * i + b]);
            }
            G[3 * i + j] = -0.0 + total;
        }
    }
}

// p.grad[2 + 3i]  = Σbatch sum1.grad[i + …]    i < 8
function again_p_8(n) {
    for (let i = 0; i < 8; i++) {
        let total = -0.0;
        for (let b = 0; b < n; b++) {
            total += GB[1024 + 64 * i + b];
        }
        G[2 + 3 * i] = -0.0 + total;
    }
}

function again(n) {
    again_log1(n);
    again_choose1(n);
    again_div1(n);
    again_div1_2(n);
    again_exp1(n);
    again_sum3(n);
    again_exp1_2(n);
    again_sub1(n);
    again_sum2(n);
    again_p(n);
    again_relu1(n);
    again_p_2(n);
    again_sum1(n);
    again_p_3(n);
    again_p_4(n);
    again_log1_2(n);
    again_choose1_2(n);
    again_div1_3(n);
    again_div1_4(n);
    again_exp1_3(n);
    again_sum3_2(n);
    again_exp1_4(n);
    again_sub1_2(n);
    again_sum2_2(n);
    again_p_5(n);
    again_relu1_2(n);
    again_p_6(n);
    again_sum1_2(n);
    again_p_7(n);
    again_p_8(n);
}

const place = [2], limit = [2]; // of the inputs that choose rows
const right = (x, at) => place.every((k, i) => Number.isInteger(x[at + k]) && x[at + k] >= 0 && x[at + k] < limit[i]);

const typed = (x) => (x instanceof Float64Array ? x : Float64Array.from(x));

const broken = (xs) => {
    for (let i = 0; i < xs.length; i++) if (xs[i] !== xs[i]) return true;
    return false;
};

function enter(p, x, at, m) {
    V.set(p);
    for (let b = 0; b < m; b++) if (!right(x, (at + b) * INPUTS)) return false;
    for (let b = 0; b < m; b++) {
        const row = (at + b) * INPUTS;
        for (let i = 0; i < INPUTS; i++) VB[slot[i] * ROOM + b] = x[row + i];
    }
    return true;
}

export function outputs(p, x) {
    x = typed(x);
    const n = INPUTS ? x.length / INPUTS : 1;
    const y = new Float64Array(n * OUTPUTS).fill(NaN);
    for (let at = 0; at < n; at += ROOM) {
        const m = Math.min(n - at, ROOM), known = enter(p, x, at, m);
        if (!known) continue;
        forward(m);
        for (let b = 0; b < m; b++) y[(at + b) * OUTPUTS + 0] = VB[6144 + b];
    }
    return y;
}

export function loss(p, x) {
    let sum = 0;
    x = typed(x);
    const n = INPUTS ? x.length / INPUTS : 1;
    for (let at = 0; at < n; at += ROOM) {
        const m = Math.min(n - at, ROOM), known = enter(p, x, at, m);
        if (!known) return NaN;
        forward(m);
        for (let b = 0; b < m; b++) sum += VB[6144 + b];
    }
    return sum / n;
}

export function valueAndGrad(p, x) {
    let sum = 0;
    x = typed(x);
    const n = INPUTS ? x.length / INPUTS : 1;
    const gradient = new Float64Array(PARAMS);
    for (let at = 0; at < n; at += ROOM) {
        const m = Math.min(n - at, ROOM), known = enter(p, x, at, m);
        if (!known) return { value: NaN, gradient: gradient.fill(NaN) };
        const before = gradient.slice();
        forward(m);
        for (let b = 0; b < m; b++) sum += VB[6144 + b];
        for (let b = 0; b < m; b++) GB[6144 + b] = 1 / n;
        backward(m);
        for (let i = 0; i < PARAMS; i++) gradient[i] = before[i] + G[i];
        if (broken(gradient)) {
            for (let b = 0; b < m; b++) RB[6144 + b] = 1;
            again(m);
            for (let i = 0; i < PARAMS; i++) gradient[i] = before[i] + G[i];
        }
    }
    return { value: sum / n, gradient };
}

// What SGD remembers.
export const fresh = () => ({ t: 0, velocity: new Float64Array(PARAMS) });

export function update(parameters, gradient, state) {
    state.t++;
    const lr = 0.1;
    for (let i = 0; i < PARAMS; i++) {
        const p = parameters[i];
        const g = gradient[i];
        parameters[i] = (p - (lr * g));
    }
}

export function train(p, x, state) {
    const { value, gradient } = valueAndGrad(p, x);
    update(p, gradient, state);
    return value;
}
