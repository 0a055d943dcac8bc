/* loss: a program of 128 scalars, written by micrograd.export.to_c.

   cc -O3 -march=native -fno-math-errno -fno-trapping-math FILE.c -lm

   program of 128 scalars → 11 tensor operations and 13 for the gradients, for every sample of a batch
     p[42]  parameters
     x1[2]  inputs
     x2[1]  inputs
   forward
     sum1[i + …]  = p[2 + 3i]                                         i < 8
     sum1[i + …] += Σj p[3i + j] · x1[j + …]                          i < 8, j < 2
     relu1[i + …]  = max(0, sum1[i + …])                              i < 8
     sum2[i + …]  = p[32 + 9i]                                        i < 2
     sum2[i + …] += Σj p[24 + 9i + j] · relu1[j + …]                  i < 2, j < 8
     shift1[0 + …]  = maxi sum2[i + …]                                i < 2
     sub1[i + …]  = sum2[i + …] - shift1[0 + …]                       i < 2
     exp1[i + …]  = exp(sub1[i + …])                                  i < 2
     sum3[0 + …]  = Σi exp1[i + …]                                    i < 2
     div1[i + …]  = exp1[i + …] / sum3[0 + …]                         i < 2
     choose1[0 + …]  = div1[x2[0 + …] + …]
     log1[0 + …]  = log(choose1[0 + …])
     neg1[0 + …]  = -log1[0 + …]
   backward
     log1.grad[0 + …]  = -neg1.grad[0 + …]
     choose1.grad[0 + …]  = log1.grad[0 + …] · ∂log/∂choose1[0 + …]
     div1.grad[i + …]  = 0                                            i < 2
     div1.grad[x2[0 + …] + …] += choose1.grad[0 + …]
     exp1.grad[i + …]  = div1.grad[i + …] · (1 / sum3[0 + …])         i < 2
     sum3.grad[0 + …]  = Σi div1.grad[i + …] · ∂div/∂sum3[0 + …]      i < 2
     exp1.grad[i + …] += sum3.grad[0 + …]                             i < 2
     sub1.grad[i + …]  = exp1.grad[i + …] · exp1[i + …]               i < 2
     sum2.grad[i + …]  = sub1.grad[i + …]                             i < 2
     p.grad[24 + 9i + j]  = Σbatch sum2.grad[i + …] · relu1[j + …]    i < 2, j < 8
     relu1.grad[j + …]  = Σi sum2.grad[i + …] · p[24 + 9i + j]        i < 2, j < 8
     p.grad[32 + 9i]  = Σbatch sum2.grad[i + …]                       i < 2
     sum1.grad[i + …]  = relu1.grad[i + …] · ∂relu/∂sum1[i + …]       i < 8
     p.grad[3i + j]  = Σbatch sum1.grad[i + …] · x1[j + …]            i < 8, j < 2
     p.grad[2 + 3i]  = Σbatch sum1.grad[i + …]                        i < 8
*/

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__) /* many small functions are compiled sooner, and no worse, than one large one */
#define PART static __attribute__((noinline))
#else
#define PART static
#endif

#define inf INFINITY
#define nan NAN
#define PARAMS 42
#define INPUTS 3
#define OUTPUTS 1
#define ROOM 64 /* samples in one pass */

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline, unused))
#if defined(__clang__)
#define ONCE static __attribute__((noinline))
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define ONCE static __attribute__((noinline, noclone, optimize("O3")))
#define UNROLL _Pragma("GCC unroll 16")
#endif
#if defined(__AVX512F__)
#define LANES 8
#define NUMBERS 0, 1, 2, 3, 4, 5, 6, 7
#elif defined(__AVX__)
#define LANES 4
#define NUMBERS 0, 1, 2, 3
#else
#define LANES 2
#define NUMBERS 0, 1
#endif
typedef double lane __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef int64_t bits __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

/* A vector that is used often stays in a register: compilers would load it anew for each use. */
#if defined(__x86_64__)
#define HELD(x) __asm__("" : "+v"(x))
#else
#define HELD(x)
#endif

INLINE lane fill(double x) { return x - (lane){0}; }

INLINE lane load(const double *x) { return *(const lane *)x; }

/* a in the last `left` lanes, in the others b. */
INLINE lane last_of(int left, lane a, lane b) {
    const bits last = (bits){NUMBERS} >= LANES - left;
    return (lane)(((bits)a & last) | ((bits)b & ~last));
}

INLINE double across(lane x) {
    double sum[LANES];
    memcpy(sum, &x, sizeof x);
    UNROLL for (int half = LANES / 2; half > 0; half /= 2)
        UNROLL for (int l = 0; l < half; l++) sum[l] += sum[l + half];
    return sum[0];
}
#else
#define ONCE static
#endif

/* out[r, i] (+)= sum over k of a[r, k] b[k, i]: neighbours i are the lanes; begin: what a sum starts from. */
#if defined(__GNUC__)
INLINE void product_tile(int R, int C, int K, double *restrict out, int out_r, const double *restrict a, int a_r, int a_k,
                         const double *restrict b, int b_k, int add, double begin, int left) {
    lane sum[8][4];
    UNROLL for (int r = 0; r < R; r++)
        UNROLL for (int c = 0; c < C; c++) sum[r][c] = add ? load(out + r * out_r + c * LANES) : fill(begin);
    for (int k = 0; k < K; k++) {
        UNROLL for (int c = 0; c < C; c++) {
            lane x = load(b + k * b_k + c * LANES);
            HELD(x);
            UNROLL for (int r = 0; r < R; r++) sum[r][c] += a[r * a_r + k * a_k] * x;
        }
    }
    UNROLL for (int r = 0; r < R; r++)
        UNROLL for (int c = 0; c < C; c++) {
            lane *place = (lane *)(out + r * out_r + c * LANES);
            *place = left && add ? last_of(left, sum[r][c], *place) : sum[r][c];
        }
}

INLINE void product_rows(int R, int K, int n, double *restrict out, int out_r, const double *restrict a, int a_r, int a_k,
                         const double *restrict b, int b_k, int add, double begin) {
    int c = 0;
    for (; R <= 4 && c + 4 * LANES <= n; c += 4 * LANES)
        product_tile(R, 4, K, out + c, out_r, a, a_r, a_k, b + c, b_k, add, begin, 0);
    for (; c + 2 * LANES <= n; c += 2 * LANES) product_tile(R, 2, K, out + c, out_r, a, a_r, a_k, b + c, b_k, add, begin, 0);
    for (; c + LANES <= n; c += LANES) product_tile(R, 1, K, out + c, out_r, a, a_r, a_k, b + c, b_k, add, begin, 0);
    if (c < n) product_tile(R, 1, K, out + n - LANES, out_r, a, a_r, a_k, b + n - LANES, b_k, add, begin, n - c);
}
#endif

ONCE void product(int rows, int K, int n, double *restrict out, int out_r, const double *restrict a, int a_r, int a_k,
                  const double *restrict b, int b_k, int add, double begin) {
    int r = 0;
#if defined(__GNUC__)
    for (; LANES == 8 && LANES <= n && n < 4 * LANES && r + 8 <= rows; r += 8)
        product_rows(8, K, n, out + r * out_r, out_r, a + r * a_r, a_r, a_k, b, b_k, add, begin);
    for (; LANES <= n && r + 4 <= rows; r += 4)
        product_rows(4, K, n, out + r * out_r, out_r, a + r * a_r, a_r, a_k, b, b_k, add, begin);
    for (; LANES <= n && r < rows; r++)
        product_rows(1, K, n, out + r * out_r, out_r, a + r * a_r, a_r, a_k, b, b_k, add, begin);
#endif
    for (; r < rows; r++) {
        for (int i = 0; i < n && !add; i++) out[r * out_r + i] = begin;
        for (int k = 0; k < K; k++)
            for (int i = 0; i < n; i++) out[r * out_r + i] += a[r * a_r + k * a_k] * b[k * b_k + i];
    }
}

#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
#define SHUFFLES
/* The totals of 8 vectors, as one. */
INLINE lane totals(const lane *x) {
    const bits low = {0, 1, 2, 3, 8, 9, 10, 11}, even = {0, 1, 4, 5, 8, 9, 12, 13}, first = {0, 2, 4, 6, 8, 10, 12, 14};
    lane four[4], two[2];
    UNROLL for (int k = 0; k < 4; k++)
        four[k] = __builtin_shuffle(x[2 * k], x[2 * k + 1], low) + __builtin_shuffle(x[2 * k], x[2 * k + 1], low + 4);
    UNROLL for (int k = 0; k < 2; k++)
        two[k] = __builtin_shuffle(four[2 * k], four[2 * k + 1], even) + __builtin_shuffle(four[2 * k], four[2 * k + 1], even + 2);
    return __builtin_shuffle(two[0], two[1], first) + __builtin_shuffle(two[0], two[1], first + 1);
}

/* 8 vectors as rows become columns: three times, halves are dealt like cards. */
INLINE void turn(lane *x) {
    const bits low = {0, 8, 1, 9, 2, 10, 3, 11};
    UNROLL for (int deal = 0; deal < 3; deal++) {
        lane y[8];
        UNROLL for (int k = 0; k < 4; k++) {
            y[2 * k] = __builtin_shuffle(x[k], x[k + 4], low);
            y[2 * k + 1] = __builtin_shuffle(x[k], x[k + 4], low + 4);
        }
        UNROLL for (int k = 0; k < 8; k++) x[k] = y[k];
    }
}
#endif

/* out[r, s] (+)= sum over i of a[r, i] b[s, i]: neighbours i are the lanes. */
#if defined(__GNUC__)
#define TURNED 4096

INLINE void contract_tile(int R, int S, int n, double *restrict out, int out_r, int out_s, const double *restrict a, int a_r,
                          const double *restrict b, int b_s, int add, double begin) {
    lane sum[16];
    UNROLL for (int k = 0; k < R * S; k++) sum[k] = fill(-0.0);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
        lane y[8];
        UNROLL for (int s = 0; s < S; s++) {
            y[s] = load(b + s * b_s + i);
            HELD(y[s]);
        }
        UNROLL for (int r = 0; r < R; r++) {
            lane x = load(a + r * a_r + i);
            HELD(x);
            UNROLL for (int s = 0; s < S; s++) sum[S * r + s] += x * y[s];
        }
    }
    if (i < n) {
        UNROLL for (int r = 0; r < R; r++) {
            const lane x = last_of(n - i, load(a + r * a_r + n - LANES), fill(0.0));
            UNROLL for (int s = 0; s < S; s++) /* 0 times -0 changes no sum */
                sum[S * r + s] += x * last_of(n - i, load(b + s * b_s + n - LANES), fill(-0.0));
        }
    }
    double whole[16];
#if defined(SHUFFLES)
    UNROLL for (int at = 0; at + 8 <= R * S; at += 8) {
        const lane all = totals(sum + at);
        memcpy(whole + at, &all, sizeof all);
    }
    UNROLL for (int at = R * S / 8 * 8; at < R * S; at++) whole[at] = across(sum[at]);
#else
    UNROLL for (int at = 0; at < R * S; at++) whole[at] = across(sum[at]);
#endif
    UNROLL for (int r = 0; r < R; r++)
        UNROLL for (int s = 0; s < S; s++) {
            double *place = out + r * out_r + s * out_s;
            *place = (add ? *place : begin) + whole[S * r + s];
        }
}

INLINE void contract_rows(int R, int columns, int n, double *restrict out, int out_r, int out_s, const double *restrict a, int a_r,
                          const double *restrict b, int b_s, int add, double begin) {
    int s = 0;
    for (; R == 1 && s + 8 <= columns; s += 8) contract_tile(R, 8, n, out + s * out_s, out_r, out_s, a, a_r, b + s * b_s, b_s, add, begin);
    for (; s + 4 <= columns; s += 4) contract_tile(R, 4, n, out + s * out_s, out_r, out_s, a, a_r, b + s * b_s, b_s, add, begin);
    for (; R == 4 && s + 2 <= columns; s += 2) contract_tile(R, 2, n, out + s * out_s, out_r, out_s, a, a_r, b + s * b_s, b_s, add, begin);
    for (; s < columns; s++) contract_tile(R, 1, n, out + s * out_s, out_r, out_s, a, a_r, b + s * b_s, b_s, add, begin);
}
#endif

ONCE void contract(int rows, int columns, int n, double *restrict out, int out_r, int out_s, const double *restrict a, int a_r,
                   const double *restrict b, int b_s, int add, double begin) {
    int r = 0;
#if defined(__GNUC__)
    if (out_s == 1 && n < 4 * LANES && n < 2 * rows && LANES <= columns && columns * n <= TURNED) {
        /* sums are short: outputs become the lanes */
        double turned[TURNED];
        int i = 0;
#if defined(SHUFFLES)
        for (; i + 8 <= n && columns % 8 == 0; i += 8)
            for (int s = 0; s < columns; s += 8) {
                lane x[8];
                UNROLL for (int k = 0; k < 8; k++) x[k] = load(b + (s + k) * b_s + i);
                turn(x);
                UNROLL for (int k = 0; k < 8; k++) *(lane *)(turned + (i + k) * columns + s) = x[k];
            }
#endif
        for (; i < n; i++)
            for (int s = 0; s < columns; s++) turned[i * columns + s] = b[s * b_s + i];
        product(rows, n, columns, out, out_r, a, a_r, 1, turned, columns, add, begin);
        return;
    }
    for (; LANES <= n && r + 4 <= rows; r += 4)
        contract_rows(4, columns, n, out + r * out_r, out_r, out_s, a + r * a_r, a_r, b, b_s, add, begin);
    for (; LANES <= n && r < rows; r++)
        contract_rows(1, columns, n, out + r * out_r, out_r, out_s, a + r * a_r, a_r, b, b_s, add, begin);
#endif
    for (; r < rows; r++)
        for (int s = 0; s < columns; s++) {
            double sum = -0.0, *place = out + r * out_r + s * out_s;
            for (int i = 0; i < n; i++) sum += a[r * a_r + i] * b[s * b_s + i];
            *place = (add ? *place : begin) + sum;
        }
}

/* out[r] (+)= sum over i of a[r, i]: neighbours i are the lanes. */
ONCE void total_of(int rows, int n, double *restrict out, int out_r, const double *restrict a, int a_r, int add, double begin) {
    int r = 0;
#if defined(__GNUC__)
    for (; LANES <= n && r < rows; r++) {
        lane sum = fill(-0.0);
        int i = 0;
        for (; i + LANES <= n; i += LANES) sum += load(a + r * a_r + i);
        if (i < n) sum += last_of(n - i, load(a + r * a_r + n - LANES), fill(-0.0));
        out[r * out_r] = (add ? out[r * out_r] : begin) + across(sum);
    }
#endif
    for (; r < rows; r++) {
        double sum = -0.0;
        for (int i = 0; i < n; i++) sum += a[r * a_r + i];
        out[r * out_r] = (add ? out[r * out_r] : begin) + sum;
    }
}

static inline double relu(double x) { return x > 0.0 || x != x ? x : 0.0; }

static inline double maximum(double x, double y) { return x > y || x != x ? x : x == 0.0 && y == 0.0 ? x + y : y; }

static inline double of_bits(uint64_t n) {
    double x;
    memcpy(&x, &n, sizeof x);
    return x;
}

static inline uint64_t bits_of(double x) {
    uint64_t n;
    memcpy(&n, &x, sizeof n);
    return n;
}

#define WHOLE 0x1.8p52 /* added and taken away it rounds to a whole number, which its last bits then are */

static inline double two_to(double whole) { return of_bits((bits_of(whole + WHOLE) + 1023) << 52); }

static inline double expm1_reduced(double r) { /* exp(r) - 1 for |r| <= ln 2 / 2, by its series */
    double q = 1.6059043836821613e-10 * r + 2.08767569878681e-09;
    q = q * r + 2.505210838544172e-08;
    q = q * r + 2.755731922398589e-07;
    q = q * r + 2.7557319223985893e-06;
    q = q * r + 2.48015873015873e-05;
    q = q * r + 0.0001984126984126984;
    q = q * r + 0.001388888888888889;
    q = q * r + 0.008333333333333333;
    q = q * r + 0.041666666666666664;
    q = q * r + 0.16666666666666666;
    q = q * r + 0.5;
    return r + (r * r) * q;
}

static inline double exp_(double x) { /* x = k ln 2 + r; two factors make 2^k, so that the smallest results come out right */
    double y = x < 800.0 ? x : 800.0;
    y = y > -800.0 ? y : -800.0;
    const double k = y * 1.4426950408889634 + WHOLE - WHOLE, half = 0.5 * k + WHOLE - WHOLE;
    const double r = (y - k * 0.6931471803691238) - k * 1.9082149292705877e-10;
    const double e = (1.0 + expm1_reduced(r)) * two_to(half) * two_to(k - half);
    return x == x ? e : x;
}


static inline double relu_0(double x0) {
    return relu(x0);
}

static inline double sub_1(double x0, double x1) {
    return (x0 - x1);
}

static inline double exp_2(double x0) {
    return exp_(x0);
}

static inline double div_3(double x0, double x1) {
    return (x0 / x1);
}

static inline double log_4(double x0) {
    return log(x0);
}

static inline double neg_5(double x0) {
    return (-x0);
}

static inline double v_neg__x0_6(double g) {
    return (-g);
}

static inline double v_log__x0_7(double g, double y, double x0) {
    return (g * ((double)(y == y) != 0.0 ? ((1.0) / fabs(x0)) : y));
}

static inline double zero_8() {
    return (0.0);
}

static inline double v_div__x0_9(double g, double x1) {
    return (g * ((1.0) / x1));
}

static inline double v_div__x1_10(double g, double y, double x0, double x1) {
    return (g * ((double)(fabs(y) < (2.2250738585072014e-308)) != 0.0 ? ((((x0 * (-1.6069380442589903e+60)) / x1) / x1) * (6.223015277861142e-61)) : (-(y / x1))));
}

static inline double v_exp__x0_11(double g, double y) {
    return (g * y);
}

static inline double v_relu__x0_12(double g, double x0) {
    return ((double)((0.0) < x0) != 0.0 ? g : ((double)(x0 == x0) != 0.0 ? (0.0) : (g * x0)));
}

static inline double reached_13(double r) {
    return (r != 0.0 ? (1.0) : (0.0));
}

static inline double reached_14(double x0, double r) {
    return (r != 0.0 ? (((double)((0.0) < x0) != 0.0 ? (1.0) : ((double)(x0 == x0) != 0.0 ? (0.0) : (1.0))) != 0.0 ? (1.0) : (0.0)) : (0.0));
}

static inline double v_neg__x0_15(double g, double r) {
    return (r != 0.0 ? (-g) : (0.0));
}

static inline double v_log__x0_16(double g, double y, double x0, double r) {
    return (r != 0.0 ? (g * ((double)(y == y) != 0.0 ? ((1.0) / fabs(x0)) : y)) : (0.0));
}

static inline double v_div__x0_17(double g, double x1, double r) {
    return (r != 0.0 ? (g * ((1.0) / x1)) : (0.0));
}

static inline double v_div__x1_18(double g, double y, double x0, double x1, double r) {
    return (r != 0.0 ? (g * ((double)(fabs(y) < (2.2250738585072014e-308)) != 0.0 ? ((((x0 * (-1.6069380442589903e+60)) / x1) / x1) * (6.223015277861142e-61)) : (-(y / x1)))) : (0.0));
}

static inline double v_exp__x0_19(double g, double y, double r) {
    return (r != 0.0 ? (g * y) : (0.0));
}

static inline double masked_20(double g, double x0, double r) {
    return (r != 0.0 ? (g * x0) : (0.0));
}

static inline double v_relu__x0_21(double g, double x0, double r) {
    return (r != 0.0 ? ((double)((0.0) < x0) != 0.0 ? g : ((double)(x0 == x0) != 0.0 ? (0.0) : (g * x0))) : (0.0));
}

/* V: values, G: gradients, R: whether something reaches a gradient; VB, GB, RB: those of each sample. */
static double V[42];
static double G[42];
static double R[42];
static double VB[6208];
static double GB[6208];
static double RB[6208];

/* sum1[i + …]  = p[2 + 3i]    i < 8 */
PART void make_sum1(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 8; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = x0[3 * i];
        }
    }
}

/* sum1[i + …] += Σj p[3i + j] · x1[j + …]    i < 8, j < 2 */
PART void make_sum1_2(double *restrict out, const double *restrict x0, const double *restrict x1, int n) {
    product(8, 2, n, out, 64, x0, 3, 1, x1, 64, 1, -0.0);
}

/* relu1[i + …]  = max(0, sum1[i + …])    i < 8 */
PART void make_relu1(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 8; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = relu_0(x0[64 * i + b]);
        }
    }
}

/* sum2[i + …]  = p[32 + 9i]    i < 2 */
PART void make_sum2(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = x0[9 * i];
        }
    }
}

/* sum2[i + …] += Σj p[24 + 9i + j] · relu1[j + …]    i < 2, j < 8 */
PART void make_sum2_2(double *restrict out, const double *restrict x0, const double *restrict x1, int n) {
    product(2, 8, n, out, 64, x0, 9, 1, x1, 64, 1, -0.0);
}

/* shift1[0 + …]  = maxi sum2[i + …]    i < 2 */
PART void make_shift1(double *restrict out, const double *restrict x0, int n) {
    for (int b = 0; b < n; b++) {
        out[b] = -inf;
    }
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[b] = maximum(out[b], x0[64 * i + b]);
        }
    }
    for (int b = 0; b < n; b++) {
        out[b] = out[b] - out[b] == 0.0 || out[b] != out[b] ? out[b] + 0.0 : 0.0;
    }
}

/* sub1[i + …]  = sum2[i + …] - shift1[0 + …]    i < 2 */
PART void make_sub1(double *restrict out, const double *restrict x0, const double *restrict x1, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = sub_1(x0[64 * i + b], x1[b]);
        }
    }
}

/* exp1[i + …]  = exp(sub1[i + …])    i < 2 */
PART void make_exp1(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = exp_2(x0[64 * i + b]);
        }
    }
}

/* sum3[0 + …]  = Σi exp1[i + …]    i < 2 */
PART void make_sum3(double *restrict out, const double *restrict x0, int n) {
    for (int b = 0; b < n; b++) {
        out[b] = -0.0;
    }
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[b] += x0[64 * i + b];
        }
    }
}

/* div1[i + …]  = exp1[i + …] / sum3[0 + …]    i < 2 */
PART void make_div1(double *restrict out, const double *restrict x0, const double *restrict x1, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = div_3(x0[64 * i + b], x1[b]);
        }
    }
}

/* choose1[0 + …]  = div1[x2[0 + …] + …] */
PART void make_choose1(double *restrict out, const double *restrict x0, const double *restrict x0_row, int n) {
    for (int b = 0; b < n; b++) {
        out[b] = x0[b + 64 * (int)x0_row[b]];
    }
}

/* log1[0 + …]  = log(choose1[0 + …]) */
PART void make_log1(double *restrict out, const double *restrict x0, int n) {
    for (int b = 0; b < n; b++) {
        out[b] = log_4(x0[b]);
    }
}

/* neg1[0 + …]  = -log1[0 + …] */
PART void make_neg1(double *restrict out, const double *restrict x0, int n) {
    for (int b = 0; b < n; b++) {
        out[b] = neg_5(x0[b]);
    }
}

static void forward(int n) {
    make_sum1(VB + 1024, V + 2, n);
    make_sum1_2(VB + 1024, V, VB, n);
    make_relu1(VB + 1536, VB + 1024, n);
    make_sum2(VB + 2048, V + 32, n);
    make_sum2_2(VB + 2048, V + 24, VB + 1536, n);
    make_shift1(VB + 2560, VB + 2048, n);
    make_sub1(VB + 3072, VB + 2048, VB + 2560, n);
    make_exp1(VB + 3584, VB + 3072, n);
    make_sum3(VB + 4096, VB + 3584, n);
    make_div1(VB + 4608, VB + 3584, VB + 4096, n);
    make_choose1(VB + 5120, VB + 4608, VB + 512, n);
    make_log1(VB + 5632, VB + 5120, n);
    make_neg1(VB + 6144, VB + 5632, n);
}

/* log1.grad[0 + …]  = -neg1.grad[0 + …] */
PART void grad_log1(double *restrict out, const double *restrict x0, int n) {
    for (int b = 0; b < n; b++) {
        out[b] = v_neg__x0_6(x0[b]);
    }
}

/* choose1.grad[0 + …]  = log1.grad[0 + …] · ∂log/∂choose1[0 + …] */
PART void grad_choose1(double *restrict out, const double *restrict x0, const double *restrict x1, const double *restrict x2, int n) {
    for (int b = 0; b < n; b++) {
        out[b] = v_log__x0_7(x0[b], x1[b], x2[b]);
    }
}

/* div1.grad[i + …]  = 0    i < 2 */
PART void grad_div1(double *restrict out, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = zero_8();
        }
    }
}

/* div1.grad[x2[0 + …] + …] += choose1.grad[0 + …] */
PART void grad_div1_2(double *restrict out, const double *restrict x0, const double *restrict out_row, int n) {
    for (int b = 0; b < n; b++) {
        out[b + 64 * (int)out_row[b]] += x0[b];
    }
}

/* exp1.grad[i + …]  = div1.grad[i + …] · (1 / sum3[0 + …])    i < 2 */
PART void grad_exp1(double *restrict out, const double *restrict x0, const double *restrict x1, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = v_div__x0_9(x0[64 * i + b], x1[b]);
        }
    }
}

/* sum3.grad[0 + …]  = Σi div1.grad[i + …] · ∂div/∂sum3[0 + …]    i < 2 */
PART void grad_sum3(double *restrict out, const double *restrict x0, const double *restrict x1, const double *restrict x2, const double *restrict x3, int n) {
    for (int b = 0; b < n; b++) {
        out[b] = -0.0;
    }
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[b] += v_div__x1_10(x0[64 * i + b], x1[64 * i + b], x2[64 * i + b], x3[b]);
        }
    }
}

/* exp1.grad[i + …] += sum3.grad[0 + …]    i < 2 */
PART void grad_exp1_2(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] += x0[b];
        }
    }
}

/* sub1.grad[i + …]  = exp1.grad[i + …] · exp1[i + …]    i < 2 */
PART void grad_sub1(double *restrict out, const double *restrict x0, const double *restrict x1, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = v_exp__x0_11(x0[64 * i + b], x1[64 * i + b]);
        }
    }
}

/* sum2.grad[i + …]  = sub1.grad[i + …]    i < 2 */
PART void grad_sum2(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = x0[64 * i + b];
        }
    }
}

/* p.grad[24 + 9i + j]  = Σbatch sum2.grad[i + …] · relu1[j + …]    i < 2, j < 8 */
PART void grad_p(double *restrict out, const double *restrict x0, const double *restrict x1, int n) {
    contract(2, 8, n, out, 9, 1, x0, 64, x1, 64, 0, -0.0);
}

/* relu1.grad[j + …]  = Σi sum2.grad[i + …] · p[24 + 9i + j]    i < 2, j < 8 */
PART void grad_relu1(double *restrict out, const double *restrict x0, const double *restrict x1, int n) {
    product(8, 2, n, out, 64, x1, 1, 9, x0, 64, 0, -0.0);
}

/* p.grad[32 + 9i]  = Σbatch sum2.grad[i + …]    i < 2 */
PART void grad_p_2(double *restrict out, const double *restrict x0, int n) {
    total_of(2, n, out, 9, x0, 64, 0, -0.0);
}

/* sum1.grad[i + …]  = relu1.grad[i + …] · ∂relu/∂sum1[i + …]    i < 8 */
PART void grad_sum1(double *restrict out, const double *restrict x0, const double *restrict x1, int n) {
    for (int i = 0; i < 8; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = v_relu__x0_12(x0[64 * i + b], x1[64 * i + b]);
        }
    }
}

/* p.grad[3i + j]  = Σbatch sum1.grad[i + …] · x1[j + …]    i < 8, j < 2 */
PART void grad_p_3(double *restrict out, const double *restrict x0, const double *restrict x1, int n) {
    contract(8, 2, n, out, 3, 1, x0, 64, x1, 64, 0, -0.0);
}

/* p.grad[2 + 3i]  = Σbatch sum1.grad[i + …]    i < 8 */
PART void grad_p_4(double *restrict out, const double *restrict x0, int n) {
    total_of(8, n, out, 3, x0, 64, 0, -0.0);
}

static void backward(int n) {
    grad_log1(GB + 5632, GB + 6144, n);
    grad_choose1(GB + 5120, GB + 5632, VB + 5632, VB + 5120, n);
    grad_div1(GB + 4608, n);
    grad_div1_2(GB + 4608, GB + 5120, VB + 512, n);
    grad_exp1(GB + 3584, GB + 4608, VB + 4096, n);
    grad_sum3(GB + 4096, GB + 4608, VB + 4608, VB + 3584, VB + 4096, n);
    grad_exp1_2(GB + 3584, GB + 4096, n);
    grad_sub1(GB + 3072, GB + 3584, VB + 3584, n);
    grad_sum2(GB + 2048, GB + 3072, n);
    grad_p(G + 24, GB + 2048, VB + 1536, n);
    grad_relu1(GB + 1536, GB + 2048, V + 24, n);
    grad_p_2(G + 32, GB + 2048, n);
    grad_sum1(GB + 1024, GB + 1536, VB + 1024, n);
    grad_p_3(G, GB + 1024, VB, n);
    grad_p_4(G + 2, GB + 1024, n);
}

/* log1.reached[0 + …]  = 1 if neg1.reached[0 + …] else 0 */
PART void again_log1(double *restrict out, const double *restrict x0, int n) {
    for (int b = 0; b < n; b++) {
        out[b] = reached_13(x0[b]);
    }
}

/* choose1.reached[0 + …]  = 1 if log1.reached[0 + …] else 0 */
PART void again_choose1(double *restrict out, const double *restrict x0, int n) {
    for (int b = 0; b < n; b++) {
        out[b] = reached_13(x0[b]);
    }
}

/* div1.reached[i + …]  = 0    i < 2 */
PART void again_div1(double *restrict out, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = zero_8();
        }
    }
}

/* div1.reached[x2[0 + …] + …] += 1 if choose1.reached[0 + …] else 0 */
PART void again_div1_2(double *restrict out, const double *restrict x0, const double *restrict out_row, int n) {
    for (int b = 0; b < n; b++) {
        out[b + 64 * (int)out_row[b]] += reached_13(x0[b]);
    }
}

/* exp1.reached[i + …]  = 1 if div1.reached[i + …] else 0    i < 2 */
PART void again_exp1(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = reached_13(x0[64 * i + b]);
        }
    }
}

/* sum3.reached[0 + …]  = Σi 1 if div1.reached[i + …] else 0    i < 2 */
PART void again_sum3(double *restrict out, const double *restrict x0, int n) {
    for (int b = 0; b < n; b++) {
        out[b] = -0.0;
    }
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[b] += reached_13(x0[64 * i + b]);
        }
    }
}

/* exp1.reached[i + …] += 1 if sum3.reached[0 + …] else 0    i < 2 */
PART void again_exp1_2(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] += reached_13(x0[b]);
        }
    }
}

/* sub1.reached[i + …]  = 1 if exp1.reached[i + …] else 0    i < 2 */
PART void again_sub1(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = reached_13(x0[64 * i + b]);
        }
    }
}

/* sum2.reached[i + …]  = 1 if sub1.reached[i + …] else 0    i < 2 */
PART void again_sum2(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = reached_13(x0[64 * i + b]);
        }
    }
}

/* p.reached[24 + 9i + j]  = Σbatch 1 if sum2.reached[i + …] else 0    i < 2, j < 8 */
PART void again_p(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 8; j++) {
            double total = -0.0;
            for (int b = 0; b < n; b++) {
                total += reached_13(x0[64 * i + b]);
            }
            out[9 * i + j] = -0.0 + total;
        }
    }
}

/* relu1.reached[j + …]  = Σi 1 if sum2.reached[i + …] else 0    i < 2, j < 8 */
PART void again_relu1(double *restrict out, const double *restrict x0, int n) {
    for (int j = 0; j < 8; j++) {
        for (int b = 0; b < n; b++) {
            out[64 * j + b] = -0.0;
        }
    }
    for (int j = 0; j < 8; j++) {
        for (int i = 0; i < 2; i++) {
            for (int b = 0; b < n; b++) {
                out[64 * j + b] += reached_13(x0[64 * i + b]);
            }
        }
    }
}

/* p.reached[32 + 9i]  = Σbatch 1 if sum2.reached[i + …] else 0    i < 2 */
PART void again_p_2(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 2; i++) {
        double total = -0.0;
        for (int b = 0; b < n; b++) {
            total += reached_13(x0[64 * i + b]);
        }
        out[9 * i] = -0.0 + total;
    }
}

/* sum1.reached[i + …]  = ((1 if (1 if [0 < sum1[i + …]] else (0 if [sum1[i + …] = sum1[i + …]] else 1)) else 0) if relu1.reached[i + …] else 0)    i < 8 */
PART void again_sum1(double *restrict out, const double *restrict x0, const double *restrict x1, int n) {
    for (int i = 0; i < 8; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = reached_14(x0[64 * i + b], x1[64 * i + b]);
        }
    }
}

/* p.reached[3i + j]  = Σbatch 1 if sum1.reached[i + …] else 0    i < 8, j < 2 */
PART void again_p_3(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < 2; j++) {
            double total = -0.0;
            for (int b = 0; b < n; b++) {
                total += reached_13(x0[64 * i + b]);
            }
            out[3 * i + j] = -0.0 + total;
        }
    }
}

/* p.reached[2 + 3i]  = Σbatch 1 if sum1.reached[i + …] else 0    i < 8 */
PART void again_p_4(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 8; i++) {
        double total = -0.0;
        for (int b = 0; b < n; b++) {
            total += reached_13(x0[64 * i + b]);
        }
        out[3 * i] = -0.0 + total;
    }
}

/* log1.grad[0 + …]  = -neg1.grad[0 + …] if neg1.reached[0 + …] else 0 */
PART void again_log1_2(double *restrict out, const double *restrict x0, const double *restrict x1, int n) {
    for (int b = 0; b < n; b++) {
        out[b] = v_neg__x0_15(x0[b], x1[b]);
    }
}

/* choose1.grad[0 + …]  = (log1.grad[0 + …] · ((1 / |choose1[0 + …]|) if [log1[0 + …] = log1[0 + …]] else log1[0 + …]) if log1.reached[0 + …] else 0) */
PART void again_choose1_2(double *restrict out, const double *restrict x0, const double *restrict x1, const double *restrict x2, const double *restrict x3, int n) {
    for (int b = 0; b < n; b++) {
        out[b] = v_log__x0_16(x0[b], x1[b], x2[b], x3[b]);
    }
}

/* div1.grad[i + …]  = 0    i < 2 */
PART void again_div1_3(double *restrict out, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = zero_8();
        }
    }
}

/* div1.grad[x2[0 + …] + …] += choose1.grad[0 + …] */
PART void again_div1_4(double *restrict out, const double *restrict x0, const double *restrict out_row, int n) {
    for (int b = 0; b < n; b++) {
        out[b + 64 * (int)out_row[b]] += x0[b];
    }
}

/* exp1.grad[i + …]  = (div1.grad[i + …] · (1 / sum3[0 + …]) if div1.reached[i + …] else 0)    i < 2 */
PART void again_exp1_3(double *restrict out, const double *restrict x0, const double *restrict x1, const double *restrict x2, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = v_div__x0_17(x0[64 * i + b], x1[b], x2[64 * i + b]);
        }
    }
}

/* sum3.grad[0 + …]  = Σi (div1.grad[i + …] · (((exp1[i + …] · -1.60694e+60 / sum3[0 + …]) / sum3[0 + …]) · 6.22302e-61 if [|div1[i + …]| < 2.22507e-308] else -(div1[i + …] / sum3[0 + …])) if div1.reached[i + …] else 0)    i < 2 */
PART void again_sum3_2(double *restrict out, const double *restrict x0, const double *restrict x1, const double *restrict x2, const double *restrict x3, const double *restrict x4, int n) {
    for (int b = 0; b < n; b++) {
        out[b] = -0.0;
    }
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[b] += v_div__x1_18(x0[64 * i + b], x1[64 * i + b], x2[64 * i + b], x3[b], x4[64 * i + b]);
        }
    }
}

/* exp1.grad[i + …] += sum3.grad[0 + …]    i < 2 */
PART void again_exp1_4(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] += x0[b];
        }
    }
}

/* sub1.grad[i + …]  = exp1.grad[i + …] · exp1[i + …] if exp1.reached[i + …] else 0    i < 2 */
PART void again_sub1_2(double *restrict out, const double *restrict x0, const double *restrict x1, const double *restrict x2, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = v_exp__x0_19(x0[64 * i + b], x1[64 * i + b], x2[64 * i + b]);
        }
    }
}

/* sum2.grad[i + …]  = sub1.grad[i + …]    i < 2 */
PART void again_sum2_2(double *restrict out, const double *restrict x0, int n) {
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = x0[64 * i + b];
        }
    }
}

/* p.grad[24 + 9i + j]  = Σbatch sum2.grad[i + …] · relu1[j + …] if sum2.reached[i + …] else 0    i < 2, j < 8 */
PART void again_p_5(double *restrict out, const double *restrict x0, const double *restrict x1, const double *restrict x2, int n) {
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 8; j++) {
            double total = -0.0;
            for (int b = 0; b < n; b++) {
                total += masked_20(x0[64 * i + b], x1[64 * j + b], x2[64 * i + b]);
            }
            out[9 * i + j] = -0.0 + total;
        }
    }
}

/* relu1.grad[j + …]  = Σi sum2.grad[i + …] · p[24 + 9i + j] if sum2.reached[i + …] else 0    i < 2, j < 8 */
PART void again_relu1_2(double *restrict out, const double *restrict x0, const double *restrict x1, const double *restrict x2, int n) {
    for (int j = 0; j < 8; j++) {
        for (int b = 0; b < n; b++) {
            out[64 * j + b] = -0.0;
        }
    }
    for (int j = 0; j < 8; j++) {
        for (int i = 0; i < 2; i++) {
            for (int b = 0; b < n; b++) {
                out[64 * j + b] += masked_20(x0[64 * i + b], x1[9 * i + j], x2[64 * i + b]);
            }
        }
    }
}

/* p.grad[32 + 9i]  = Σbatch sum2.grad[i + …]    i < 2 */
PART void again_p_6(double *restrict out, const double *restrict x0, int n) {
    total_of(2, n, out, 9, x0, 64, 0, -0.0);
}

/* sum1.grad[i + …]  = ((relu1.grad[i + …] if [0 < sum1[i + …]] else (0 if [sum1[i + …] = sum1[i + …]] else relu1.grad[i + …] · sum1[i + …])) if relu1.reached[i + …] else 0)    i < 8 */
PART void again_sum1_2(double *restrict out, const double *restrict x0, const double *restrict x1, const double *restrict x2, int n) {
    for (int i = 0; i < 8; i++) {
        for (int b = 0; b < n; b++) {
            out[64 * i + b] = v_relu__x0_21(x0[64 * i + b], x1[64 * i + b], x2[64 * i + b]);
        }
    }
}

/* p.grad[3i + j]  = Σbatch sum1.grad[i + …] · x1[j + …] if sum1.reached[i + …] else 0    i < 8, j < 2 */
PART void again_p_7(double *restrict out, const double *restrict x0, const double *restrict x1, const double *restrict x2, int n) {
    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < 2; j++) {
            double total = -0.0;
            for (int b = 0; b < n; b++) {
                total += masked_20(x0[64 * i + b], x1[64 * j + b], x2[64 * i + b]);
            }
            out[3 * i + j] = -0.0 + total;
        }
    }
}

/* p.grad[2 + 3i]  = Σbatch sum1.grad[i + …]    i < 8 */
PART void again_p_8(double *restrict out, const double *restrict x0, int n) {
    total_of(8, n, out, 3, x0, 64, 0, -0.0);
}

static void again(int n) {
    again_log1(RB + 5632, RB + 6144, n);
    again_choose1(RB + 5120, RB + 5632, n);
    again_div1(RB + 4608, n);
    again_div1_2(RB + 4608, RB + 5120, VB + 512, n);
    again_exp1(RB + 3584, RB + 4608, n);
    again_sum3(RB + 4096, RB + 4608, n);
    again_exp1_2(RB + 3584, RB + 4096, n);
    again_sub1(RB + 3072, RB + 3584, n);
    again_sum2(RB + 2048, RB + 3072, n);
    again_p(R + 24, RB + 2048, n);
    again_relu1(RB + 1536, RB + 2048, n);
    again_p_2(R + 32, RB + 2048, n);
    again_sum1(RB + 1024, VB + 1024, RB + 1536, n);
    again_p_3(R, RB + 1024, n);
    again_p_4(R + 2, RB + 1024, n);
    again_log1_2(GB + 5632, GB + 6144, RB + 6144, n);
    again_choose1_2(GB + 5120, GB + 5632, VB + 5632, VB + 5120, RB + 5632, n);
    again_div1_3(GB + 4608, n);
    again_div1_4(GB + 4608, GB + 5120, VB + 512, n);
    again_exp1_3(GB + 3584, GB + 4608, VB + 4096, RB + 4608, n);
    again_sum3_2(GB + 4096, GB + 4608, VB + 4608, VB + 3584, VB + 4096, RB + 4608, n);
    again_exp1_4(GB + 3584, GB + 4096, n);
    again_sub1_2(GB + 3072, GB + 3584, VB + 3584, RB + 3584, n);
    again_sum2_2(GB + 2048, GB + 3072, n);
    again_p_5(G + 24, GB + 2048, VB + 1536, RB + 2048, n);
    again_relu1_2(GB + 1536, GB + 2048, V + 24, RB + 2048, n);
    again_p_6(G + 32, GB + 2048, n);
    again_sum1_2(GB + 1024, GB + 1536, VB + 1024, RB + 1536, n);
    again_p_7(G, GB + 1024, VB, RB + 1024, n);
    again_p_8(G + 2, GB + 1024, n);
}

static const int slot[] = {
    0, 1, 8,
};

static int right(const double *x) { /* are the inputs that choose rows whole numbers in range? */
    static const int place[] = {
        2,
    };
    static const int limit[] = {
        2,
    };
    for (int i = 0; i < 1; i++)
        if (!(x[place[i]] >= 0.0 && x[place[i]] < limit[i] && x[place[i]] == floor(x[place[i]]))) return 0;
    return 1;
}

static int enter(const double *p, const double *x, int m) {
    memcpy(V, p, PARAMS * sizeof *p);
    for (int b = 0; b < m; b++)
        if (!right(x + b * INPUTS)) return 0;
    for (int i = 0; i < INPUTS; i++)
        for (int b = 0; b < m; b++) VB[slot[i] * ROOM + b] = x[b * INPUTS + i];
    return 1;
}

void outputs(const double *p, const double *x, int n, double *y) { /* y: OUTPUTS numbers for each sample */
    for (int at = 0; at < n; at += ROOM) {
        const int m = n - at < ROOM ? n - at : ROOM;
        if (!enter(p, x + at * INPUTS, m)) {
            for (int i = 0; i < m * OUTPUTS; i++) y[at * OUTPUTS + i] = NAN;
            continue;
        }
        forward(m);
        for (int b = 0; b < m; b++) {
            y[(at + b) * OUTPUTS + 0] = VB[6144 + b];
        }
    }
}

double loss(const double *p, const double *x, int n) { /* the mean over the samples */
    double sum = 0.0;
    for (int at = 0; at < n; at += ROOM) {
        const int m = n - at < ROOM ? n - at : ROOM;
        if (!enter(p, x + at * INPUTS, m)) return NAN;
        forward(m);
        for (int b = 0; b < m; b++) sum += VB[6144 + b];
    }
    return sum / n;
}

double value_and_grad(const double *p, const double *x, int n, double *g) {
    double sum = 0.0;
    for (int i = 0; i < PARAMS; i++) g[i] = 0.0;
    for (int at = 0; at < n; at += ROOM) {
        const int m = n - at < ROOM ? n - at : ROOM;
        if (!enter(p, x + at * INPUTS, m)) return NAN;
        forward(m);
        for (int b = 0; b < m; b++) sum += VB[6144 + b];
        for (int b = 0; b < m; b++) GB[6144 + b] = 1.0 / n;
        backward(m);
        double bad = 0.0;
        for (int i = 0; i < PARAMS; i++) bad += G[i] == G[i] ? 0.0 : NAN;
        if (bad != bad) {
            for (int b = 0; b < m; b++) RB[6144 + b] = 1.0;
            again(m);
        }
        for (int i = 0; i < PARAMS; i++) g[i] += G[i];
    }
    return sum / n;
}

/* The t-th step of Adam. */
void update(double *p_, const double *g_, double *mean_, double *square_, long t) {
    const double lr = 0.02;
    const double beta1 = 0.9;
    const double beta2 = 0.999;
    const double eps = 1e-08;
    const double rest1 = 0.09999999999999998;
    const double rest2 = 0.0010000000000000009;
    const double size = lr / (1.0 - pow(beta1, t));
    const double root2 = sqrt(1.0 - pow(beta2, t));
    for (int i = 0; i < PARAMS; i++) {
        const double p = p_[i];
        const double g = g_[i];
        const double mean = mean_[i];
        const double square = square_[i];
        const double t0 = (mean + (rest1 * (g - mean)));
        const double t1 = ((square * beta2) + ((rest2 * g) * g));
        p_[i] = (p - ((size * t0) / ((sqrt(t1) / root2) + eps)));
        mean_[i] = t0;
        square_[i] = t1;
    }
}

#ifndef NO_MAIN
#define SAMPLES 60
static const double arguments[] = {
    1.1288184753155464, 0.1449445608699771, 0.0,
    0.006633580893826191, 0.4235456349028368, 1.0,
    0.8849206356439454, 0.11125247010711345, 0.0,
    -0.09634827415544689, 0.24819803706580523, 1.0,
    0.996551753358462, 0.22830790067688456, 0.0,
    0.0780262743237365, 0.19363246541544465, 1.0,
    0.9481536995454597, 0.31282735409871115, 0.0,
    -0.09823607130887665, 0.23449818773012343, 1.0,
    0.9396465297708418, 0.6588003058843332, 0.0,
    0.11272149806003942, 0.06564066762324335, 1.0,
    0.9801328936704816, 0.5354329819963642, 0.0,
    0.23404592644773164, -0.052108283800273415, 1.0,
    0.817910247041702, 0.7076030830424669, 0.0,
    0.2735316365396524, -0.09232699033047949, 1.0,
    0.6177646894635264, 0.7322216360895282, 0.0,
    0.28169085624879436, -0.11565269916749794, 1.0,
    0.669009578561835, 0.8709805962411887, 0.0,
    0.34745768867577975, -0.24196564911969434, 1.0,
    0.6278647092249473, 0.7190005369394425, 0.0,
    0.39864690863021573, -0.37769185505212743, 1.0,
    0.6664700126521148, 0.8742258418804145, 0.0,
    0.5968135816809671, -0.321574538228651, 1.0,
    0.3420508123212253, 0.7738930371037467, 0.0,
    0.7263462417276998, -0.4696963967831506, 1.0,
    0.33932400420371095, 0.8330235100082264, 0.0,
    0.6886733612737961, -0.3378678580586868, 1.0,
    0.30488239535801664, 0.8565806604276904, 0.0,
    0.7049372555383409, -0.49125296630170934, 1.0,
    0.12696304091728958, 1.014583881789057, 0.0,
    0.9762165621972808, -0.5974170563485851, 1.0,
    0.004540262795962875, 1.1102186479648073, 0.0,
    1.0105716565570193, -0.6418822202174704, 1.0,
    -0.23766407892113964, 1.0629923231252243, 0.0,
    0.9884122773691213, -0.4960142013220865, 1.0,
    -0.36662916704377, 0.9504365483214512, 0.0,
    1.2430761798544168, -0.4619643141919914, 1.0,
    -0.22001741570957437, 0.9710477641775794, 0.0,
    1.503509429876437, -0.4431179912471368, 1.0,
    -0.5163671014824867, 0.9213931026726219, 0.0,
    1.1848293620317865, -0.38750092591522967, 1.0,
    -0.5451700864548595, 0.7041681237555364, 0.0,
    1.6076235876196374, -0.3836134785895866, 1.0,
    -0.8932963038095233, 0.7408302160908418, 0.0,
    1.5495017103521496, -0.3142216423876511, 1.0,
    -0.7412239337936676, 0.8127969937768058, 0.0,
    1.7363103098172896, -0.190548021351791, 1.0,
    -0.7571926240889051, 0.42396497861130367, 0.0,
    1.9201054527680006, -0.21288290722341355, 1.0,
    -0.8129476690540883, 0.4028758076301584, 0.0,
    1.7592086397064952, -0.055182644704172105, 1.0,
    -0.7180005734091123, 0.4896555450071124, 0.0,
    1.8471557702660901, 0.05167987842011187, 1.0,
    -1.062793044604701, 0.31588552908417294, 0.0,
    1.8903459282077864, 0.2528872601271424, 1.0,
    -1.1123273117299788, 0.18150611985504103, 0.0,
    1.8924196960231756, 0.21315871388878976, 1.0,
    -0.9230218018241276, 0.12074959387027756, 0.0,
    2.052657867782476, 0.5107884664797546, 1.0,
    -0.8850430268488106, -0.137179272141546, 0.0,
    2.053696569015001, 0.3238731543078537, 1.0,
};
static const double start[] = {
    0.9120685437784988, 0.8956549741186988, 0.0, -0.8868972645463826, -0.8302560096821567, 0.0, 0.6709977562588991, 0.4719399781370466, 0.0, 0.3394608028804418, -0.3837270848217116, 0.0,
    0.21188833135692486, 0.21360346728167579, 0.0, 0.16240803422400618, -0.6832342594903889, 0.0, -0.13866071941746272, -0.21293635958925727, 0.0, 0.4460241624749317, 0.9896391258994854, 0.0,
    0.8987909461864871, 0.08835409485864165, -0.11029162254829283, -0.4635185167013438, -0.9281513412142848, -0.945110285818362, -0.07021227580537581, -0.36306974429264516, 0.0, -0.23997015619857676, 0.7835789156565749, 0.05150553829205662,
    0.12102072205299774, -0.5277531857698758, -0.9522838417184356, -0.34971414247767996, -0.7266052140270667, 0.0,
};

static void show(double x) { /* the shortest text that reads back as x, as Python's repr writes it */
    char text[40];
    int digits = 0;
    do snprintf(text, sizeof text, "%.*e", digits, x); while (strtod(text, NULL) != x && ++digits < 17);
    const char *exponent = strchr(text, 'e');
    const int e = exponent ? atoi(exponent + 1) : 0;
    if (x != x) puts("nan");
    else if (x - x != 0.0) puts(x > 0.0 ? "inf" : "-inf");
    else if (e < -4 || e > 15) puts(text);
    else printf("%.*f\n", digits - e > 1 ? digits - e : 1, x);
}

int main(void) {
    static double p[PARAMS + 1], g[PARAMS + 1];
    memcpy(p, start, sizeof start);
    static double mean[PARAMS + 1];
    static double square[PARAMS + 1];
    for (long t = 1; t < 151; t++) {
        show(value_and_grad(p, arguments, SAMPLES, g));
        update(p, g, mean, square, t);
    }
    return 0;
}
#endif
