/* W5: the scalar GPT over POSITIONS tokens, WIDTH wide, HEADS heads, one layer, forward, backward and Adam, by hand.
   Every activation is [feature][position]: the positions are the lanes. sequence: POSITIONS + 1 tokens. */
#include "lanes.h"

#define T (UP(POSITIONS) * LANES)
#define C WIDTH
#define H (4 * WIDTH)
#define HEAD (WIDTH / HEADS)

enum {
    TOKEN = 0,
    POSITION = TOKEN + VOCABULARY * C,
    LOGITS = POSITION + POSITIONS * C,
    QUERY = LOGITS + VOCABULARY * C,
    KEY = QUERY + C * C,
    VALUE = KEY + C * C,
    OUT = VALUE + C * C,
    UPWARD = OUT + C * C,
    DOWN = UPWARD + H * C,
    PARAMS = DOWN + C * H
};

/* y = x s, s = (mean x² + 1e-5)^-1/2 at every position. */
INLINE void rmsnorm(const double *x, double *s, double *y) {
    ALIGNED double sum[T] = {0};
    for (int c = 0; c < C; c++)
        for (int t = 0; t < T; t++) sum[t] += x[c * T + t] * x[c * T + t];
    for (int t = 0; t < T; t++) s[t] = 1 / sqrt(sum[t] / C + 1e-5);
    for (int c = 0; c < C; c++)
        for (int t = 0; t < T; t++) y[c * T + t] = x[c * T + t] * s[t];
}

/* dx (+)= s (dy - y mean(y dy)), y being the normalised x. */
INLINE void rmsnorm_back(const double *y, const double *s, const double *dy, double *dx, int add) {
    ALIGNED double sum[T] = {0};
    for (int c = 0; c < C; c++)
        for (int t = 0; t < T; t++) sum[t] += y[c * T + t] * dy[c * T + t];
    for (int c = 0; c < C; c++)
        for (int t = 0; t < T; t++) {
            double d = s[t] * (dy[c * T + t] - y[c * T + t] * sum[t] / C);
            dx[c * T + t] = add ? dx[c * T + t] + d : d;
        }
}

/* e[r][t] becomes softmax over the rows r; with causal, row r counts at positions t >= r alone. */
INLINE void softmax(int rows, double *e, int causal) {
    ALIGNED double largest[T], sum[T] = {0};
    for (int t = 0; t < T; t++) largest[t] = e[t];
    for (int r = 1; r < rows; r++)
        for (int t = causal ? r / LANES * LANES : 0; t < T; t++) {
            double z = !causal || r <= t ? e[r * T + t] : largest[t];
            largest[t] = z > largest[t] ? z : largest[t];
        }
    for (int r = 0; r < rows; r++) {
        const int from = causal ? r / LANES * LANES : 0;
        for (int t = 0; t < from; t++) e[r * T + t] = 0;
        for (int t = from; t < T; t++) e[r * T + t] = exp(e[r * T + t] - largest[t] < 0 ? e[r * T + t] - largest[t] : 0);
        for (int t = from; t < T; t++) {
            e[r * T + t] = !causal || r <= t ? e[r * T + t] : 0;
            sum[t] += e[r * T + t];
        }
    }
    for (int t = 0; t < T; t++) sum[t] = 1 / sum[t];
    for (int r = 0; r < rows; r++)
        for (int t = causal ? r / LANES * LANES : 0; t < T; t++) e[r * T + t] *= sum[t];
}

double value_and_grad(const double *p, const long *sequence, double *g) {
    static ALIGNED double x0[C * T], x1[C * T], n1[C * T], q[C * T], k[C * T], v[C * T], weights[HEADS][T * T], mixed[C * T];
    static ALIGNED double x2[C * T], n2[C * T], u[H * T], x3[C * T], logits[VOCABULARY * T];
    static ALIGNED double d3[C * T], du[H * T], dn[C * T], dx[C * T], dq[C * T], dk[C * T], dv[C * T], dm[C * T], dw[T * T];
    ALIGNED double s0[T], s1[T], s2[T], loss = 0;
    const double scale = 1 / sqrt(HEAD);

    for (int t = 0; t < POSITIONS; t++)
        for (int c = 0; c < C; c++) x0[c * T + t] = p[TOKEN + sequence[t] * C + c] + p[POSITION + t * C + c];
    rmsnorm(x0, s0, x1);
    rmsnorm(x1, s1, n1);
    product(C, C, T, p + QUERY, C, 1, n1, q, 0, 0);
    product(C, C, T, p + KEY, C, 1, n1, k, 0, 0);
    product(C, C, T, p + VALUE, C, 1, n1, v, 0, 0);
    for (int i = 0; i < C * T; i++) q[i] *= scale;
    for (int h = 0; h < HEADS; h++) {
        int at = h * HEAD * T;
        product(T, HEAD, T, k + at, 1, T, q + at, weights[h], 0, 0);
        softmax(T, weights[h], 1);
        product(HEAD, T, T, v + at, T, 1, weights[h], mixed + at, 0, 0);
    }
    memcpy(x2, x1, sizeof x1);
    product(C, C, T, p + OUT, C, 1, mixed, x2, 0, 1);
    rmsnorm(x2, s2, n2);
    product(H, C, T, p + UPWARD, C, 1, n2, u, 0, 0);
    for (int i = 0; i < H * T; i++) u[i] = u[i] > 0 ? u[i] : 0;
    memcpy(x3, x2, sizeof x2);
    product(C, H, T, p + DOWN, H, 1, u, x3, 0, 1);
    product(VOCABULARY, C, T, p + LOGITS, C, 1, x3, logits, 0, 0);
    softmax(VOCABULARY, logits, 0);
    for (int t = 0; t < POSITIONS; t++) loss -= log(logits[sequence[t + 1] * T + t]);

    for (int t = 0; t < POSITIONS; t++) logits[sequence[t + 1] * T + t] -= 1; /* now the gradient of the logits */
    for (int r = 0; r < VOCABULARY; r++)
        for (int t = 0; t < T; t++) logits[r * T + t] *= t < POSITIONS ? 1.0 / POSITIONS : 0;
    memset(g, 0, PARAMS * sizeof(double));
    contract(VOCABULARY, C, T, logits, x3, g + LOGITS, C);
    product(C, VOCABULARY, T, p + LOGITS, 1, C, logits, d3, 0, 0);
    contract(C, H, T, d3, u, g + DOWN, H);
    product(H, C, T, p + DOWN, 1, H, d3, du, 0, 0);
    for (int i = 0; i < H * T; i++) du[i] = u[i] > 0 ? du[i] : 0;
    contract(H, C, T, du, n2, g + UPWARD, C);
    product(C, H, T, p + UPWARD, 1, C, du, dn, 0, 0);
    rmsnorm_back(n2, s2, dn, d3, 1); /* d3 is now the gradient of x2, and of x1 past the attention */
    contract(C, C, T, d3, mixed, g + OUT, C);
    product(C, C, T, p + OUT, 1, C, d3, dm, 0, 0);
    memset(dk, 0, sizeof dk);
    memset(dv, 0, sizeof dv);
    for (int h = 0; h < HEADS; h++) {
        int at = h * HEAD * T;
        double *w = weights[h], sum[T] = {0};
        contract(HEAD, T, T, dm + at, w, dv + at, T);
        product(T, HEAD, T, v + at, 1, T, dm + at, dw, 0, 0);
        for (int s = 0; s < T; s++)
            for (int t = 0; t < T; t++) sum[t] += w[s * T + t] * dw[s * T + t];
        for (int s = 0; s < T; s++)
            for (int t = 0; t < T; t++) dw[s * T + t] = w[s * T + t] * (dw[s * T + t] - sum[t]);
        product(HEAD, T, T, k + at, T, 1, dw, dq + at, 0, 0);
        contract(HEAD, T, T, q + at, dw, dk + at, T);
    }
    for (int i = 0; i < C * T; i++) dq[i] *= scale;
    contract(C, C, T, dq, n1, g + QUERY, C);
    contract(C, C, T, dk, n1, g + KEY, C);
    contract(C, C, T, dv, n1, g + VALUE, C);
    product(C, C, T, p + QUERY, 1, C, dq, dn, 0, 0);
    product(C, C, T, p + KEY, 1, C, dk, dn, 0, 1);
    product(C, C, T, p + VALUE, 1, C, dv, dn, 0, 1);
    rmsnorm_back(n1, s1, dn, d3, 1);
    rmsnorm_back(x1, s0, d3, dx, 0);
    for (int t = 0; t < POSITIONS; t++)
        for (int c = 0; c < C; c++) {
            g[TOKEN + sequence[t] * C + c] += dx[c * T + t];
            g[POSITION + t * C + c] += dx[c * T + t];
        }
    return loss / POSITIONS;
}

double train(double *p, const long *sequence, double lr, double beta1, double beta2, double eps, long steps) {
    static double g[PARAMS], m[PARAMS], v[PARAMS];
    double loss = 0;
    memset(m, 0, sizeof m);
    memset(v, 0, sizeof v);
    for (long t = 1; t <= steps; t++) {
        loss = value_and_grad(p, sequence, g);
        double first = lr / (1 - pow(beta1, t)), second = 1 / (1 - pow(beta2, t));
        for (int i = 0; i < PARAMS; i++) {
            m[i] = beta1 * m[i] + (1 - beta1) * g[i];
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
            p[i] -= first * m[i] / (sqrt(v[i] * second) + eps);
        }
    }
    return loss;
}
