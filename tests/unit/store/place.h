/*
 * tests/unit/store/place.h - a folder of its own for one test.
 */
#ifndef ASSAY_TESTS_UNIT_STORE_PLACE_H
#define ASSAY_TESTS_UNIT_STORE_PLACE_H

struct place {
    char folder[64];
    char store[96]; /* a path in it */
};

/* Aborts when the system gives no folder. */
void place_make(struct place *place);
/* Removes the folder and the files in it. */
void place_remove(const struct place *place);

#endif
