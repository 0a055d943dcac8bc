/* W3: max-margin loss + L2 of an MLP 2-WIDTH-WIDTH-1 with relu over SAMPLES points, forward, backward and SGD, by hand.
   x: [2][PADDED], y: [PADDED] with 0 for the padding. */
#include "lanes.h"

#define PADDED (UP(SAMPLES) * LANES)
#define BLOCK 128 /* samples at a time: what a block needs stays in the first cache */

enum { W0 = 0, B0 = 2 * WIDTH, W1 = B0 + WIDTH, B1 = W1 + WIDTH * WIDTH, W2 = B1 + WIDTH, B2 = W2 + WIDTH, PARAMS };

INLINE double block(int n, const double *p, const double *x, const double *y, double *g) {
    ALIGNED double h[WIDTH * BLOCK], k[WIDTH * BLOCK], dh[WIDTH * BLOCK], dk[WIDTH * BLOCK], score[BLOCK], ds[BLOCK];
    product_made(WIDTH, 2, n, p + W0, 2, 1, x, h, p + B0, 0, 1, 0);
    product_made(WIDTH, WIDTH, n, p + W1, WIDTH, 1, h, k, p + B1, 0, 1, 0);
    product(1, WIDTH, n, p + W2, WIDTH, 1, k, score, p + B2, 0);

    double loss = 0;
    for (int i = 0; i < n; i++) {
        double margin = 1 - y[i] * score[i], live = margin > 0 && y[i] != 0;
        loss += live * margin;
        ds[i] = live * -y[i] / SAMPLES;
    }

    product_made(WIDTH, 1, n, p + W2, 1, 0, ds, dk, 0, 0, 0, k);
    product_made(WIDTH, WIDTH, n, p + W1, 1, WIDTH, dk, dh, 0, 0, 0, h);
    contract(1, WIDTH, n, ds, k, g + W2, WIDTH);
    contract(WIDTH, WIDTH, n, dk, h, g + W1, WIDTH);
    contract(WIDTH, 2, n, dh, x, g + W0, 2);
    total(1, n, ds, g + B2);
    total(WIDTH, n, dk, g + B1);
    total(WIDTH, n, dh, g + B0);
    return loss / SAMPLES;
}

double value_and_grad(const double *p, const double *x, const double *y, double *g) {
    double loss = 0, squares = 0;
    for (int i = 0; i < PARAMS; i++) {
        squares += p[i] * p[i];
        g[i] = 2e-4 * p[i];
    }
#if PADDED <= BLOCK
    loss = block(PADDED, p, x, y, g);
#else
    for (int at = 0; at < PADDED; at += BLOCK) {
        int n = PADDED - at < BLOCK ? PADDED - at : BLOCK;
        double part[2 * BLOCK];
        memcpy(part, x + at, n * sizeof(double));
        memcpy(part + n, x + PADDED + at, n * sizeof(double));
        loss += block(n, p, part, y + at, g);
    }
#endif
    return loss + 1e-4 * squares;
}

double train(double *p, const double *x, const double *y, double lr, long steps) {
    static double g[PARAMS];
    double loss = 0;
    for (long t = 0; t < steps; t++) {
        loss = value_and_grad(p, x, y, g);
        for (int i = 0; i < PARAMS; i++) p[i] -= lr * g[i];
    }
    return loss;
}
