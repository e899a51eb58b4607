/* nets_case.h - the pictures that the goldens of tests/golden/faces are made of, to the last
 * bit as tools/face-models/pictures.mjs makes them. Included after test.h by programs that run
 * in the root of the tree. */
#ifndef TESTS_UNIT_NETS_CASE_H
#define TESTS_UNIT_NETS_CASE_H

#include <stdint.h>
#include <stdlib.h>

#include "services/emotion/nets.h"

enum { CASE_PIXELS = DETECT_SIDE * DETECT_SIDE, CASE_FACE_SIDE = 256, CASE_PICTURES = 3 };

static const char *const case_names[CASE_PICTURES] = {"smooth", "noise", "face"};

/* The part of face.ppm that a net gets. */
struct case_square {
    int left, top, size;
};

static inline int case_wave(int t)
{
    return abs(t % 512 - 256);
}

static inline void case_smooth(float *pixels, int side)
{
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            for (int c = 0; c < 3; c++) {
                int v =
                    (case_wave(x * 700 / side + 90 * c) + case_wave(y * 900 / side + 40 * c)) /
                    2;

                *pixels++ = (float)(v < 255 ? v : 255);
            }
}

static inline void case_noise(float *pixels, int side)
{
    uint32_t state = 12345;

    for (int i = 0; i < side * side * 3; i++) {
        state = state * 1664525 + 1013904223;
        *pixels++ = (float)(state >> 24);
    }
}

static inline void case_face(float *pixels, int side, struct case_square square)
{
    static unsigned char file[CASE_FACE_SIDE * CASE_FACE_SIDE * 3];
    FILE *ppm = fopen("tests/golden/faces/face.ppm", "rb");

    CHECK(ppm && fseek(ppm, -(long)sizeof file, SEEK_END) == 0 &&
          fread(file, sizeof file, 1, ppm) == 1);
    (void)fclose(ppm);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            int row = square.top + (2 * y + 1) * square.size / (2 * side);
            int column = square.left + (2 * x + 1) * square.size / (2 * side);

            for (int c = 0; c < 3; c++)
                *pixels++ = file[(row * CASE_FACE_SIDE + column) * 3 + c];
        }
}

/* Picture i of case_names. */
static inline void case_picture(float *pixels, size_t i, int side, struct case_square square)
{
    if (i == 0)
        case_smooth(pixels, side);
    else if (i == 1)
        case_noise(pixels, side);
    else
        case_face(pixels, side, square);
}

static inline struct nets *case_open(int threads)
{
    struct err err = {0};
    struct nets *nets = nets_open("models/face", threads, &err);

    if (!nets)
        TEST_FAIL("%s", err.text);
    return nets;
}

#endif
