"""The C file's two matrix kernels and its sum, which keep a block of results in registers as vectors; printed where they are used.

GCC's and Clang's vectors where there are such, else plain loops. What is left over at the end of a row is done with the last whole vector,
of which the lanes that were done before are not used.
"""

LANES = """\
#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline, unused))
#define KERNEL INLINE /* sizes and strides are constants of each call */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
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

INLINE lane either(bits which, lane a, lane b) { return (lane)(((bits)a & which) | ((bits)b & ~which)); }

/* a in the last `left` lanes, in the others b. */
INLINE lane last_of(int left, lane a, lane b) { return either((bits){NUMBERS} >= LANES - left, a, b); }

INLINE double across(lane x) {
    double sum[LANES];
    memcpy(sum, &x, sizeof x);
    UNROLL for (int half = LANES / 2; half > 0; half /= 2)
        UNROLL for (int l = 0; l < half; l++) sum[l] += sum[l + half];
    return sum[0];
}
#else
#define KERNEL static
#endif
"""

PRODUCT = """\
/* out[r, i] (+)= sum over k of a[r, k] b[k, i]: neighbours i are the lanes; begin: what a sum starts from. */
#if defined(__GNUC__)
/* last: where the last vector begins, which may overlap the one before; left: of its lanes those that no tile before has done, 0: all. */
INLINE void product_tile(int R, int C, int K, double *restrict out, int out_r, const double *restrict a, int a_r, int a_k,
                         const double *restrict b, int b_k, int add, double begin, int last, int left) {
    lane sum[8][5];
    UNROLL for (int r = 0; r < R; r++)
        UNROLL for (int c = 0; c < C; c++) sum[r][c] = add ? load(out + r * out_r + (c + 1 < C ? c * LANES : last)) : fill(begin);
    for (int k = 0; k < K; k++) {
        UNROLL for (int c = 0; c < C; c++) {
            lane x = load(b + k * b_k + (c + 1 < C ? c * LANES : last));
            HELD(x);
            UNROLL for (int r = 0; r < R; r++) sum[r][c] += a[r * a_r + k * a_k] * x;
        }
    }
    UNROLL for (int r = 0; r < R; r++)
        UNROLL for (int c = 0; c < C; c++) {
            lane *place = (lane *)(out + r * out_r + (c + 1 < C ? c * LANES : last));
            *place = left && add ? last_of(left, sum[r][c], *place) : sum[r][c];
        }
}

/* A vector alone would wait for its own sums: what is left over goes with the tile before. */
INLINE void product_rows(int R, int K, int n, double *restrict out, int out_r, const double *restrict a, int a_r, int a_k,
                         const double *restrict b, int b_k, int add, double begin) {
    const int wide = R <= 4 && LANES == 8 ? 4 : 2;
    int c = 0;
    for (; n - c >= wide * LANES && !(wide == 4 && n - c > 4 * LANES && n - c <= 5 * LANES); c += wide * LANES)
        product_tile(R, wide, K, out + c, out_r, a, a_r, a_k, b + c, b_k, add, begin, (wide - 1) * LANES, 0);
    const int left = n - c;
    if (wide == 4 && left > 4 * LANES)
        product_tile(R, 5, K, out + c, out_r, a, a_r, a_k, b + c, b_k, add, begin, left - LANES, 0);
    else if (wide == 4 && left > 3 * LANES)
        product_tile(R, 4, K, out + c, out_r, a, a_r, a_k, b + c, b_k, add, begin, left - LANES, 0);
    else if (wide == 4 && left > 2 * LANES)
        product_tile(R, 3, K, out + c, out_r, a, a_r, a_k, b + c, b_k, add, begin, left - LANES, 0);
    else if (left > LANES)
        product_tile(R, 2, K, out + c, out_r, a, a_r, a_k, b + c, b_k, add, begin, left - LANES, 0);
    else if (left > 0)
        product_tile(R, 1, K, out + n - LANES, out_r, a, a_r, a_k, b + n - LANES, b_k, add, begin, 0, left % LANES);
}
#endif

KERNEL void product(int rows, int K, int n, double *restrict out, int out_r, const double *restrict a, int a_r, int a_k,
                    const double *restrict b, int b_k, int add, double begin) {
#if defined(__GNUC__)
    if (LANES <= n) {
        int r = 0;
        for (; LANES == 8 && n < 4 * LANES && r + 8 <= rows; r += 8)
            product_rows(8, K, n, out + r * out_r, out_r, a + r * a_r, a_r, a_k, b, b_k, add, begin);
        for (; r + 4 <= rows; r += 4)
            product_rows(4, K, n, out + r * out_r, out_r, a + r * a_r, a_r, a_k, b, b_k, add, begin);
        for (; rows % 4 && r < rows; r++)
            product_rows(1, K, n, out + r * out_r, out_r, a + r * a_r, a_r, a_k, b, b_k, add, begin);
        return;
    }
#endif
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n && !add; i++) out[r * out_r + i] = begin;
        for (int k = 0; k < K; k++)
            for (int i = 0; i < n; i++) out[r * out_r + i] += a[r * a_r + k * a_k] * b[k * b_k + i];
    }
}
"""

PRODUCT_FROM = """\
/* The same, where term k counts at the lanes from first + rise k on; rise >= 0. What b has before these is read, and does not count. */
#if defined(__GNUC__)
INLINE void product_from_rows(int R, int K, int n, double *restrict out, int out_r, const double *restrict a, int a_r, int a_k,
                              const double *restrict b, int b_k, int add, double begin, int first, int rise) {
    for (int c = 0; c < n; c += LANES) {
        const int at = c + LANES <= n ? c : n - LANES; /* the last vector may overlap the one before */
        lane sum[8];
        UNROLL for (int r = 0; r < R; r++) sum[r] = add ? load(out + r * out_r + at) : fill(begin);
        int k = 0;
        for (; k < K && first + rise * k <= at; k++) {
            lane x = load(b + k * b_k + at);
            HELD(x);
            UNROLL for (int r = 0; r < R; r++) sum[r] += a[r * a_r + k * a_k] * x;
        }
        for (; k < K && first + rise * k < at + LANES; k++) {
            const bits from = (bits){NUMBERS} >= first + rise * k - at;
            lane x = load(b + k * b_k + at);
            HELD(x);
            UNROLL for (int r = 0; r < R; r++) sum[r] = either(from, sum[r] + a[r * a_r + k * a_k] * x, sum[r]);
        }
        UNROLL for (int r = 0; r < R; r++) {
            lane *place = (lane *)(out + r * out_r + at);
            *place = at < c && add ? last_of(n - c, sum[r], *place) : sum[r];
        }
    }
}
#endif

KERNEL void product_from(int rows, int K, int n, double *restrict out, int out_r, const double *restrict a, int a_r, int a_k,
                         const double *restrict b, int b_k, int add, double begin, int first, int rise) {
#if defined(__GNUC__)
    if (LANES <= n) {
        int r = 0;
        for (; LANES == 8 && r + 8 <= rows; r += 8)
            product_from_rows(8, K, n, out + r * out_r, out_r, a + r * a_r, a_r, a_k, b, b_k, add, begin, first, rise);
        for (; r + 4 <= rows; r += 4)
            product_from_rows(4, K, n, out + r * out_r, out_r, a + r * a_r, a_r, a_k, b, b_k, add, begin, first, rise);
        for (; rows % 4 && r < rows; r++)
            product_from_rows(1, K, n, out + r * out_r, out_r, a + r * a_r, a_r, a_k, b, b_k, add, begin, first, rise);
        return;
    }
#endif
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n && !add; i++) out[r * out_r + i] = begin;
        for (int k = 0; k < K; k++)
            for (int i = first + rise * k; i < n; i++) out[r * out_r + i] += a[r * a_r + k * a_k] * b[k * b_k + i];
    }
}
"""

CONTRACT = """\
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

/* out[r, s] (+)= sum over i of a[r, i] b[s, i], i from first + rise s on (rise >= 0): neighbours i are the lanes. */
#if defined(__GNUC__)
#define TURNED 4096

/* One vector of i more for the sums. left: of its lanes those that no vector before has done, 0: all; limited: some may not count. */
INLINE void contract_part(int R, int S, int n, lane *sum, const double *restrict a, int a_r, const double *restrict b, int b_s, int first,
                          int rise, int i, int left, int limited) {
    const int at = left ? n - LANES : i;
    lane y[8];
    UNROLL for (int s = 0; s < S; s++) { /* 0 times -0 changes no sum */
        y[s] = left ? last_of(left, load(b + s * b_s + at), fill(-0.0)) : load(b + s * b_s + at);
        HELD(y[s]);
    }
    UNROLL for (int r = 0; r < R; r++) {
        lane x = left ? last_of(left, load(a + r * a_r + at), fill(0.0)) : load(a + r * a_r + at);
        HELD(x);
        UNROLL for (int s = 0; s < S; s++) {
            const lane more = sum[S * r + s] + x * y[s];
            sum[S * r + s] = limited ? either((bits){NUMBERS} >= first + rise * s - at, more, sum[S * r + s]) : more;
        }
    }
}

INLINE void contract_tile(int R, int S, int n, double *restrict out, int out_r, int out_s, const double *restrict a, int a_r,
                          const double *restrict b, int b_s, int add, double begin, int first, int rise) {
    lane sum[16];
    UNROLL for (int k = 0; k < R * S; k++) sum[k] = fill(-0.0);
    int i = first / LANES * LANES;
    for (; i < first + rise * (S - 1) && i < n; i += LANES)
        contract_part(R, S, n, sum, a, a_r, b, b_s, first, rise, i, i + LANES <= n ? 0 : n - i, 1);
    for (; i + LANES <= n; i += LANES) contract_part(R, S, n, sum, a, a_r, b, b_s, first, rise, i, 0, 0);
    if (i < n) contract_part(R, S, n, sum, a, a_r, b, b_s, first, rise, i, n - i, 0);
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
                          const double *restrict b, int b_s, int add, double begin, int first, int rise) {
    int s = 0;
    for (; R == 1 && s + 8 <= columns; s += 8)
        contract_tile(R, 8, n, out + s * out_s, out_r, out_s, a, a_r, b + s * b_s, b_s, add, begin, first + rise * s, rise);
    for (; s + 4 <= columns; s += 4)
        contract_tile(R, 4, n, out + s * out_s, out_r, out_s, a, a_r, b + s * b_s, b_s, add, begin, first + rise * s, rise);
    for (; R == 4 && s + 2 <= columns; s += 2)
        contract_tile(R, 2, n, out + s * out_s, out_r, out_s, a, a_r, b + s * b_s, b_s, add, begin, first + rise * s, rise);
    for (; s < columns; s++)
        contract_tile(R, 1, n, out + s * out_s, out_r, out_s, a, a_r, b + s * b_s, b_s, add, begin, first + rise * s, rise);
}
#endif

KERNEL void contract(int rows, int columns, int n, double *restrict out, int out_r, int out_s, const double *restrict a, int a_r,
                     const double *restrict b, int b_s, int add, double begin, int first, int rise) {
#if defined(__GNUC__)
    if (first + rise == 0 && out_s == 1 && n < 4 * LANES && n < 2 * rows && LANES <= columns && columns * n <= TURNED) {
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
    if (LANES <= n) {
        int r = 0;
        for (; r + 4 <= rows; r += 4)
            contract_rows(4, columns, n, out + r * out_r, out_r, out_s, a + r * a_r, a_r, b, b_s, add, begin, first, rise);
        for (; rows % 4 && r < rows; r++)
            contract_rows(1, columns, n, out + r * out_r, out_r, out_s, a + r * a_r, a_r, b, b_s, add, begin, first, rise);
        return;
    }
#endif
    for (int r = 0; r < rows; r++)
        for (int s = 0; s < columns; s++) {
            double sum = -0.0, *place = out + r * out_r + s * out_s;
            for (int i = first + rise * s; i < n; i++) sum += a[r * a_r + i] * b[s * b_s + i];
            *place = (add ? *place : begin) + sum;
        }
}
"""

TOTAL = """\
/* out[r] (+)= sum over i of a[r, i]: neighbours i are the lanes. */
KERNEL void total_of(int rows, int n, double *restrict out, int out_r, const double *restrict a, int a_r, int add, double begin) {
#if defined(__GNUC__)
    for (int r = 0; LANES <= n && r < rows; r++) {
        lane sum = fill(-0.0);
        int i = 0;
        for (; i + LANES <= n; i += LANES) sum += load(a + r * a_r + i);
        if (i < n) sum += last_of(n - i, load(a + r * a_r + n - LANES), fill(-0.0));
        out[r * out_r] = (add ? out[r * out_r] : begin) + across(sum);
    }
    if (LANES <= n) return;
#endif
    for (int r = 0; r < rows; r++) {
        double sum = -0.0;
        for (int i = 0; i < n; i++) sum += a[r * a_r + i];
        out[r * out_r] = (add ? out[r * out_r] : begin) + sum;
    }
}
"""

KERNELS = {"product": PRODUCT, "product_from": PRODUCT_FROM, "contract": CONTRACT, "total_of": TOTAL}


def needed(names: set[str]) -> list[str]:
    """The kernels among these names, and those that they call."""
    return [text for name, text in KERNELS.items() if name in names or (name == "product" and "contract" in names)]
