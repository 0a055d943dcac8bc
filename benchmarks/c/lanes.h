/* Two matrix kernels with the axis of alike samples (or positions) innermost: 8 of them are a vector, `lane`.
   Everything is inlined, so that the sizes a caller writes as constants are constants here too. */
#include <math.h>
#include <string.h>

#define LANES 8
#define UP(n) (((n) + LANES - 1) / LANES) /* vectors that hold n numbers */
#define INLINE static inline __attribute__((always_inline))
#define ALIGNED __attribute__((aligned(8 * LANES)))
#define UNROLL _Pragma("GCC unroll 16")

/* A vector that is used often stays in a register: compilers would load it anew for each use. */
#if defined(__x86_64__)
#define HELD(x) __asm__("" : "+v"(x))
#else
#define HELD(x)
#endif

typedef double lane __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef long bits __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

INLINE double across(lane x) {
    return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

INLINE lane fill(double x) { return (lane){x, x, x, x, x, x, x, x}; }

/* What becomes of a sum before it is written: relu of it, or nothing where `mask` is not positive. */
INLINE lane made(lane sum, int relu, const double *mask) {
    const lane above = relu ? sum : mask ? *(const lane *)mask : fill(1);
    return (lane)((bits)(above > fill(0)) & (bits)sum);
}

/* R rows and C vectors of out[r][n] (+)= sum over k of a[r*ar + k*ak] in[k][n], held in registers. */
INLINE void product_tile(int R, int C, int K, int n, const double *a, int ar, int ak, const double *in, double *out,
                         const double *bias, int add, int relu, const double *mask) {
    lane sum[8][5];
    UNROLL for (int r = 0; r < R; r++)
        UNROLL for (int c = 0; c < C; c++)
            sum[r][c] = bias ? fill(bias[r]) : add ? *(const lane *)(out + r * n + c * LANES) : fill(0);
    for (int k = 0; k < K; k++)
        UNROLL for (int c = 0; c < C; c++) {
            lane x = *(const lane *)(in + k * n + c * LANES);
            HELD(x);
            UNROLL for (int r = 0; r < R; r++) sum[r][c] += a[r * ar + k * ak] * x;
        }
    UNROLL for (int r = 0; r < R; r++)
        UNROLL for (int c = 0; c < C; c++) {
            const int at = r * n + c * LANES;
            *(lane *)(out + at) = relu || mask ? made(sum[r][c], relu, mask ? mask + at : 0) : sum[r][c];
        }
}

INLINE void product_rows(int R, int K, int n, const double *a, int ar, int ak, const double *in, double *out,
                         const double *bias, int add, int relu, const double *mask) {
    int c = 0;
    for (; R <= 4 && c + 4 * LANES <= n && c + 5 * LANES != n; c += 4 * LANES)
        product_tile(R, 4, K, n, a, ar, ak, in + c, out + c, bias, add, relu, mask ? mask + c : 0);
    for (; R <= 4 && c + 5 * LANES == n; c += 5 * LANES) /* a vector alone would wait for its own sums */
        product_tile(R, 5, K, n, a, ar, ak, in + c, out + c, bias, add, relu, mask ? mask + c : 0);
    for (; c + 2 * LANES <= n; c += 2 * LANES)
        product_tile(R, 2, K, n, a, ar, ak, in + c, out + c, bias, add, relu, mask ? mask + c : 0);
    for (; c + LANES <= n; c += LANES)
        product_tile(R, 1, K, n, a, ar, ak, in + c, out + c, bias, add, relu, mask ? mask + c : 0);
}

/* out[r][n] = bias[r] + sum over k of a[r*ar + k*ak] in[k][n]; without bias, from zero or added to what is there. */
INLINE void product_made(int rows, int K, int n, const double *a, int ar, int ak, const double *in, double *out,
                         const double *bias, int add, int relu, const double *mask) {
    int r = 0;
    for (; n < 4 * LANES && r + 8 <= rows; r += 8)
        product_rows(8, K, n, a + r * ar, ar, ak, in, out + r * n, bias ? bias + r : 0, add, relu, mask ? mask + r * n : 0);
    for (; r + 4 <= rows; r += 4)
        product_rows(4, K, n, a + r * ar, ar, ak, in, out + r * n, bias ? bias + r : 0, add, relu, mask ? mask + r * n : 0);
    for (; r < rows && rows % 4; r++)
        product_rows(1, K, n, a + r * ar, ar, ak, in, out + r * n, bias ? bias + r : 0, add, relu, mask ? mask + r * n : 0);
}

INLINE void product(int rows, int K, int n, const double *a, int ar, int ak, const double *in, double *out,
                    const double *bias, int add) {
    product_made(rows, K, n, a, ar, ak, in, out, bias, add, 0, 0);
}

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

typedef double half __attribute__((vector_size(4 * LANES), aligned(8), may_alias));
typedef double pair __attribute__((vector_size(2 * LANES), aligned(8), may_alias));

INLINE void contract_tile(int R, int S, int n, const double *a, const double *b, double *out, int outr) {
    lane sum[16];
    UNROLL for (int r = 0; r < R; r++)
        UNROLL for (int s = 0; s < S; s++) sum[S * r + s] = fill(0);
    for (int c = 0; c < n; c += LANES) {
        lane y[8];
        UNROLL for (int s = 0; s < S; s++) {
            y[s] = *(const lane *)(b + s * n + c);
            HELD(y[s]);
        }
        UNROLL for (int r = 0; r < R; r++) {
            lane x = *(const lane *)(a + r * n + c);
            HELD(x);
            UNROLL for (int s = 0; s < S; s++) sum[S * r + s] += x * y[s];
        }
    }
    for (int at = 0; at < R * S && R * S % 8 == 0; at += 8) {
        lane all = totals(sum + at);
        if (S == 8) *(lane *)out += all;
        for (int k = 0; k < 2 && S == 4; k++) *(half *)(out + (at / 4 + k) * outr) += ((half *)&all)[k];
        for (int k = 0; k < 4 && S == 2; k++) *(pair *)(out + (at / 2 + k) * outr) += ((pair *)&all)[k];
    }
    for (int r = 0; r < R && R * S % 8; r++)
        UNROLL for (int s = 0; s < S; s++) out[r * outr + s] += across(sum[S * r + s]);
}

INLINE void contract_rows(int R, int columns, int n, const double *a, const double *b, double *out, int outr) {
    int s = 0;
    for (; R == 1 && s + 8 <= columns; s += 8) contract_tile(R, 8, n, a, b + s * n, out + s, outr);
    for (; s + 4 <= columns; s += 4) contract_tile(R, 4, n, a, b + s * n, out + s, outr);
    for (; s + 2 <= columns; s += 2) contract_tile(R, 2, n, a, b + s * n, out + s, outr);
    for (; s < columns; s++) contract_tile(R, 1, n, a, b + s * n, out + s, outr);
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

/* The same where sums are short: b turned round, so that the columns are the lanes. */
static __attribute__((noinline)) void contract_turned(int rows, int columns, int n, const double *a, const double *b, double *out) {
    double turned[n * columns] ALIGNED;
    for (int i = 0; i < n; i += 8)
        for (int s = 0; s < columns; s += 8) {
            lane x[8];
            UNROLL for (int k = 0; k < 8; k++) x[k] = *(const lane *)(b + (s + k) * n + i);
            turn(x);
            UNROLL for (int k = 0; k < 8; k++) *(lane *)(turned + (i + k) * columns + s) = x[k];
        }
    product(rows, n, columns, a, n, 1, turned, out, 0, 1);
}

/* out[r][s] += sum over n of a[r][n] b[s][n], out having rows of outr numbers. */
INLINE void contract(int rows, int columns, int n, const double *a, const double *b, double *out, int outr) {
    if (n < 4 * LANES && n < 2 * rows && columns % 8 == 0 && outr == columns) {
        contract_turned(rows, columns, n, a, b, out);
        return;
    }
    int r = 0;
    for (; r + 4 <= rows; r += 4) contract_rows(4, columns, n, a + r * n, b, out + r * outr, outr);
    for (; r < rows && rows % 4; r++) contract_rows(1, columns, n, a + r * n, b, out + r * outr, outr);
}

/* out[r] += sum over n of a[r][n]. */
INLINE void total(int rows, int n, const double *a, double *out) {
    int r = 0;
    for (; r + 8 <= rows; r += 8) {
        lane sum[8];
        UNROLL for (int k = 0; k < 8; k++) sum[k] = fill(0);
        for (int c = 0; c < n; c += LANES)
            UNROLL for (int k = 0; k < 8; k++) sum[k] += *(const lane *)(a + (r + k) * n + c);
        *(lane *)(out + r) += totals(sum);
    }
    for (; r < rows && rows % 8; r++) {
        lane sum = fill(0);
        for (int c = 0; c < n; c += LANES) sum += *(const lane *)(a + r * n + c);
        out[r] += across(sum);
    }
}
